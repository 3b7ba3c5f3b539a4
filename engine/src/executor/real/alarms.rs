//! When each place wants to be stepped, and which thread sleeps until the earliest one does.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, Thread};
use std::time::Duration;

use driftless_plugin_api::{HostTime, Span, Wake};

use crate::growing::Growing;

/// As soon as possible, whatever the time is.
const NOW: i64 = i64::MIN;
/// Not before a signal.
const NEVER: i64 = i64::MAX;
/// In place of a thread's number.
pub const NOBODY: usize = usize::MAX;

/// Times at which places are due: numbers only, so any thread may set and read them without a lock. `[any]`
#[derive(Debug)]
pub struct Alarms {
    due: Growing<AtomicI64>,
    threads: Growing<Thread>,
    sleeper: AtomicUsize,
    /// Until when the sleeper sleeps, host time in ns; [`NOW`] while nobody does.
    sleeps_until: AtomicI64,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            due: Growing::default(),
            threads: Growing::default(),
            sleeper: AtomicUsize::new(NOBODY),
            sleeps_until: AtomicI64::new(NOW),
        }
    }
}

impl Alarms {
    /// Another place, which is not due; returns its number. `[main]`
    pub fn add_place(&self) -> usize {
        self.due.push(AtomicI64::new(NEVER))
    }

    /// Another thread that may sleep here; returns its number. `[any]`
    pub fn add_thread(&self, thread: Thread) -> usize {
        self.threads.push(thread)
    }

    /// The place is to be stepped as soon as possible. `[any]`
    pub fn raise(&self, place: usize) {
        self.set(place, NOW);
    }

    /// The place was stepped and wants this; a signal since [`clear`](Self::clear) stays in force. `[streaming]`
    pub fn wish(&self, place: usize, wake: Wake) {
        match wake {
            Wake::At(at) => self.set(place, at.nanos()),
            Wake::OnSignal | Wake::Ended => self.set(place, NEVER),
        }
    }

    fn set(&self, place: usize, at: i64) {
        let Some(due) = self.due.get(place) else { return };
        let at = due.fetch_min(at, SeqCst).min(at);
        // Either the sleeper has said until when, and is woken here, or it has not, and sees the time
        // that was set above when it looks once more before it sleeps.
        if at < self.sleeps_until.load(SeqCst) && self.sleeps_until.swap(NOW, SeqCst) != NOW {
            self.wake(self.sleeper.load(SeqCst));
        }
    }

    /// Takes the alarm down, before a step. `[streaming]`
    pub fn clear(&self, place: usize) {
        if let Some(due) = self.due.get(place) {
            due.store(NEVER, SeqCst);
        }
    }

    /// Whether the place is due at `now`. `[any]`
    pub fn is_due(&self, place: usize, now: HostTime) -> bool {
        self.due.get(place).is_some_and(|due| due.load(SeqCst) <= now.nanos())
    }

    /// The earliest time at which one of `places` is due; and how many of them have a time at all. `[any]`
    pub fn earliest(&self, places: impl Iterator<Item = usize>) -> (Option<HostTime>, usize) {
        let due = places.filter_map(|place| self.due.get(place)).map(|due| due.load(SeqCst));
        due.filter(|due| *due != NEVER).fold((None, 0), |(earliest, count), due| {
            let due = HostTime::from_nanos(due);
            (Some(earliest.map_or(due, |earliest: HostTime| earliest.min(due))), count + 1)
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

    /// Sleeps as thread number `thread` until the time that `earliest` tells, or until something is due
    /// before. False, at once, when another thread sleeps here already. `earliest` is asked once more when
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
        alarms.wish(0, Wake::At(at(500)));
        assert!(alarms.is_due(0, at(0)), "the signal counts");
        alarms.clear(0);
        alarms.wish(0, Wake::At(at(500)));
        assert_eq!([499, 500].map(|ns| alarms.is_due(0, at(ns))), [false, true]);
        assert_eq!(
            alarms.earliest(0..2),
            (Some(at(500)), 1),
            "nobody wants the other place stepped"
        );
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
