//! The ordering rules of section 8.4 and of streams, checked on a journal.

mod streams;

use std::collections::{BTreeMap, BTreeSet};

use driftless_plugin_api::State;

use super::{Entry, Label, What};

/// Who feeds whom, by names; it may change within a run.
pub type Feeds = Vec<(String, String)>;

/// A journal that is being read.
#[derive(Default)]
pub struct Rules {
    feeds: Feeds,
    filters: BTreeMap<String, Filter>,
    /// Host time since which the graph runs.
    running_since: Option<i64>,
    /// The base time that all were told in this run (LS-67).
    base: Option<i64>,
    /// The graph's latency, ns, and since when that, and the graph, is so.
    latency: (i64, i64),
    /// Who is late renders on arrival, and is no fault of the plan's.
    pub classic: bool,
    /// By source and its life: the newest sample that it flushed.
    flushed: BTreeMap<(u64, u64), u64>,
    /// Sources and filters between which there was more than one way.
    forked: BTreeSet<(u64, String)>,
    /// Who was to climb just now, and from where; it may fail.
    climbing: Option<(String, State)>,
}

struct Filter {
    life: u64,
    past: BTreeSet<u64>,
    state: State,
    failed: bool,
    completed: bool,
    pins: BTreeMap<u32, Pin>,
    /// When each sample arrived last, by source and number.
    arrived: BTreeMap<(u64, u64), i64>,
}

#[derive(Default)]
struct Pin {
    announced: bool,
    ended: bool,
    flushing: bool,
    /// A sample came, and what comes next follows it.
    follows: bool,
    /// By source and its life.
    newest: BTreeMap<(u64, u64), u64>,
    /// What was flushed when this pin was, likewise.
    flushed: BTreeMap<(u64, u64), u64>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            life: 0,
            past: BTreeSet::new(),
            state: State::Stopped,
            failed: false,
            completed: false,
            pins: BTreeMap::new(),
            arrived: BTreeMap::new(),
        }
    }
}

impl Rules {
    /// The graph is this one from host time `at` on. What is on its way then went another one's.
    pub fn set_feeds(&mut self, feeds: Feeds, at: i64) {
        self.feeds = feeds;
        self.latency.1 = at;
    }

    /// The graph's latency is `nanos` now, at host time `at`.
    pub fn set_latency(&mut self, nanos: i64, at: i64) {
        if self.latency.0 != nanos {
            self.latency = (nanos, at);
        }
    }

    /// What comes to this pin is a new stream.
    pub fn begin_anew(&mut self, filter: &str, pin: u32) {
        if let Some(filter) = self.filters.get_mut(filter) {
            filter.pins.remove(&pin);
        }
    }

    /// Reads one entry.
    pub fn read(&mut self, entry: &Entry) -> Result<(), String> {
        let name = entry.filter.as_str();
        if self.is_past(name, entry.life) {
            return Ok(()); // it was replaced, and is on its way out
        }
        let climbing = self.climbing.take().filter(|(who, _)| who == name);
        match &entry.what {
            What::Order(order) => self.order(order),
            What::Activate => self.climb(name, State::Stopped, State::Paused),
            What::Run(base) => {
                self.running_since = self.running_since.or(Some(entry.at));
                let one = *self.base.get_or_insert(*base);
                check(one == *base, "another base time than the others' (LS-67)")?;
                self.climb(name, State::Paused, State::Running)
            }
            What::Pause => self.descend(name, State::Running, State::Paused),
            What::Deactivate => self.descend(name, State::Paused, State::Stopped),
            What::Fails => {
                let filter = self.filter(name);
                filter.failed = true;
                filter.state = climbing.map_or(filter.state, |(_, from)| from);
                Ok(())
            }
            What::Makes(_) => self.makes(name),
            What::Receives(pin, label, discontinuity) => {
                self.filter(name).arrived.insert((label.source, label.number), entry.at);
                self.receives(name, *pin, *label, *discontinuity)
            }
            What::Presents(label) => self.presents(name, *label, entry.at),
            What::Flushes(source, newest) => {
                self.flushed.insert((*source, entry.life), *newest);
                Ok(())
            }
            What::BeginFlush(pin) => {
                let pin = self.pin(name, *pin)?;
                (pin.flushing, pin.ended) = (true, false);
                self.filter(name).completed = false;
                Ok(())
            }
            What::EndFlush(pin) => {
                let flushed = self.flushed.clone();
                let pin = self.pin(name, *pin)?;
                check(pin.flushing, "EndFlush without BeginFlush (LS-115)")?;
                (pin.flushing, pin.follows, pin.flushed) = (false, false, flushed);
                Ok(())
            }
            What::EndOfStream(pin) => {
                let pin = self.pin(name, *pin)?;
                check(!pin.ended, "a second end of stream (LS-113)")?;
                pin.ended = true;
                Ok(())
            }
            What::NewSegment(pin, is_live) => {
                self.pin(name, *pin)?.announced = true;
                check(*is_live, "another segment than 0 to the end at rate 1 (LS-116)")
            }
            What::Complete => {
                let filter = self.filter(name);
                check(filter.state == State::Running, "complete while not running (LS-113)")?;
                check(!filter.completed, "complete twice in a run (LS-113)")?;
                filter.completed = true;
                Ok(())
            }
        }
    }

    /// Whether another filter of that name has come since; one that comes has no past.
    fn is_past(&mut self, name: &str, life: u64) -> bool {
        let filter = self.filters.entry(name.to_owned()).or_default();
        if filter.past.contains(&life) {
            return true;
        }
        if filter.life != life {
            let mut past = std::mem::take(&mut filter.past);
            past.insert(filter.life);
            *filter = Filter { life, past, ..Filter::default() };
        }
        false
    }

    fn order(&mut self, order: &str) -> Result<(), String> {
        if ["paused", "stopped"].contains(&order) {
            (self.running_since, self.base) = (None, None);
        }
        if order == "stopped" {
            // LS-120: whatever failed, nobody stays behind.
            let behind =
                self.filters.iter().find(|(_, it)| it.state != State::Stopped && !it.failed);
            if let Some((name, _)) = behind {
                return Err(format!("`{name}` is not stopped, and the graph is (LS-120)"));
            }
            // A filter that only failed may run again.
            self.filters.values_mut().for_each(|filter| filter.pins.clear());
        }
        Ok(())
    }

    fn filter(&mut self, name: &str) -> &mut Filter {
        self.filters.entry(name.to_owned()).or_default()
    }

    fn pin(&mut self, name: &str, pin: u32) -> Result<&mut Pin, String> {
        let filter = self.filter(name);
        check(filter.state != State::Stopped, "something is delivered while stopped (LS-119)")?;
        Ok(filter.pins.entry(pin).or_default())
    }

    /// All that `name` feeds, directly or not.
    fn below(&self, name: &str) -> BTreeSet<String> {
        let mut below = BTreeSet::new();
        let mut pending = vec![name.to_owned()];
        while let Some(name) = pending.pop() {
            for (_, to) in self.feeds.iter().filter(|(from, _)| *from == name) {
                if below.insert(to.clone()) {
                    pending.push(to.clone());
                }
            }
        }
        below
    }

    /// Up: whoever is below is there already.
    fn climb(&mut self, name: &str, from: State, to: State) -> Result<(), String> {
        self.transition(name, from, to)?;
        self.climbing = Some((name.to_owned(), from));
        let rank = |state: State| state as u8;
        let late = self.below(name).into_iter().find(|below| {
            self.filters.get(below).is_none_or(|it| rank(it.state) < rank(to) && !it.failed)
        });
        match late {
            Some(below) => Err(format!("{to:?} before `{below}`, which it feeds (LS-119)")),
            None => Ok(()),
        }
    }

    /// Down: likewise.
    fn descend(&mut self, name: &str, from: State, to: State) -> Result<(), String> {
        self.transition(name, from, to)?;
        if !self.feeds.iter().any(|(a, b)| a == name || b == name) {
            return Ok(()); // it has left the graph
        }
        let rank = |state: State| state as u8;
        let late = self.below(name).into_iter().find(|below| {
            self.filters.get(below).is_some_and(|it| rank(it.state) > rank(to) && !it.failed)
        });
        match late {
            Some(below) => Err(format!("{to:?} before `{below}`, which it feeds (LS-119)")),
            None => Ok(()),
        }
    }

    fn transition(&mut self, name: &str, from: State, to: State) -> Result<(), String> {
        let filter = self.filter(name);
        if filter.state != from {
            return Err(format!("to {to:?} from {:?}", filter.state));
        }
        filter.state = to;
        if to == State::Running {
            filter.completed = false;
        }
        Ok(())
    }

    fn makes(&mut self, name: &str) -> Result<(), String> {
        let live = name.starts_with("live");
        let state = self.filter(name).state;
        check(
            !live || state == State::Running,
            "a live source is stepped while not running (LS-7)",
        )?;
        check(state != State::Stopped, "a source is stepped while stopped")
    }
}

fn check(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}
