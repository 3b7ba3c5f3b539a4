//! When each segment wants to be stepped, and which thread sleeps until then.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, Thread};
use std::time::Duration;

use driftless_plugin_api::{HostTime, Wake};

/// As soon as possible, whatever the time is.
const NOW: i64 = i64::MIN;
/// Not before a signal.
const NEVER: i64 = i64::MAX;
/// In place of a thread's number.
pub const NOBODY: usize = usize::MAX;

/// Which of two crews steps a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// At ordinary priority.
    Ordinary,
    /// At real-time priority: it has a deadline.
    Urgent,
}

/// Times at which segments are due; numbers only, so any thread may set and read them. `[any]`
#[derive(Debug)]
pub struct Alarms {
    alarms: Vec<Alarm>,
    watches: [Watch; 2],
    threads: Vec<OnceLock<Thread>>,
}

/// One segment's.
#[derive(Debug)]
struct Alarm {
    due: AtomicI64,
    urgent: AtomicUsize,
}

/// One crew's thread on duty.
#[derive(Debug)]
struct Watch {
    on_duty: AtomicUsize,
    /// Until when it sleeps; `NOW` while it does not.
    sleeps_until: AtomicI64,
}

impl Alarms {
    /// For so many segments and at most so many threads.
    pub fn new(segments: usize, threads: usize) -> Self {
        let alarm = |_| Alarm { due: AtomicI64::new(NEVER), urgent: AtomicUsize::new(0) };
        let watch =
            || Watch { on_duty: AtomicUsize::new(NOBODY), sleeps_until: AtomicI64::new(NOW) };
        Self {
            alarms: (0..segments).map(alarm).collect(),
            watches: [watch(), watch()],
            threads: (0..threads).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The segment is to be stepped as soon as possible.
    pub fn raise(&self, segment: usize) {
        self.set(segment, NOW);
    }

    /// The segment was stepped and wants this; a signal meanwhile stays in force.
    pub fn wish(&self, segment: usize, wake: Wake) {
        self.set(
            segment,
            match wake {
                Wake::At(at) => at.nanos(),
                Wake::OnSignal | Wake::Ended => NEVER,
            },
        );
    }

    fn set(&self, segment: usize, at: i64) {
        let Some(alarm) = self.alarms.get(segment) else { return };
        let due = alarm.due.fetch_min(at, SeqCst).min(at);
        let watch = &self.watches[alarm.urgent.load(SeqCst)];
        // Either the sleeper has told how long and is woken here, or it has not and will see the time
        // that was set above before it sleeps.
        if due < watch.sleeps_until.load(SeqCst) && watch.sleeps_until.swap(NOW, SeqCst) != NOW {
            self.wake(watch.on_duty.load(SeqCst));
        }
    }

    /// Takes the alarm down, before a step.
    pub fn clear(&self, segment: usize) {
        self.alarms[segment].due.store(NEVER, SeqCst);
    }

    /// Whether the segment is due at `now`.
    pub fn is_due(&self, segment: usize, now: HostTime) -> bool {
        self.alarms[segment].due.load(SeqCst) <= now.nanos()
    }

    /// When the segment is due, if it is at all.
    pub fn due(&self, segment: usize) -> Option<i64> {
        Some(self.alarms[segment].due.load(SeqCst)).filter(|due| *due != NEVER)
    }

    /// Which crew steps it.
    pub fn urgency(&self, segment: usize) -> Urgency {
        match self.alarms[segment].urgent.load(SeqCst) {
            0 => Urgency::Ordinary,
            _ => Urgency::Urgent,
        }
    }

    /// Another crew steps it from now on.
    pub fn set_urgency(&self, segment: usize, urgency: Urgency) {
        self.alarms[segment].urgent.store(urgency as usize, SeqCst);
        self.raise(segment);
    }

    /// Thread number `thread` is the calling one.
    pub fn register(&self, thread: usize) {
        // Set once: every thread has a number of its own.
        let _ = self.threads[thread].set(thread::current());
    }

    /// Lets a thread look again.
    pub fn wake(&self, thread: usize) {
        if let Some(thread) = self.threads.get(thread).and_then(OnceLock::get) {
            thread.unpark();
        }
    }

    /// Whether the thread is the one that sleeps for its crew.
    pub fn is_on_duty(&self, thread: usize, crew: Urgency) -> bool {
        self.watches[crew as usize].on_duty.load(SeqCst) == thread
    }

    /// Who is on duty.
    pub fn on_duty(&self, crew: Urgency) -> usize {
        self.watches[crew as usize].on_duty.load(SeqCst)
    }

    /// Gives the duty to another, or to the first; false when somebody else took it before.
    pub fn pass_duty(&self, from: usize, to: usize, crew: Urgency) -> bool {
        let watch = &self.watches[crew as usize];
        let passed = watch.on_duty.compare_exchange(from, to, SeqCst, SeqCst).is_ok();
        if passed {
            self.wake(to);
        }
        passed
    }

    /// Sleeps until `until`, or until something is due earlier. For the thread on duty; `earliest` says
    /// what is due, and is asked once more when everybody knows until when this thread sleeps.
    pub fn sleep(
        &self,
        crew: Urgency,
        until: i64,
        now: impl Fn() -> HostTime,
        earliest: impl Fn() -> i64,
    ) {
        let watch = &self.watches[crew as usize];
        watch.sleeps_until.store(until, SeqCst);
        if earliest() >= until {
            let left = until.saturating_sub(now().nanos());
            match until {
                NEVER => thread::park(),
                _ if left > 0 => thread::park_timeout(Duration::from_nanos(left.unsigned_abs())),
                _ => {}
            }
        }
        watch.sleeps_until.store(NOW, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ns: i64) -> HostTime {
        HostTime::from_nanos(ns)
    }

    #[test]
    fn a_signal_during_a_step_is_not_lost_to_what_the_step_wishes() {
        let alarms = Alarms::new(2, 1);
        alarms.clear(0);
        alarms.raise(0);
        alarms.wish(0, Wake::At(at(500)));
        assert!(alarms.is_due(0, at(0)), "the signal counts");
        alarms.clear(0);
        alarms.wish(0, Wake::At(at(500)));
        assert_eq!([499, 500].map(|ns| alarms.is_due(0, at(ns))), [false, true]);
        assert_eq!(alarms.due(1), None, "another segment's");
    }

    #[test]
    fn an_earlier_alarm_wakes_the_sleeper_and_a_later_one_does_not() {
        let alarms = Alarms::new(1, 1);
        alarms.register(0);
        assert!(alarms.pass_duty(NOBODY, 0, Urgency::Ordinary));
        assert!(!alarms.pass_duty(NOBODY, 0, Urgency::Ordinary), "the duty is taken");
        // The sleeper has said until when; what comes before it sleeps is seen by its last look.
        let looked = std::cell::Cell::new(0);
        let earliest = || {
            looked.set(looked.get() + 1);
            alarms.raise(0);
            NOW
        };
        alarms.sleep(Urgency::Ordinary, at(i64::MAX - 1).nanos(), || at(0), earliest);
        assert_eq!(looked.get(), 1);
    }
}
