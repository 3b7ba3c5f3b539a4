//! What the passes need to know of each filter: promised by descriptors first, told by the activated
//! filters later.

use driftless_plugin_api::capability::pins::PinCategory;
use driftless_plugin_api::capability::push_source::{PushSourceFlags, Stamps};
use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::time::Span;

use super::{Clock, PlannedFilter, Wishes};

/// Facts of all filters, in the order of [`Plan::filters`](super::Plan::filters).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// One for each filter.
    pub filters: Vec<FilterFacts>,
    /// What a graph that is not stopped would rather keep; `None` when it is.
    pub in_force: Option<InForce>,
}

/// What is in force while a graph is not stopped, and is kept where it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// The clock: kept as long as its filter offers it, whatever else is on offer (LS-54, LS-59);
    /// `None` when its filter is gone.
    pub clock: Option<Clock>,
    /// What was asked for at the latest start; other wishes take effect at the next (LS-43).
    pub wishes: Wishes,
    /// The target is not brought below this (LS-M4)…
    pub target: Span,
    /// … nor the sum of both below that of both.
    pub presentation_delay: Span,
}

/// Facts of one filter.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterFacts {
    /// The misc flag IS_SOURCE (LS-2).
    pub is_source: bool,
    /// It is a transform: what it gives is what it was given, so the category of a pin does not make
    /// it live (a smart tee behind a file is as little live as the file).
    pub passes_on: bool,
    /// What each output pin says of itself, by number.
    pub outputs: Vec<OutputFacts>,
    /// It offers a reference clock now.
    pub offers_clock: bool,
    /// The crystal that it runs on, where the opened device knows (LS-M10).
    pub crystal: Option<String>,
    /// A transform's delay from input to output, a renderer's from receipt to audible or visible;
    /// zero when it has none or cannot say. A source's is in [`PushFacts::latency`].
    pub latency: Span,
    /// How much of a stream a transform or renderer can hold back on top; `None` when it does not say.
    pub holds: Option<Span>,
}

/// Facts of one output pin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OutputFacts {
    /// What its samples are for (LS-3).
    pub category: PinCategory,
    /// Its push-source interface, if it has one.
    pub push: Option<PushFacts>,
}

/// Facts of one push-source pin (section 3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PushFacts {
    /// Capture to delivery; `None` when the pin cannot say or answers nonsense (LS-19, LS-20).
    pub latency: Option<Span>,
    /// Its flags; none when it cannot say (LS-28).
    pub flags: PushSourceFlags,
    /// What its own stamps say (LS-49).
    pub stamps: Stamps,
    /// The largest offset it can hold back, at least its latency (LS-34); `None` when not known.
    pub max_offset: Option<Span>,
}

impl FilterFacts {
    /// Whether the filter is live (LS-1): a source with a push-source pin, or any filter with a
    /// capture pin. A pin that says NOT_LIVE does not count (LS-4).
    pub fn is_live(&self) -> bool {
        let pushes_live = |pin: &OutputFacts| pin.push.is_some_and(|push| push.is_live());
        self.is_source && self.outputs.iter().any(pushes_live) || self.has_capture_pin()
    }

    /// Whether the filter is live by LS-1 before looking at flags, as the decision of a renderer
    /// wants it (LS-75).
    pub fn is_live_but_for_flags(&self) -> bool {
        self.is_source && self.outputs.iter().any(|pin| pin.push.is_some())
            || self.has_capture_pin()
    }

    /// Whether both run on one crystal, so that nothing between them needs resampling (LS-M10).
    pub fn shares_crystal(&self, other: &Self) -> bool {
        self.crystal.is_some() && self.crystal == other.crystal
    }

    fn has_capture_pin(&self) -> bool {
        // A pin that says NOT_LIVE does not make its filter live by being a capture pin: LS-4 asks for
        // another one.
        let counts = |pin: &OutputFacts| pin.push.is_none_or(PushFacts::is_live);
        let capture = |pin: &OutputFacts| pin.category == PinCategory::Capture && counts(pin);
        !self.passes_on && self.outputs.iter().any(capture)
    }
}

impl PushFacts {
    /// Its latency, unless it is nonsense (LS-19).
    pub fn known_latency(self) -> Option<Span> {
        self.latency.filter(|latency| *latency >= Span::ZERO)
    }

    /// Whether the flags let it count as live.
    pub fn is_live(self) -> bool {
        !self.flags.contains(PushSourceFlags::NOT_LIVE)
    }
}

impl Facts {
    /// What the descriptors promise, given the settings. `[any]`
    pub fn declared(filters: &[PlannedFilter]) -> Self {
        Self { filters: filters.iter().map(declared).collect(), in_force: None }
    }
}

fn declared(filter: &PlannedFilter) -> FilterFacts {
    // A reference from a descriptor to a setting was checked when the descriptor was read, and the
    // settings are complete; what cannot be resolved all the same counts as not declared.
    let settings = &filter.settings;
    let latency = filter.descriptor.latency.as_ref().and_then(|it| it.resolve(settings).ok());
    let latency = latency.filter(|latency| *latency >= Span::ZERO);
    let push = filter.descriptor.push_source.as_ref();
    let offered = push.filter(|push| push.offer.resolve(settings).unwrap_or(true));
    let push = offered.map(|push| PushFacts {
        latency,
        flags: push.flags.resolve(settings).unwrap_or_default(),
        stamps: push.stamps.resolve(settings).unwrap_or_default(),
        max_offset: push
            .max_offset
            .as_ref()
            .and_then(|max| max.resolve(settings).ok())
            .map(|max| max.max(latency.unwrap_or(Span::ZERO))),
    });
    let output = |category| OutputFacts { category, push };
    let offers = filter.descriptor.offers_clock.as_ref().map(|offer| offer.resolve(settings));
    FilterFacts {
        // A transform that declares a push source of its own sets its own pace, as a mixer does.
        is_source: filter.is(FilterKind::Source) || push.is_some(),
        passes_on: filter.is(FilterKind::Transform),
        outputs: filter.outputs.iter().map(|pin| output(pin.descriptor.category)).collect(),
        offers_clock: matches!(offers, Some(Ok(true))),
        crystal: None,
        latency: latency.unwrap_or(Span::ZERO),
        holds: filter.descriptor.holds.as_ref().and_then(|holds| holds.resolve(settings).ok()),
    }
}

#[cfg(test)]
mod tests;
