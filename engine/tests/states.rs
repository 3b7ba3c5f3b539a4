//! The ordering rules of section 8.4, on random graphs under random orders, some filters slow, some
//! failing. Everything is in virtual time and follows from a number: `DRIFTLESS_SEED=17 cargo test -p
//! driftless-engine --test states` runs that one alone.

mod journal;

use driftless_engine::{Plan, RunOptions, Simulation};
use driftless_plugin_api::{EventCode, Span, State};

use journal::graphs::Shape;
use journal::rules::{Feeds, Rules};
use journal::{Entry, Random, What};

const SEEDS: std::ops::Range<u64> = 0..400;
const ORDERS: usize = 25;

/// LS-7, LS-11, LS-12, LS-50, LS-67, LS-109, LS-113, LS-115, LS-116, LS-119, LS-120, LS-122, LS-125
#[test]
fn whatever_is_ordered_and_whoever_fails_the_rules_of_states_and_streams_hold() {
    let chosen = std::env::var("DRIFTLESS_SEED").ok().map(|it| it.parse().expect("a number"));
    for seed in chosen.map_or(SEEDS, |seed: u64| seed..seed + 1) {
        if let Err((rule, journal)) = play(seed, "rules") {
            let shown: Vec<String> = journal.iter().map(ToString::to_string).collect();
            let from = if chosen.is_some() { 0 } else { shown.len().saturating_sub(40) };
            panic!("DRIFTLESS_SEED={seed}: {rule}\n{}", shown[from..].join("\n"));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_journal() {
    for seed in 0..40 {
        let [once, again] = ["once", "again"].map(|which| {
            let run = format!("{which} {seed}");
            let _ = play_as(seed, &run);
            journal::take(&run)
        });
        assert!(once == again, "seed {seed}");
    }
}

fn play(seed: u64, test: &str) -> Result<(), (String, Vec<Entry>)> {
    let run = format!("{test} {seed}");
    let played = play_as(seed, &run);
    let journal = journal::take(&run);
    played.map_err(|rule| (rule, journal))
}

/// A graph, the orders it was given, and the rules it obeyed until now.
struct Player {
    graph: Simulation,
    shape: Shape,
    run: String,
    rules: Rules,
    read: usize,
}

fn play_as(seed: u64, run: &str) -> Result<(), String> {
    let mut random = Random(seed);
    let shape = Shape::random(run, &mut random);
    let plan = shape.plan_without(&[]).expect("the whole graph is one");
    let options = RunOptions { seed, ..RunOptions::default() };
    let Ok(graph) = Simulation::start(plan, options) else {
        return Ok(()); // told to fail at once, or a renderer that never gets a sample
    };
    let mut rules = Rules::default();
    rules.classic = shape.classic;
    let mut player = Player { graph, shape, run: run.to_owned(), rules, read: 0 };
    let feeds = feeds(player.graph.graph().plan());
    player.rules.set_feeds(feeds, 0);
    player.settle_order()?;
    for _ in 0..ORDERS {
        player.order(&mut random)?;
    }
    player.end()
}

fn feeds(plan: &Plan) -> Feeds {
    let name = |filter: usize| plan.filters[filter].name.clone();
    plan.connections.iter().map(|it| (name(it.from.filter), name(it.to.filter))).collect()
}

impl Player {
    fn note(&mut self, text: &str) {
        journal::note(&self.run, self.graph.now(), ("", 0), What::Order(text.to_owned()));
    }

    fn order(&mut self, random: &mut Random) -> Result<(), String> {
        let state = self.graph.graph().state();
        match random.below(10) {
            0 => {
                self.note("run");
                let ran = self.graph.graph().run();
                if state == State::Running && ran.is_err() {
                    return Err("running again fails (LS-120)".to_owned());
                }
            }
            1 | 2 => {
                self.note("pause");
                // Told to fail when it is activated: then the graph is stopped (LS-120).
                let refused = self.graph.graph().pause().is_err();
                if refused && self.graph.graph().state() != State::Stopped {
                    return Err("a pause failed, and the graph is not stopped (LS-120)".to_owned());
                }
            }
            3 => {
                self.note("stop");
                if self.graph.graph().stop().is_err() {
                    return Err("stopping fails (LS-120)".to_owned());
                }
                if self.graph.graph().state() != State::Stopped {
                    return Err("stopped, and is not (LS-120)".to_owned());
                }
            }
            4 => self.change(random)?,
            _ => self.advance(random.below(300) as i64)?,
        }
        self.settle_order()
    }

    fn advance(&mut self, milliseconds: i64) -> Result<(), String> {
        let before = self.graph.graph().stream_time();
        let state = self.graph.graph().state();
        self.note(&format!("{milliseconds} ms"));
        self.graph.advance(Span::from_millis(milliseconds)).map_err(|error| error.to_string())?;
        let after = self.graph.graph().stream_time();
        match (state, self.graph.graph().state()) {
            (State::Running, State::Running)
                if after - before != Span::from_millis(milliseconds) =>
            {
                Err(format!("stream time went from {before:?} to {after:?}"))
            }
            (State::Paused, State::Paused) if after != before => {
                Err("stream time does not stand still (LS-65)".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Leaves some filters out, or takes them in again.
    fn change(&mut self, random: &mut Random) -> Result<(), String> {
        let mut left_out = Vec::new();
        for index in 0..self.shape.filters.len() {
            if random.percent(20) {
                left_out.push(index);
            }
        }
        let Some(plan) = self.shape.plan_without(&left_out) else { return Ok(()) };
        self.note(&format!("change {left_out:?}"));
        self.read_journal()?;
        let feeds = feeds(&plan);
        let Ok(difference) = self.graph.change(plan) else {
            return Ok(()); // told to fail when it is activated
        };
        self.rules.set_feeds(feeds, self.graph.now().nanos());
        self.read_journal()?;
        for connection in difference.joined {
            // `live0.out1 -> pass0.in3`
            let Some((filter, pin)) =
                connection.split(" -> ").nth(1).and_then(|it| it.split_once('.'))
            else {
                continue;
            };
            let number: u32 = pin.trim_start_matches("in").parse().unwrap_or(0);
            self.rules.begin_anew(filter, number);
        }
        Ok(())
    }

    /// Notes in which state the graph is now, and reads what happened.
    fn settle_order(&mut self) -> Result<(), String> {
        let state = self.graph.graph().state();
        self.note(match state {
            State::Running => "running",
            State::Paused => "paused",
            State::Stopped => "stopped",
        });
        self.read_journal()
    }

    fn read_journal(&mut self) -> Result<(), String> {
        let now = self.graph.now();
        let latency = self.graph.graph().settled().timing.latency();
        self.rules.set_latency(latency.nanos(), now.nanos());
        let journal = journal::peek(&self.run, self.read);
        self.read += journal.len();
        for entry in &journal {
            self.rules.read(entry).map_err(|rule| format!("{rule}: {entry}"))?;
        }
        Ok(())
    }

    /// Whatever was done to it: a graph that runs plays on, and one that ends is complete.
    fn end(mut self) -> Result<(), String> {
        let _ = self.graph.graph().stop();
        self.settle_order()?;
        if self.shape.filters.iter().any(|filter| filter.fails) {
            return Ok(());
        }
        self.graph
            .graph()
            .run()
            .map_err(|error| format!("a healthy graph does not run: {error}"))?;
        self.advance(500)?;
        self.settle_order()?;
        let running = self.graph.graph().state() == State::Running;
        if !running {
            return Err("a healthy graph does not run (LS-9)".to_owned());
        }
        self.graph.advance(Span::from_secs(8)).map_err(|error| error.to_string())?;
        self.settle_order()?;
        let endless = self.shape.filters.iter().any(|it| it.settings.contains("1000000000"));
        let complete = self.graph.graph().is_complete();
        if !endless && !complete {
            return Err("all streams have ended, and the graph is not complete (LS-114)".to_owned());
        }
        let report = self.graph.stop();
        let lost = report.events.iter().any(|it| it.code == EventCode::FILTER_POISONED);
        if lost { Err("a healthy filter panicked".to_owned()) } else { Ok(()) }
    }
}
