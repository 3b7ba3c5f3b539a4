//! What stands in a place: a segment, and the orders for it.

use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};
use driftless_plugin_api::{HostTime, Wake};

use super::crew::Work;
use crate::loader::host::GraphHost;
use crate::segment::Segment;
use crate::trace::Entry;

/// What the main thread has the place's thread do between two steps. `[streaming]`
pub type Order = Box<dyn FnOnce(&mut Option<Segment>, HostTime) + Send>;

/// A place from the side of the thread that steps it.
pub struct Shift {
    place: usize,
    seat: Option<Segment>,
    orders: Receiver<Order>,
    /// Clock, trace and inboxes that all places share.
    pub graph: Arc<GraphHost>,
}

impl Shift {
    /// An empty place of that number. It is over when nobody can order anything any more. `[main]`
    pub fn new(place: usize, orders: Receiver<Order>, graph: Arc<GraphHost>) -> Self {
        Self { place, seat: None, orders, graph }
    }
}

impl Work for Shift {
    fn step(&mut self, mut now: HostTime) -> Option<Wake> {
        self.graph.segments.get(self.place)?.lower();
        loop {
            match self.orders.try_recv() {
                Ok(order) => order(&mut self.seat, now),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return None,
            }
            now = self.graph.clock.now();
        }
        let Some(segment) = &mut self.seat else { return Some(Wake::OnSignal) };
        let wake = segment.step(now);
        self.graph.trace(|| {
            let lasted = self.graph.clock.now() - now;
            let (took, turns) = segment.work();
            Entry::Step { segment: self.place as u32, at: now, lasted, took, turns }
        });
        Some(wake)
    }
}
