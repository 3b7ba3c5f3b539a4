//! `driftless simulate`: runs a graph in virtual time, under a scenario, and checks what is expected.

use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use driftless_engine::Diagnostics;
use driftless_engine::simulate::{self, Scenario, Staged};
use driftless_engine::trace::Trace;
use driftless_plugin_api::Span;

use crate::sweep::{self, Seeds};
use crate::{Common, Outcome, input, output};

const EXAMPLES: &str = "\
Examples:
  driftless simulate studio.toml --for 24h
  driftless simulate studio.toml --for 1h --seed 7 --scenario night.toml --plot night.svg
  driftless simulate studio.toml --for 1min --record played.wav
  driftless simulate studio.toml --for 1h --scenario night.toml --json | jq '.simulation.broken'
  driftless simulate studio.toml --for 1h --scenario night.toml --sweep seeds=1..1000 --plot worst.svg
  driftless run studio.toml --trace field.trace; driftless simulate studio.toml --replay field.trace

Devices and networks are replaced by what their plugins offer for it; the report says by what. The same
graph, scenario, seed and programs give the same report and the same recording, bit for bit.

Exit status: 0 done; 1 a filter failed or an expectation is broken; 2 the manifest, the scenario or the \
command line is wrong.";

/// The words after `driftless simulate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArguments {
    /// The graph's manifest.
    graph: PathBuf,
    /// How much of the graph's time to simulate, such as 30s, 90min or 24h.
    #[arg(long = "for", value_name = "TIME", value_parser = input::time, default_value = "1min")]
    length: Span,
    /// Repeat a run whose timing `driftless run --trace` wrote down.
    #[arg(long, value_name = "FILE.trace", conflicts_with_all = ["length", "seed", "scenario", "sweep"])]
    replay: Option<PathBuf>,
    /// What everything random starts from: jitter, noise, and the scenario's own chances.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// What happens to the graph, and what is expected of it.
    #[arg(long, value_name = "FILE.toml")]
    scenario: Option<PathBuf>,
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
    /// Draw error and rate of each stream over time into this file.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Record what the renderer plays; with several of them, each into a file beside this one.
    #[arg(long, value_name = "FILE.wav")]
    record: Option<PathBuf>,
    /// Run many seeds on all cores, each in a process of its own, and show the worst of each number with
    /// its seed; `--plot` draws them all. A filter that writes files writes the same file in every run.
    #[arg(long, value_name = "seeds=1..1000", conflicts_with_all = ["seed", "record"])]
    sweep: Option<Seeds>,
    /// Set a filter's setting, over what the manifest says; may be given several times.
    #[arg(long, value_name = "FILTER.SETTING=VALUE")]
    set: Vec<String>,
    /// Show no progress, only the report.
    #[arg(short, long)]
    quiet: bool,
}

/// Simulates the graph.
pub fn run(common: &Common, arguments: &SimulateArguments) -> Outcome {
    let (staged, scenario) = match prepare(common, arguments) {
        Ok(prepared) => prepared,
        Err(mistakes) => {
            input::show(&mistakes);
            return Outcome::Wrong;
        }
    };
    if !output::can_be_written([&arguments.report, &arguments.plot, &arguments.record]) {
        return Outcome::Wrong;
    }
    if let Some(trace) = &arguments.replay {
        return replay(common, arguments, staged, trace);
    }
    let enough = input::enough();
    if let Some(seeds) = arguments.sweep {
        return sweep_all(common, arguments, seeds, &enough);
    }
    let mut progress = Progress::new(arguments.length, !arguments.quiet && !common.json);
    let outcome = simulate::run(staged, &scenario, arguments.length, arguments.seed, |passed| {
        progress.show(passed);
        !enough.load(Ordering::Relaxed)
    });
    progress.end();
    match outcome {
        Ok(outcome) => finish(common, arguments, &outcome),
        Err(error) => {
            eprintln!("driftless: {}: {error}", arguments.graph.display());
            Outcome::Failed
        }
    }
}

/// Repeats a run.
fn replay(
    common: &Common,
    arguments: &SimulateArguments,
    staged: Staged,
    path: &PathBuf,
) -> Outcome {
    let read = Trace::read(path).and_then(|trace| Ok((trace.check(&staged.plan)?, trace)));
    let (run, trace) = match read {
        Ok(read) => read,
        Err(error) => {
            eprintln!("driftless: {}: {error}", path.display());
            return Outcome::Wrong;
        }
    };
    if trace.lost() > 0 {
        eprintln!("warning: {} entries are missing in the trace", trace.lost());
    }
    match simulate::replay(staged, &trace, run) {
        Ok(outcome) => finish(common, arguments, &outcome),
        Err(error) => {
            eprintln!("driftless: {}: {error}", arguments.graph.display());
            Outcome::Failed
        }
    }
}

/// Runs all seeds; this process only starts others and looks at their reports.
fn sweep_all(
    common: &Common,
    arguments: &SimulateArguments,
    seeds: Seeds,
    enough: &AtomicBool,
) -> Outcome {
    let shown = !arguments.quiet && !common.json && stderr().is_terminal();
    let sweep = sweep::sweep(seeds, &words(common, arguments), enough, |done| {
        if shown {
            sweep::show(done, seeds.count());
        }
    });
    match common.json {
        true => output::print_json(&sweep.json()),
        false => output::print(&sweep.to_string()),
    }
    let written = output::write(&arguments.report, || format!("{:#}\n", sweep.json()))
        & output::write(&arguments.plot, || sweep.plot());
    let failed = sweep.failed().next().is_some();
    if failed || !written { Outcome::Failed } else { Outcome::Done }
}

/// The command line of one run.
fn words(common: &Common, arguments: &SimulateArguments) -> Vec<String> {
    let path = |path: &PathBuf| path.display().to_string();
    let length = format!("{}ns", arguments.length.nanos());
    let mut words = vec!["simulate".to_owned(), path(&arguments.graph), "--for".to_owned(), length];
    for (option, values) in [
        ("--scenario", arguments.scenario.iter().map(path).collect::<Vec<_>>()),
        ("--plugins", common.plugins.iter().map(path).collect()),
        ("--set", arguments.set.clone()),
    ] {
        words.extend(values.into_iter().flat_map(|value| [option.to_owned(), value]));
    }
    words
}

/// Reads and checks everything before anything is loaded.
fn prepare(
    common: &Common,
    arguments: &SimulateArguments,
) -> Result<(Staged, Scenario), Diagnostics> {
    let manifest = input::manifest(&arguments.graph, &arguments.set)?;
    let catalog = input::catalog(common, Some(&manifest));
    let staged = simulate::stage(manifest, &catalog, arguments.record.as_deref())?;
    let scenario = arguments.scenario.as_ref().map_or(Ok(Scenario::default()), Scenario::read)?;
    scenario.check(&staged.plan)?;
    Ok((staged, scenario))
}

fn finish(common: &Common, arguments: &SimulateArguments, outcome: &simulate::Outcome) -> Outcome {
    match common.json {
        true => output::print_json(&outcome.json()),
        false => output::print(&outcome.to_string()),
    }
    let written = output::write(&arguments.report, || format!("{:#}\n", outcome.json()))
        & output::write(&arguments.plot, || outcome.report.plot());
    if outcome.has_failed() || !written { Outcome::Failed } else { Outcome::Done }
}

/// How often the line is renewed.
const RENEWED: Duration = Duration::from_millis(250);

/// How far a simulation is: one line on a terminal, nothing elsewhere.
struct Progress {
    length: Span,
    shown: bool,
    began: Instant,
    next: Instant,
    width: usize,
}

impl Progress {
    fn new(length: Span, wanted: bool) -> Self {
        let now = Instant::now();
        Self { length, shown: wanted && stderr().is_terminal(), began: now, next: now, width: 0 }
    }

    fn show(&mut self, passed: Span) {
        if !self.shown || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + RENEWED;
        let share = passed.secs_f64() / self.length.secs_f64();
        let speed = passed.secs_f64() / self.began.elapsed().as_secs_f64().max(1e-3);
        let left = (self.length - passed).secs_f64() / speed.max(1e-3);
        let line = format!(
            "{passed} of {} ({:.0} %), {speed:.0} times real time, {left:.0} s left",
            self.length,
            100.0 * share
        );
        self.print(&line);
    }

    fn end(&mut self) {
        self.print("");
        if self.width > 0 {
            eprint!("\r");
        }
    }

    fn print(&mut self, line: &str) {
        if !self.shown {
            return;
        }
        self.width = self.width.max(line.len());
        eprint!("\r{line:width$}", width = self.width);
        // A line that cannot be shown is no reason to stop.
        let _ = stderr().flush();
    }
}
