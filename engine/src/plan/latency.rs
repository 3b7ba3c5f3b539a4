//! When things are presented: stream offsets (section 4.4) and the presentation delay.
//!
//! Two sums. The **target** makes the graph wait for its slowest source: every push source adds an
//! offset to its stamps so that what was captured at one instant bears one stamp. The **presentation
//! delay** makes it wait for its slowest renderer: a sample stamped `t` is audible and visible at
//! stream time `t` + presentation delay, and each renderer starts earlier by its own delay. Because
//! the second is common to all renderers, the offsets are exactly those of the first.

use std::fmt;

use driftless_plugin_api::capability::push_source::Stamps;
use driftless_plugin_api::time::Span;

use super::{Facts, PinNumber, Plan, PushFacts};
use crate::diagnostic::Diagnostics;
use crate::manifest::Manifest;

/// Offsets and delays of the graph.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timing {
    /// L: the latency that all synchronised sources are brought to; without synchronisation the
    /// largest that one of them has.
    pub target: Span,
    /// The source pin with the largest latency, if any is known.
    pub slowest: Option<PinNumber>,
    /// R: how long after its stamp a sample is presented.
    pub presentation_delay: Span,
    /// The renderer that sets it, if one does.
    pub last: Option<usize>,
    /// One for every connected live push-source pin.
    pub offsets: Vec<Offset>,
    /// What the user should know.
    pub notes: Vec<Note>,
}

impl Timing {
    /// From capture to presentation: the graph's latency, L + R.
    pub fn latency(&self) -> Span {
        self.target + self.presentation_delay
    }

    /// What `pin` gets, if it is a live push-source pin.
    pub fn offset(&self, pin: PinNumber) -> Option<&Offset> {
        self.offsets.iter().find(|offset| offset.pin == pin)
    }
}

/// What one push-source pin gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// The pin.
    pub pin: PinNumber,
    /// Its latency; `None` when it cannot say, then it stays as it is (LS-20).
    pub latency: Option<Span>,
    /// What it adds to its stamps; set even when zero, to clear a stale one (LS-48).
    pub offset: Option<Span>,
}

/// Something about the timing that the user should know; an event when the graph runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The pin cannot say its latency, so it is not synchronised (LS-20).
    LatencyUnknown {
        /// The pin.
        pin: PinNumber,
        /// Its name.
        name: String,
    },
    /// The pin is slower than `max-latency` allows and plays late (LS-51).
    LatencyAboveCap {
        /// The pin.
        pin: PinNumber,
        /// Its name.
        name: String,
        /// How late.
        late: Span,
    },
    /// The offset is larger than the pin likes; it is in force, and data may be lost (LS-52).
    OffsetBeyondPreferred {
        /// The pin.
        pin: PinNumber,
        /// Its name.
        name: String,
        /// The offset.
        offset: Span,
        /// The largest it prefers.
        max: Span,
    },
    /// Nothing on the path holds as much as the offset needs (LS-53).
    InsufficientBuffering {
        /// The pin.
        pin: PinNumber,
        /// Its name.
        name: String,
        /// What pin and queues hold.
        have: Span,
        /// What the offset needs.
        need: Span,
    },
}

impl Note {
    /// The pin it is about.
    pub const fn pin(&self) -> PinNumber {
        match self {
            Self::LatencyUnknown { pin, .. }
            | Self::LatencyAboveCap { pin, .. }
            | Self::OffsetBeyondPreferred { pin, .. }
            | Self::InsufficientBuffering { pin, .. } => *pin,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LatencyUnknown { name, .. } => {
                write!(f, "`{name}` does not say its latency, so it is not synchronised")
            }
            Self::LatencyAboveCap { name, late, .. } => {
                write!(f, "`{name}` is {late} slower than `max-latency` and plays that much late")
            }
            Self::OffsetBeyondPreferred { name, offset, max, .. } => write!(
                f,
                "`{name}` needs a stream offset of {offset}, but can hold back {max} at most; lower \
                 `max-latency`, or give the source a longer buffer"
            ),
            Self::InsufficientBuffering { name, have, need, .. } => write!(
                f,
                "`{name}` needs {need} of buffering on its way, but there is {have}; put a `queue` \
                 with that capacity behind it"
            ),
        }
    }
}

/// L_target of section 4.4: the largest latency known, but no more than the cap (LS-47).
pub fn target(latencies: impl IntoIterator<Item = Span>, cap: Option<Span>) -> Span {
    let largest = latencies.into_iter().fold(Span::ZERO, Span::max);
    cap.map_or(largest, |cap| cap.min(largest))
}

/// The stream offset of a pin with this `latency`: what its own stamps lack of `target` (LS-48, LS-49).
pub fn stream_offset(latency: Span, stamps: Stamps, target: Span) -> Span {
    let in_the_stamp = match stamps {
        Stamps::Capture => Span::ZERO,
        Stamps::Delivery | Stamps::None => latency,
    };
    (target - in_the_stamp).max(Span::ZERO)
}

/// Offsets, target and presentation delay of the graph. `[any]`
pub fn settle(plan: &Plan, facts: &Facts) -> Timing {
    let pins = live_pins(plan, facts);
    let known = pins.iter().filter_map(|(pin, push)| Some((*pin, push.latency?)));
    // The first of the slowest is named, so that the same graph gives the same words.
    let slowest = known.clone().rev().max_by_key(|(_, latency)| *latency).map(|(pin, _)| pin);
    let cap = plan.wishes.max_latency.filter(|_| plan.wishes.sync);
    let target = target(known.map(|(_, latency)| latency), cap);
    let (presentation_delay, last) = presentation_delay(plan, facts);
    let mut timing = Timing {
        target,
        slowest,
        presentation_delay,
        last,
        offsets: Vec::new(),
        notes: Vec::new(),
    };
    for (pin, push) in pins {
        let offset = push.latency.map(|latency| match plan.wishes.sync {
            true => stream_offset(latency, push.stamps, target),
            false => Span::ZERO,
        });
        timing.offsets.push(Offset { pin, latency: push.latency, offset });
        timing.notes.extend(notes(plan, pin, push, target, offset));
    }
    timing
}

/// The set P of section 4.4 and the pins whose latency nobody knows: connected push-source pins
/// that are live, in the order of the plan. A transform that answers for the sources behind it
/// (LS-40) is not one of them: those have offsets of their own.
fn live_pins(plan: &Plan, facts: &Facts) -> Vec<(PinNumber, PushFacts)> {
    let mut pins = Vec::new();
    for (filter, own) in facts.filters.iter().enumerate().filter(|(_, own)| !own.passes_on) {
        let planned = plan.filters[filter].outputs.iter();
        for (pin, (output, planned)) in own.outputs.iter().zip(planned).enumerate() {
            let push = output.push.filter(|push| planned.connection.is_some() && push.is_live());
            pins.extend(push.map(|push| {
                let latency = push.latency.filter(|latency| *latency >= Span::ZERO);
                (PinNumber { filter, pin }, PushFacts { latency, ..push })
            }));
        }
    }
    pins
}

fn notes(
    plan: &Plan,
    pin: PinNumber,
    push: PushFacts,
    target: Span,
    offset: Option<Span>,
) -> Vec<Note> {
    let name = plan.output_name(pin);
    let (Some(latency), Some(offset)) = (push.latency, offset) else {
        return vec![Note::LatencyUnknown { pin, name }];
    };
    let mut notes = Vec::new();
    if plan.wishes.sync && latency > target {
        notes.push(Note::LatencyAboveCap { pin, name: name.clone(), late: latency - target });
    }
    if let Some(max) = push.max_offset.filter(|max| offset > *max) {
        notes.push(Note::OffsetBeyondPreferred { pin, name: name.clone(), offset, max });
        let queues = smallest_queue_below(plan, pin);
        match queues.map(|queues| max + queues) {
            Some(have) if have < offset => {
                notes.push(Note::InsufficientBuffering { pin, name, have, need: offset });
            }
            _ => {}
        }
    }
    notes
}

/// What the queues between `pin` and its renderers hold, on the path that holds least; `None` when
/// every path has a queue that the plan sizes itself, which will be large enough.
fn smallest_queue_below(plan: &Plan, pin: PinNumber) -> Option<Span> {
    let connection = plan.connections.iter().find(|connection| connection.from == pin)?;
    let here = match &connection.queue {
        Some(queue) if !queue.asked => return None,
        Some(queue) => queue.capacity,
        None => Span::ZERO,
    };
    let filter = connection.to.filter;
    let outputs = 0..plan.filters[filter].outputs.len();
    if outputs.is_empty() {
        return Some(here);
    }
    let below = outputs.filter_map(|pin| smallest_queue_below(plan, PinNumber { filter, pin }));
    below.min().map(|below| here + below)
}

/// R: the largest delay of a renderer that is fed live, with the transforms above it; and whose it is.
///
/// A filter that may block, as a file writer, presents nothing and does not count (LS-91, LS-M6).
fn presentation_delay(plan: &Plan, facts: &Facts) -> (Span, Option<usize>) {
    // Longest delay from a live source to the filter's output, `None` where nothing live arrives.
    // Filters stand behind those that feed them, so one walk is enough.
    let mut delays: Vec<Option<Span>> = vec![None; plan.filters.len()];
    let mut longest = (Span::ZERO, None);
    for index in 0..plan.filters.len() {
        let above = plan.connections.iter().filter(|connection| connection.to.filter == index);
        let arriving = above.filter_map(|connection| delays[connection.from.filter]).max();
        let own = match plan.filters[index].inputs.is_empty() {
            true => Span::ZERO, // a source's latency is in the target
            false => facts.filters[index].latency.max(Span::ZERO),
        };
        let live = facts.filters[index].is_live().then_some(Span::ZERO);
        delays[index] = arriving.or(live).map(|arriving| arriving + own);
        let filter = &plan.filters[index];
        let presents = filter.outputs.is_empty() && !filter.descriptor.blocking;
        match delays[index] {
            Some(delay) if presents && delay > longest.0 => longest = (delay, Some(index)),
            _ => {}
        }
    }
    longest
}

/// Under `strict = true` every note is an error at the filter's place in the manifest.
pub(super) fn refuse_if_strict(plan: &Plan, manifest: &Manifest) -> Result<(), Diagnostics> {
    let mut diagnostics = manifest.diagnostics();
    if plan.wishes.strict {
        for note in &plan.settled.timing.notes {
            let filter = &plan.filters[note.pin().filter];
            let place = manifest.filters[filter.position].name.span.clone();
            diagnostics.error(place, note.to_string());
        }
    }
    diagnostics.into_result()
}
