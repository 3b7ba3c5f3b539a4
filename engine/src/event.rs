//! What happens while a graph lives: events, told to everybody who asked (LS-126, LS-127).

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::Duration;

use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::time::StreamTime;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is about.
    pub code: EventCode,
    /// Which filter posted it, by its name in the manifest; `None` for the graph itself.
    pub filter: Option<String>,
    /// Stream time at which it was posted.
    pub at: StreamTime,
    /// First number; see [`EventCode`].
    pub p1: i64,
    /// Second number.
    pub p2: i64,
    /// One sentence, or empty.
    pub text: String,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:9.3} s  ", (self.at - StreamTime::ZERO).secs_f64())?;
        if let Some(filter) = &self.filter {
            write!(f, "{filter}: ")?;
        }
        match (self.text.as_str(), self.p1, self.p2) {
            ("", 0, 0) => write!(f, "{}", self.code),
            ("", p1, p2) => write!(f, "{} ({p1}, {p2})", self.code),
            (text, ..) => write!(f, "{}: {text}", self.code),
        }
    }
}

/// Whether it says that a filter is out of the graph.
pub(crate) fn is_failure(code: EventCode) -> bool {
    matches!(code, EventCode::ERROR_ABORT | EventCode::FILTER_POISONED | EventCode::FILTER_STUCK)
}

/// How many events are kept for one who does not read them; then the oldest are lost, and counted.
const KEPT: usize = 4096;

/// Where events are posted. Not for a device thread: posting takes a lock. `[main] [streaming]`
#[derive(Debug, Default)]
pub struct EventBus {
    subscribers: Mutex<Vec<Weak<Inbox>>>,
}

#[derive(Debug, Default)]
struct Inbox {
    events: Mutex<(VecDeque<Event>, u64)>,
    arrived: Condvar,
}

/// One reader's own queue of all events since it subscribed. `[main]`
#[derive(Debug, Clone)]
pub struct Subscription(Arc<Inbox>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked while it held the lock left a queue of whole events behind.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl EventBus {
    /// Tells `event` to every subscriber.
    pub fn post(&self, event: &Event) {
        lock(&self.subscribers).retain(|subscriber| {
            let Some(inbox) = subscriber.upgrade() else { return false };
            let mut events = lock(&inbox.events);
            if events.0.len() == KEPT {
                events.0.pop_front();
                events.1 += 1;
            }
            events.0.push_back(event.clone());
            inbox.arrived.notify_one();
            true
        });
    }

    /// A queue of all that is posted from now on.
    pub fn subscribe(&self) -> Subscription {
        let inbox = Arc::new(Inbox::default());
        lock(&self.subscribers).push(Arc::downgrade(&inbox));
        Subscription(inbox)
    }
}

impl Subscription {
    /// The oldest event not taken yet.
    pub fn try_next(&self) -> Option<Event> {
        lock(&self.0.events).0.pop_front()
    }

    /// The oldest event, waited for up to `timeout` of real time (LS-126).
    pub fn next(&self, timeout: Duration) -> Option<Event> {
        self.wait(timeout);
        self.try_next()
    }

    /// Waits until there is an event, up to `timeout` of real time; takes none.
    pub fn wait(&self, timeout: Duration) {
        let events = lock(&self.0.events);
        let waited =
            self.0.arrived.wait_timeout_while(events, timeout, |events| events.0.is_empty());
        drop(waited.unwrap_or_else(|poisoned| poisoned.into_inner()));
    }

    /// How many events were lost because nobody took them.
    pub fn lost(&self) -> u64 {
        lock(&self.0.events).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(p1: i64) -> Event {
        let code = EventCode::WARNING;
        Event { code, filter: None, at: StreamTime::ZERO, p1, p2: 0, text: String::new() }
    }

    /// LS-127
    #[test]
    fn every_subscriber_sees_every_event() {
        let bus = EventBus::default();
        let (first, second) = (bus.subscribe(), bus.subscribe());
        (0..3).for_each(|p1| bus.post(&event(p1)));
        for subscription in [first, second] {
            let seen: Vec<i64> =
                std::iter::from_fn(|| subscription.try_next()).map(|e| e.p1).collect();
            assert_eq!(seen, [0, 1, 2]);
        }
    }

    /// LS-126
    #[test]
    fn waiting_for_an_event_ends_when_the_time_is_over() {
        assert_eq!(EventBus::default().subscribe().next(Duration::ZERO), None);
    }

    /// LS-126: two threads that wake each other a hundred times.
    #[test]
    fn who_waits_for_an_event_is_woken_by_it() {
        let (there, back) = (EventBus::default(), EventBus::default());
        let (arrives, returns) = (there.subscribe(), back.subscribe());
        let limit = Duration::from_secs(20);
        let began = std::time::Instant::now();
        let bounce = std::thread::spawn(move || {
            std::iter::from_fn(|| arrives.next(limit)).take(100).for_each(|it| back.post(&it));
        });
        for p1 in 0..100 {
            there.post(&event(p1));
            returns.wait(limit);
            assert_eq!(returns.try_next().map(|it| it.p1), Some(p1), "waiting takes none");
        }
        bounce.join().expect("it ends");
        assert!(began.elapsed() < limit, "somebody waited for the limit");
    }

    /// LS-127
    #[test]
    fn a_reader_that_does_not_read_loses_the_oldest_and_is_told_how_many() {
        let bus = EventBus::default();
        let subscription = bus.subscribe();
        (0..KEPT as i64 + 5).for_each(|p1| bus.post(&event(p1)));
        assert_eq!((subscription.lost(), subscription.try_next().unwrap().p1), (5, 5));
    }
}
