//! A graph in real time: what an embedder starts, watches and stops.

use std::time::{Duration, Instant};

use super::build::Time;
use super::states::Cued;
use super::{Graph, RunError, RunOptions};
use crate::event::Event;
use crate::plan::Plan;
use crate::report::Report;
use crate::trace::Tracer;

/// How long renderers may wait for their first sample before the graph counts as one that cannot start.
const CUE_PATIENCE: Duration = Duration::from_secs(10);

/// A graph that runs by the operating system's clock. `[main]`
///
/// Dropping it stops it; [`stop`](Self::stop) gives the report too.
#[derive(Debug)]
pub struct RunningGraph(Graph);

impl RunningGraph {
    /// Loads the filters, opens the devices and runs.
    ///
    /// # Errors
    ///
    /// See [`RunError`]; nothing is left running.
    pub fn start(plan: Plan) -> Result<Self, RunError> {
        Self::start_with(plan, RunOptions::default())
    }

    /// As [`start`](Self::start), with other options.
    ///
    /// # Errors
    ///
    /// See [`start`](Self::start).
    pub fn start_with(plan: Plan, options: RunOptions) -> Result<Self, RunError> {
        Self::start_traced(plan, options, None)
    }

    /// As [`start_with`](Self::start_with), with somebody who writes the timing of the run down.
    ///
    /// # Errors
    ///
    /// See [`start`](Self::start).
    pub fn start_traced(
        plan: Plan,
        options: RunOptions,
        tracer: Option<Tracer>,
    ) -> Result<Self, RunError> {
        let mut graph = Graph::load(plan, options, Time::Real)?;
        if let Some(tracer) = tracer {
            // The host is new: nothing was set before.
            let _ = graph.host.tracer.set(tracer);
        }
        graph.pause()?;
        wait_until_cued(&mut graph)?;
        graph.run()?;
        Ok(Self(graph))
    }

    /// Waits for the next event up to `timeout`; returns what was posted since the last call.
    pub fn wait(&mut self, timeout: Duration) -> Vec<Event> {
        let deadline = Instant::now() + timeout;
        loop {
            let new = self.0.attend();
            let left = deadline.saturating_duration_since(Instant::now());
            if !new.is_empty() || left.is_zero() {
                return new;
            }
            self.0.wait_for_event(left);
        }
    }

    /// The graph, for its state, its report so far, and orders.
    pub fn graph(&mut self) -> &mut Graph {
        &mut self.0
    }

    /// Stops the graph; tells how well it did.
    pub fn stop(mut self) -> Report {
        let report = self.0.report();
        // What a filter says on stopping is an event, and so in the report all the same.
        let stopped = self.0.stop();
        let mut last = self.0.report_after_stop(report);
        if let Err(error) = stopped {
            last.failures.push(error.to_string());
        }
        last
    }
}

fn wait_until_cued(graph: &mut Graph) -> Result<(), RunError> {
    let deadline = Instant::now() + CUE_PATIENCE;
    loop {
        match graph.cued()? {
            Cued::Done | Cued::CantCue => return Ok(()),
            Cued::Waiting(filters) if Instant::now() >= deadline => {
                graph.stop()?;
                return Err(RunError::NotCued { filters });
            }
            // Cueing is a matter of a few samples; nothing tells when the last one has arrived.
            Cued::Waiting(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}
