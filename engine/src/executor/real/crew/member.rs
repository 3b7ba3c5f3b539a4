//! What the threads of a crew know of each other.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};

use driftless_plugin_api::{HostTime, Span};

/// What others know of a thread.
pub struct Member {
    /// The number of the place that it steps, [`IDLE`] or [`LOOKS_OUT`].
    pub does: AtomicUsize,
    /// Since when it is in the step, host time in ns.
    pub since: AtomicI64,
}

/// Between two steps, asleep or at rest.
pub const IDLE: usize = usize::MAX;
/// Looks out, or will before it does anything else.
pub const LOOKS_OUT: usize = usize::MAX - 1;

impl Member {
    /// Whether it steps a place now.
    pub fn is_in_a_step(&self) -> bool {
        !matches!(self.does.load(SeqCst), IDLE | LOOKS_OUT)
    }

    /// From what it does to something else; false when it has been told to do another thing.
    pub fn turn(&self, from: usize, to: usize) -> bool {
        self.does.compare_exchange(from, to, SeqCst, SeqCst).is_ok()
    }

    /// How long it has been in the step that it is in, if it is in one.
    pub fn has_worked(&self, now: HostTime) -> Span {
        match self.does.load(SeqCst) {
            IDLE | LOOKS_OUT => Span::ZERO,
            _ => now - HostTime::from_nanos(self.since.load(SeqCst)),
        }
    }
}
