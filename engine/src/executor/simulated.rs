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
    /// By place; `None` where there is no segment.
    slots: Vec<Option<Slot>>,
    /// Who is due when; of two at the same time the one with the lower number goes first.
    due: BTreeSet<(HostTime, usize)>,
    ready: Arc<SegQueue<usize>>,
    graph: Arc<GraphHost>,
}

struct Slot {
    segment: Segment,
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
    /// A loop over no segments yet.
    pub fn new(graph: &Arc<GraphHost>) -> Self {
        let ready = Arc::new(SegQueue::new());
        Self { slots: Vec::new(), due: BTreeSet::new(), ready, graph: Arc::clone(graph) }
    }

    pub(super) fn open(&mut self) -> usize {
        let place = self.slots.len();
        self.slots.push(None);
        self.graph.segments.push(SegmentSignal::for_list(place, Arc::clone(&self.ready)));
        place
    }

    pub(super) fn put(&mut self, place: usize, segment: Segment) {
        self.slots[place] = Some(Slot { segment, wake: Wake::OnSignal });
        self.ready.push(place);
    }

    pub(super) fn take(&mut self, place: usize) -> Option<Segment> {
        let slot = self.slots.get_mut(place)?.take()?;
        if let Wake::At(at) = slot.wake {
            self.due.remove(&(at, place));
        }
        Some(slot.segment)
    }

    /// The segment in `place`, between two of its steps.
    pub fn segment(&self, place: usize) -> Option<&Segment> {
        self.slots.get(place)?.as_ref().map(|slot| &slot.segment)
    }

    fn now(&self) -> HostTime {
        self.graph.clock.now()
    }

    pub(super) fn order<R>(
        &mut self,
        place: usize,
        order: impl FnOnce(&mut Segment, HostTime) -> R,
    ) -> Option<R> {
        let now = self.now();
        let answer = order(&mut self.slots.get_mut(place)?.as_mut()?.segment, now);
        self.ready.push(place);
        Some(answer)
    }

    /// Lets time run until `until`.
    ///
    /// # Errors
    ///
    /// [`Stuck`] when a segment wants to be stepped for ever without letting time pass.
    pub fn advance(&mut self, until: HostTime) -> Result<(), Stuck> {
        let mut idle = (self.now(), 0);
        loop {
            let place = match (self.ready.pop(), self.due.first().copied()) {
                (Some(place), _) => place,
                (None, Some((at, place))) if at <= until => {
                    self.set_now(at.max(self.now()));
                    place
                }
                _ => {
                    self.set_now(until.max(self.now()));
                    return Ok(());
                }
            };
            self.step(place);
            idle = if idle.0 == self.now() { (idle.0, idle.1 + 1) } else { (self.now(), 0) };
            if idle.1 > PATIENCE {
                return Err(Stuck { place });
            }
        }
    }

    /// Repeats a step of the segment in `place`, or a call of the device of its filter number `at`, at
    /// the time at which it was.
    pub fn repeat(&mut self, (place, at): (usize, usize), entry: &Entry) {
        self.set_now(entry.at());
        if let Some(signal) = self.graph.segments.get(place) {
            signal.lower();
        }
        let Some(slot) = self.slots.get_mut(place).and_then(Option::as_mut) else { return };
        match entry {
            Entry::Step { at, took, turns, .. } => {
                slot.segment.repeat_step(*at, (*took, *turns));
            }
            Entry::Call { filter, call } => {
                if let Some(repeated) = self.graph.repeated.get() {
                    repeated.call(Some((*filter as usize, *call)));
                    slot.segment.repeat_call(at, call.seen);
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

    fn step(&mut self, place: usize) {
        let now = self.now();
        if let Some(signal) = self.graph.segments.get(place) {
            signal.lower();
        }
        let Some(slot) = self.slots.get_mut(place).and_then(Option::as_mut) else { return };
        let wake = match (slot.segment.step(now).due, self.graph.conditions.get()) {
            (Wake::At(at), Some(conditions)) => Wake::At(conditions.woken(at)),
            (wake, _) => wake,
        };
        // Who reads from hundreds of queues is stepped for each of them, and mostly wishes what it wished.
        if wake == slot.wake {
            return;
        }
        if let Wake::At(at) = std::mem::replace(&mut slot.wake, wake) {
            self.due.remove(&(at, place));
        }
        if let Wake::At(at) = wake {
            self.due.insert((at, place));
        }
    }
}
