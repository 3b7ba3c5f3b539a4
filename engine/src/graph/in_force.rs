//! What stays in force while a graph is not stopped, though filters come and go.

use driftless_plugin_api::host::State;

use super::Graph;
use crate::clock::Chosen;
use crate::plan::{Clock, ClockSource, Difference, Facts, InForce, Plan};

impl Graph {
    /// What a graph that is not stopped keeps where it can; the board says which clock that is.
    pub(super) fn in_force(&self) -> Option<InForce> {
        if self.state == State::Stopped {
            return None;
        }
        let source = match self.host.board.graph_time().chosen {
            Chosen::None => Some(ClockSource::None),
            Chosen::System => Some(ClockSource::System),
            Chosen::Filter(id) => {
                let index = self.hosts.iter().position(|host| host.id() == id);
                index.map(ClockSource::Filter)
            }
        };
        let why = &self.settled.clock.why;
        Some(InForce {
            clock: source.map(|source| Clock { source, why: why.clone() }),
            wishes: self.wishes.clone(),
            target: self.settled.timing.target,
            presentation_delay: self.settled.timing.presentation_delay,
        })
    }

    /// Facts and decisions by the indices of `plan`, until its filters are asked.
    pub(super) fn carry_over(&mut self, plan: &Plan, difference: &Difference) {
        let mut facts = Facts::declared(&plan.filters);
        for (facts, kept) in facts.filters.iter_mut().zip(&difference.filters) {
            if let Some(kept) = kept {
                facts.clone_from(&self.facts.filters[*kept]);
            }
        }
        self.facts = facts;
        let before = std::mem::replace(&mut self.settled, plan.settled.clone());
        if self.state != State::Stopped {
            self.settled.clock.why = before.clock.why;
            self.settled.timing.target = before.timing.target;
            self.settled.timing.presentation_delay = before.timing.presentation_delay;
        }
    }
}
