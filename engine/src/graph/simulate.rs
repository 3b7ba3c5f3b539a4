//! A graph in virtual time: the same filters, the same segments, and time is a number.

use std::collections::VecDeque;

use driftless_plugin_api::{HostTime, Span};

use super::build::Time;
use super::cue::Cued;
use super::{Graph, RunError, RunOptions};
use crate::executor::Executor;
use crate::loader::chain::Node;
use crate::loader::host::Repeated;
use crate::plan::{Difference, Plan};
use crate::report::Report;
use crate::simulate::Conditions;
use crate::trace::{Entry, Moment, Trace};

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
        Self::start_under(plan, options, None)
    }

    /// As [`start`](Self::start), with what happens to the simulated devices and sources.
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub fn start_under(
        plan: Plan,
        options: RunOptions,
        conditions: Option<Conditions>,
    ) -> Result<Self, RunError> {
        let mut simulation = Self(Graph::load(plan, options, Time::Virtual)?);
        if let Some(conditions) = conditions {
            // The host is new: nothing was set before.
            let _ = simulation.0.host.conditions.set(conditions);
        }
        simulation.cue()?;
        if let Some(conditions) = simulation.0.host.conditions.get() {
            conditions.begin(simulation.now());
        }
        simulation.0.run()?;
        Ok(simulation)
    }

    /// Repeats a run whose timing was written down, which began at `run`.
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub(crate) fn replay(plan: Plan, trace: &Trace, run: HostTime) -> Result<Self, RunError> {
        let moments = trace.moments(&plan, run);
        let options = RunOptions { seed: trace.seed, ..RunOptions::default() };
        let mut simulation = Self(Graph::load(plan, options, Time::Virtual)?);
        let repeated = moments.iter().flat_map(Moment::filters).collect();
        // The host is new: nothing was set before.
        let _ = simulation.0.host.repeated.set(Repeated::of(repeated, trace.dropped()));
        simulation.advance((run - simulation.now()).max(Span::ZERO))?;
        simulation.cue()?;
        simulation.0.run()?;
        let mut left: VecDeque<&Moment> = moments.iter().collect();
        while let Some(moment) = left.pop_front() {
            // A thread that looked at the clock early may have taken what was made after that.
            while simulation.lacks(moment)
                && let Some(index) = left.iter().position(|it| it.feeds(moment))
            {
                if let Some(earlier) = left.remove(index) {
                    simulation.repeat(earlier);
                }
            }
            simulation.repeat(moment);
        }
        Ok(simulation)
    }

    /// Whether a step took more than is in its queues yet.
    fn lacks(&self, moment: &Moment) -> bool {
        let Executor::Virtual(executor) = &self.0.executor else { return false };
        let Entry::Step { segment, took, .. } = moment.entry else { return false };
        let place = self.0.places.get(segment as usize);
        let segment = place.and_then(|place| executor.segment(*place));
        segment.is_some_and(|segment| segment.queued() < took as usize)
    }

    fn repeat(&mut self, Moment { entry, packets }: &Moment) {
        let (segment, at) = match entry {
            Entry::Step { segment, .. } => (*segment as usize, 0),
            Entry::Call { filter, .. } => self.0.seats[*filter as usize],
            _ => return,
        };
        if let Some(repeated) = self.0.host.repeated.get() {
            repeated.packets(packets.iter().copied());
        }
        if let Executor::Virtual(executor) = &mut self.0.executor {
            executor.repeat((self.0.places[segment], at), entry);
        }
        self.0.attend();
    }

    /// Pauses the graph, and lets time pass until the renderers are cued.
    fn cue(&mut self) -> Result<(), RunError> {
        let deadline = self.now() + CUE_PATIENCE;
        self.0.pause()?;
        while let Cued::Waiting(filters) = self.0.cued()? {
            if self.now() >= deadline {
                self.0.stop()?;
                return Err(RunError::NotCued { filters });
            }
            self.advance(Span::from_millis(10))?;
        }
        Ok(())
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

    /// The filter number `filter` of the plan, between two of its steps. Looking changes nothing.
    pub(crate) fn look<R>(&self, filter: usize, look: impl FnOnce(&Node) -> R) -> Option<R> {
        let Executor::Virtual(executor) = &self.0.executor else { return None };
        let (segment, at) = *self.0.seats.get(filter)?;
        Some(look(executor.segment(self.0.places[segment])?.chain().node(at)))
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
