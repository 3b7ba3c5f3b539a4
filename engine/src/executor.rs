//! Who calls the segments, and when: in real time, a thread each; in virtual time, one loop.

pub mod priority;
mod real;
mod simulated;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use crossbeam_queue::SegQueue;
use driftless_plugin_api::HostTime;

pub use real::RealTime;
pub use simulated::VirtualTime;

use crate::segment::Segment;

/// A segment does not answer: one of its filters blocks or loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck {
    /// Which segment.
    pub segment: usize,
}

/// Drives segments. `[main]`
#[derive(Debug)]
pub enum Executor {
    /// By the operating system's clock.
    Real(RealTime),
    /// By a number.
    Virtual(VirtualTime),
}

impl Executor {
    /// Runs `order` on segment `segment`, between two of its steps, and returns the answer.
    ///
    /// # Errors
    ///
    /// [`Stuck`] when the segment does not come round to it.
    pub fn order<R: Send + 'static>(
        &mut self,
        segment: usize,
        order: impl FnOnce(&mut Segment, HostTime) -> R + Send + 'static,
    ) -> Result<R, Stuck> {
        match self {
            Self::Real(executor) => executor.order(segment, order),
            Self::Virtual(executor) => Ok(executor.order(segment, order)),
        }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        match self {
            Self::Real(executor) => executor.segments(),
            Self::Virtual(executor) => executor.segments(),
        }
    }
}

/// How a segment is told that a filter of it wants to be stepped, or a queue has changed.
#[derive(Debug)]
pub struct SegmentSignal {
    raised: Vec<AtomicBool>,
    any: AtomicBool,
    waker: Waker,
}

#[derive(Debug)]
enum Waker {
    /// The segment's thread, once it runs.
    Thread(OnceLock<Thread>),
    /// The list of segments to be stepped now.
    List { segment: usize, ready: Arc<SegQueue<usize>> },
}

impl SegmentSignal {
    fn new(filters: usize, waker: Waker) -> Arc<Self> {
        let raised = (0..=filters).map(|_| AtomicBool::new(false)).collect();
        Arc::new(Self { raised, any: AtomicBool::new(false), waker })
    }

    /// For a segment of so many filters that gets a thread of its own.
    pub fn for_thread(filters: usize) -> Arc<Self> {
        Self::new(filters, Waker::Thread(OnceLock::new()))
    }

    /// For a segment that is stepped by a loop which reads `ready`.
    pub fn for_list(filters: usize, segment: usize, ready: Arc<SegQueue<usize>>) -> Arc<Self> {
        Self::new(filters, Waker::List { segment, ready })
    }

    /// Takes the signal of one filter down; returns whether it was up. `[streaming]`
    pub fn lower(&self, filter: usize) -> bool {
        self.raised.get(filter).is_some_and(|raised| raised.swap(false, Ordering::Acquire))
    }

    /// Takes the common signal down; returns whether it was up. Called before a step, so that what
    /// is raised during the step is heard by the next.
    fn lower_any(&self) -> bool {
        self.any.swap(false, Ordering::AcqRel)
    }

    fn attach(&self, thread: Thread) {
        if let Waker::Thread(place) = &self.waker {
            // Set once, by the thread itself when it starts.
            let _ = place.set(thread);
        }
    }

    fn wake(&self) {
        if self.any.swap(true, Ordering::AcqRel) {
            return;
        }
        match &self.waker {
            Waker::Thread(thread) => {
                if let Some(thread) = thread.get() {
                    thread.unpark();
                }
            }
            Waker::List { segment, ready } => ready.push(*segment),
        }
    }
}

/// One filter's, or one queue's, way to wake its segment. `[any]`
#[derive(Debug, Clone)]
pub struct Signal {
    segment: Arc<SegmentSignal>,
    filter: usize,
}

impl Signal {
    /// The signal of the filter at a place in the segment's chain.
    pub fn of_filter(segment: &Arc<SegmentSignal>, filter: usize) -> Self {
        Self { segment: Arc::clone(segment), filter }
    }

    /// The signal of the segment's queues.
    pub fn of_queues(segment: &Arc<SegmentSignal>) -> Self {
        Self { segment: Arc::clone(segment), filter: segment.raised.len() - 1 }
    }

    /// Lets the segment be stepped soon.
    pub fn raise(&self) {
        if let Some(raised) = self.segment.raised.get(self.filter) {
            raised.store(true, Ordering::Release);
        }
        self.segment.wake();
    }
}
