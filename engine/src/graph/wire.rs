//! Connections of a plan as links within segments and queues between them.

use std::sync::Arc;

use driftless_plugin_api::{HostTime, MediaType};

use crate::plan::Plan;
use crate::segment::queue::Queue;
use crate::segment::{Input, Segment};

/// A filter's segment, and its place in there.
pub(super) type Seat = (usize, usize);

/// Where each filter of a plan is.
pub(super) fn seats(plan: &Plan) -> Vec<Seat> {
    let mut seats = vec![(0, 0); plan.filters.len()];
    for (index, segment) in plan.segments.iter().enumerate() {
        for (at, filter) in segment.filters.iter().enumerate() {
            seats[*filter] = (index, at);
        }
    }
    seats
}

/// Links the two ends of a connection, as far as their segments are being built.
pub(super) fn wire(
    built: &mut [Option<Segment>],
    [(sender, output), (receiver, input)]: [(Seat, usize); 2],
    queue: Option<&Arc<Queue>>,
) {
    if let (Some(segment), Some(queue)) = (&mut built[receiver.0], queue) {
        segment.add_input(Input::new(Arc::clone(queue), input as u32));
    }
    let Some(segment) = &mut built[sender.0] else { return };
    match queue {
        None => segment.chain_mut().link((sender.1, output), (receiver.1, input)),
        Some(queue) => {
            segment.chain_mut().link_queue((sender.1, output), Arc::clone(queue));
            segment.add_output(Arc::clone(queue));
        }
    }
}

/// A stream that was not there before goes through a connection: both ends begin anew.
pub(super) fn renew(
    built: &mut [Option<Segment>],
    [(sender, output), (receiver, input)]: [(Seat, usize); 2],
    new_media: Option<MediaType>,
    now: HostTime,
) {
    if let Some(segment) = &mut built[sender.0] {
        segment.chain_mut().renew((sender.1, output), new_media);
    }
    if let Some(segment) = &mut built[receiver.0] {
        segment.chain().node(receiver.1).begin_stream(input as u32, now);
    }
}
