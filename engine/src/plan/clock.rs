//! Which clock the graph agrees on (LS-55 to LS-58, LS-M7).

use std::collections::VecDeque;

use driftless_plugin_api::descriptor::FilterKind;

use super::{Facts, Plan};
use crate::manifest::{ClockPolicy, ClockRequest};

/// The reference clock and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Whose it is.
    pub source: ClockSource,
    /// Why, as the end of a sentence.
    pub why: String,
}

/// Whose clock it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockSource {
    /// There is none: samples are rendered on arrival (LS-64).
    None,
    /// The operating system's monotonic clock.
    System,
    /// The clock of the filter with this index in [`Plan::filters`].
    Filter(usize),
}

impl Clock {
    /// The name to show: a filter's, `system` or `none`.
    pub fn name<'a>(&self, plan: &'a Plan) -> &'a str {
        match self.source {
            ClockSource::None => "none",
            ClockSource::System => "system",
            ClockSource::Filter(index) => &plan.filters[index].name,
        }
    }
}

/// Chooses the clock. `[any]`
///
/// The order of LS-56: what the manifest asks for; a live source that offers a clock; the provider
/// nearest to a renderer; the system clock. Under [`ClockPolicy::Classic`] the third is asked only
/// where no filter is live (LS-57). Among equals a connected filter wins, then the earlier in the
/// manifest (LS-58). A clock in force is kept until its filter no longer offers it, or is connected no
/// more (LS-63); then the next in this order is its successor, also where the manifest had named the one
/// that is gone (LS-M8).
pub fn choose(plan: &Plan, facts: &Facts) -> Clock {
    let chosen = |source, why: &str| Clock { source, why: why.to_owned() };
    if let Some(kept) = facts.in_force.as_ref().and_then(|it| it.clock.as_ref()) {
        match kept.source {
            ClockSource::Filter(index) if !keeps(plan, facts, index) => {}
            _ => return kept.clone(),
        }
    }
    match &plan.wishes.clock {
        ClockRequest::None => return chosen(ClockSource::None, "the manifest wants none"),
        ClockRequest::System => return chosen(ClockSource::System, "named in the manifest"),
        ClockRequest::Filter(name) => {
            if let Some(index) = plan.filter(name).filter(|index| provides(plan, facts, *index)) {
                return chosen(ClockSource::Filter(index), "named in the manifest");
            }
        }
        ClockRequest::Auto => {}
    }
    let any_live = facts.filters.iter().any(|facts| facts.is_live());
    if let Some(index) = live_provider(plan, facts) {
        return chosen(ClockSource::Filter(index), "a live source that offers a clock");
    }
    if any_live && plan.wishes.clock_policy == ClockPolicy::Classic {
        let why = "no live source offers a clock, and the classic policy then asks no other filter";
        return chosen(ClockSource::System, why);
    }
    let no_live = if any_live { "no live source offers a clock" } else { "nothing is live" };
    match provider_nearest_to_a_renderer(plan, facts) {
        Some(index) if plan.filters[index].is(FilterKind::Renderer) => {
            chosen(ClockSource::Filter(index), &format!("{no_live}, and this renderer does"))
        }
        Some(index) => {
            let why = format!("{no_live}, and this filter does, nearest to a renderer");
            chosen(ClockSource::Filter(index), &why)
        }
        None => chosen(ClockSource::System, "no filter offers a clock"),
    }
}

fn provides(plan: &Plan, facts: &Facts, index: usize) -> bool {
    facts.filters[index].offers_clock && plan.filters[index].provide_clock
}

fn keeps(plan: &Plan, facts: &Facts, index: usize) -> bool {
    provides(plan, facts, index) && plan.filters[index].is_connected()
}

fn live_provider(plan: &Plan, facts: &Facts) -> Option<usize> {
    let live = |&index: &usize| facts.filters[index].is_live() && provides(plan, facts, index);
    let filters = 0..plan.filters.len();
    filters
        .filter(live)
        .min_by_key(|&index| (!plan.filters[index].is_connected(), plan.filters[index].position))
}

fn provider_nearest_to_a_renderer(plan: &Plan, facts: &Facts) -> Option<usize> {
    let steps = steps_from_renderers(plan);
    let filters = 0..plan.filters.len();
    filters.filter(|&index| provides(plan, facts, index)).min_by_key(|&index| {
        let filter = &plan.filters[index];
        (!filter.is_connected(), steps[index], filter.position)
    })
}

/// How many connections lie between each filter and the nearest renderer below it.
fn steps_from_renderers(plan: &Plan) -> Vec<usize> {
    let mut steps = vec![usize::MAX; plan.filters.len()];
    let mut reached: VecDeque<usize> =
        (0..plan.filters.len()).filter(|&i| plan.filters[i].is(FilterKind::Renderer)).collect();
    for &renderer in &reached {
        steps[renderer] = 0;
    }
    while let Some(index) = reached.pop_front() {
        for (_, connection) in plan.arriving(index) {
            let above = connection.from.filter;
            if steps[above] == usize::MAX {
                steps[above] = steps[index] + 1;
                reached.push_back(above);
            }
        }
    }
    steps
}
