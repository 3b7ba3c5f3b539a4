//! The rate of a clock over time, and what it has gained by it.

use std::f64::consts::TAU;

use driftless_plugin_api::Span;

use super::episodes::{Episode, Episodes, When};
use super::random::Random;

/// How the rate error of a clock changes while it is disturbed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RateShape {
    /// It is there at once, and stays.
    Step,
    /// It grows evenly, and then stays.
    Ramp {
        /// How long it grows.
        over: Span,
    },
    /// It swings between plus and minus.
    Sine {
        /// From one swing to the next.
        period: Span,
    },
    /// It wanders by a random step a second.
    Walk {
        /// After which time it has wandered by as much as was asked for, as a standard deviation.
        over: Span,
    },
}

/// A disturbance of a clock's rate.
#[derive(Debug, Clone, PartialEq)]
pub struct RateChange {
    /// Its course.
    pub shape: RateShape,
    /// Parts per million.
    pub by_ppm: f64,
    /// When.
    pub when: When,
}

/// The longest walk that is remembered, in steps: questions do not go back further.
const STEPS: usize = 256;
/// From one step of a walk to the next.
const STEP: Span = Span::from_secs(1);

/// What a clock gains by one [`RateChange`].
#[derive(Debug, Clone)]
pub(super) struct RateCurve {
    change: RateChange,
    episodes: Episodes,
    /// What the episodes gained that are forgotten, ns.
    before_ns: f64,
    walk: Walk,
}

impl RateCurve {
    pub fn new(change: &RateChange, seed: u64, number: u64) -> Self {
        let episodes = Episodes::new(&change.when, Random::new(seed, number));
        let walk = Walk::new(Random::new(!seed, number));
        Self { change: change.clone(), episodes, before_ns: 0.0, walk }
    }

    /// What the clock has gained by `at`, ns, and gains a nanosecond then.
    pub fn at(&mut self, at: Span) -> (f64, f64) {
        let Self { change, episodes, before_ns, walk } = self;
        episodes.make(at);
        for past in episodes.take_forgotten() {
            *before_ns += integral(change, past, past.end, walk).0;
        }
        let (mut gained, mut rate) = (*before_ns, 0.0);
        for episode in episodes.begun(at) {
            let (ns, now) = integral(change, episode, at.min(episode.end), walk);
            gained += ns;
            rate += if at < episode.end { now } else { 0.0 };
        }
        (gained, rate)
    }
}

/// What an episode has gained by `until`, ns, and the rate then.
fn integral(change: &RateChange, episode: Episode, until: Span, walk: &mut Walk) -> (f64, f64) {
    let (by, t) = (change.by_ppm * 1e-6, (until - episode.start).nanos() as f64);
    match change.shape {
        RateShape::Step => (by * t, by),
        RateShape::Ramp { over } => {
            let over = over.nanos() as f64;
            match t < over {
                true => (by * t * t / (2.0 * over), by * t / over),
                false => (by * (t - over / 2.0), by),
            }
        }
        RateShape::Sine { period } => {
            let turns = t / period.nanos() as f64;
            let angle = (turns - turns.floor()) * TAU;
            let gained = by * period.nanos() as f64 / TAU * (1.0 - libm::cos(angle));
            (gained, by * libm::sin(angle))
        }
        RateShape::Walk { over } => {
            let deviation = by / (over.secs_f64() / STEP.secs_f64()).sqrt();
            walk.at(episode, until, deviation, 4.0 * by.abs())
        }
    }
}

/// A random walk: the rate stays the same from one step to the next.
#[derive(Debug, Clone)]
struct Walk {
    random: Random,
    /// When the walk of which the steps are known began.
    start: Option<Span>,
    /// Of the newest steps: what was gained when it began, ns, and the rate from then on.
    steps: std::collections::VecDeque<(f64, f64)>,
    first: i64,
}

impl Walk {
    fn new(random: Random) -> Self {
        Self { random, start: None, steps: std::collections::VecDeque::new(), first: 0 }
    }

    fn at(&mut self, episode: Episode, at: Span, deviation: f64, most: f64) -> (f64, f64) {
        if self.start != Some(episode.start) {
            self.start = Some(episode.start);
            self.steps = [(0.0, 0.0)].into();
            self.first = 0;
        }
        let t = at - episode.start;
        let wanted = t.nanos().div_euclid(STEP.nanos());
        while self.first + (self.steps.len() as i64) <= wanted {
            let (gained, rate) = self.steps.back().copied().unwrap_or_default();
            let next = rate + deviation * self.random.gaussian();
            // A wall in the way is walked back from.
            let next = if next.abs() > most { next.signum() * 2.0 * most - next } else { next };
            self.steps.push_back((gained + rate * STEP.nanos() as f64, next));
            if self.steps.len() > STEPS {
                self.steps.pop_front();
                self.first += 1;
            }
        }
        let index = (wanted - self.first).clamp(0, self.steps.len() as i64 - 1);
        let (gained, rate) = self.steps[index as usize];
        let since = t.nanos() - (self.first + index) * STEP.nanos();
        (gained + rate * since as f64, rate)
    }
}

#[cfg(test)]
mod tests {
    use super::super::episodes::Starts;
    use super::*;

    fn curve(shape: RateShape, length: Option<Span>) -> RateCurve {
        let when = When { starts: Starts::At(vec![Span::from_secs(10)]), length };
        RateCurve::new(&RateChange { shape, by_ppm: 100.0, when }, 1, 1)
    }

    #[test]
    fn what_a_clock_gains_is_the_integral_of_its_rate_whatever_the_shape() {
        let minute = Span::from_secs(60);
        for shape in [
            RateShape::Step,
            RateShape::Ramp { over: minute },
            RateShape::Sine { period: minute },
            RateShape::Walk { over: minute },
        ] {
            for length in [None, Some(Span::from_secs(100))] {
                let mut curve = curve(shape, length);
                let mut sum = 0.0;
                for ms in 0..300_000 {
                    let (gained, rate) = curve.at(Span::from_millis(ms));
                    assert!((gained - sum).abs() < 2e2, "{shape:?} {length:?} at {ms} ms");
                    sum = gained + rate * 1e6;
                }
                assert!(matches!(shape, RateShape::Walk { .. }) || sum.abs() > 0.0);
            }
        }
    }

    #[test]
    fn a_step_of_100_ppm_gains_8_64_seconds_a_day() {
        let (gained, rate) = curve(RateShape::Step, None).at(Span::from_secs(86_410));
        assert!((gained - 8.64e9).abs() < 1.0 && (rate - 1e-4).abs() < 1e-12, "{gained} {rate}");
    }
}
