//! What an application wants of the graph as a whole, changed after the manifest was read: the clock and
//! the synchronisation. It is kept when the graph changes into another plan.

use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::State;
use driftless_plugin_api::{Span, Status};

use super::Graph;
use crate::clock::Chosen;
use crate::manifest::ClockRequest;
use crate::plan::{ClockSource, Plan};

/// What the application asked for since the graph was made. It counts more than any manifest (LS-60).
#[derive(Debug, Default, PartialEq)]
pub(super) struct Asked {
    clock: Option<ClockRequest>,
    sync: Option<bool>,
    max_latency: Option<Option<Span>>,
}

impl Asked {
    /// Lays it over what the manifest of `plan` wants.
    pub(super) fn lay_over(&self, plan: &mut Plan) {
        let wishes = &mut plan.wishes;
        if let Some(clock) = &self.clock {
            wishes.clock.clone_from(clock);
        }
        if let Some(sync) = self.sync {
            wishes.sync = sync;
        }
        if let Some(max_latency) = self.max_latency {
            wishes.max_latency = max_latency.filter(|_| wishes.sync);
        }
        if self.sync == Some(false) {
            (wishes.max_latency, wishes.latency) = (None, None);
        }
    }
}

impl Graph {
    /// Chooses the clock: the system's, none, or that of the filter of this name; all filters are told at
    /// once, and it stays until it is changed (LS-59, LS-60). [`ClockRequest::Auto`] gives the choice
    /// back to the graph (LS-61). `[main]`
    ///
    /// # Errors
    ///
    /// [`Status::NOT_STOPPED`] unless the graph is stopped; [`Status::NOT_IN_GRAPH`] when there is no
    /// such filter, [`Status::NO_CLOCK`] when it offers none.
    pub fn set_clock(&mut self, clock: ClockRequest) -> Result<(), Status> {
        if self.state != State::Stopped {
            return Err(Status::NOT_STOPPED);
        }
        if let ClockRequest::Filter(name) = &clock {
            let index = self.plan.filter(name).ok_or(Status::NOT_IN_GRAPH)?;
            let offers = self.facts.filters[index].offers_clock;
            if !offers || !self.plan.filters[index].provide_clock {
                return Err(Status::NO_CLOCK);
            }
        }
        self.asked.clock = Some(clock);
        self.asked.lay_over(&mut self.plan);
        self.settled = self.plan.settle(&self.facts);
        self.tell_clock();
        Ok(())
    }

    /// Whether live sources are brought in step from the next start on (LS-41, LS-43). Without it
    /// everybody's offset is 0 then, and there is no cap. `[main]`
    pub fn set_sync(&mut self, sync: bool) {
        self.asked.sync = Some(sync);
        self.asked.lay_over(&mut self.plan);
    }

    /// Caps the latency that sources are brought to, from the next start on; `None` lifts the cap
    /// (LS-45, LS-47). Sources that size their buffers by it were told when they were connected, so a cap
    /// in the manifest serves them better (LS-46). `[main]`
    ///
    /// # Errors
    ///
    /// [`Status::FAIL`] without synchronisation, [`Status::INVALID_ARGUMENT`] below zero.
    pub fn set_max_latency(&mut self, max: Option<Span>) -> Result<(), Status> {
        if max.is_some_and(|max| max < Span::ZERO) {
            return Err(Status::INVALID_ARGUMENT);
        }
        if !self.plan.wishes.sync {
            return Err(Status::FAIL);
        }
        self.asked.max_latency = Some(max);
        self.asked.lay_over(&mut self.plan);
        Ok(())
    }

    /// Tells every filter which clock was chosen; another one than before is an event.
    pub(super) fn tell_clock(&mut self) {
        let chosen = match self.settled.clock.source {
            ClockSource::None => Chosen::None,
            ClockSource::System => Chosen::System,
            ClockSource::Filter(index) => Chosen::Filter(self.hosts[index].id()),
        };
        let before = self.host.board.graph_time();
        self.host.board.choose(chosen, self.host.clock.now());
        if self.host.board.graph_time().epoch == before.epoch {
            return;
        }
        if let (Chosen::Filter(_), true) = (before.chosen, self.state != State::Stopped) {
            let text =
                "the filter that offered the clock is gone, parted, failed, or lost its device";
            self.host.post(EventCode::CLOCK_UNSET, 0, 0, text);
        }
        let name = self.settled.clock.name(&self.plan);
        self.host.post(EventCode::CLOCK_CHANGED, 0, 0, name);
    }
}
