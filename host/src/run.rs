//! `driftless run`: runs a graph until its time is over, its streams have ended, or Ctrl-C.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::Args;
use driftless_engine::trace::{Tracer, Written};
use driftless_engine::{Plan, Report, RunError, RunOptions, RunningGraph};
use driftless_plugin_api::{Span, StreamTime, When};

use crate::status::Status;
use crate::{Common, Outcome, input, output};

const EXAMPLES: &str = "\
Examples:
  driftless run studio.toml                        until Ctrl-C, or the end of all streams
  driftless run studio.toml --for 30s --plot run.svg
  driftless run studio.toml --set speakers.device=virtual --set microphone.latency='80 ms'
  driftless run studio.toml --for 1min --json > report.json
  driftless run studio.toml --start tee.capture=5s --stop tee.capture=65s

Exit status: 0 done; 1 the graph failed while running; 2 the manifest or the command line is wrong.";

/// How often it is looked for Ctrl-C when nothing happens.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The words after `driftless run`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RunArguments {
    /// The graph's manifest.
    graph: PathBuf,
    /// Stop after this long, such as 30s, 500ms or 2min.
    #[arg(long = "for", value_name = "TIME", value_parser = input::time)]
    length: Option<Span>,
    /// Set a filter's setting, over what the manifest says; may be given several times.
    #[arg(long, value_name = "FILTER.SETTING=VALUE")]
    set: Vec<String>,
    /// Let nothing through an output pin before this stream time; may be given several times.
    #[arg(long, value_name = "PIN=TIME", value_parser = order)]
    start: Vec<(String, StreamTime)>,
    /// Let nothing through an output pin from this stream time on; may be given several times.
    #[arg(long, value_name = "PIN=TIME", value_parser = order)]
    stop: Vec<(String, StreamTime)>,
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
    /// Draw error and rate of each stream over time into this file.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Write the timing of the run to this file, for `driftless simulate --replay`.
    #[arg(long, value_name = "FILE.trace")]
    trace: Option<PathBuf>,
    /// What random choices of filters (jitter, noise) start from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Print neither plan nor status, only the report.
    #[arg(short, long)]
    quiet: bool,
}

/// An output pin and a stream time: `microphone=2s` or `tee.capture=2s`.
fn order(text: &str) -> Result<(String, StreamTime), String> {
    let expected = "expected an output pin and a time, such as microphone=2s or tee.capture=500ms";
    let (pin, time) = text.split_once('=').ok_or(expected)?;
    let time = driftless_plugin_api::descriptor::unit::time(time).ok_or(expected)?;
    Ok((pin.to_owned(), StreamTime::ZERO + time))
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
    if !output::can_be_written([&arguments.report, &arguments.plot, &arguments.trace]) {
        return Outcome::Wrong;
    }
    let talkative = !arguments.quiet && !common.json;
    if talkative {
        println!("{plan}");
    }
    let (tracer, written) = match trace(&plan, arguments) {
        Ok(trace) => trace.unzip(),
        Err(error) => return untraceable(arguments, &error),
    };
    let report = match play(plan, arguments, talkative, tracer) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("driftless: {}: {error}", arguments.graph.display());
            return match error {
                RunError::Order { .. } => Outcome::Wrong, // a pin of --start or --stop
                _ => Outcome::Failed,
            };
        }
    };
    let outcome = finish(common, arguments, &report);
    match written.map_or(Ok(0), Written::finish) {
        Ok(0) => outcome,
        Ok(lost) => {
            eprintln!(
                "driftless: {lost} entries of the trace were lost: it cannot be replayed well"
            );
            outcome
        }
        Err(error) => untraceable(arguments, &error),
    }
}

fn trace(plan: &Plan, arguments: &RunArguments) -> io::Result<Option<(Tracer, Written)>> {
    let create = |path: &PathBuf| Tracer::create(path, plan, arguments.seed);
    arguments.trace.as_ref().map(create).transpose()
}

fn untraceable(arguments: &RunArguments, error: &io::Error) -> Outcome {
    let path = arguments.trace.as_deref().unwrap_or(Path::new("")).display();
    eprintln!("driftless: `{path}` could not be written: {error}");
    Outcome::Failed
}

/// Runs `plan` until its time is over, everything was presented, or the user has had enough.
fn play(
    plan: Plan,
    arguments: &RunArguments,
    talkative: bool,
    tracer: Option<Tracer>,
) -> Result<Report, RunError> {
    let enough = input::enough();
    let options = RunOptions { seed: arguments.seed, ..RunOptions::default() };
    let mut running = RunningGraph::start_traced(plan, options, tracer)?;
    for (pin, at) in &arguments.start {
        running.graph().start_stream(pin, When::At(*at), 1)?;
    }
    for (pin, at) in &arguments.stop {
        running.graph().stop_stream(pin, When::At(*at), false, 1)?;
    }
    let deadline = arguments
        .length
        .map(|length| Instant::now() + Duration::from_nanos(length.nanos().unsigned_abs()));
    let mut status = Status::new(talkative);
    while !enough.load(Ordering::SeqCst) && !running.graph().is_complete() {
        let mut wait = LOOK_EVERY;
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
    let written = output::write(&arguments.report, || format!("{:#}\n", report.json()))
        & output::write(&arguments.plot, || report.plot());
    if report.has_failed() || !written { Outcome::Failed } else { Outcome::Done }
}
