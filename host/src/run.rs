//! `driftless run`: runs a graph until its time is over, its streams have ended, or Ctrl-C.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use driftless_engine::{Plan, Report, RunOptions, RunningGraph};

use crate::status::Status;
use crate::{Common, Outcome, input};

const EXAMPLES: &str = "\
Examples:
  driftless run studio.toml                        until Ctrl-C, or the end of all streams
  driftless run studio.toml --for 30s --plot run.svg
  driftless run studio.toml --set speakers.device=virtual --set microphone.latency='80 ms'
  driftless run studio.toml --for 1min --json > report.json

Exit status: 0 done; 1 the graph failed while running; 2 the manifest or the command line is wrong.";

/// The words after `driftless run`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RunArguments {
    /// The graph's manifest.
    graph: PathBuf,
    /// Stop after this long, such as 30s, 500ms or 2min.
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    length: Option<Duration>,
    /// Set a filter's setting, over what the manifest says; may be given several times.
    #[arg(long, value_name = "FILTER.SETTING=VALUE")]
    set: Vec<String>,
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
    /// Draw error and rate of each stream over time into this file.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// What random choices of filters (jitter, noise) start from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Print neither plan nor status, only the report.
    #[arg(short, long)]
    quiet: bool,
}

/// A time with its unit, as manifests write it.
fn time(text: &str) -> Result<Duration, String> {
    let span = driftless_plugin_api::descriptor::unit::time(text);
    match span.filter(|span| span.nanos() > 0) {
        Some(span) => Ok(Duration::from_nanos(span.nanos().unsigned_abs())),
        None => Err("expected a time with its unit, such as 30s, 500ms or 2min".to_owned()),
    }
}

/// Runs the graph.
pub fn run(common: &Common, arguments: &RunArguments) -> Outcome {
    let plan = match input::plan(common, &arguments.graph, &arguments.set) {
        Ok(plan) => plan,
        Err(mistakes) => {
            input::show(&mistakes);
            return Outcome::Wrong;
        }
    };
    if let Err(text) = outputs_can_be_written(arguments) {
        eprintln!("driftless: {text}");
        return Outcome::Wrong;
    }
    let talkative = !arguments.quiet && !common.json;
    if talkative {
        println!("{plan}");
    }
    let report = match play(plan, arguments, talkative) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("driftless: {}: {error}", arguments.graph.display());
            return Outcome::Failed;
        }
    };
    finish(common, arguments, &report)
}

/// Runs `plan` until its time is over, everything was presented, or the user has had enough.
fn play(
    plan: Plan,
    arguments: &RunArguments,
    talkative: bool,
) -> Result<Report, driftless_engine::RunError> {
    let enough = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&enough);
    // A second Ctrl-C ends the program at once: the first may wait for a device that hangs.
    let handler = ctrlc::set_handler(move || {
        if heard.swap(true, Ordering::SeqCst) {
            std::process::exit(1);
        }
    });
    if let Err(error) = handler {
        eprintln!("driftless: Ctrl-C will end the run without a report: {error}");
    }
    let options = RunOptions { seed: arguments.seed, ..RunOptions::default() };
    let mut running = RunningGraph::start_with(plan, options)?;
    let deadline = arguments.length.map(|length| Instant::now() + length);
    let mut status = Status::new(talkative);
    while !enough.load(Ordering::SeqCst) && !running.graph().is_complete() {
        let mut wait = Duration::from_millis(100);
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            wait = wait.min(left);
        }
        for event in running.wait(wait) {
            status.event(&event);
        }
        status.show(&mut running.graph());
    }
    status.end();
    Ok(running.stop())
}

fn finish(common: &Common, arguments: &RunArguments, report: &Report) -> Outcome {
    if common.json {
        println!("{:#}", report.json());
    } else {
        print!("{report}");
    }
    let mut outcome = if report.has_failed() { Outcome::Failed } else { Outcome::Done };
    let mut write = |path: &Option<PathBuf>, text: &dyn Fn() -> String| {
        let Some(path) = path else { return };
        if let Err(error) = fs::write(path, text()) {
            eprintln!("driftless: `{}` could not be written: {error}", path.display());
            outcome = Outcome::Failed;
        }
    };
    write(&arguments.report, &|| format!("{:#}\n", report.json()));
    write(&arguments.plot, &|| report.plot());
    outcome
}

/// Finds out before a long run, not after it, that its results have no place to go.
fn outputs_can_be_written(arguments: &RunArguments) -> Result<(), String> {
    for path in [&arguments.report, &arguments.plot].into_iter().flatten() {
        let folder =
            path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(format!(
                "`{}` cannot be written: there is no folder `{}`",
                path.display(),
                folder.display()
            ));
        }
        if path.is_dir() {
            return Err(format!("`{}` is a folder; name a file", path.display()));
        }
    }
    Ok(())
}
