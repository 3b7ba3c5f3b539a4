//! When each place wants to be stepped, and which thread sleeps until the earliest one does.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, Thread};
use std::time::Duration;

use driftless_plugin_api::{HostTime, Span, Wake};

use crate::growing::Growing;
use crate::segment::Wish;

/// As soon as possible, whatever the time is.
const NOW: i64 = i64::MIN;
/// Not before a signal.
const NEVER: i64 = i64::MAX;
/// In place of a thread's number.
pub const NOBODY: usize = usize::MAX;

/// Times at which places are due, and by when: numbers only, so any thread may set and read them without a
/// lock. `[any]`
#[derive(Debug)]
pub struct Alarms {
    places: Growing<Alarm>,
    threads: Growing<Thread>,
    sleeper: AtomicUsize,
    /// Until when the sleeper sleeps, host time in ns; [`NOW`] while nobody does.
    sleeps_until: AtomicI64,
}

/// A [`Wish`] as numbers, host time in ns: from the middle of its time on it goes along with others.
#[derive(Debug)]
struct Alarm {
    due: AtomicI64,
    latest: AtomicI64,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            places: Growing::default(),
            threads: Growing::default(),
            sleeper: AtomicUsize::new(NOBODY),
            sleeps_until: AtomicI64::new(NOW),
        }
    }
}

impl Alarms {
    /// Another place, which is not due; returns its number. `[main]`
    pub fn add_place(&self) -> usize {
        self.places.push(Alarm { due: AtomicI64::new(NEVER), latest: AtomicI64::new(NEVER) })
    }

    /// Another thread that may sleep here; returns its number. `[any]`
    pub fn add_thread(&self, thread: Thread) -> usize {
        self.threads.push(thread)
    }

    /// The place is to be stepped as soon as possible. `[any]`
    pub fn raise(&self, place: usize) {
        self.bring_forward(place, NOW, NOW);
    }

    /// The place was stepped and wants this; a signal since [`clear`](Self::clear) stays in force. `[streaming]`
    pub fn wish(&self, place: usize, wish: Wish) {
        let (due, latest) = (nanos(wish.due), nanos(wish.latest));
        // Earlier it would do its work in smaller pieces, each with the processor's caches cold.
        self.bring_forward(place, due + (latest - due) / 2, latest);
    }

    fn bring_forward(&self, place: usize, due: i64, latest: i64) {
        let Some(alarm) = self.places.get(place) else { return };
        alarm.due.fetch_min(due, SeqCst);
        let at = alarm.latest.fetch_min(latest, SeqCst).min(latest);
        // Either the sleeper has said until when, and is woken here, or it has not, and sees the time
        // that was set above when it looks once more before it sleeps.
        if at < self.sleeps_until.load(SeqCst) && self.sleeps_until.swap(NOW, SeqCst) != NOW {
            self.wake(self.sleeper.load(SeqCst));
        }
    }

    /// Takes the alarm down, before a step. `[streaming]`
    pub fn clear(&self, place: usize) {
        if let Some(alarm) = self.places.get(place) {
            alarm.due.store(NEVER, SeqCst);
            alarm.latest.store(NEVER, SeqCst);
        }
    }

    /// Whether the place is due at `now`. `[any]`
    pub fn is_due(&self, place: usize, now: HostTime) -> bool {
        // A signal sets both, and `clear` may come in between.
        self.places.get(place).is_some_and(|alarm| {
            alarm.due.load(SeqCst).min(alarm.latest.load(SeqCst)) <= now.nanos()
        })
    }

    /// Whether the place can wait no longer at `now`. `[any]`
    pub fn is_late(&self, place: usize, now: HostTime) -> bool {
        self.places.get(place).is_some_and(|alarm| alarm.latest.load(SeqCst) <= now.nanos())
    }

    /// The earliest time at which one of `places` can wait no longer; and how many of them have a time at
    /// all. `[any]`
    pub fn earliest(&self, places: impl Iterator<Item = usize>) -> (Option<HostTime>, usize) {
        let latest =
            places.filter_map(|place| self.places.get(place)).map(|it| it.latest.load(SeqCst));
        latest.filter(|latest| *latest != NEVER).fold((None, 0), |(earliest, count), latest| {
            let latest = HostTime::from_nanos(latest);
            (Some(earliest.map_or(latest, |earliest: HostTime| earliest.min(latest))), count + 1)
        })
    }

    /// Whether thread number `thread` is the one that sleeps until something is due. `[any]`
    pub fn is_sleeper(&self, thread: usize) -> bool {
        self.sleeper.load(SeqCst) == thread
    }

    /// Lets a thread look again. `[any]`
    pub fn wake(&self, thread: usize) {
        if let Some(thread) = self.threads.get(thread) {
            thread.unpark();
        }
    }

    /// Sleeps as thread number `thread` until the time that `earliest` tells, or until something cannot
    /// wait as long. False, at once, when another thread sleeps here already. `earliest` is asked once more when
    /// everybody can know until when this thread sleeps. `[streaming]`
    pub fn sleep(
        &self,
        thread: usize,
        now: impl Fn() -> HostTime,
        earliest: impl Fn() -> Option<HostTime>,
    ) -> bool {
        if self.sleeper.compare_exchange(NOBODY, thread, SeqCst, SeqCst).is_err() {
            return false;
        }
        let until = earliest().map_or(NEVER, HostTime::nanos);
        self.sleeps_until.store(until, SeqCst);
        if earliest().map_or(NEVER, HostTime::nanos) >= until {
            park_until(until, now);
        }
        self.sleeps_until.store(NOW, SeqCst);
        self.sleeper.store(NOBODY, SeqCst);
        true
    }
}

fn nanos(wake: Wake) -> i64 {
    match wake {
        Wake::At(at) => at.nanos(),
        Wake::OnSignal | Wake::Ended => NEVER,
    }
}

fn park_until(until: i64, now: impl Fn() -> HostTime) {
    if until == NEVER {
        return thread::park();
    }
    let left = HostTime::from_nanos(until) - now();
    if left > Span::ZERO {
        thread::park_timeout(Duration::from_nanos(left.nanos().unsigned_abs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ns: i64) -> HostTime {
        HostTime::from_nanos(ns)
    }

    fn alarms(places: usize) -> Alarms {
        let alarms = Alarms::default();
        (0..places).for_each(|place| assert_eq!(alarms.add_place(), place));
        assert_eq!(alarms.add_thread(thread::current()), 0);
        alarms
    }

    #[test]
    fn a_signal_during_a_step_is_not_lost_to_what_the_step_wishes() {
        let alarms = alarms(2);
        alarms.clear(0);
        alarms.raise(0);
        alarms.wish(0, Wake::At(at(500)).into());
        assert!(alarms.is_due(0, at(0)), "the signal counts");
        alarms.clear(0);
        alarms.wish(0, Wake::At(at(500)).into());
        assert_eq!([499, 500].map(|ns| alarms.is_due(0, at(ns))), [false, true]);
        assert_eq!(
            alarms.earliest(0..2),
            (Some(at(500)), 1),
            "nobody wants the other place stepped"
        );
    }

    #[test]
    fn a_place_that_can_wait_is_stepped_with_the_next_that_cannot() {
        let alarms = alarms(3);
        alarms.wish(0, Wish::within(at(100), Span::from_nanos(400)));
        alarms.wish(1, Wake::At(at(300)).into());
        alarms.wish(2, Wish::within(at(310), Span::from_nanos(20)));
        assert_eq!(alarms.earliest(0..3), (Some(at(300)), 3), "one wake-up for the first two");
        assert_eq!([0, 1, 2].map(|place| alarms.is_due(place, at(300))), [true, true, false]);
        assert!(!alarms.is_due(0, at(299)), "half of its time is not over yet");
        assert_eq!([0, 1, 2].map(|place| alarms.is_late(place, at(300))), [false, true, false]);
        alarms.clear(1);
        assert_eq!(
            alarms.earliest(0..3),
            (Some(at(330)), 2),
            "and one for the first and the third"
        );
        alarms.raise(0);
        assert!(alarms.is_late(0, at(0)), "a signal waits for nobody");
    }

    #[test]
    fn what_comes_between_the_last_look_and_the_sleep_wakes_the_sleeper() {
        let alarms = alarms(1);
        let looks = std::cell::Cell::new(0);
        // Without the second look, or the wake, this sleeps for three hundred years.
        let earliest = || {
            looks.set(looks.get() + 1);
            if looks.get() == 2 {
                alarms.raise(0);
            }
            alarms.earliest(0..1).0.filter(|_| looks.get() != 2)
        };
        assert!(alarms.sleep(0, || at(0), earliest));
        assert!(alarms.is_sleeper(NOBODY));
    }

    #[test]
    fn one_thread_sleeps_for_all() {
        let alarms = alarms(1);
        let earliest = || {
            assert!(!alarms.sleep(1, || at(0), || None), "somebody sleeps already");
            Some(at(0))
        };
        assert!(alarms.sleep(0, || at(1), earliest));
    }
}
