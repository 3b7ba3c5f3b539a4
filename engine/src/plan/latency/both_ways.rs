//! Latency at every connection in both directions (LS-M18, after JACK's ports): since a sample was captured,
//! and until it is presented.

use driftless_plugin_api::capability::pins::PinCategory;
use driftless_plugin_api::capability::push_source::Stamps;
use driftless_plugin_api::time::Span;

use super::Note;
use crate::plan::{Facts, PinNumber, Plan, Queue};

/// From the shortest way to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The shortest.
    pub least: Span,
    /// The longest.
    pub most: Span,
}

impl Range {
    fn and(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    fn plus(self, latency: Span) -> Self {
        Self { least: self.least + latency, most: self.most + latency }
    }

    /// A queue takes nothing, or as long as it holds: the thread behind it comes when it comes.
    fn through(self, queue: Option<&Queue>) -> Self {
        let held = queue.map_or(Span::ZERO, |queue| queue.capacity);
        Self { most: self.most + held, ..self }
    }
}

/// The latencies of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BothWays {
    /// Since the capture, where the connection ends; `None` where nothing live is above, or it does not
    /// say.
    pub captured: Option<Range>,
    /// Until the presentation, from where the connection begins; `None` where nothing below presents.
    pub presented: Option<Range>,
}

/// Of every connection, in the order of the plan. `[any]`
pub(in crate::plan) fn of_connections(plan: &Plan, facts: &Facts) -> Vec<BothWays> {
    let mut found = vec![BothWays::default(); plan.connections.len()];
    // Filters stand behind those that feed them, so one walk each way is enough.
    for filter in 0..plan.filters.len() {
        let captured = leaving(plan, facts, filter, &found);
        for (index, connection) in plan.leaving(filter) {
            let range = captured(connection.from);
            found[index].captured = range.map(|it| it.through(connection.queue.as_ref()));
        }
    }
    for filter in (0..plan.filters.len()).rev() {
        let presented = presented_from(plan, facts, filter, &found);
        for (index, connection) in plan.arriving(filter) {
            found[index].presented = presented.map(|it| it.through(connection.queue.as_ref()));
        }
    }
    found
}

/// Since the capture, where a sample leaves a pin of `filter`.
fn leaving(
    plan: &Plan,
    facts: &Facts,
    filter: usize,
    found: &[BothWays],
) -> impl Fn(PinNumber) -> Option<Range> + use<> {
    let own = &facts.filters[filter];
    let outputs = own.outputs.clone();
    let is_source = plan.filters[filter].inputs.is_empty();
    let arriving = plan.arriving(filter).filter_map(|(index, _)| found[index].captured);
    let inside = arriving.reduce(Range::and);
    let inside = inside.map(|range| range.plus(own.latency.max(Span::ZERO)));
    move |pin| {
        if !is_source {
            return inside;
        }
        let push = outputs.get(pin.pin)?.push.filter(|push| push.is_live())?;
        push.known_latency().map(|latency| Range { least: latency, most: latency })
    }
}

/// Until the presentation, from where a sample arrives at `filter`.
fn presented_from(plan: &Plan, facts: &Facts, filter: usize, found: &[BothWays]) -> Option<Range> {
    let planned = &plan.filters[filter];
    let own = facts.filters[filter].latency.max(Span::ZERO);
    if planned.outputs.is_empty() {
        // What may block, as a file writer, presents nothing (LS-91).
        return (!planned.descriptor.blocking).then_some(Range { least: own, most: own });
    }
    let leaving = plan.leaving(filter).filter_map(|(index, _)| found[index].presented);
    let below = leaving.reduce(Range::and);
    below.map(|range| range.plus(own))
}

/// Where streams of different latency meet and nothing brings them together: offsets do, but only for
/// what is stamped.
pub(super) fn unlike_joins(plan: &Plan, facts: &Facts, found: &[BothWays]) -> Vec<Note> {
    let joins = (0..plan.filters.len()).filter(|it| plan.filters[*it].inputs.len() > 1);
    joins.filter_map(|filter| unlike_join(plan, facts, filter, found)).collect()
}

fn unlike_join(plan: &Plan, facts: &Facts, filter: usize, found: &[BothWays]) -> Option<Note> {
    let mut branches = Vec::new();
    let mut all_stamped = true;
    for (index, connection) in plan.arriving(filter) {
        if let Some(range) = found[index].captured {
            let held = connection.queue.as_ref().map_or(Span::ZERO, |queue| queue.capacity);
            let before = Range { most: range.most - held, ..range };
            branches.push((plan.output_name(connection.from), before));
            all_stamped &= is_stamped(plan, facts, connection.from);
        }
    }
    let alike = branches.windows(2).all(|two| two[0].1 == two[1].1);
    let aligned = plan.wishes.sync && all_stamped;
    let pin = PinNumber { filter, pin: 0 };
    let name = plan.filters[filter].name.clone();
    (!alike && !aligned).then_some(Note::UnlikePaths { pin, name, branches })
}

/// Whether samples that leave `pin` bear stamps: all sources above it give some, and no preview pin takes
/// them away.
fn is_stamped(plan: &Plan, facts: &Facts, pin: PinNumber) -> bool {
    let Some(output) = facts.filters[pin.filter].outputs.get(pin.pin) else { return true };
    let own = output.category != PinCategory::Preview
        && output.push.is_none_or(|push| push.stamps != Stamps::None);
    let mut above = plan.arriving(pin.filter);
    own && above.all(|(_, connection)| is_stamped(plan, facts, connection.from))
}
