//! Clock, stream offsets and presentation delay, from what the activated filters say (LS-54).

use std::collections::BTreeMap;

use driftless_plugin_api::abi::host::RawUpstream;
use driftless_plugin_api::capability::pins::IS_SOURCE;
use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::{Pin, Span, Status};

use super::build::place;
use super::{Graph, RunError};
use crate::executor::priority;
use crate::loader::instance::Instance;
use crate::plan::facts::{FilterFacts, OutputFacts, PushFacts};
use crate::plan::matching::upstream;
use crate::plan::{Note, PinNumber};
use crate::segment::Head;

impl Graph {
    /// Asks all filters for their facts, decides anew, and tells the filters.
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck.
    pub(super) fn settle(&mut self) -> Result<(), RunError> {
        self.ask_facts()?;
        self.settled = self.plan.settle(&self.facts);
        self.tell_clock();
        self.tell_delays();
        self.tell_upstream();
        self.tell_feeders();
        self.tell_offsets()?;
        self.tell_heads()?;
        self.post_notes();
        Ok(())
    }

    fn ask_facts(&mut self) -> Result<(), RunError> {
        // One order a segment: a chain of a thousand filters is asked as quickly as one.
        for index in 0..self.plan.segments.len() {
            let filters = self.plan.segments[index].filters.clone();
            let planned = filters.iter().map(|&filter| &self.plan.filters[filter]);
            let asked: Vec<_> = planned.map(|it| (it.descriptor.kind, it.outputs.len())).collect();
            let told = self.order(index, move |segment, _| -> Vec<FilterFacts> {
                let filters = segment.chain().nodes().map(|node| &node.instance).zip(asked);
                filters.map(|(filter, (kind, outputs))| facts(filter, kind, outputs)).collect()
            })?;
            for (filter, facts) in filters.into_iter().zip(told) {
                self.facts.filters[filter] = facts;
            }
        }
        Ok(())
    }

    /// Tells every filter what to add to a stamp.
    pub(super) fn tell_delays(&self) {
        let timing = &self.settled.timing;
        let mut time = self.host.board.graph_time();
        time.presentation_delay = timing.presentation_delay;
        self.host.board.set(time);
        for (filter, delay) in timing.own_delays.iter().enumerate() {
            self.host.board.set_own_delay(filter, *delay);
        }
    }

    /// Tells every filter what a search upstream of its input pins finds (LS-36 to LS-40).
    fn tell_upstream(&self) {
        let mut found = BTreeMap::new();
        for (index, filter) in self.plan.filters.iter().enumerate() {
            let pins = filter.inputs.iter().map(|pin| match pin.connection {
                Some(connection) => {
                    let from = self.plan.connections[connection].from;
                    let upstream = self.found_before(from, &found);
                    *found.entry(from).or_insert(upstream.unwrap_or_else(|| self.search(from)))
                }
                None => RawUpstream::default(),
            });
            self.host.set_upstream(index, pins.collect());
        }
    }

    /// Tells whom a quality message of each input pin goes to.
    fn tell_feeders(&self) {
        for (index, filter) in self.plan.filters.iter().enumerate() {
            let feeders = filter.inputs.iter().map(|pin| {
                let from = self.plan.connections[pin.connection?].from;
                Some((from.filter, from.pin as u32))
            });
            self.host.quality.set_route(index, feeders.collect());
        }
    }

    /// What is above a filter that only passes on is what is above its input: so a chain is searched in
    /// one walk, and not in one for each filter.
    fn found_before(
        &self,
        from: PinNumber,
        found: &BTreeMap<PinNumber, RawUpstream>,
    ) -> Option<RawUpstream> {
        let [input] = self.plan.filters[from.filter].inputs.as_slice() else { return None };
        let facts = &self.facts.filters[from.filter];
        let pushes = facts.outputs.get(from.pin).is_none_or(|output| output.push.is_some());
        let passes_on = !pushes && !facts.is_live_but_for_flags();
        let above = self.plan.connections[input.connection?].from;
        found.get(&above).filter(|_| passes_on).copied()
    }

    fn search(&self, from: PinNumber) -> RawUpstream {
        let found = upstream(&self.plan, &self.facts, from);
        let offset = found.push.and_then(|(pin, _)| self.settled.timing.offset(pin)?.offset);
        let push = found.push.map(|(_, push)| push);
        RawUpstream {
            live: u32::from(found.live),
            push_source: u32::from(push.is_some()),
            flags: push.map_or(0, |push| push.flags.0),
            reserved: 0,
            latency: push.and_then(|push| push.latency).map_or(-1, Span::nanos),
            offset: offset.map_or(0, Span::nanos),
        }
    }

    fn tell_offsets(&mut self) -> Result<(), RunError> {
        for offset in self.settled.timing.offsets.clone() {
            let Some(span) = offset.offset else { continue };
            let pin = Pin::Output(offset.pin.pin as u32);
            let status = self.with_filter(offset.pin.filter, move |filter| {
                filter.set_stream_offset(pin, span)
            })?;
            // FALSE is in force all the same, and the plan's notes have said so (LS-52).
            if !status.is_success() && status != Status::NO_INTERFACE {
                let text = format!("a stream offset of {span} was refused: {status}");
                self.host.post(
                    Some(offset.pin.filter),
                    EventCode::OFFSET_REFUSED,
                    span.nanos(),
                    0,
                    &text,
                );
            }
        }
        Ok(())
    }

    fn tell_heads(&mut self) -> Result<(), RunError> {
        let wanted = self.options.real_time_priority;
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
            let granted = self.order(index, move |segment, _| {
                segment.set_head(head);
                !deadline || priority::raise()
            })?;
            if !granted && !self.told_priority {
                self.told_priority = true;
                self.host.post(None, EventCode::WARNING, 0, 0, priority::HOW_TO_GRANT);
            }
        }
        Ok(())
    }

    fn post_notes(&self) {
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
                Note::InsufficientBuffering(shortage) => {
                    let missing = shortage.need - shortage.have;
                    (EventCode::INSUFFICIENT_BUFFERING, missing.nanos())
                }
            };
            self.host.post(Some(note.pin().filter), code, p1, 0, &note.to_string());
        }
    }

    /// Runs `ask` on a filter, on its segment's thread.
    pub(super) fn with_filter<R: Send + 'static>(
        &mut self,
        filter: usize,
        ask: impl FnOnce(&Instance) -> R + Send + 'static,
    ) -> Result<R, RunError> {
        let (segment, at) = place(&self.plan, filter);
        self.order(segment, move |segment, _| ask(&segment.chain().node(at).instance))
    }
}

fn facts(filter: &Instance, kind: FilterKind, outputs: usize) -> FilterFacts {
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
        offers_clock: filter.offers_clock(),
        latency: filter.latency(own).unwrap_or(Span::ZERO),
        holds: filter.holds(own),
    }
}
