//! How a segment is told that there is something to do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use crossbeam_queue::SegQueue;

use super::Alarms;

/// Wakes whoever drives the segment in one place: a filter wants to be stepped, a queue has changed,
/// or there is an order. `[any]`
#[derive(Debug)]
pub struct SegmentSignal {
    raised: AtomicBool,
    waker: Waker,
}

#[derive(Debug)]
enum Waker {
    /// The place's thread, once it runs.
    Thread(OnceLock<Thread>),
    /// The threads that share it with others.
    Alarm { place: usize, alarms: Arc<Alarms> },
    /// The list of places to be stepped now.
    List { place: usize, ready: Arc<SegQueue<usize>> },
}

impl SegmentSignal {
    /// For a place with a thread of its own.
    pub fn for_thread() -> Self {
        Self { raised: AtomicBool::new(false), waker: Waker::Thread(OnceLock::new()) }
    }

    /// For a place of this number among those that share threads.
    pub fn for_alarm(place: usize, alarms: Arc<Alarms>) -> Self {
        Self { raised: AtomicBool::new(false), waker: Waker::Alarm { place, alarms } }
    }

    /// For a place in a loop which reads `ready`.
    pub fn for_list(place: usize, ready: Arc<SegQueue<usize>>) -> Self {
        Self { raised: AtomicBool::new(false), waker: Waker::List { place, ready } }
    }

    /// Takes the signal down. Called before a step, so that what is raised during the step is heard by
    /// the next.
    pub(super) fn lower(&self) {
        self.raised.swap(false, Ordering::AcqRel);
    }

    /// Whether it is up.
    pub(super) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    pub(super) fn attach(&self, thread: Thread) {
        if let Waker::Thread(place) = &self.waker {
            // Set once, by the thread itself when it starts.
            let _ = place.set(thread);
        }
    }

    /// Lets the segment be stepped soon.
    pub fn wake(&self) {
        if self.raised.swap(true, Ordering::AcqRel) {
            return;
        }
        match &self.waker {
            Waker::Thread(thread) => {
                if let Some(thread) = thread.get() {
                    thread.unpark();
                }
            }
            Waker::Alarm { place, alarms } => alarms.raise(*place),
            Waker::List { place, ready } => ready.push(*place),
        }
    }
}
