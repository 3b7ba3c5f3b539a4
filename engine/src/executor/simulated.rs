//! Virtual time: one loop, and time is a number. The same run gives the same digits every time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_queue::SegQueue;
use driftless_plugin_api::{HostTime, Wake};

use super::{SegmentSignal, Stuck};
use crate::loader::host::{GraphHost, HostClock};
use crate::segment::Segment;
use crate::trace::Entry;

/// A loop that drives segments by a number.
#[derive(Debug)]
pub struct VirtualTime {
    segments: Vec<Slot>,
    /// Who is due when; of two at the same time the one with the lower number goes first.
    due: BTreeSet<(HostTime, usize)>,
    ready: Arc<SegQueue<usize>>,
    graph: Arc<GraphHost>,
}

struct Slot {
    segment: Segment,
    signal: Arc<SegmentSignal>,
    wake: Wake,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("wake", &self.wake).finish_non_exhaustive()
    }
}

/// Steps at one instant before a filter counts as one that never lets time pass.
const PATIENCE: u64 = 10_000;

impl VirtualTime {
    /// A loop over these segments, which raise their signals in `ready`.
    pub fn new(
        segments: Vec<(Segment, Arc<SegmentSignal>)>,
        ready: Arc<SegQueue<usize>>,
        graph: &Arc<GraphHost>,
    ) -> Self {
        let slot = |(segment, signal)| Slot { segment, signal, wake: Wake::OnSignal };
        let segments = segments.into_iter().map(slot).collect();
        Self { segments, due: BTreeSet::new(), ready, graph: Arc::clone(graph) }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// A segment, between two of its steps.
    pub fn segment(&self, segment: usize) -> &Segment {
        &self.segments[segment].segment
    }

    fn now(&self) -> HostTime {
        self.graph.clock.now()
    }

    /// See [`Executor::order`](super::Executor::order).
    pub fn order<R>(
        &mut self,
        segment: usize,
        order: impl FnOnce(&mut Segment, HostTime) -> R,
    ) -> R {
        let now = self.now();
        let answer = order(&mut self.segments[segment].segment, now);
        self.ready.push(segment);
        answer
    }

    /// Lets time run until `until`.
    ///
    /// # Errors
    ///
    /// [`Stuck`] when a segment wants to be stepped for ever without letting time pass.
    pub fn advance(&mut self, until: HostTime) -> Result<(), Stuck> {
        let mut idle = (self.now(), 0);
        loop {
            let segment = match (self.ready.pop(), self.due.first().copied()) {
                (Some(segment), _) => segment,
                (None, Some((at, segment))) if at <= until => {
                    self.set_now(at.max(self.now()));
                    segment
                }
                _ => {
                    self.set_now(until.max(self.now()));
                    return Ok(());
                }
            };
            self.step(segment);
            idle = if idle.0 == self.now() { (idle.0, idle.1 + 1) } else { (self.now(), 0) };
            if idle.1 > PATIENCE {
                return Err(Stuck { segment });
            }
        }
    }

    /// Repeats a step of a segment, or a call of a filter's device, at the time at which it was.
    pub fn repeat(&mut self, segment: usize, entry: &Entry) {
        let Some(slot) = self.segments.get_mut(segment) else { return };
        if let HostClock::Virtual(number) = &self.graph.clock {
            number.store(entry.at().nanos(), Ordering::Relaxed);
        }
        slot.signal.lower_any();
        match entry {
            Entry::Step { at, took, .. } => {
                slot.segment.repeat_step(*at, *took);
            }
            Entry::Call { filter, call } => {
                if let Some(repeated) = self.graph.repeated.get() {
                    repeated.call(Some((*filter as usize, *call)));
                    slot.segment.repeat_call(*filter as usize, call.seen);
                    repeated.call(None);
                }
            }
            _ => {}
        }
        // Who would be woken was woken when it was.
        while self.ready.pop().is_some() {}
    }

    fn set_now(&self, now: HostTime) {
        if let HostClock::Virtual(number) = &self.graph.clock {
            number.store(now.nanos(), Ordering::Relaxed);
        }
    }

    fn step(&mut self, index: usize) {
        let now = self.now();
        let slot = &mut self.segments[index];
        slot.signal.lower_any();
        if let Wake::At(at) = slot.wake {
            self.due.remove(&(at, index));
        }
        slot.wake = match (slot.segment.step(now), self.graph.conditions.get()) {
            (Wake::At(at), Some(conditions)) => Wake::At(conditions.woken(at)),
            (wake, _) => wake,
        };
        if let Wake::At(at) = slot.wake {
            self.due.insert((at, index));
        }
    }
}
