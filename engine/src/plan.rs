//! From manifest and catalog to a graph that could run: a chain of passes from value to value.
//!
//! | pass          | takes                         | gives                                          |
//! |---------------|-------------------------------|------------------------------------------------|
//! | `connect`     | manifest, catalog             | filters with settings, pins and connections    |
//! | `order`       | connections                   | the filters, each behind those that feed it    |
//! | [`queues`]    | connections                   | where a thread ends and another begins         |
//! | [`facts`]     | descriptors and settings      | what the next three need to know               |
//! | [`clock`]     | facts                         | the reference clock, with its reason           |
//! | [`latency`]   | facts                         | stream offsets and the presentation delay      |
//! | [`matching`]  | facts, clock                  | against what each stream's renderer matches    |
//! | [`search`]    | connections                   | who above a pin has what is wanted             |
//! | [`segments`]  | connections with queues       | the filters that share a thread                |
//!
//! Nothing here opens a library, asks for the time or starts anything. Clock, latency and matching
//! run again, with what the activated filters say, through [`Plan::settle`]. What becomes of a running
//! graph when its plan changes is a [`Difference`].

pub mod clock;
mod connect;
pub mod difference;
mod draft;
mod draw;
pub mod facts;
pub mod latency;
pub mod matching;
mod order;
pub mod queues;
mod renumber;
pub mod search;
pub mod segments;
mod show;

use std::sync::Arc;

use driftless_plugin_api::descriptor::{Direction, FilterDescriptor, FilterKind, PinDescriptor};
use driftless_plugin_api::media::MediaPattern;
use driftless_plugin_api::settings::Settings;
use driftless_plugin_api::time::Span;

pub use clock::{Clock, ClockSource};
pub use difference::Difference;
pub use facts::{Facts, FilterFacts, InForce, PushFacts};
pub use latency::{Note, Offset, Timing};
pub use matching::{Match, Stream};
pub use queues::Queue;
pub use segments::{Late, Segment};

use crate::catalog::{Catalog, Content, Provider};
use crate::diagnostic::Diagnostics;
use crate::loader::library::Loading;
use crate::manifest::{ClockPolicy, ClockRequest, Manifest, TimingMode};

/// A graph that could run: every filter known, every setting checked, every decision made and
/// explained. `[main]`
#[derive(Debug, Clone)]
pub struct Plan {
    /// The graph's name: the manifest's file name without its ending.
    pub name: String,
    /// What the manifest asks of the graph as a whole.
    pub wishes: Wishes,
    /// The filters, each behind those that feed it.
    pub filters: Vec<PlannedFilter>,
    /// Who feeds whom.
    pub connections: Vec<Connection>,
    /// The filters that share a thread, in the order of [`filters`](Self::filters).
    pub segments: Vec<Segment>,
    /// Clock, offsets and rate matching, as the descriptors promise them.
    pub settled: Settled,
    /// What it was made from, for messages that point there.
    pub manifest: Arc<Manifest>,
    /// How the libraries of its filters are opened: as the catalog says.
    pub loading: Loading,
}

/// What the manifest asks of the graph as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Wishes {
    /// Which clock.
    pub clock: ClockRequest,
    /// How a clock is chosen when none is named.
    pub clock_policy: ClockPolicy,
    /// Whether live sources get stream offsets (LS-41).
    pub sync: bool,
    /// Whose latencies count.
    pub timing: TimingMode,
    /// The graph's latency, where it is not to be the least possible (LS-M5).
    pub latency: Option<Span>,
    /// Upper bound of the target latency (LS-45).
    pub max_latency: Option<Span>,
    /// Notes of the latency pass are errors.
    pub strict: bool,
}

/// One filter of the graph.
#[derive(Debug, Clone)]
pub struct PlannedFilter {
    /// Its name in the manifest.
    pub name: String,
    /// What its library says of it.
    pub descriptor: Arc<FilterDescriptor>,
    /// Where its code is.
    pub provider: Provider,
    /// Its settings, complete and checked.
    pub settings: Settings,
    /// Whether its clock may be chosen (LS-M7).
    pub provide_clock: bool,
    /// What the content of its library has to be.
    pub pinned: Option<Content>,
    /// Its place in the manifest, from 0; the earlier one wins ties (LS-58).
    pub position: usize,
    /// Its input pins by number; families are spelt out.
    pub inputs: Vec<PlannedPin>,
    /// Its output pins by number.
    pub outputs: Vec<PlannedPin>,
}

impl PlannedFilter {
    /// Whether it is of this kind.
    pub fn is(&self, kind: FilterKind) -> bool {
        self.descriptor.kind == kind
    }

    /// Whether any of its pins is connected.
    pub fn is_connected(&self) -> bool {
        self.inputs.iter().chain(&self.outputs).any(|pin| pin.connection.is_some())
    }
}

/// One pin of one filter.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedPin {
    /// Its name: `out`, or `out3` in a family.
    pub name: String,
    /// What the descriptor says of it.
    pub descriptor: PinDescriptor,
    /// Index into [`Plan::connections`], if it is connected.
    pub connection: Option<usize>,
    /// The manifest writes its name; a pin of a family that it leaves out has the lowest number free.
    pub named: bool,
}

/// A pin by numbers: the filter's index in [`Plan::filters`] and the pin's number in its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PinNumber {
    /// Index of the filter.
    pub filter: usize,
    /// Number of the pin among those of its direction.
    pub pin: usize,
}

/// Samples go from an output pin to an input pin.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// The output pin.
    pub from: PinNumber,
    /// The input pin.
    pub to: PinNumber,
    /// What both sides agree on; the first common type in the receiver's order (LS-103).
    pub media: MediaPattern,
    /// A thread border, if there is one.
    pub queue: Option<Queue>,
}

/// What depends on facts that only an opened device may know.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The reference clock.
    pub clock: Clock,
    /// Offsets, target latency and presentation delay.
    pub timing: Timing,
    /// One for every source pin and renderer that are connected.
    pub streams: Vec<Stream>,
}

impl Plan {
    /// Plans the graph that `manifest` describes. `[any]`
    ///
    /// # Errors
    ///
    /// Every mistake that can be seen without running anything, each at its place in the manifest.
    pub fn new(manifest: &Manifest, catalog: &Catalog) -> Result<Self, Diagnostics> {
        let mut draft = connect::connect(manifest, catalog)?;
        order::order(&mut draft, manifest)?;
        queues::dissolve(&mut draft, manifest)?;
        let mut plan = draft.into_plan(manifest, catalog);
        queues::place(&mut plan);
        let facts = Facts::declared(&plan.filters);
        plan.settled = plan.settle(&facts);
        latency::refuse_if_strict(&plan, manifest)?;
        queues::size(&mut plan);
        // What a queue holds is known only now.
        plan.settled.timing.connections = latency::both_ways::of_connections(&plan, &facts);
        plan.segments = segments::cut(&plan);
        Ok(plan)
    }

    /// Clock, offsets and rate matching from `facts`: those of the descriptors before anything is
    /// loaded, those of the activated filters before the graph runs, and again when one of them
    /// changes (LS-54, LS-M4). `[any]`
    pub fn settle(&self, facts: &Facts) -> Settled {
        match &facts.in_force {
            Some(it) if it.wishes != self.wishes => {
                Self { wishes: it.wishes.clone(), ..self.clone() }.decide(facts)
            }
            _ => self.decide(facts),
        }
    }

    fn decide(&self, facts: &Facts) -> Settled {
        let clock = clock::choose(self, facts);
        let timing = latency::settle(self, facts);
        let streams = matching::streams(self, facts, &clock, &timing);
        Settled { clock, timing, streams }
    }

    /// This plan before it has any filters: what a graph is until they are loaded.
    pub(crate) fn without_filters(&self) -> Self {
        Self { filters: Vec::new(), connections: Vec::new(), segments: Vec::new(), ..self.clone() }
    }

    /// The connections that lead to a filter, and their indices, in the order of the plan. `[any]`
    pub fn arriving(&self, filter: usize) -> impl Iterator<Item = (usize, &Connection)> {
        self.connections_of(&self.filters[filter].inputs)
    }

    /// The connections that begin at a filter, and their indices, in the order of the plan. `[any]`
    pub fn leaving(&self, filter: usize) -> impl Iterator<Item = (usize, &Connection)> {
        self.connections_of(&self.filters[filter].outputs)
    }

    /// Not searched for among all connections: a chain of a thousand filters would take a million steps.
    fn connections_of(&self, pins: &[PlannedPin]) -> impl Iterator<Item = (usize, &Connection)> {
        let mut indices: Vec<usize> = pins.iter().filter_map(|pin| pin.connection).collect();
        indices.sort_unstable();
        indices.into_iter().map(|index| (index, &self.connections[index]))
    }

    /// The name of an output pin with its filter: `camera.video`.
    pub fn output_name(&self, pin: PinNumber) -> String {
        let filter = &self.filters[pin.filter];
        format!("{}.{}", filter.name, filter.outputs[pin.pin].name)
    }

    /// The name of an input pin with its filter: `preview.in`.
    pub fn input_name(&self, pin: PinNumber) -> String {
        let filter = &self.filters[pin.filter];
        format!("{}.{}", filter.name, filter.inputs[pin.pin].name)
    }

    /// The index of the filter called `name`.
    pub fn filter(&self, name: &str) -> Option<usize> {
        self.filters.iter().position(|filter| filter.name == name)
    }
}

#[cfg(test)]
mod tests;
