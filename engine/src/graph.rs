//! The graph that runs: the only part of the engine with threads.
//!
//! | module       | does                                                                  |
//! |--------------|-----------------------------------------------------------------------|
//! | `build`      | loads filters, connects their pins, cuts segments                     |
//! | `negotiate`  | finds the complete media type of a connection                         |
//! | `settle`     | clock, stream offsets and delay, from what activated filters say      |
//! | `wishes`     | another clock, synchronisation or cap than the manifest's              |
//! | `orders`     | stream control and tolerance of a single filter                       |
//! | `states`     | stopped, paused, running: every transition from renderers to sources  |
//! | [`running`]  | a graph in real time, for embedders                                   |
//! | [`simulate`] | a graph in virtual time                                               |
//! | [`error`]    | why a graph cannot run                                                |

mod build;
pub mod error;
mod negotiate;
mod orders;
pub mod running;
mod settle;
pub mod simulate;
pub mod states;
mod wishes;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::State;
use driftless_plugin_api::{HostTime, MediaType, ReferenceTime, Span, StreamTime};

use crate::clock::Forwards;
use crate::event::{Event, EventBus, Subscription};
use crate::executor::Executor;
use crate::loader::host::GraphHost;
use crate::plan::{Facts, Plan, Settled};
use crate::report::{self, Report};

pub use error::RunError;
pub use running::RunningGraph;
pub use simulate::Simulation;

/// How a graph is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOptions {
    /// Time between the order to run and stream time 0 (LS-67), 0 to 500 ms.
    pub lead: Span,
    /// What random choices of filters start from.
    pub seed: u64,
    /// Real time: how long a segment may take to answer before it counts as stuck. Opening a sound
    /// device through a server that is being started can take seconds.
    pub patience: Duration,
    /// Real time: whether the threads of live sources ask for real-time priority.
    pub real_time_priority: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            lead: Span::from_millis(20),
            seed: 1,
            patience: Duration::from_secs(20),
            real_time_priority: true,
        }
    }
}

/// Events kept for the report; the first ones tell most.
const EVENTS_KEPT: usize = 10_000;

/// A graph of loaded filters. `[main]`
pub struct Graph {
    plan: Plan,
    options: RunOptions,
    host: Arc<GraphHost>,
    executor: Executor,
    /// The media type of each connection of the plan.
    media: Vec<MediaType>,
    facts: Facts,
    settled: Settled,
    state: State,
    inbox: Subscription,
    events: Vec<Event>,
    /// Renderers that have presented all of their streams.
    complete: BTreeSet<String>,
    started: Option<HostTime>,
    ran: Span,
    /// What embedders were shown of the reference clock.
    shown: Forwards,
    /// That real-time priority is not granted was said.
    told_priority: bool,
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("name", &self.plan.name).field("state", &self.state).finish()
    }
}

impl Drop for Graph {
    /// Stops all filters (LS-122).
    fn drop(&mut self) {
        // Nobody is left to hear of a filter that fails to stop.
        let _ = self.stop();
    }
}

impl Graph {
    /// The plan it was made from.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Clock, offsets and rate matching in force.
    pub fn settled(&self) -> &Settled {
        &self.settled
    }

    /// What the filters say of themselves.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The media type of each connection of the plan.
    pub fn media(&self) -> &[MediaType] {
        &self.media
    }

    /// Its state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Stream time now (LS-65).
    pub fn stream_time(&self) -> StreamTime {
        self.host.board.stream_time(self.host.clock.now())
    }

    /// The reference clock now, and whether that is its own reading: one that stepped back repeats its
    /// last time until it has caught up (LS-69).
    pub fn reference_time(&mut self) -> (ReferenceTime, bool) {
        self.shown.show(self.host.board.reference_time(self.host.clock.now()))
    }

    /// Where events are posted; subscribe to see them (LS-127).
    pub fn events(&self) -> &EventBus {
        &self.host.events
    }

    /// How long it has been running in all.
    pub fn duration(&self) -> Span {
        let now = self.host.clock.now();
        self.ran + self.started.map_or(Span::ZERO, |started| (now - started).max(Span::ZERO))
    }

    /// Takes notice of what was posted since the last call. Returns the new events.
    pub fn attend(&mut self) -> Vec<Event> {
        let new: Vec<Event> = std::iter::from_fn(|| self.inbox.try_next()).collect();
        for event in &new {
            let ended = matches!(
                event.code,
                EventCode::COMPLETE | EventCode::ERROR_ABORT | EventCode::FILTER_POISONED
            );
            if let Some(filter) = event.filter.as_ref().filter(|_| ended) {
                self.complete.insert(filter.clone());
            }
            if self.events.len() < EVENTS_KEPT {
                self.events.push(event.clone());
            }
        }
        new
    }

    /// The events seen so far, oldest first.
    pub fn seen(&self) -> &[Event] {
        &self.events
    }

    /// Host time of the latest start, or of now.
    pub fn started_at(&self) -> HostTime {
        self.started.unwrap_or_else(|| self.host.clock.now())
    }

    /// Whether every renderer has presented all of its streams, or failed (LS-114).
    pub fn is_complete(&self) -> bool {
        let mut renderers =
            self.plan.filters.iter().filter(|filter| filter.is(FilterKind::Renderer));
        renderers.all(|renderer| self.complete.contains(&renderer.name))
    }

    /// The filters that failed or panicked so far.
    pub fn failed(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| {
            matches!(event.code, EventCode::ERROR_ABORT | EventCode::FILTER_POISONED)
        })
    }

    /// Returns when an event is there, or after `timeout` of real time.
    fn wait_for_event(&self, timeout: Duration) {
        self.inbox.wait(timeout);
    }

    /// How well it does, as of now.
    pub fn report(&mut self) -> Report {
        self.attend();
        report::gather::gather(self)
    }

    /// The report of a run that has been stopped since: its numbers, and the events until now.
    fn report_after_stop(&mut self, mut report: Report) -> Report {
        self.attend();
        report.events.clone_from(&self.events);
        report
    }
}
