//! Where a thread ends and another begins.

use driftless_plugin_api::time::Span;

use super::connect::{common, nothing_in_common};
use super::draft::Draft;
use super::{PinNumber, Plan, PlannedFilter, PlannedPin};
use crate::catalog::BUILT_IN_QUEUE;
use crate::diagnostic::Diagnostics;
use crate::manifest::Manifest;

/// A queue on a connection: a thread border.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// How much it holds.
    pub capacity: Span,
    /// When full it drops the oldest sample instead of making the sender wait.
    pub leaky: bool,
    /// Which filter of the manifest gave the capacity, by its place there; without one the plan makes it
    /// large enough.
    pub asked: Option<usize>,
    /// Why it is there.
    pub why: String,
}

/// What a queue holds on top of the graph's latency: enough for a thread that is scheduled late.
const SLACK: Span = Span::from_millis(200);
/// The same before a filter that may block: a disk that is busy elsewhere answers within it.
const BLOCKING_SLACK: Span = Span::from_millis(2_000);

/// Turns every built-in queue that the manifest asks for into a property of one connection.
///
/// # Errors
///
/// Two filters whose media types have nothing in common, joined by a queue that takes any.
pub(super) fn dissolve(draft: &mut Draft, manifest: &Manifest) -> Result<(), Diagnostics> {
    let mut diagnostics = manifest.diagnostics();
    let is_queue =
        |draft: &Draft, index: usize| draft.filters[index].descriptor.id == BUILT_IN_QUEUE;
    // Filters are in order, so of several queues in a row the first dissolves first.
    for index in
        (0..draft.filters.len()).filter(|&index| is_queue(draft, index)).collect::<Vec<_>>()
    {
        let into = draft.connections.iter().position(|connection| connection.to.filter == index);
        let out = draft.connections.iter().position(|connection| connection.from.filter == index);
        let (Some(into), Some(out)) = (into, out) else { continue };
        let (first, second) = (draft.connections[into].clone(), &draft.connections[out]);
        // The queue takes anything, so what its two sides agreed on with it says nothing.
        let (offers, accepts) = (output(draft, first.from), input(draft, second.to));
        let Some(media) = common(&offers.descriptor.media, &accepts.descriptor.media) else {
            let offers = (draft.filters[first.from.filter].name.as_str(), offers);
            let message =
                nothing_in_common(offers, (&draft.filters[second.to.filter].name, accepts));
            diagnostics.error(draft.places[out].clone(), message);
            diagnostics.relate(draft.places[into].clone(), "joined by this queue");
            continue;
        };
        let queue = asked_for(&draft.filters[index], first.queue);
        let second = &mut draft.connections[out];
        second.from = first.from;
        second.media = media;
        second.queue = Some(queue);
        draft.connections.remove(into);
        draft.places.remove(into);
    }
    diagnostics.into_result()?;
    let rest: Vec<usize> =
        (0..draft.filters.len()).filter(|&index| !is_queue(draft, index)).collect();
    draft.reorder(&rest);
    Ok(())
}

fn output(draft: &Draft, pin: PinNumber) -> &PlannedPin {
    &draft.filters[pin.filter].outputs[pin.pin]
}

fn input(draft: &Draft, pin: PinNumber) -> &PlannedPin {
    &draft.filters[pin.filter].inputs[pin.pin]
}

/// The queue that the built-in filter stands for; several in a row add up.
fn asked_for(filter: &PlannedFilter, before: Option<Queue>) -> Queue {
    // The settings were checked against the built-in descriptor, so both are there.
    let capacity = filter.settings.time("capacity").unwrap_or(SLACK);
    let leaky = filter.settings.boolean("leaky").unwrap_or_default();
    let own = Queue {
        capacity,
        leaky,
        asked: Some(filter.position),
        why: format!("asked for by `{}`", filter.name),
    };
    match before {
        None => own,
        Some(before) => Queue {
            capacity: before.capacity + own.capacity,
            leaky: before.leaky || own.leaky,
            asked: own.asked,
            why: format!("{}, {}", before.why, own.why),
        },
    }
}

/// Places a queue behind every pin whose samples may be dropped, before every filter that may block
/// its thread, and on every input of a filter where several meet, or may. Those that the manifest asks
/// for are there already.
pub(super) fn place(plan: &mut Plan) {
    let connected = |plan: &Plan, index: usize| {
        plan.filters[index].inputs.iter().filter(|pin| pin.connection.is_some()).count()
    };
    for index in 0..plan.connections.len() {
        let connection = &plan.connections[index];
        let output = &plan.filters[connection.from.filter].outputs[connection.from.pin];
        let receiver = &plan.filters[connection.to.filter];
        let input = &receiver.inputs[connection.to.pin];
        let leaky = output.descriptor.leaky;
        let blocking = receiver.descriptor.blocking;
        let mut reasons = Vec::new();
        if leaky {
            reasons.push(format!("`{}` may drop", plan.output_name(connection.from)));
        }
        if blocking {
            reasons.push(format!("`{}` may block", receiver.name));
        }
        if connected(plan, connection.to.filter) > 1 {
            reasons.push(format!("streams meet in `{}`", receiver.name));
        } else if input.descriptor.many {
            reasons.push(format!("streams may meet in `{}`", receiver.name));
        }
        let slack = if blocking { BLOCKING_SLACK } else { SLACK };
        add(plan, index, slack, leaky, reasons);
    }
}

fn add(plan: &mut Plan, index: usize, capacity: Span, leaky: bool, mut reasons: Vec<String>) {
    let queue = &mut plan.connections[index].queue;
    match queue {
        None if reasons.is_empty() => {}
        None => *queue = Some(Queue { capacity, leaky, asked: None, why: reasons.join(", ") }),
        Some(queue) => {
            queue.leaky |= leaky;
            reasons.insert(0, std::mem::take(&mut queue.why));
            queue.why = reasons.join(", ");
        }
    }
}

/// Makes every queue whose capacity nobody gave hold the graph's latency on top of its slack: what
/// waits for its time further on may wait that long. A queue that drops stays short, so that what
/// leaves it is recent.
pub(super) fn size(plan: &mut Plan) {
    let latency = plan.settled.timing.latency();
    let queues = plan.connections.iter_mut().filter_map(|connection| connection.queue.as_mut());
    for queue in queues.filter(|queue| queue.asked.is_none() && !queue.leaky) {
        queue.capacity += latency;
    }
}
