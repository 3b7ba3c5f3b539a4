//! Taking notice of what was posted, and answering it.

use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::State;

use super::cue::Cued;
use super::{EVENTS_KEPT, Graph};
use crate::event::{Event, is_failure};

impl Graph {
    /// Takes notice of what was posted since the last call, and does what it asks for: latency is
    /// redistributed, a clock that is gone replaced, a run that waits for renderers carried out, a
    /// segment that does not answer given up. Returns the new events. `[main]`
    ///
    /// A [`RunningGraph`](super::RunningGraph) and a [`Simulation`](super::Simulation) see to it that
    /// this is called.
    pub fn attend(&mut self) -> Vec<Event> {
        self.bury_overdue();
        self.tell_complete();
        let new: Vec<Event> = std::iter::from_fn(|| self.inbox.try_next()).collect();
        for event in &new {
            self.note(event);
            if self.events.len() < EVENTS_KEPT {
                self.events.push(event.clone());
            }
        }
        if self.state != State::Stopped {
            // A segment that is stuck was told of; the others have been told.
            if new.iter().any(|event| changes_facts(event.code)) {
                let _ = self.redistribute();
            }
            let _ = self.shrink_if_due();
        }
        self.carry_out_run();
        new
    }

    /// A device that is gone has no clock; one that is back does not take it back, which would be one
    /// more change.
    fn note(&mut self, event: &Event) {
        if event.code == EventCode::DEVICE_LOST && event.p2 == 0 {
            let filter = event.filter.as_ref().and_then(|name| self.plan.filter(name));
            self.lost.extend(filter.map(|index| self.hosts[index].id()));
        }
    }

    /// The graph is complete when its last renderer is, and says so once in a run (LS-114).
    fn tell_complete(&mut self) {
        let complete = self.state == State::Running && self.is_complete();
        if complete && !self.told_complete {
            self.host.post(EventCode::COMPLETE, 0, 0, "every renderer has presented all it gets");
        }
        self.told_complete = complete;
    }

    /// A run that was asked for takes place once the renderers are cued (LS-9).
    fn carry_out_run(&mut self) {
        if !self.run_pending || matches!(self.cued(), Ok(Cued::Waiting(_))) {
            return;
        }
        if let Err(error) = self.go() {
            self.host.post(EventCode::ERROR_STILL_PLAYING, 0, 0, &error.to_string());
        }
    }

    /// The events seen so far, oldest first.
    pub fn seen(&self) -> &[Event] {
        &self.events
    }

    /// The filters that failed, panicked or got stuck so far.
    pub fn failed(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| is_failure(event.code))
    }
}

/// Whether filters may say something else of themselves than before.
fn changes_facts(code: EventCode) -> bool {
    is_failure(code) || matches!(code, EventCode::LATENCY_CHANGED | EventCode::DEVICE_LOST)
}
