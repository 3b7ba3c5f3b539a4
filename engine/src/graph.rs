//! The graph that runs: the only part of the engine with threads.
//!
//! | module         | does                                                                |
//! |----------------|---------------------------------------------------------------------|
//! | `build`        | a graph without filters, which is then changed into the first plan  |
//! | `change`       | plan again, take the difference, apply it (LS-125)                  |
//! | `prepare`      | makes, connects and opens what comes, while all else plays          |
//! | `negotiate`    | finds the complete media type of a connection                       |
//! | `reconnect`    | takes the segments that change apart, and puts them together anew   |
//! | `wire`         | connections as links within segments and queues between them        |
//! | `settle`       | clock, stream offsets and delay, from what activated filters say    |
//! | `offsets`      | tells the source pins their stream offsets                          |
//! | `in_force`     | what stays in force while filters come and go                       |
//! | `redistribute` | latency that changes while the graph runs (LS-M4)                   |
//! | `wishes`       | another clock, synchronisation or cap than the manifest's            |
//! | `orders`       | stream control, tolerance and statistics of a single filter         |
//! | `states`       | stopped, paused, running: from renderers to sources (section 8.4)   |
//! | `cue`          | whether a pause is complete                                         |
//! | `attend`       | takes notice of events, and answers them                            |
//! | `watchdog`     | gives up what does not answer                                       |
//! | [`running`]    | a graph in real time, for embedders                                 |
//! | [`simulate`]   | a graph in virtual time                                             |
//! | [`error`]      | why a graph cannot run                                              |

mod attend;
mod build;
mod change;
mod cue;
pub mod error;
mod in_force;
mod negotiate;
mod offsets;
mod orders;
mod prepare;
mod reconnect;
mod redistribute;
pub mod running;
mod settle;
pub mod simulate;
mod states;
mod watchdog;
mod wire;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::host::State;
use driftless_plugin_api::{HostTime, MediaType, ReferenceTime, Span, Status, StreamTime};

use crate::clock::{FilterId, Forwards};
use crate::event::{Event, EventBus, Subscription};
use crate::executor::Executor;
use crate::loader::host::{FilterHost, GraphHost};
use crate::plan::{Facts, Plan, Settled, Wishes};
use crate::report::{self, Report};
use crate::segment::queue::Queue;
use wire::Seat;
use wishes::Asked;

pub use cue::Cued;
pub use error::RunError;
pub use running::RunningGraph;
pub use simulate::Simulation;

/// How a graph is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOptions {
    /// Time between the order to run and stream time 0 (LS-67), 0 to 500 ms; beyond that, the nearest.
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

/// The longest lead that is given: what is live is heard that much later at first.
const LONGEST_LEAD: Span = Span::from_millis(500);

/// Events kept for the report; the first ones tell most.
const EVENTS_KEPT: usize = 10_000;

/// A graph of loaded filters. `[main]`
pub struct Graph {
    plan: Plan,
    options: RunOptions,
    host: Arc<GraphHost>,
    executor: Executor,
    /// What the engine knows of each filter of the plan.
    hosts: Vec<Arc<FilterHost>>,
    /// Where each filter of the plan is.
    seats: Vec<Seat>,
    /// The executor's place of each segment of the plan.
    places: Vec<usize>,
    /// Places whose segment does not answer.
    dead: BTreeSet<usize>,
    /// The queue of each connection of the plan that has one.
    queues: Vec<Option<Arc<Queue>>>,
    /// The media type of each connection of the plan.
    media: Vec<MediaType>,
    facts: Facts,
    settled: Settled,
    /// What was asked for at the latest start (LS-43).
    wishes: Wishes,
    /// What the application asked for, over what the manifest does.
    asked: Asked,
    /// The stream offset that each output pin was given, and its answer.
    offsets: BTreeMap<(FilterId, usize), (Span, Status)>,
    /// When latency that is not needed any more is given up.
    shrink_at: Option<HostTime>,
    /// Filters that lost their device since the latest start.
    lost: BTreeSet<FilterId>,
    state: State,
    /// It is to run as soon as the renderers are cued.
    run_pending: bool,
    inbox: Subscription,
    events: Vec<Event>,
    /// That all renderers are complete was said.
    told_complete: bool,
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
    /// A graph that is dropped stops (LS-122).
    fn drop(&mut self) {
        // Nobody is left to hear of a filter that fails to stop.
        let _ = self.stop();
    }
}

impl Graph {
    /// The plan that it follows.
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

    /// Host time of the latest start, or of now.
    pub fn started_at(&self) -> HostTime {
        self.started.unwrap_or_else(|| self.host.clock.now())
    }

    /// Whether every renderer has presented all of its streams, or failed (LS-114).
    pub fn is_complete(&self) -> bool {
        let filters = self.plan.filters.iter().zip(&self.hosts);
        let mut renderers = filters.filter(|(filter, _)| filter.is(FilterKind::Renderer));
        renderers.all(|(_, host)| host.is_complete())
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
