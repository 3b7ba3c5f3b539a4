//! Clock, stream offsets and presentation delay, from what the activated filters say (LS-54, LS-M4).

use std::collections::BTreeMap;
use std::sync::Arc;

use driftless_plugin_api::abi::host::RawUpstream;
use driftless_plugin_api::capability::pins::IS_SOURCE;
use driftless_plugin_api::capability::push_source::PushSourceFlags;
use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::State;
use driftless_plugin_api::{Pin, Span};

use super::{Graph, RunError};
use crate::executor::priority;
use crate::loader::chain::Node;
use crate::plan::facts::{FilterFacts, OutputFacts, PushFacts};
use crate::plan::matching::upstream;
use crate::plan::{Late, Note, PinNumber, Settled};
use crate::segment::{Head, Slack};

impl Graph {
    /// Asks all filters for their facts, decides anew, and tells those for whom something changes.
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck; the others are told all the same.
    pub(super) fn settle(&mut self) -> Result<(), RunError> {
        let asked = self.ask_facts();
        self.facts.in_force = self.in_force();
        let settled = self.plan.settle(&self.facts);
        asked.and(self.apply(settled))
    }

    /// With `strict = true` what the opened devices say must be possible too (LS-M2).
    ///
    /// # Errors
    ///
    /// The first note that is one.
    pub(super) fn refuse_if_strict(&self) -> Result<(), RunError> {
        let mut notes = self.settled.timing.notes.iter();
        match notes.find(|note| self.plan.wishes.strict && note.is_error_if_strict()) {
            Some(note) => Err(RunError::Latency { note: note.to_string() }),
            None => Ok(()),
        }
    }

    /// Puts what was decided in force.
    pub(super) fn apply(&mut self, settled: Settled) -> Result<(), RunError> {
        let before = std::mem::replace(&mut self.settled, settled);
        self.tell_clock();
        self.tell_delays();
        self.tell_feeders();
        self.size_queues();
        let told = self.tell_offsets();
        self.tell_upstream();
        let heads = self.tell_heads();
        self.post_notes(&before.timing.notes);
        told.and(heads)
    }

    /// One order a segment: a chain of a thousand filters is asked as quickly as one.
    fn ask_facts(&mut self) -> Result<(), RunError> {
        let mut stuck = Ok(());
        for index in 0..self.plan.segments.len() {
            let filters = self.plan.segments[index].filters.clone();
            let shape = |filter: &usize| {
                let filter = &self.plan.filters[*filter];
                (filter.descriptor.kind, filter.outputs.len())
            };
            let shapes: Vec<_> = filters.iter().map(shape).collect();
            let told = self.order(index, move |segment, _| {
                let nodes = segment.chain().nodes().zip(shapes);
                nodes.map(|(node, (kind, outputs))| facts(node, kind, outputs)).collect::<Vec<_>>()
            });
            match told {
                Ok(told) => filters.into_iter().zip(told).for_each(|(filter, facts)| {
                    self.facts.filters[filter] = facts;
                }),
                Err(error) => {
                    stuck = stuck.and(Err(error));
                    filters.iter().for_each(|it| self.facts.filters[*it].offers_clock = false);
                }
            }
        }
        for (host, facts) in self.hosts.iter().zip(&mut self.facts.filters) {
            facts.offers_clock &= !self.lost.contains(&host.id());
        }
        stuck
    }

    /// Tells every filter what to add to a stamp.
    pub(super) fn tell_delays(&self) {
        let timing = &self.settled.timing;
        let mut time = self.host.board.graph_time();
        if time.presentation_delay != timing.presentation_delay {
            time.presentation_delay = timing.presentation_delay;
            self.host.board.set(time);
        }
        for (host, delay) in self.hosts.iter().zip(&timing.own_delays) {
            self.host.board.set_own_delay(host.id(), *delay);
        }
    }

    /// What waits for its time in a queue may wait for as long as the graph's latency (LS-53).
    fn size_queues(&self) {
        let planned = self.plan.settled.timing.latency();
        let more = (self.settled.timing.latency() - planned).max(Span::ZERO);
        for (connection, queue) in self.plan.connections.iter().zip(&self.queues) {
            let (Some(queue), Some(its_plan)) = (queue, &connection.queue) else { continue };
            if its_plan.asked.is_none() && !its_plan.leaky {
                queue.set_capacity(its_plan.capacity + more);
            }
        }
    }

    /// Tells every filter what a search upstream of its input pins finds (LS-36 to LS-40).
    fn tell_upstream(&self) {
        let mut found = BTreeMap::new();
        for (index, filter) in self.plan.filters.iter().enumerate() {
            let pins = filter.inputs.iter().map(|pin| match pin.connection {
                Some(connection) => {
                    let from = self.plan.connections[connection].from;
                    let above = self.found_before(from, &found);
                    let above =
                        found.entry(from).or_insert(above.unwrap_or_else(|| self.search(from)));
                    self.as_seen_by(index, above)
                }
                None => RawUpstream::default(),
            });
            self.hosts[index].set_upstream(pins.collect());
        }
    }

    /// Tells whom a quality message of each input pin goes to.
    fn tell_feeders(&self) {
        for (filter, host) in self.plan.filters.iter().zip(&self.hosts) {
            let feeders = filter.inputs.iter().map(|pin| {
                let from = self.plan.connections[pin.connection?].from;
                Some((Arc::clone(&self.hosts[from.filter]), from.pin as u32))
            });
            host.quality.set_feeders(feeders.collect());
        }
    }

    /// What is above a filter that only passes on is what is above its input: so a chain is searched in
    /// one walk, and not in one for each filter.
    fn found_before(&self, from: PinNumber, found: &BTreeMap<PinNumber, Above>) -> Option<Above> {
        let [input] = self.plan.filters[from.filter].inputs.as_slice() else { return None };
        let facts = &self.facts.filters[from.filter];
        let pushes = facts.outputs.get(from.pin).is_none_or(|output| output.push.is_some());
        let passes_on = !pushes && !facts.is_live_but_for_flags();
        let above = self.plan.connections[input.connection?].from;
        found.get(&above).filter(|_| passes_on).copied()
    }

    fn search(&self, from: PinNumber) -> Above {
        let found = upstream(&self.plan, &self.facts, from);
        let offset = found.push.and_then(|(pin, _)| self.settled.timing.offset(pin)?.offset);
        let (source, push) = found.push.unzip();
        let raw = RawUpstream {
            live: u32::from(found.live),
            push_source: u32::from(push.is_some()),
            flags: push.map_or(0, |push| push.flags.0),
            reserved: 0,
            latency: push.and_then(|push| push.latency).map_or(-1, Span::nanos),
            offset: offset.map_or(0, Span::nanos),
        };
        Above { source: source.map(|pin| pin.filter), raw }
    }

    /// A source on the crystal of who asks need not be matched, as one that matches its rate itself.
    fn as_seen_by(&self, filter: usize, above: &Above) -> RawUpstream {
        let mut raw = above.raw;
        let facts = &self.facts.filters;
        if above.source.is_some_and(|source| facts[source].shares_crystal(&facts[filter])) {
            raw.flags |= PushSourceFlags::INTERNAL_RATE_MATCHING.0;
        }
        raw
    }

    fn tell_heads(&mut self) -> Result<(), RunError> {
        let wanted = self.options.real_time_priority;
        let mut stuck = Ok(());
        for index in 0..self.plan.segments.len() {
            let first = self.plan.segments[index].filters[0];
            let head = match self.plan.filters[first].descriptor.kind {
                FilterKind::Source if self.facts.filters[first].is_live() => Head::LiveSource,
                FilterKind::Source => Head::WaitingSource,
                _ => Head::Queues,
            };
            // What answers for live sources behind its queues, such as a mixer, has their deadline.
            let pushes = self.facts.filters[first].outputs.iter().any(|it| it.push.is_some());
            let deadline = wanted && (head == Head::LiveSource || head == Head::Queues && pushes);
            let slack = self.slack(index);
            let granted = self.order(index, move |segment, _| {
                !segment.set_head(head, slack, deadline) || priority::raise()
            });
            match granted {
                Ok(false) if !self.told_priority => {
                    self.told_priority = true;
                    self.host.post(EventCode::WARNING, 0, 0, priority::HOW_TO_GRANT);
                }
                Ok(_) => {}
                Err(error) => stuck = stuck.and(Err(error)),
            }
        }
        stuck
    }

    /// How late the filters of a segment may be stepped; its source, by what a stream offset has wait behind it
    /// anyway.
    fn slack(&self, segment: usize) -> Slack {
        let segment = &self.plan.segments[segment];
        let filter = segment.filters[0];
        let offset = |pin: usize| {
            let timing = self.settled.timing.offset(PinNumber { filter, pin });
            timing.and_then(|it| it.offset).unwrap_or(Span::ZERO)
        };
        let pins = 0..self.plan.filters[filter].outputs.len();
        match segment.late {
            Late::Nothing => Slack::NONE,
            Late::Source => Slack::of_source(pins.map(offset).min().unwrap_or(Span::ZERO)),
            Late::Everything => Slack::MOST,
        }
    }

    /// What the user should know, unless it was true before.
    fn post_notes(&self, before: &[Note]) {
        let known: Vec<String> = match self.state {
            State::Stopped => Vec::new(),
            _ => before.iter().map(ToString::to_string).collect(),
        };
        for note in &self.settled.timing.notes {
            let (code, p1) = match note {
                Note::LatencyUnknown { .. } => (EventCode::LATENCY_UNKNOWN, 0),
                Note::LatencyAboveCap { late, .. } => (EventCode::LATENCY_ABOVE_CAP, late.nanos()),
                Note::OffsetBeyondPreferred { offset, .. } => {
                    (EventCode::OFFSET_BEYOND_PREFERRED, offset.nanos())
                }
                Note::LatencyTooShort { asked, least, .. } => {
                    (EventCode::LATENCY_TOO_SHORT, (*least - *asked).nanos())
                }
                Note::UnlikePaths { .. } => (EventCode::WARNING, 0),
                Note::InsufficientBuffering(shortage) => {
                    let missing = shortage.need - shortage.have;
                    (EventCode::INSUFFICIENT_BUFFERING, missing.nanos())
                }
            };
            let text = note.to_string();
            if !known.contains(&text) {
                let PinNumber { filter, pin } = note.pin();
                let pin = match note {
                    Note::UnlikePaths { .. } => Pin::Input(pin as u32),
                    _ => Pin::Output(pin as u32),
                };
                self.hosts[filter].post(code, p1, i64::from(pin.to_raw()), &text);
            }
        }
    }
}

/// What a search upstream found.
#[derive(Clone, Copy)]
struct Above {
    /// The filter whose push source it is.
    source: Option<usize>,
    raw: RawUpstream,
}

/// What a filter says of itself. One that failed keeps its latency, so that nobody else has to move, but
/// its clock is gone.
fn facts(node: &Node, kind: FilterKind, outputs: usize) -> FilterFacts {
    let filter = &node.instance;
    let source = filter.misc_flags().map_or(kind == FilterKind::Source, |it| it & IS_SOURCE != 0);
    let output = |number: usize| {
        let pin = Pin::Output(number as u32);
        let push = filter.is_push_source().then(|| PushFacts {
            latency: filter.latency(pin).ok(),
            flags: filter.push_source_flags(pin),
            stamps: filter.stamps(pin),
            max_offset: filter.max_stream_offset(pin).ok(),
        });
        OutputFacts { category: filter.category(pin), push }
    };
    let own = if outputs == 0 { Pin::Input(0) } else { Pin::Output(0) };
    FilterFacts {
        is_source: source,
        passes_on: kind == FilterKind::Transform,
        outputs: (0..outputs).map(output).collect(),
        offers_clock: filter.offers_clock() && !node.traffic().failed,
        crystal: filter.crystal(),
        latency: filter.latency(own).unwrap_or(Span::ZERO),
        holds: filter.holds(own),
    }
}
