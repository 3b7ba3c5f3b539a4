//! Latency along every path (LS-M1): the least that it is, and the most that it can be made.

use driftless_plugin_api::capability::pins::PinCategory;
use driftless_plugin_api::capability::push_source::Stamps;
use driftless_plugin_api::time::Span;

use super::stream_offset;
use crate::manifest::TimingMode;
use crate::plan::{Facts, PinNumber, Plan, Queue};

/// What lies between the capture of a stream and one place of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// A live source feeds it.
    pub live: bool,
    /// Its samples are stamped, so that they can be presented in step.
    pub stamped: bool,
    /// Worst case from capture until it is here.
    pub least: Span,
    /// How long after its capture it can still be kept until; `None` without bound.
    pub most: Option<Span>,
    /// The source pin that is the slowest: `least` is its.
    pub long: PinNumber,
    /// The source pin that can be held back least: `most` is its.
    pub short: PinNumber,
}

/// The path of one renderer: the answer to a latency query there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RendererPath {
    /// Index of the renderer.
    pub renderer: usize,
    /// Until its samples are heard or seen.
    pub path: Path,
}

impl RendererPath {
    /// Whether it has a part in the graph's latency: what is not live or not stamped waits for
    /// nobody (LS-M6).
    pub fn takes_part(&self) -> bool {
        self.path.live && self.path.stamped
    }
}

impl Path {
    /// Several streams meet: all have arrived when the slowest has, and the one that can be held back
    /// least limits all. What is not live waits for what is.
    fn merge(self, other: Self) -> Self {
        if self.live != other.live {
            return if self.live { self } else { other };
        }
        let long = if other.least > self.least { other } else { self };
        let limits = |path: &Self| path.most.unwrap_or(Span::MAX);
        let short = if limits(&other) < limits(&self) { other } else { self };
        Self {
            stamped: self.stamped && other.stamped,
            least: long.least,
            long: long.long,
            most: short.most,
            short: short.short,
            ..self
        }
    }

    /// Behind a filter that takes `latency` and can hold back `holds` on top.
    fn through(self, latency: Span, holds: Span) -> Self {
        let most = self.most.map(|most| most + latency + holds);
        Self { least: self.least + latency, most, ..self }
    }

    /// Behind a queue: what waits adds what it holds, what leaks keeps nothing that is older.
    fn queued(self, queue: &Queue) -> Self {
        let held = self.least + queue.capacity;
        let most = match (queue.leaky, queue.asked) {
            (true, _) => Some(self.most.map_or(held, |most| most.min(held))),
            (false, Some(_)) => self.most.map(|most| most + queue.capacity),
            (false, None) => None, // the plan makes it as large as it has to be
        };
        Self { most, ..self }
    }
}

/// How long the sources are taken to need.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sources {
    /// Nothing: what remains are the delays behind them.
    Zero,
    /// What they say, but no more than this; what no offset can be given to needs as much.
    UpTo(Span),
}

/// The paths of all renderers that present: a filter that may block, as a file writer, does not
/// (LS-91, LS-M6).
pub(super) fn to_renderers(plan: &Plan, facts: &Facts, sources: Sources) -> Vec<RendererPath> {
    let mut walk = Walk { plan, facts, sources, inside: vec![None; plan.filters.len()] };
    let mut paths = Vec::new();
    // Filters stand behind those that feed them, so one walk is enough.
    for (index, filter) in plan.filters.iter().enumerate() {
        walk.inside[index] = walk.enter(index);
        let presents = filter.outputs.is_empty() && !filter.descriptor.blocking;
        let path = walk.inside[index].filter(|_| presents);
        paths.extend(path.map(|path| RendererPath { renderer: index, path }));
    }
    paths
}

struct Walk<'a> {
    plan: &'a Plan,
    facts: &'a Facts,
    sources: Sources,
    /// The path up to the far side of each filter that has inputs.
    inside: Vec<Option<Path>>,
}

impl Walk<'_> {
    /// All that arrives at a filter, and the filter.
    fn enter(&self, index: usize) -> Option<Path> {
        let arriving = self.plan.arriving(index).filter_map(|(_, connection)| {
            let path = self.leaving(connection.from)?;
            Some(connection.queue.as_ref().map_or(path, |queue| path.queued(queue)))
        });
        let path = arriving.reduce(Path::merge)?;
        let facts = &self.facts.filters[index];
        // What sets its own pace is live behind it, whatever feeds it (LS-2).
        let path = Path { live: path.live || facts.is_live(), ..path };
        Some(match self.plan.wishes.timing {
            TimingMode::Native => {
                path.through(facts.latency.max(Span::ZERO), facts.holds.unwrap_or(Span::ZERO))
            }
            TimingMode::Classic => path, // LS-18
        })
    }

    fn leaving(&self, pin: PinNumber) -> Option<Path> {
        let path = match self.plan.filters[pin.filter].inputs.is_empty() {
            true => self.source(pin),
            false => self.inside[pin.filter]?,
        };
        let output = self.facts.filters[pin.filter].outputs.get(pin.pin)?;
        let stamped = path.stamped && output.category != PinCategory::Preview;
        Some(Path { stamped, ..path })
    }

    fn source(&self, pin: PinNumber) -> Path {
        let facts = &self.facts.filters[pin.filter];
        let push = facts.outputs.get(pin.pin).and_then(|output| output.push);
        let push = push.filter(|push| push.is_live());
        let latency = push.and_then(|push| push.known_latency());
        let least = match self.sources {
            Sources::UpTo(most) if facts.is_live() => latency.map_or(most, |it| it.min(most)),
            _ => Span::ZERO,
        };
        let most = push.and_then(|push| {
            // The largest target for which the offset is not above what the pin can hold back.
            let latency = latency?;
            let missing = stream_offset(latency, push.stamps, latency);
            Some(push.max_offset? + latency - missing)
        });
        let stamped = push.is_none_or(|push| push.stamps != Stamps::None);
        Path { live: facts.is_live(), stamped, least, most, long: pin, short: pin }
    }
}
