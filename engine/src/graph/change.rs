//! The graph changes while it runs (LS-125): plan again, take the difference of the plans, apply it.

use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::State;
use driftless_plugin_api::{Span, StreamTime};

use super::wishes::Asked;
use super::{Graph, RunError};
use crate::plan::{Difference, Plan};
use crate::trace::Entry;

impl Graph {
    /// Turns this graph into that of `plan`, in whatever state it is. `[main]`
    ///
    /// A filter whose name, plugin and settings stay the same stays; so do connections, and segments in
    /// which nothing changes go on as if nothing had happened. Filters that come are made, connected and
    /// opened while everything else plays; only then the segments that change stand still, for as long
    /// as it takes to relink them. Filters that failed are made anew, so changing a graph into its own
    /// plan repairs it.
    ///
    /// The clock stays as long as its filter does, and latency for five seconds after nobody needs it any
    /// more (LS-M4). Wishes for another clock, and for `sync`, count from the next start (LS-43, LS-59); what
    /// the application has asked for itself counts more than those of the plan (LS-60).
    ///
    /// # Errors
    ///
    /// A filter that cannot be made, connected or opened, or a segment that is stuck: then nothing has
    /// changed. A filter that only fails to run is an event, and its branch ends.
    pub fn change(&mut self, plan: Plan) -> Result<Difference, RunError> {
        self.attend();
        let mut plan = plan.numbered_as(&self.plan);
        self.asked.lay_over(&mut plan);
        let usable = self.usable_filters();
        let difference = Difference::between(&self.plan, &plan, |index| usable[index]);
        let prepared = self.prepare(&plan, &difference)?;
        let came: Vec<usize> =
            (0..plan.filters.len()).filter(|index| difference.filters[*index].is_none()).collect();
        let leaving = self.reconnect(plan, &difference, prepared)?;
        let now = self.host.clock.now();
        self.host.trace(|| Entry::Change { at: now });
        let settled = match self.state {
            State::Stopped => {
                // What was asked for is in no manifest.
                if self.asked != Asked::default() {
                    self.settled = self.plan.settle(&self.facts);
                }
                Ok(())
            }
            _ => self.redistribute(),
        };
        self.start(&came);
        self.unblock();
        leaving.retire(now);
        self.host.post(EventCode::GRAPH_CHANGED, 0, 0, &difference.to_string());
        settled.map(|()| difference)
    }

    /// Which filters neither failed nor are stuck.
    pub(super) fn usable_filters(&mut self) -> Vec<bool> {
        let mut usable = vec![false; self.plan.filters.len()];
        for index in 0..self.plan.segments.len() {
            let failed = self.order(index, |segment, _| {
                segment.chain().nodes().map(|node| node.traffic().failed).collect::<Vec<_>>()
            });
            let filters = &self.plan.segments[index].filters;
            for (filter, failed) in filters.iter().zip(failed.unwrap_or_default()) {
                usable[*filter] = !failed;
            }
        }
        usable
    }

    /// Brings filters that came, and are activated, into the graph's state.
    fn start(&mut self, came: &[usize]) {
        if self.state == State::Stopped {
            return;
        }
        let time = self.host.board.graph_time();
        let now = self.host.clock.now();
        for &filter in came.iter().rev() {
            // What counts its own time begins now; what is live, or passes on, has the graph's.
            let begins = self.plan.filters[filter].inputs.is_empty()
                && !self.facts.filters[filter].is_live();
            let shift = match begins {
                true => self.host.board.stream_time(now) + self.options.lead - StreamTime::ZERO,
                false => Span::ZERO,
            };
            let running = self.state == State::Running;
            let (segment, at) = self.seats[filter];
            // A segment that is stuck was told of.
            let _ = self.order(segment, move |segment, now| {
                segment.rouse(at, now);
                let node = segment.chain().node(at);
                node.set_shift(shift);
                if let Some(Err(error)) = running.then(|| node.run(time.base)) {
                    node.fail(&error, now);
                }
            });
        }
    }

    /// Lets the segments that changed go on, renderers first.
    fn unblock(&mut self) {
        for index in (0..self.plan.segments.len()).rev() {
            // A segment that is stuck was told of.
            let _ = self.order(index, |segment, _| segment.unblock());
        }
    }
}
