//! What happens to each filter of a simulation, as numbers: the host answers its filters from here.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};

use driftless_plugin_api::{Deviation, Fate, HostTime, Span};

use super::episodes::Episodes;
use super::random::{Random, scaled};
use super::rate::RateCurve;
use super::scenario::{JitterShape, Scenario, What};
use crate::plan::Plan;

/// What happens to a graph in virtual time. `[any]`
#[derive(Debug)]
pub struct Conditions {
    filters: Vec<Mutex<Filter>>,
    machine: Mutex<Vec<Episodes>>,
    /// Host time at which the graph runs; times of the scenario count from there.
    start: AtomicI64,
}

/// What happens to one filter.
#[derive(Debug, Default)]
struct Filter {
    rates: Vec<RateCurve>,
    steps: Vec<(Span, Episodes)>,
    events: Vec<(What, Episodes, Random)>,
    /// The same stalls for everybody; each asks in the order of its own times.
    machine: Vec<Episodes>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Numbers that a panic left behind are still numbers.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Conditions {
    /// What `scenario` does to the filters of `plan`, with everything random from `seed`.
    pub fn new(scenario: &Scenario, plan: &Plan, seed: u64) -> Self {
        let machine: Vec<Episodes> = scenario
            .machine_stalls
            .iter()
            .enumerate()
            .map(|(number, when)| Episodes::new(when, Random::new(!seed, number as u64)))
            .collect();
        let mut filters: Vec<Filter> = plan
            .filters
            .iter()
            .map(|_| Filter { machine: machine.clone(), ..Filter::default() })
            .collect();
        for (number, planned) in scenario.disturbances.iter().enumerate() {
            let Some(index) = plan.filter(&planned.filter.value) else { continue };
            filters[index].add(&planned.what, seed, 2 * number as u64);
        }
        Self {
            filters: filters.into_iter().map(Mutex::new).collect(),
            machine: Mutex::new(machine),
            start: AtomicI64::new(i64::MAX),
        }
    }

    /// The graph runs from `at` on; nothing happens to anybody before.
    pub fn begin(&self, at: HostTime) {
        self.start.store(at.nanos(), Ordering::Relaxed);
    }

    /// Time since the graph runs.
    fn since(&self, at: HostTime) -> Option<Span> {
        let start = self.start.load(Ordering::Relaxed);
        (at.nanos() >= start).then(|| Span::from_nanos(at.nanos() - start))
    }

    /// See [`Host::deviation`](driftless_plugin_api::Host::deviation).
    pub fn deviation(&self, filter: usize, at: HostTime) -> Deviation {
        let (Some(t), Some(filter)) = (self.since(at), self.filters.get(filter)) else {
            return Deviation::default();
        };
        lock(filter).deviation(t)
    }

    /// See [`Host::fate`](driftless_plugin_api::Host::fate).
    pub fn fate(&self, filter: usize, nominal: HostTime) -> Fate {
        let (Some(t), Some(filter)) = (self.since(nominal), self.filters.get(filter)) else {
            return Fate::default();
        };
        lock(filter).fate(t)
    }

    /// When a segment that wants to be woken at `wanted` is woken.
    pub fn woken(&self, wanted: HostTime) -> HostTime {
        let Some(t) = self.since(wanted) else { return wanted };
        wanted + late(&mut lock(&self.machine), t)
    }
}

/// How late what is due at `t` is because of a stall.
fn late(stalls: &mut [Episodes], t: Span) -> Span {
    let ends = stalls.iter_mut().filter_map(|stall| stall.current(t));
    ends.map(|stall| stall.end - t).max().unwrap_or(Span::ZERO)
}

impl Filter {
    fn add(&mut self, what: &What, seed: u64, number: u64) {
        let episodes = || Episodes::new(what.when(), Random::new(seed, number + 1));
        match what {
            What::Rate(change) => self.rates.push(RateCurve::new(change, seed, number)),
            What::ClockStep { by, .. } => self.steps.push((*by, episodes())),
            _ => self.events.push((what.clone(), episodes(), Random::new(!seed, !number))),
        }
    }

    fn deviation(&mut self, t: Span) -> Deviation {
        let (mut gained, mut rate) = (0.0, 0.0);
        for curve in &mut self.rates {
            let (ns, now) = curve.at(t);
            gained += ns;
            rate += now;
        }
        let mut stepped = Span::ZERO;
        for (by, episodes) in &mut self.steps {
            stepped += scaled(*by, episodes.begun(t).count() as f64);
        }
        Deviation { gained: Span::from_nanos(gained.round() as i64), stepped, rate }
    }

    fn fate(&mut self, t: Span) -> Fate {
        let mut fate = Fate { late: late(&mut self.machine, t), ..Fate::default() };
        for (what, episodes, random) in &mut self.events {
            if let Some(episode) = episodes.current(t) {
                happen(what, t, episode.end, random, &mut fate);
            }
        }
        fate
    }
}

/// Lets `what` happen at `t` in an episode that lasts until `end`.
fn happen(what: &What, t: Span, end: Span, random: &mut Random, fate: &mut Fate) {
    match what {
        What::Rate(_) | What::ClockStep { .. } => {}
        What::Jitter { shape, by, .. } => fate.late += jitter(*shape, *by, t, random),
        What::Loss { share, .. } => {
            if random.unit() < *share {
                fate.times = 0;
            }
        }
        What::Duplicate { share, by, .. } => {
            if random.unit() < *share && fate.times == 1 {
                (fate.times, fate.again) = (2, *by);
            }
        }
        What::Reorder { share, by, .. } => {
            if random.unit() < *share {
                fate.late += *by;
            }
        }
        What::Stall(_) => fate.late = fate.late.max(end - t),
        What::Absence(_) => fate.times = 0,
        What::Latency { by, .. } => fate.delay += *by,
    }
}

fn jitter(shape: JitterShape, by: Span, t: Span, random: &mut Random) -> Span {
    match shape {
        JitterShape::Uniform => random.below(by),
        JitterShape::Gaussian => scaled(by, random.gaussian().abs()),
        JitterShape::Exponential => random.exponential(by),
        JitterShape::Bursts => {
            let into = t.nanos().rem_euclid(by.nanos());
            Span::from_nanos((by.nanos() - into) % by.nanos())
        }
    }
}
