//! A graph in virtual time: the same filters, the same segments, and time is a number.

use driftless_plugin_api::{HostTime, Span};

use super::build::Time;
use super::states::Cued;
use super::{Graph, RunError, RunOptions};
use crate::executor::Executor;
use crate::plan::{Difference, Plan};
use crate::report::Report;

/// How much virtual time renderers may take for their first sample.
const CUE_PATIENCE: Span = Span::from_secs(60);

/// A graph in virtual time. The same plan, options and binaries give the same report and the same
/// samples, bit for bit. `[main]`
#[derive(Debug)]
pub struct Simulation(Graph);

impl Simulation {
    /// Loads the filters and runs; time stands still until it is [advanced](Self::advance).
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub fn start(plan: Plan, options: RunOptions) -> Result<Self, RunError> {
        let mut simulation = Self(Graph::load(plan, options, Time::Virtual)?);
        let deadline = simulation.now() + CUE_PATIENCE;
        let mut cued = simulation.0.run()?;
        while let Cued::Waiting(filters) = cued {
            if simulation.now() >= deadline {
                simulation.0.stop()?;
                return Err(RunError::NotCued { filters });
            }
            simulation.advance(Span::from_millis(10))?;
            cued = simulation.0.run()?;
        }
        Ok(simulation)
    }

    /// Turns the graph into that of `plan`; see [`Graph::change`].
    ///
    /// # Errors
    ///
    /// See [`Graph::change`].
    pub fn change(&mut self, plan: Plan) -> Result<Difference, RunError> {
        self.0.change(plan)
    }

    /// Host time.
    pub fn now(&self) -> HostTime {
        self.0.host.clock.now()
    }

    /// Lets `span` of time pass.
    ///
    /// # Errors
    ///
    /// [`RunError::Stuck`] when a filter wants to be stepped for ever without letting time pass.
    pub fn advance(&mut self, span: Span) -> Result<(), RunError> {
        let until = self.now() + span;
        self.advance_until(until, |_| false).map(|_| ())
    }

    /// Lets time pass until every renderer has presented all of its streams, or `limit` is over.
    /// Returns whether they have.
    ///
    /// # Errors
    ///
    /// See [`advance`](Self::advance).
    pub fn advance_to_end(&mut self, limit: Span) -> Result<bool, RunError> {
        let until = self.now() + limit;
        self.advance_until(until, Graph::is_complete)
    }

    fn advance_until(
        &mut self,
        until: HostTime,
        done: impl Fn(&Graph) -> bool,
    ) -> Result<bool, RunError> {
        // Events are looked at between slices: what is done may be seen that much later.
        let slice = Span::from_millis(10);
        while self.now() < until {
            let Executor::Virtual(executor) = &mut self.0.executor else { return Ok(false) };
            let to = (self.0.host.clock.now() + slice).min(until);
            let advanced = executor.advance(to);
            self.0.attend();
            advanced.map_err(|stuck| self.0.stuck(stuck))?;
            if done(&self.0) {
                return Ok(true);
            }
        }
        Ok(done(&self.0))
    }

    /// The graph, for its state, its report so far, and orders.
    pub fn graph(&mut self) -> &mut Graph {
        &mut self.0
    }

    /// Stops the graph; tells how well it did.
    pub fn stop(mut self) -> Report {
        let report = self.0.report();
        let stopped = self.0.stop();
        let mut last = self.0.report_after_stop(report);
        if let Err(error) = stopped {
            last.failures.push(error.to_string());
        }
        last
    }
}
