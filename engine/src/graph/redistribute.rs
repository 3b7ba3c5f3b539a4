//! A latency that changes while the graph runs (LS-M4): more is given at once, less only when it is
//! worth a jump in everybody's time line.

use driftless_plugin_api::Span;

use super::{Graph, RunError};

/// For so long a lower latency must have been enough…
const STABLE: Span = Span::from_secs(5);
/// … and so much lower it must be.
const WORTH: Span = Span::from_millis(5);

impl Graph {
    /// Settles on what the filters say now. Nobody is brought forward: what is in force is the least.
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck.
    pub(super) fn redistribute(&mut self) -> Result<(), RunError> {
        let settled = self.settle();
        let worth_it = self.latency_to_gain() > WORTH;
        self.shrink_at = worth_it.then(|| self.host.clock.now() + STABLE);
        settled
    }

    /// How much less latency would do.
    fn latency_to_gain(&self) -> Span {
        let mut facts = self.facts.clone();
        if let Some(in_force) = &mut facts.in_force {
            (in_force.target, in_force.presentation_delay) = (Span::ZERO, Span::ZERO);
        }
        self.settled.timing.latency() - self.plan.settle(&facts).timing.latency()
    }

    /// Gives up latency that has not been needed for long enough, in a graph that is not stopped.
    ///
    /// # Errors
    ///
    /// See [`redistribute`](Self::redistribute).
    pub(super) fn shrink_if_due(&mut self) -> Result<(), RunError> {
        if self.shrink_at.is_none_or(|at| at > self.host.clock.now()) {
            return Ok(());
        }
        self.shrink_at = None;
        if let Some(in_force) = &mut self.facts.in_force {
            (in_force.target, in_force.presentation_delay) = (Span::ZERO, Span::ZERO);
        }
        self.apply(self.plan.settle(&self.facts))
    }
}
