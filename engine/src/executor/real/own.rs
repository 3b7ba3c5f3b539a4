//! A thread for one place.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use driftless_plugin_api::{HostTime, Span, Wake};

use super::crew::Work as _;
use super::shift::Shift;
use crate::executor::SegmentSignal;
use crate::loader::host::GraphHost;

const IDLE: i64 = i64::MAX;

/// A thread that steps one place until that is over. `[main]`
#[derive(Debug)]
pub struct OwnThread {
    thread: JoinHandle<()>,
    /// Host time since when it has been busy with one step or order, ns; [`IDLE`] between them.
    busy_since: Arc<AtomicI64>,
}

impl OwnThread {
    /// Starts it, with that many bytes of stack.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn start(shift: Shift, place: usize, stack: usize) -> io::Result<Self> {
        let busy_since = Arc::new(AtomicI64::new(IDLE));
        let busy = Arc::clone(&busy_since);
        let builder = thread::Builder::new().name(format!("segment {place}")).stack_size(stack);
        let thread = builder.spawn(move || drive(place, shift, &busy))?;
        Ok(Self { thread, busy_since })
    }

    /// How long it has been in the step or order that it is in, if it is in one.
    pub fn has_worked(&self, now: HostTime) -> Span {
        match self.busy_since.load(Ordering::Relaxed) {
            IDLE => Span::ZERO,
            since => now - HostTime::from_nanos(since),
        }
    }

    /// Waits for its end.
    pub fn join(self) {
        // A panic there was the engine's own; it was printed by the panic hook.
        let _ = self.thread.join();
    }
}

fn drive(place: usize, mut shift: Shift, busy_since: &AtomicI64) {
    let graph = Arc::clone(&shift.graph);
    let Some(signal) = graph.segments.get(place) else { return };
    signal.attach(thread::current());
    loop {
        let now = graph.clock.now();
        busy_since.store(now.nanos(), Ordering::Relaxed);
        let Some(wish) = shift.step(now) else { return };
        busy_since.store(IDLE, Ordering::Relaxed);
        match wish.latest {
            Wake::At(at) => sleep_until(at, signal, &graph),
            Wake::OnSignal | Wake::Ended => thread::park(),
        }
    }
}

/// Returns at `at`, or earlier when the signal is raised; a spurious return costs one idle step.
fn sleep_until(at: HostTime, signal: &SegmentSignal, graph: &GraphHost) {
    let left = at - graph.clock.now();
    if left.nanos() > 0 && !signal.is_raised() {
        thread::park_timeout(Duration::from_nanos(left.nanos().unsigned_abs()));
    }
}
