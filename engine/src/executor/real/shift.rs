//! What stands in a place: a segment, and the orders for it.

use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};
use driftless_plugin_api::HostTime;

use super::crew::Work;
use crate::loader::host::GraphHost;
use crate::segment::{Segment, Wish};
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
    fn step(&mut self, mut now: HostTime) -> Option<Wish> {
        self.graph.segments.get(self.place)?.lower();
        let (place, graph) = (self.place as u32, &self.graph);
        let done = |segment: &Segment, at: HostTime| {
            // What is due once the graph pauses is not played, and would be where the run is repeated.
            if !segment.is_running() {
                return;
            }
            let (took, turns) = segment.work();
            let lasted = || graph.clock.now() - at;
            graph.trace(|| Entry::Step { segment: place, at, lasted: lasted(), took, turns });
        };
        if let Some(segment) = &mut self.seat {
            segment.catch_up(now, done);
            now = self.graph.clock.now();
        }
        let mut is_watched = false;
        loop {
            match self.orders.try_recv() {
                Ok(order) => order(&mut self.seat, now),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return None,
            }
            now = self.graph.clock.now();
            // Who has given an order may look what becomes of it.
            is_watched = true;
        }
        let Some(segment) = &mut self.seat else { return Some(Wish::NONE) };
        let wish = segment.step(now);
        done(segment, now);
        Some(if is_watched { wish.due.into() } else { wish })
    }
}
