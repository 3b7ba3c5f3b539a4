//! When things are presented: stream offsets (section 4.4) and the presentation delay.
//!
//! Two sums. The **target** makes the graph wait for its slowest source: every push source adds an
//! offset to its stamps so that what was captured at one instant bears one stamp. The **presentation
//! delay** makes it wait for its slowest path: a sample stamped `t` is audible and visible at
//! stream time `t` + presentation delay, and each renderer starts earlier by its own delay. Because
//! the second is common to all renderers, the offsets are exactly those of the first. Together they are
//! the largest latency that a path from capture to presentation has (LS-M2), and no more.
//!
//! Under [`TimingMode::Classic`] there is only the first sum, and each renderer is as late as it is.
//!
//! | module       | what is in it                                                     |
//! |--------------|-------------------------------------------------------------------|
//! | [`paths`]    | least and most along every path (LS-M1)                           |
//! | [`both_ways`] | since capture and until presentation, at every connection (LS-M18) |
//! | [`note`]     | what the user should know                                         |
//! | [`shortage`] | why a latency cannot be had, and what would have to grow (LS-M2)   |

pub mod both_ways;
pub mod note;
pub mod paths;
pub mod shortage;

use driftless_plugin_api::capability::push_source::Stamps;
use driftless_plugin_api::time::Span;

use super::{Facts, FilterFacts, PinNumber, Plan, PushFacts};
use crate::diagnostic::Diagnostics;
use crate::manifest::{Manifest, TimingMode};

pub use both_ways::{BothWays, Range};
pub use note::Note;
pub use paths::{Path, RendererPath};
pub use shortage::{Growth, Shortage};

use paths::Sources;

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
    /// Classic only: what each filter adds to a stamp instead, by the index of the filter.
    pub own_delays: Vec<Span>,
    /// The latency of every renderer that presents (LS-M1).
    pub paths: Vec<RendererPath>,
    /// The latencies of every connection of the plan, in both directions (LS-M18).
    pub connections: Vec<BothWays>,
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

    /// What filter number `filter` adds to a stamp.
    pub fn delay_of(&self, filter: usize) -> Span {
        self.own_delays.get(filter).copied().unwrap_or(self.presentation_delay)
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
    let latencies: Vec<Span> = known.map(|(_, latency)| latency).collect();
    let cap = plan.wishes.latency.or(plan.wishes.max_latency).filter(|_| plan.wishes.sync);
    // To present earlier is heard, so what is in force is the least (LS-M4).
    let least = facts.in_force.as_ref().map(|it| it.target);
    let target = target(latencies.iter().copied().chain(least), cap);
    let sources = match plan.wishes.sync {
        true => Sources::UpTo(target),
        false => Sources::Zero, // nobody waits, so only what is behind the sources counts
    };
    let mut timing = Timing {
        target,
        slowest,
        paths: paths::to_renderers(plan, facts, sources),
        connections: both_ways::of_connections(plan, facts),
        ..Timing::default()
    };
    timing.present(plan, facts);
    for (pin, push) in pins {
        let offset = push.latency.map(|latency| match plan.wishes.sync {
            true => stream_offset(latency, push.stamps, target),
            false => Span::ZERO,
        });
        timing.offsets.push(Offset { pin, latency: push.latency, offset });
        timing.notes.extend(pin_notes(plan, pin, push, target, offset));
    }
    timing.notes.extend(timing.too_short(plan, facts, &latencies));
    timing.notes.extend(timing.shortages(plan));
    timing.notes.extend(both_ways::unlike_joins(plan, facts, &timing.connections));
    timing
}

impl Timing {
    /// The paths that have a part in the graph's latency.
    fn live_paths(&self) -> impl DoubleEndedIterator<Item = &RendererPath> {
        self.paths.iter().filter(|path| path.takes_part())
    }

    /// The path that takes longest, the first among equals.
    fn longest(&self) -> Option<&RendererPath> {
        self.live_paths().rev().max_by_key(|it| it.path.least)
    }

    /// When everything is presented: the graph's latency is the largest least of all live paths
    /// (LS-M2), or what was asked for. What of it the offsets do not make up for, renderers add.
    fn present(&mut self, plan: &Plan, facts: &Facts) {
        let offsets = if plan.wishes.sync { self.target } else { Span::ZERO };
        let longest = self.longest().map(|it| (it.renderer, it.path.least));
        let least = longest.map_or(offsets, |(_, least)| least);
        let latency = plan.wishes.latency.unwrap_or(least);
        // Together they are not brought below what is in force.
        let least_delay = facts
            .in_force
            .as_ref()
            .map_or(Span::ZERO, |it| it.presentation_delay + it.target.min(offsets) - offsets);
        self.presentation_delay = (latency - offsets).max(least_delay).max(Span::ZERO);
        self.last = longest.map(|(renderer, _)| renderer).filter(|_| least > offsets);
        if plan.wishes.timing == TimingMode::Classic {
            let own = |filter: &FilterFacts| filter.latency.max(Span::ZERO);
            self.own_delays = facts.filters.iter().map(own).collect();
        }
    }

    /// A latency that was asked for, and is less than a path needs.
    fn too_short(&self, plan: &Plan, facts: &Facts, latencies: &[Span]) -> Option<Note> {
        let asked = plan.wishes.latency?;
        let sources = Sources::UpTo(target(latencies.iter().copied(), None));
        let paths = paths::to_renderers(plan, facts, sources);
        let slowest = paths.iter().filter(|it| it.takes_part()).max_by_key(|it| it.path.least)?;
        let (pin, least) = (slowest.path.long, slowest.path.least);
        let branch = shortage::branch(plan, slowest);
        (least > asked).then_some(Note::LatencyTooShort { pin, branch, asked, least })
    }

    /// The paths that cannot wait as long as the graph's latency wants.
    fn shortages(&self, plan: &Plan) -> Vec<Note> {
        if !plan.wishes.sync {
            return Vec::new();
        }
        // Asked for, it is nobody's path that all wait for.
        let slowest = self.longest().filter(|_| plan.wishes.latency.is_none());
        let short = |it| shortage::on_the_way(plan, it, slowest, self.latency());
        self.live_paths().filter_map(short).map(Note::InsufficientBuffering).collect()
    }
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
                let latency = push.known_latency();
                (PinNumber { filter, pin }, PushFacts { latency, ..push })
            }));
        }
    }
    pins
}

fn pin_notes(
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
    if plan.wishes.sync && plan.wishes.latency.is_none() && latency > target {
        notes.push(Note::LatencyAboveCap { pin, name: name.clone(), late: latency - target });
    }
    if let Some(max) = push.max_offset.filter(|max| offset > *max) {
        notes.push(Note::OffsetBeyondPreferred { pin, name, offset, max });
    }
    notes
}

/// Under `strict = true` every note is an error at its place in the manifest: that of the buffer that
/// would have to grow, or that of the filter. What the opened devices say is judged likewise, by the graph.
pub(super) fn refuse_if_strict(plan: &Plan, manifest: &Manifest) -> Result<(), Diagnostics> {
    let mut diagnostics = manifest.diagnostics();
    if plan.wishes.strict {
        for note in plan.settled.timing.notes.iter().filter(|note| note.is_error_if_strict()) {
            let filter = &plan.filters[note.pin().filter];
            let place = match note {
                Note::InsufficientBuffering(shortage) => &shortage.growth.place,
                _ => &manifest.filters[filter.position].name.span,
            };
            diagnostics.error(place.clone(), note.to_string());
        }
    }
    diagnostics.into_result()
}
