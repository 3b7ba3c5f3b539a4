//! The states of one filter: whatever it is told, it never sees a transition that it is not ready for.

use driftless_plugin_api::host::State;
use driftless_plugin_api::{Cue, FilterError, HostTime, ReferenceTime};

use super::Node;
use crate::loader::instance::Instance;

impl Node {
    /// Stopped to paused; a filter that is further already stays as it is, likewise below.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn activate(&self) -> Result<(), FilterError> {
        if self.state.get() == State::Stopped {
            self.instance.activate()?;
            self.state.set(State::Paused);
        }
        Ok(())
    }

    /// Whether its pause is complete; nobody waits for one that failed.
    pub fn cue(&self) -> Cue {
        if self.failed.get() { Cue::Done } else { self.instance.cue() }
    }

    /// Paused to running. A filter that failed stays out of it.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn run(&self, base: ReferenceTime) -> Result<(), FilterError> {
        if self.state.get() == State::Paused && !self.failed.get() {
            self.host.set_complete(false); // it says so again (LS-113)
            self.instance.run(base)?;
            self.state.set(State::Running);
        }
        Ok(())
    }

    /// Running to paused. One that panics leaves the graph as it would while it streams (LS-101).
    pub fn pause(&self, now: HostTime) {
        if self.state.get() == State::Running {
            self.state.set(State::Paused);
            self.leave(now, Instance::pause);
        }
    }

    /// Whatever it is in, to stopped (LS-120).
    pub fn deactivate(&self, now: HostTime) {
        self.pause(now);
        if self.state.get() == State::Paused {
            self.state.set(State::Stopped);
            self.leave(now, Instance::deactivate);
        }
    }

    fn leave(&self, now: HostTime, state: impl Fn(&Instance) -> Result<(), FilterError>) {
        if self.instance.is_poisoned() {
            return;
        }
        if let Err(error) = state(&self.instance) {
            self.fail(&error, now);
        }
    }
}
