//! Why a latency cannot be had (LS-53, LS-M2), and what in the manifest would have to change.

use std::fmt;
use std::ops::Range;

use driftless_plugin_api::descriptor::Declared;
use driftless_plugin_api::time::Span;

use super::paths::RendererPath;
use crate::plan::{PinNumber, Plan};

/// One path cannot wait for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The source pin that cannot be held back long enough.
    pub pin: PinNumber,
    /// Its path, from the source to the renderer.
    pub short: String,
    /// The path that it has to wait for; `None` when the manifest asks for the latency.
    pub long: Option<String>,
    /// How long after its capture the short one can be presented at most.
    pub have: Span,
    /// When it has to be.
    pub need: Span,
    /// The buffer that would have to grow.
    pub growth: Growth,
}

/// A buffer that would have to grow, and where the manifest says how large it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// What to write, as the end of a sentence.
    pub what: String,
    /// The place in the manifest…
    pub place: Range<usize>,
    /// …and its file and line.
    pub line: String,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { short, long, have, need, growth, .. } = self;
        write!(f, "`{short}` can wait until {have} after its capture, but ")?;
        match long {
            Some(long) => write!(f, "`{long}` takes {need}")?,
            None => write!(f, "`latency` asks for {need}")?,
        }
        write!(f, "; {} ({})", growth.what, growth.line)
    }
}

/// What is missing on the way to a renderer for the graph's latency, if anything is.
pub(super) fn on_the_way(
    plan: &Plan,
    to: &RendererPath,
    slowest: Option<&RendererPath>,
    need: Span,
) -> Option<Shortage> {
    let have = to.path.most.filter(|most| *most < need)?;
    let way = way(plan, to.path.short, to.renderer)?;
    let growth = growth(plan, to.path.short, &way, need - have);
    Some(Shortage {
        pin: to.path.short,
        short: names(plan, &way),
        long: slowest.map(|slowest| branch(plan, slowest)),
        have,
        need,
        growth,
    })
}

/// The path of a renderer from its slowest source on: `microphone -> gain -> speakers`.
pub(super) fn branch(plan: &Plan, to: &RendererPath) -> String {
    way(plan, to.path.long, to.renderer).map(|way| names(plan, &way)).unwrap_or_default()
}

/// The connections from a source pin to a renderer.
fn way(plan: &Plan, from: PinNumber, renderer: usize) -> Option<Vec<usize>> {
    let first = plan.connections.iter().position(|connection| connection.from == from)?;
    let filter = plan.connections[first].to.filter;
    if filter == renderer {
        return Some(vec![first]);
    }
    let outputs = (0..plan.filters[filter].outputs.len()).map(|pin| PinNumber { filter, pin });
    let rest = outputs.into_iter().find_map(|pin| way(plan, pin, renderer))?;
    Some([vec![first], rest].concat())
}

fn names(plan: &Plan, way: &[usize]) -> String {
    let first = way.first().map(|index| plan.connections[*index].from.filter);
    let rest = way.iter().map(|index| plan.connections[*index].to.filter);
    let names = first.into_iter().chain(rest).map(|index| plan.filters[index].name.as_str());
    names.collect::<Vec<_>>().join(" -> ")
}

/// A queue that the manifest asked for, else the source's own buffer, else a queue to be added.
fn growth(plan: &Plan, source: PinNumber, way: &[usize], by: Span) -> Growth {
    let queues = way.iter().filter_map(|index| plan.connections[*index].queue.as_ref());
    let mut asked = queues.filter_map(|queue| Some((queue.asked?, queue.capacity)));
    if let Some((entry, capacity)) = asked.next_back() {
        return grow(plan, entry, "capacity", capacity, by);
    }
    let filter = &plan.filters[source.filter];
    let push = filter.descriptor.push_source.as_ref();
    if let Some(Declared::Setting(setting)) = push.and_then(|push| push.max_offset.as_ref())
        && let Ok(held) = filter.settings.time(setting)
    {
        return grow(plan, filter.position, setting, held, by);
    }
    let from = &plan.manifest.filters[filter.position].name;
    let what = format!("put a `queue` with `capacity = \"{by}\"` behind `{}`", from.value);
    Growth { what, place: from.span.clone(), line: plan.manifest.line(&from.span) }
}

/// A setting of the filter that is entry number `entry` of the manifest, now `from`, and more by `by`.
fn grow(plan: &Plan, entry: usize, setting: &str, from: Span, by: Span) -> Growth {
    let entry = &plan.manifest.filters[entry];
    let given = entry.settings.iter().rfind(|given| given.name == setting);
    let place = given.map_or(&entry.name.span, |given| &given.name_span).clone();
    let what = format!(
        "`{}.{setting}` would have to be {} instead of {from}",
        entry.name.value,
        from + by
    );
    Growth { what, line: plan.manifest.line(&place), place }
}
