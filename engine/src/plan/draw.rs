//! The plan as a drawing: Graphviz text, and SVG laid out here.

mod dot;
mod layout;
mod svg;

use super::{Plan, PlannedFilter};

impl Plan {
    /// What a box says below the filter's name.
    fn captions(&self, index: usize) -> Vec<String> {
        let filter = &self.filters[index];
        let mut captions = vec![filter.descriptor.id.clone()];
        if self.settled.clock.source == super::ClockSource::Filter(index) {
            captions.push("reference clock".to_owned());
        }
        captions.extend(self.offset_captions(index));
        let mut streams = self.settled.streams.iter().filter(|stream| stream.renderer == index);
        if let Some(row) = streams.next().and_then(|stream| stream.matching.decision) {
            captions.push(format!("follows {} (row {})", row.1.against, row.1.row));
        }
        captions
    }

    fn offset_captions(&self, index: usize) -> Vec<String> {
        let offsets = self.settled.timing.offsets.iter().filter(|it| it.pin.filter == index);
        let text = offsets.map(|it| match (it.latency, it.offset) {
            (Some(latency), Some(offset)) => format!("latency {latency}, offset {offset:+}"),
            _ => "latency unknown, no offset".to_owned(),
        });
        text.collect()
    }

    /// What an edge says: the media type, and the queue if there is one.
    fn edge_labels(&self, connection: usize) -> Vec<String> {
        let connection = &self.connections[connection];
        let queue = connection.queue.as_ref().map(|queue| {
            let leaky = if queue.leaky { ", leaky" } else { "" };
            format!("queue {}{leaky}", queue.capacity)
        });
        [Some(connection.media.to_string()), queue].into_iter().flatten().collect()
    }

    /// The headline of a drawing.
    fn headline(&self) -> [String; 2] {
        let (clock, timing) = (&self.settled.clock, &self.settled.timing);
        [
            format!("reference clock: {} ({})", clock.name(self), clock.why),
            format!(
                "graph latency {}: {} for sources, {} for renderers",
                timing.latency(),
                timing.target,
                timing.presentation_delay
            ),
        ]
    }
}

/// The most pins on either side.
fn rows(filter: &PlannedFilter) -> usize {
    filter.inputs.len().max(filter.outputs.len())
}
