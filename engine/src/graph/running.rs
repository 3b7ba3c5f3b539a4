//! A graph in real time: what an embedder starts, watches, changes and stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use driftless_plugin_api::host::State;

use super::build::Time;
use super::cue::Cued;
use super::{Graph, RunError, RunOptions};
use crate::event::{Event, Subscription};
use crate::plan::{Difference, Plan};
use crate::report::Report;
use crate::trace::Tracer;

/// How long renderers may wait for their first sample before the graph counts as one that cannot start.
const CUE_PATIENCE: Duration = Duration::from_secs(10);
/// How often somebody looks whether a filter that is waited for hangs.
const ROUND: Duration = Duration::from_millis(50);
/// How often a graph that runs is looked after when nothing happens: a wake-up each time, and what it looks
/// for then, filters that hang and delays that may shrink, is a matter of seconds.
const LOOK_AFTER: Duration = Duration::from_millis(250);

/// A graph that runs by the operating system's clock. `[main]`
///
/// A thread of its own looks after it: latency that changes, a clock that is lost, a filter that hangs.
/// Dropping it stops it; [`stop`](Self::stop) gives the report too.
#[derive(Debug)]
pub struct RunningGraph {
    graph: Arc<Mutex<Graph>>,
    inbox: Subscription,
    ending: Arc<AtomicBool>,
    manager: Option<JoinHandle<()>>,
}

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
        let inbox = graph.events().subscribe();
        run(&mut graph)?;
        let graph = Arc::new(Mutex::new(graph));
        let ending = Arc::new(AtomicBool::new(false));
        let (managed, its_end) = (Arc::clone(&graph), Arc::clone(&ending));
        let manager = thread::Builder::new()
            .name("graph manager".to_owned())
            .spawn(move || look_after(&managed, &its_end))
            .map_err(|cause| RunError::NoThread { cause })?;
        Ok(Self { graph, inbox, ending, manager: Some(manager) })
    }

    /// Waits for the next event up to `timeout`; returns what was posted since the last call.
    pub fn wait(&mut self, timeout: Duration) -> Vec<Event> {
        self.inbox.wait(timeout);
        std::iter::from_fn(|| self.inbox.try_next()).collect()
    }

    /// Waits until no renderer waits for a first sample any more, up to `timeout`; tells the state that was
    /// asked for last, and how far it is by then (LS-121).
    ///
    /// # Errors
    ///
    /// See [`Graph::target_state`].
    pub fn wait_cued(&mut self, timeout: Duration) -> Result<(State, Cued), RunError> {
        let news = self.graph().events().subscribe();
        until_cued(&news, timeout, || self.graph().target_state())
    }

    /// The graph, for its state, its report so far, and orders. Nobody looks after it as long as this is
    /// held.
    pub fn graph(&mut self) -> MutexGuard<'_, Graph> {
        lock(&self.graph)
    }

    /// Turns the graph into that of `plan` while it runs; see [`Graph::change`].
    ///
    /// # Errors
    ///
    /// See [`Graph::change`].
    pub fn change(&mut self, plan: Plan) -> Result<Difference, RunError> {
        self.graph().change(plan)
    }

    /// Stops the graph; tells how well it did.
    pub fn stop(mut self) -> Report {
        self.end_manager();
        let mut graph = lock(&self.graph);
        let report = graph.report();
        // What a filter says on stopping is an event, and so in the report all the same.
        let stopped = graph.stop();
        let mut last = graph.report_after_stop(report);
        if let Err(error) = stopped {
            last.failures.push(error.to_string());
        }
        last
    }

    fn end_manager(&mut self) {
        self.ending.store(true, Ordering::Release);
        if let Some(manager) = self.manager.take() {
            // A panic there was the engine's own; it was printed by the panic hook.
            let _ = manager.join();
        }
    }
}

impl Drop for RunningGraph {
    /// The graph stops when its last holder goes.
    fn drop(&mut self) {
        self.end_manager();
    }
}

fn lock(graph: &Mutex<Graph>) -> MutexGuard<'_, Graph> {
    // Whoever panicked while it held the graph has left it in some state, and it can still be stopped.
    graph.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn run(graph: &mut Graph) -> Result<(), RunError> {
    let news = graph.events().subscribe();
    let (_, cued) = until_cued(&news, CUE_PATIENCE, || {
        graph.attend();
        Ok((State::Running, graph.run()?))
    })?;
    if let Cued::Waiting(filters) = cued {
        graph.stop()?;
        return Err(RunError::NotCued { filters });
    }
    Ok(())
}

/// Asks until nobody waits any more, or the time is over.
fn until_cued(
    news: &Subscription,
    timeout: Duration,
    mut ask: impl FnMut() -> Result<(State, Cued), RunError>,
) -> Result<(State, Cued), RunError> {
    let deadline = Instant::now() + timeout;
    loop {
        let told = ask()?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || !matches!(told.1, Cued::Waiting(_)) {
            return Ok(told);
        }
        // Each filter whose pause is complete says so; what fails or hangs is looked for.
        news.next(left.min(ROUND));
    }
}

fn look_after(graph: &Mutex<Graph>, ending: &AtomicBool) {
    let inbox = lock(graph).events().subscribe();
    while !ending.load(Ordering::Acquire) {
        inbox.wait(LOOK_AFTER);
        while inbox.try_next().is_some() {}
        lock(graph).attend();
    }
}
