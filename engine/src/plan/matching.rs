//! Streams, and against what each one's renderer matches its rate (LS-75 to LS-80).

use driftless_plugin_api::capability::pins::PinCategory;
use driftless_plugin_api::capability::push_source::{PushSourceFlags, Stamps};
use driftless_plugin_api::descriptor::{Declared, FilterKind};
use driftless_plugin_api::matching::{Against, Decision, Inputs, decide};
use driftless_plugin_api::media::MediaPattern;
use driftless_plugin_api::time::Span;
use driftless_plugin_api::{SlaveMethod, Value};

use super::search::{Place, Wanted, find_upstream};
use super::{Clock, ClockSource, Facts, PinNumber, Plan, PlannedFilter, PushFacts, Timing};

/// What goes from one source pin to one renderer.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// The source's output pin.
    pub source: PinNumber,
    /// Index of the renderer.
    pub renderer: usize,
    /// From capture to delivery by the source; zero for a source that is not live, `None` when a
    /// live one does not say.
    pub latency: Option<Span>,
    /// What the source adds to its stamps; likewise.
    pub offset: Option<Span>,
    /// What the renderer follows.
    pub matching: Match,
}

/// What a renderer follows, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// What the decision was made from, and what it was; `None` for a renderer that never matches
    /// rates: only the audio renderer does (LS-75).
    pub decision: Option<(Inputs, Decision)>,
    /// How it is followed, where anything is and the renderer says so (LS-M9).
    pub method: Option<SlaveMethod>,
    /// Why, as a sentence without its end.
    pub why: String,
}

impl Match {
    /// What is followed.
    pub fn against(&self) -> Against {
        self.decision.map_or(Against::Nothing, |(_, decision)| decision.against)
    }

    /// The row of LS-77, if the table was asked.
    pub fn row(&self) -> Option<u8> {
        self.decision.map(|(_, decision)| decision.row)
    }
}

/// All streams, in the order of sources and then of renderers. `[any]`
pub fn streams(plan: &Plan, facts: &Facts, clock: &Clock, timing: &Timing) -> Vec<Stream> {
    let matches: Vec<Option<Match>> =
        (0..plan.filters.len()).map(|index| renderer_match(plan, facts, clock, index)).collect();
    let mut streams = Vec::new();
    for (filter, planned) in plan.filters.iter().enumerate() {
        let source = planned.inputs.is_empty();
        for pin in (0..planned.outputs.len()).filter(|_| source) {
            let source = PinNumber { filter, pin };
            let timed = timing.offset(source);
            for renderer in renderers_below(plan, source) {
                let Some(matching) = matches[renderer].clone() else { continue };
                streams.push(Stream {
                    source,
                    renderer,
                    latency: timed.map_or(Some(Span::ZERO), |timed| timed.latency),
                    offset: timed.map_or(Some(Span::ZERO), |timed| timed.offset),
                    matching,
                });
            }
        }
    }
    streams
}

/// Every renderer that samples of `source` reach, each once, in the order of the plan.
fn renderers_below(plan: &Plan, source: PinNumber) -> Vec<usize> {
    let mut reached = vec![false; plan.filters.len()];
    for (_, connection) in plan.leaving(source.filter).filter(|(_, it)| it.from == source) {
        reached[connection.to.filter] = true;
    }
    for index in 0..plan.filters.len() {
        for (_, connection) in plan.leaving(index) {
            reached[connection.to.filter] |= reached[index];
        }
    }
    let renderer = |&index: &usize| reached[index] && plan.filters[index].is(FilterKind::Renderer);
    (0..plan.filters.len()).filter(renderer).collect()
}

fn renderer_match(plan: &Plan, facts: &Facts, clock: &Clock, renderer: usize) -> Option<Match> {
    let filter = &plan.filters[renderer];
    if !filter.is(FilterKind::Renderer) {
        return None;
    }
    let (_, input) = plan.arriving(renderer).next()?;
    let audio = input.media.intersect(MediaPattern::AUDIO).is_some();
    if !audio || !filter.descriptor.capabilities.clock_slave {
        let why = match (filter.descriptor.blocking, clock.source) {
            (true, _) => "takes samples as fast as they come",
            (_, ClockSource::None) => "renders on arrival",
            _ => "renders by time stamp",
        };
        return Some(Match { decision: None, method: None, why: why.to_owned() });
    }
    let upstream = upstream(plan, facts, input.from);
    let one_crystal = upstream
        .push
        .is_some_and(|(pin, _)| facts.filters[pin.filter].shares_crystal(&facts.filters[renderer]));
    let own = upstream.push.map_or(PushSourceFlags::NONE, |(_, push)| push.flags);
    let inputs = Inputs {
        clock: clock.source != ClockSource::None,
        live: upstream.live,
        // Nobody has to match what cannot drift (LS-M10).
        flags: if one_crystal { own.union(PushSourceFlags::INTERNAL_RATE_MATCHING) } else { own },
        stamped: upstream.stamped,
        own_clock: clock.source == ClockSource::Filter(renderer),
    };
    let decision = decide(inputs);
    let follows = decision.against != Against::Nothing || decision.clock_slaving;
    let declared = filter.descriptor.slave_method.as_ref().filter(|_| follows);
    let method = declared.and_then(|method| method.resolve(&filter.settings).ok());
    let source = upstream.push.map(|(pin, _)| plan.output_name(pin));
    let source = source.as_deref().unwrap_or("the source");
    let why = match (decision.row, one_crystal) {
        (3, true) => format!("`{source}` and `{}` run on one crystal", filter.name),
        _ => reason(plan, clock, renderer, decision, source),
    };
    let how = method.map(|method| how(filter, method)).unwrap_or_default();
    Some(Match { decision: Some((inputs, decision)), method, why: why + &how })
}

/// What the renderer does to follow, and which setting says so where that is not its default.
fn how(renderer: &PlannedFilter, method: SlaveMethod) -> String {
    let does = match method {
        SlaveMethod::Resample => "resamples",
        SlaveMethod::Skew => "moves what is played",
        SlaveMethod::None => "corrects nothing",
    };
    let name = &renderer.name;
    let setting = match &renderer.descriptor.slave_method {
        Some(Declared::Setting(setting)) => renderer.descriptor.setting(setting),
        _ => None,
    };
    let default = Some(Value::Text(method.name().to_owned()));
    match setting.filter(|setting| setting.default != default) {
        Some(setting) => format!("; `{name}` {does}, as `{name}.{}` says", setting.name),
        None => format!("; `{name}` {does}"),
    }
}

/// What a renderer finds above it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Upstream {
    /// The first push-source pin that the search of LS-36 meets.
    pub push: Option<(PinNumber, PushFacts)>,
    /// Whether any filter above is live, before looking at flags: a mixer answers for its
    /// sources (LS-40), but that they are live is their own doing.
    pub live: bool,
    /// Whether samples arrive stamped: they are at the source, and no preview pin strips them.
    pub stamped: bool,
}

/// What is above output pin `from` (LS-40). `[any]`
pub fn upstream(plan: &Plan, facts: &Facts, from: PinNumber) -> Upstream {
    let from = Place::Output(from);
    let output = |place: &Place| match *place {
        Place::Output(pin) => Some((pin, facts.filters[pin.filter].outputs.get(pin.pin).copied()?)),
        _ => None,
    };
    let unstripped = |way: &[Place]| {
        !way.iter().filter_map(output).any(|(_, it)| it.category == PinCategory::Preview)
    };
    let push = find_upstream(plan, from, Wanted::OUTPUT, |way| {
        let (pin, output) = output(way.last()?)?;
        let push = output.push?;
        Some(((pin, push), unstripped(way) && push.stamps != Stamps::None))
    });
    let live = find_upstream(plan, from, Wanted::FILTER, |way| match way.last() {
        Some(Place::Filter(filter)) if facts.filters[*filter].is_live_but_for_flags() => Some(()),
        _ => None,
    });
    let source = find_upstream(plan, from, Wanted::FILTER, |way| match way.last() {
        Some(Place::Filter(it)) if plan.filters[*it].inputs.is_empty() => Some(unstripped(way)),
        _ => None,
    });
    Upstream {
        push: push.ok().map(|(push, _)| push),
        live: live.is_ok(),
        stamped: push.map_or(source.unwrap_or(true), |(_, stamped)| stamped),
    }
}

fn reason(plan: &Plan, clock: &Clock, renderer: usize, decision: Decision, source: &str) -> String {
    let renderer = &plan.filters[renderer].name;
    let mut why = match decision.row {
        1 => "there is no clock: samples are played on arrival".to_owned(),
        2 => "nothing live is upstream".to_owned(),
        3 => format!("`{source}` matches rates itself"),
        4 => format!("`{source}` says it is not live"),
        5 => format!("`{source}` stamps with a clock of its own"),
        6 => format!("`{source}` has a clock of its own, but no stamps arrive"),
        7 => format!("`{source}` is live and stamps with the graph's clock"),
        9 => format!("`{renderer}` is the clock: matching the stamps would be matching itself"),
        _ => format!("`{source}` is live, and no stamps arrive"),
    };
    if decision.clock_slaving {
        why.push_str(&format!("; follows the {} clock within its tolerance", clock.name(plan)));
    }
    why
}
