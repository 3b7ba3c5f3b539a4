//! Which filters share a thread.

use super::Plan;

/// Filters that call each other directly on one thread: a source, or what reads from a queue, and
/// everything behind it up to the next queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Indices of the filters; the first is the one that is woken.
    pub filters: Vec<usize>,
    /// Indices of the connections whose queues it reads from; empty for a source's segment.
    pub reads: Vec<usize>,
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
            segments.push(Segment { filters: vec![index], reads });
        }
    }
    segments
}
