//! A segment that does not answer is given up, and the others go on (LS-101).

use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::output::Marker;

use super::{Graph, RunError};
use crate::executor::Stuck;

impl Graph {
    /// Gives up every segment whose patience is over.
    pub(super) fn bury_overdue(&mut self) {
        for place in self.executor.overdue() {
            self.bury(place);
        }
    }

    /// Gives up the segment in `place`: its filters are named, and who read from it is told the end.
    pub(super) fn bury(&mut self, place: usize) {
        let Some(index) = self.places.iter().position(|it| *it == place) else { return };
        if !self.dead.insert(place) {
            return;
        }
        let filters = &self.plan.segments[index].filters;
        let text = self.stuck(Stuck { place }).to_string();
        for filter in filters {
            self.hosts[*filter].post(EventCode::FILTER_STUCK, 0, 0, &text);
        }
        for (connection, queue) in self.plan.connections.iter().zip(&self.queues) {
            let leads_out = filters.contains(&connection.from.filter);
            if let Some(queue) = queue.as_ref().filter(|_| leads_out) {
                queue.push_marker(Marker::EndOfStream);
            }
        }
    }

    pub(super) fn stuck(&self, stuck: Stuck) -> RunError {
        let segment = self.places.iter().position(|place| *place == stuck.place);
        let filters = segment.map(|index| self.plan.segments[index].filters.as_slice());
        let name = |filter: &usize| self.plan.filters[*filter].name.clone();
        RunError::Stuck { filters: filters.unwrap_or_default().iter().map(name).collect() }
    }
}
