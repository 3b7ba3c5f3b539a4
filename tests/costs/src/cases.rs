//! One case in this process: what it costs, by name. Each runs in a process of its own, so that nothing
//! of the one before is counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use driftless_engine::{RunOptions, RunningGraph, Simulation};
use driftless_plugin_api::Span;
use serde_json::Value;

use crate::graphs;
use crate::measure::{self, handles, memory_kib};

/// Figures of a case, by name.
pub type Figures = BTreeMap<String, f64>;

/// The names of all cases, with their arguments.
pub const NAMES: &str = "chain FILTERS SAMPLES, tee BRANCHES SECONDS, mix SOURCES SECONDS, \
                         sources COUNT SECONDS, soak SECONDS, day SECONDS";

/// Runs the case that `words` name.
///
/// # Errors
///
/// That there is no such case, or why its graph cannot run.
pub fn run(words: &[String]) -> Result<Figures, String> {
    let name = words.first().map(String::as_str).unwrap_or_default();
    let number = |at: usize| -> Result<usize, String> {
        let word = words.get(at).ok_or_else(|| format!("cases: {NAMES}"))?;
        word.parse().map_err(|_| format!("`{word}` is no whole number"))
    };
    match name {
        "chain" => chain(number(1)?, number(2)?),
        "tee" => simulated(&graphs::tee(number(1)?), number(2)?),
        "mix" => simulated(&graphs::sources(number(1)?, LATENCY_MS), number(2)?),
        "sources" => live(&graphs::sources(number(1)?, LATENCY_MS), number(2)?, Stalls::None),
        "soak" => live(&graphs::sources(8, SOAK_LATENCY_MS), number(1)?, Stalls::AtFirst),
        "day" => simulated(&graphs::sources(8, LATENCY_MS), number(1)?),
        _ => Err(format!("`{name}` is no case; there are {NAMES}")),
    }
}

/// The mixer's latency, milliseconds: its default.
const LATENCY_MS: u32 = 20;
/// The same where an hour is played in real time: longer than a machine that others use as well stands still.
const SOAK_LATENCY_MS: u32 = 200;
/// So long a process stands still to begin with where memory must not grow afterwards: buffers that catch up
/// with a machine's stall are made when the longest so far comes, and kept.
const STALL: Duration = Duration::from_millis(150);

/// Whether a live graph is stalled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stalls {
    None,
    /// Before anything is measured.
    AtFirst,
}

fn processor_s() -> f64 {
    measure::processor_s(std::process::id())
}

fn figures<const N: usize>(figures: [(&str, f64); N]) -> Figures {
    figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Longer than any chain takes, under valgrind on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);

/// A chain, as fast as it goes.
fn chain(filters: usize, samples: usize) -> Result<Figures, String> {
    let plan = graphs::plan(&graphs::chain(filters, samples))?;
    let (memory, began) = (memory_kib(), Instant::now());
    let mut running = RunningGraph::start(plan).map_err(|error| error.to_string())?;
    let start_ms = began.elapsed().as_secs_f64() * 1e3;
    let memory = memory_kib() - memory;
    let processor = processor_s();
    while !running.graph().is_complete() {
        if began.elapsed() > PATIENCE {
            return Err(format!("a chain of {filters} filters and {samples} samples does not end"));
        }
        running.wait(Duration::from_millis(100));
    }
    Ok(figures([
        ("start_ms", start_ms),
        ("memory_kib", memory),
        ("ns_a_sample", (processor_s() - processor) * 1e9 / samples.max(1) as f64),
    ]))
}

/// A graph in virtual time, after a second in which it settles.
fn simulated(manifest: &str, seconds: usize) -> Result<Figures, String> {
    let plan = graphs::plan(manifest)?;
    let started = Simulation::start(plan, RunOptions::default());
    let mut simulation = started.map_err(|error| error.to_string())?;
    let mut advance = |span| simulation.advance(span).map_err(|error| error.to_string());
    advance(Span::from_secs(1))?;
    let processor = processor_s();
    // A tenth of a long run is time enough for whatever grows once.
    advance(Span::from_millis(seconds as i64 * 100))?;
    let (memory, open) = (memory_kib(), handles());
    advance(Span::from_millis(seconds as i64 * 900))?;
    let mut figures = figures([
        ("processor_s", processor_s() - processor),
        ("memory_growth_kib", memory_kib() - memory),
        ("handles_growth", handles() as f64 - open as f64),
    ]);
    figures.extend(losses(&simulation.stop().json()));
    Ok(figures)
}

fn threads() -> (usize, u64) {
    measure::threads(std::process::id())
}

/// A graph in real time, after a second in which it settles.
fn live(manifest: &str, seconds: usize, stalls: Stalls) -> Result<Figures, String> {
    let plan = graphs::plan(manifest)?;
    let mut running = RunningGraph::start(plan).map_err(|error| error.to_string())?;
    wait(&mut running, Duration::from_secs(1));
    let (processor, woken, began) = (processor_s(), threads().1, Instant::now());
    if stalls == Stalls::AtFirst {
        for _ in 0..3 {
            measure::stall(STALL).map_err(|error| format!("it cannot be stopped: {error}"))?;
            wait(&mut running, Duration::from_millis(500));
        }
    }
    wait(&mut running, Duration::from_millis(seconds as u64 * 100));
    let (memory, open) = (memory_kib(), handles());
    wait(&mut running, Duration::from_millis(seconds as u64 * 900));
    let length_s = began.elapsed().as_secs_f64();
    let (count, woken_since) = threads();
    let mut figures = figures([
        ("core_percent", (processor_s() - processor) / length_s * 100.0),
        ("wakeups_a_second", (woken_since - woken) as f64 / length_s),
        ("threads", count as f64),
        ("memory_growth_kib", memory_kib() - memory),
        ("handles_growth", handles() as f64 - open as f64),
    ]);
    figures.extend(losses(&running.stop().json()));
    Ok(figures)
}

/// Waits as an embedder does.
fn wait(running: &mut RunningGraph, length: Duration) {
    let deadline = Instant::now() + length;
    while Instant::now() < deadline {
        running.wait(deadline.saturating_duration_since(Instant::now()));
    }
}

/// What was lost or late anywhere, and how much was made in how long.
fn losses(report: &Value) -> Figures {
    const LOST: [&str; 7] = [
        "underruns",
        "overruns",
        "dropped_frames",
        "late blocks of inputs",
        "frames concealed",
        "frames too late",
        "frames without room",
    ];
    let (mut lost, mut made) = (0.0, 0.0);
    // Every stream through the mixer ends in the one renderer, whose figures they share.
    for stream in report["streams"].as_array().into_iter().flatten().take(1) {
        lost += LOST.iter().filter_map(|name| stream[*name].as_f64()).sum::<f64>();
    }
    for filter in report["filters"].as_array().into_iter().flatten() {
        let counters = &filter["counters"];
        lost += LOST.iter().filter_map(|name| counters[*name].as_f64()).sum::<f64>();
        made += counters["blocks"].as_f64().unwrap_or(0.0);
    }
    let seconds = report["duration_ns"].as_f64().unwrap_or(0.0) * 1e-9;
    figures([("lost", lost), ("blocks", made), ("seconds", seconds)])
}
