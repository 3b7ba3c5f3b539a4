//! Which filters share a thread.

use driftless_plugin_api::descriptor::FilterKind;

use super::{Plan, PlannedFilter};

/// Filters that call each other directly on one thread: a source, or what reads from a queue, and
/// everything behind it up to the next queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Indices of the filters; the first is the one that is woken.
    pub filters: Vec<usize>,
    /// Indices of the connections whose queues it reads from; empty for a source's segment.
    pub reads: Vec<usize>,
    /// What of it may be done late.
    pub late: Late,
}

/// What of a segment may be done late, each thing with its own time, so that nobody outside can tell: what is
/// made of timers, where no queue leads out, behind which another thread would see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Nothing.
    Nothing,
    /// What its source does, as long as that waits further on.
    Source,
    /// Everything: timers stand in for all hardware of its source and its renderers.
    Everything,
}

/// Cuts the graph at its queues.
///
/// A filter with several inputs has a queue on each, so every other filter has one way in at most:
/// it joins the segment of the filter above it, or begins its own.
pub(super) fn cut(plan: &Plan) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    // The segment of each filter so far; those that feed a filter stand before it.
    let mut joined: Vec<usize> = Vec::new();
    for index in 0..plan.filters.len() {
        let (queued, direct): (Vec<_>, Vec<_>) =
            plan.arriving(index).partition(|(_, it)| it.queue.is_some());
        if let Some((_, connection)) = direct.first() {
            let above = joined[connection.from.filter];
            segments[above].filters.push(index);
            joined.push(above);
        } else {
            joined.push(segments.len());
            let reads = queued.into_iter().map(|(connection, _)| connection).collect();
            segments.push(Segment { filters: vec![index], reads, late: Late::Nothing });
        }
    }
    segments.iter_mut().for_each(|segment| segment.late = late(plan, segment));
    segments
}

fn late(plan: &Plan, segment: &Segment) -> Late {
    let is_simulated = |filter: &usize| is_made_of_timers(&plan.filters[*filter]);
    let leaves = |filter: &usize| plan.leaving(*filter).any(|(_, it)| it.queue.is_some());
    let stays = segment.reads.is_empty() && !segment.filters.iter().any(leaves);
    match segment.filters.iter().position(|filter| !is_simulated(filter)) {
        None if stays => Late::Everything,
        Some(1..) if stays => Late::Source,
        _ => Late::Nothing,
    }
}

/// A transform does what it does in between, whenever that is. What a renderer that never needs a stand-in
/// shows may be seen.
fn is_made_of_timers(filter: &PlannedFilter) -> bool {
    let simulation = &filter.descriptor.simulation;
    match filter.descriptor.kind {
        FilterKind::Transform => true,
        FilterKind::Source => simulation.is_simulated(&filter.settings),
        FilterKind::Renderer => {
            simulation.stand_in.is_some() && simulation.is_simulated(&filter.settings)
        }
    }
}
