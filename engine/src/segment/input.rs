//! What comes into a segment from others: queues, and how they are emptied into its first filter.

use std::cell::Cell;
use std::sync::Arc;

use driftless_plugin_api::output::Marker;
use driftless_plugin_api::{HostTime, Status};

use super::Segment;
use super::queue::{Item, Queue};
use crate::loader::chain::Node;

/// Where samples come from another segment.
pub struct Input {
    /// The thread border.
    pub queue: Arc<Queue>,
    /// Which input pin of the first filter it feeds.
    pub pin: u32,
    /// The filter wants no samples until it is stopped or flushed (LS-111).
    stopped: Cell<bool>,
}

impl Input {
    /// An input of which everything is wanted.
    pub fn new(queue: Arc<Queue>, pin: u32) -> Self {
        Self { queue, pin, stopped: Cell::new(false) }
    }

    /// Nothing that was sent before is wanted; everything is that comes.
    pub(super) fn clear(&self) {
        self.queue.clear();
        self.stopped.set(false);
    }

    /// Hands what stood in the queue to the filter, unless that does not want it.
    fn hand_over(&self, filter: &Node, item: Item, now: HostTime) {
        match item {
            Item::Sample(..) if self.stopped.get() => {}
            Item::Sample(sample, ..) => {
                self.stopped.set(filter.receive(self.pin, sample, now) != Status::OK);
            }
            Item::Marker(marker) => {
                if marker == Marker::BeginFlush {
                    self.stopped.set(false);
                }
                filter.mark(self.pin, marker, now);
            }
        }
    }
}

impl Segment {
    /// Adds a queue that feeds the first filter; what may stand in it already is looked at.
    pub fn add_input(&mut self, input: Input) {
        self.chain.node(0).host.arrivals.note(input.pin);
        let at = self.inputs.partition_point(|other| other.pin < input.pin);
        self.inputs.insert(at, input);
    }

    /// Hands what stands in the queues that are not kept to the first filter: what was sent before a
    /// connection goes arrives (LS-125).
    pub fn drain(&self, kept: impl Fn(&Arc<Queue>) -> bool, now: HostTime) {
        for input in self.inputs.iter().filter(|input| !kept(&input.queue)) {
            while let Some(item) = input.queue.pop() {
                input.hand_over(self.chain.node(0), item, now);
            }
        }
    }

    /// What stands in the input queues was sent before the pause that has begun.
    pub fn mark_stale(&self) {
        self.inputs.iter().for_each(|input| input.queue.mark_stale());
    }

    /// How many items wait in the queues.
    pub fn queued(&self) -> usize {
        self.inputs.iter().map(|input| input.queue.count()).sum()
    }

    /// Empties the input queues into the first filter, as far as that and the renderers have room; a flush
    /// comes through all the same. Returns whether something had to wait for a renderer.
    pub(super) fn feed(&mut self, now: HostTime) -> bool {
        (self.took, self.turns) = (0, 0);
        let arrivals = &self.chain.node(0).host.arrivals;
        for pin in arrivals.take() {
            let Ok(at) = self.inputs.binary_search_by_key(&pin, |input| input.pin) else {
                continue;
            };
            let input = &self.inputs[at];
            let queue = &input.queue;
            while self.may_feed(pin, queue) {
                let Some(item) = queue.pop() else { break };
                self.took += 1;
                input.hand_over(self.chain.node(0), item, now);
            }
            if !queue.is_empty() {
                arrivals.note(pin);
            }
        }
        !self.has_room()
    }

    /// Whether the first filter gets another item of `queue`, which is before its `pin`.
    fn may_feed(&self, pin: u32, queue: &Queue) -> bool {
        let first = self.chain.node(0);
        let has_room = || first.traffic().failed || first.instance.ready_for(pin);
        match self.repeats {
            Some((took, _)) => self.took < took && has_room(),
            None => queue.is_flushing() || (self.has_room() && has_room()),
        }
    }
}
