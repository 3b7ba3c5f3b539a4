//! Looks at a running simulation from time to time, and judges what is expected of it.

use std::collections::VecDeque;

use driftless_plugin_api::{Span, Statistics};

use super::expect::metric::Nature;
use super::expect::{Expectation, Metric, Subject, ends};
use super::outcome::Broken;
use super::scenario::Scenario;
use crate::diagnostic::Diagnostics;
use crate::graph::Simulation;
use crate::plan::Plan;

/// Values kept around the moment at which an expectation was broken, on each side.
const AROUND: usize = 4;

/// All expectations, each for every stream or filter that it speaks of.
#[derive(Debug, Default)]
pub(super) struct Watches(Vec<Watch>);

/// One expectation of one stream or filter.
#[derive(Debug)]
struct Watch {
    expectation: Expectation,
    place: String,
    whose: String,
    /// Index of the renderer, or of the filter; none for events.
    filter: Option<usize>,
    window: Option<Window>,
    recent: VecDeque<(Span, f64)>,
    value: Option<f64>,
    broken: Option<Broken>,
}

/// What is known of the time in which the expectation counts.
#[derive(Debug, Default)]
struct Window {
    /// As it began.
    before: Statistics,
    before_count: f64,
    error_max: i64,
    /// Rates while locked: how many, their mean, and their squared distances from it.
    rates: (u64, f64, f64),
}

impl Watches {
    pub fn new(scenario: &Scenario, plan: &Plan) -> Self {
        let mut watches = Vec::new();
        for placed in &scenario.expectations {
            let diagnostics = &mut Diagnostics::new(scenario.texts.clone());
            let here = diagnostics.error(placed.span.clone(), "");
            let place = format!("{}:{}:{}", here.file, here.line, here.column);
            for (whose, filter) in subjects(&placed.value.subject, plan) {
                watches.push(Watch {
                    expectation: placed.value.clone(),
                    place: place.clone(),
                    whose,
                    filter,
                    window: None,
                    recent: VecDeque::new(),
                    value: None,
                    broken: None,
                });
            }
        }
        Self(watches)
    }

    /// Whether an error between two looks could be missed.
    pub fn need_every_period(&self) -> bool {
        let every = |metric: &Metric| matches!(metric, Metric::ErrorMax | Metric::ErrorNow);
        self.0.iter().any(
            |it| matches!(&it.expectation.subject, Subject::Streams(_, metric) if every(metric)),
        )
    }

    /// Looks at everything, `at` after the graph began to run.
    pub fn look(&mut self, simulation: &mut Simulation, at: Span) {
        for watch in &mut self.0 {
            watch.look(simulation, at);
        }
    }

    /// What was broken, in the order of the scenario, and how many expectations there were.
    pub fn finish(self, at: Span) -> (Vec<Broken>, usize) {
        let count = self.0.len();
        (self.0.into_iter().filter_map(|watch| watch.finish(at)).collect(), count)
    }
}

fn subjects(subject: &Subject, plan: &Plan) -> Vec<(String, Option<usize>)> {
    match subject {
        Subject::Events(code) => vec![(format!("event {}", code.name()), None)],
        Subject::Filters(wanted, _) => {
            let filters = plan.filters.iter().enumerate();
            let wanted = filters.filter(|(_, it)| wanted == "*" || *wanted == it.name);
            wanted.map(|(index, it)| (it.name.clone(), Some(index))).collect()
        }
        Subject::Streams(wanted, _) => {
            let streams = plan.settled.streams.iter();
            let wanted = streams.filter(|it| wanted == "*" || ends(plan, it).contains(wanted));
            wanted.map(|it| (ends(plan, it)[1].clone(), Some(it.renderer))).collect()
        }
    }
}

impl Watch {
    fn look(&mut self, simulation: &mut Simulation, at: Span) {
        let Expectation { after, until, .. } = self.expectation;
        if at < after || until.is_some_and(|until| at > until) {
            return;
        }
        let Some(value) = self.measure(simulation) else { return };
        self.value = Some(value);
        self.judge(at, value);
        if let Some(broken) = self.broken.as_mut().filter(|it| it.around.len() <= 2 * AROUND) {
            if broken.at != at {
                broken.around.push((at, value));
            }
        } else if self.broken.is_none() {
            self.recent.push_back((at, value));
            if self.recent.len() > AROUND {
                self.recent.pop_front();
            }
        }
    }

    fn nature(&self) -> Nature {
        match &self.expectation.subject {
            Subject::Streams(_, metric) | Subject::Filters(_, metric) => metric.nature(),
            Subject::Events(_) => Nature::Growing,
        }
    }

    fn judge(&mut self, at: Span, value: f64) {
        let Expectation { comparison, limit, .. } = self.expectation;
        let broken = match self.nature() {
            Nature::Level => !comparison.holds(value, limit),
            Nature::Growing => comparison.is_lost_for_growing(value, limit),
            Nature::Final => false,
        };
        if broken && self.broken.is_none() {
            self.broken = Some(self.account(at, value));
        }
    }

    fn account(&self, at: Span, value: f64) -> Broken {
        let mut around: Vec<(Span, f64)> = self.recent.iter().copied().collect();
        around.push((at, value));
        Broken {
            expectation: self.expectation.clone(),
            place: self.place.clone(),
            whose: self.whose.clone(),
            at,
            value,
            around,
            last: value,
        }
    }

    fn finish(mut self, at: Span) -> Option<Broken> {
        let Expectation { comparison, limit, .. } = self.expectation;
        // Nothing measured is no number that holds.
        let value = self.value.unwrap_or(f64::NAN);
        let at = self.expectation.until.map_or(at, |until| until.min(at));
        let judged_last = self.nature() != Nature::Level || self.value.is_none();
        if self.broken.is_none() && judged_last && !comparison.holds(value, limit) {
            self.broken = Some(self.account(at, value));
        }
        self.broken.map(|broken| Broken { last: value, ..broken })
    }

    /// The number as of now, for the time in which the expectation counts.
    fn measure(&mut self, simulation: &mut Simulation) -> Option<f64> {
        match (&self.expectation.subject, self.filter) {
            (Subject::Streams(_, metric), Some(renderer)) => {
                let statistics = simulation.look(renderer, |node| node.instance.statistics())??;
                let window = self.window.get_or_insert_with(|| Window::new(statistics));
                window.stream(metric, &statistics)
            }
            (Subject::Filters(_, metric), Some(filter)) => {
                let now = simulation.look(filter, |node| count(metric, node))??;
                Some(self.counted(now))
            }
            (Subject::Events(code), _) => {
                let seen = simulation.graph().seen().iter().filter(|event| event.code == *code);
                let now = seen.count() as f64;
                Some(self.counted(now))
            }
            _ => None,
        }
    }

    /// How many more than when the expectation began to count.
    fn counted(&mut self, now: f64) -> f64 {
        let whole = self.expectation.after == Span::ZERO;
        let window = self.window.get_or_insert_with(|| Window {
            before_count: if whole { 0.0 } else { now },
            ..Window::default()
        });
        now - window.before_count
    }
}

fn count(metric: &Metric, node: &crate::loader::chain::Node) -> Option<f64> {
    let traffic = node.traffic();
    Some(match metric {
        Metric::Received => traffic.received as f64,
        Metric::Delivered => traffic.delivered as f64,
        Metric::Failed => f64::from(u8::from(traffic.failed)),
        Metric::Counter(name) => {
            let counters = node.instance.counters();
            counters.into_iter().find(|(known, _)| known == name)?.1 as f64
        }
        _ => return None,
    })
}

impl Window {
    fn new(before: Statistics) -> Self {
        Self { before, ..Self::default() }
    }

    fn stream(&mut self, metric: &Metric, now: &Statistics) -> Option<f64> {
        let before = &self.before;
        // A maximum that has grown has grown within the window; below the older one, what is seen counts.
        let grown = if now.error_max > before.error_max { now.error_max } else { 0 };
        let seen = if now.presented > before.presented { now.error_now.abs() } else { 0 };
        self.error_max = self.error_max.max(grown).max(seen);
        if now.locked != 0 {
            let (count, mean, squares) = &mut self.rates;
            *count += 1;
            let off = now.ppm - *mean;
            *mean += off / *count as f64;
            *squares += off * (now.ppm - *mean);
        }
        let more = |read: fn(&Statistics) -> u64| read(now).saturating_sub(read(before)) as f64;
        let presented = more(|it| it.presented);
        let (sum, squares) =
            (now.error_sum - before.error_sum, now.error_square_sum - before.error_square_sum);
        let measured = |value: f64| (presented > 0.0).then_some(value);
        match metric {
            Metric::ErrorNow => measured(now.error_now as f64),
            Metric::ErrorMax => measured(self.error_max as f64),
            Metric::ErrorMean => measured(sum / presented),
            Metric::ErrorRms => measured((squares / presented).max(0.0).sqrt()),
            Metric::PpmNow => measured(now.ppm),
            Metric::PpmMean => (self.rates.0 > 0).then_some(self.rates.1),
            Metric::PpmStd => {
                (self.rates.0 > 1).then(|| (self.rates.2 / (self.rates.0 - 1) as f64).sqrt())
            }
            Metric::LockedAfter => {
                Some(if now.locked_after < 0 { f64::INFINITY } else { now.locked_after as f64 })
            }
            Metric::Locked => Some(f64::from(u8::from(now.locked != 0))),
            Metric::Fill => measured(now.fill as f64),
            Metric::Presented => Some(presented),
            Metric::DroppedFrames => Some(more(|it| it.dropped_frames)),
            Metric::InsertedFrames => Some(more(|it| it.inserted_frames)),
            Metric::ConcealedFrames => Some(more(|it| it.concealed_frames)),
            Metric::Underruns => Some(more(|it| it.underruns)),
            Metric::Overruns => Some(more(|it| it.overruns)),
            Metric::Resyncs => Some(more(|it| it.resyncs)),
            _ => None,
        }
    }
}
