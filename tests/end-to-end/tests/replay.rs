//! A run that was heard to fail once fails again, in virtual time, at the same sample.

use std::path::Path;
use std::time::{Duration, Instant};

use driftless_end_to_end::{plan, plugins, recording};
use driftless_engine::simulate;
use driftless_engine::trace::{Trace, Tracer};
use driftless_engine::{Catalog, Manifest, Report, RunOptions, RunningGraph};

/// Something between source and renderer stands still for 400 ms, once.
const STALLING: &str = r#"
[graph]
clock   = "system"
connect = ["microphone -> stalls -> queue -> speakers"]
[filter.microphone]
plugin     = "driftless.test-source"
rate-error = "150 ppm"
jitter     = "3 ms"
[filter.stalls]
plugin = "fixture.transform"
in     = "receive"
does   = "stall"
at     = 60
[filter.queue]
plugin = "queue"
[filter.speakers]
plugin = "driftless.audio-renderer"
device = "virtual"
"#;

/// Source and renderer in one segment, of which nothing is seen outside: what is due waits for other work.
const UNSEEN: &str = r#"
[graph]
clock   = "system"
connect = ["microphone -> speakers"]
[filter.microphone]
plugin     = "driftless.test-source"
rate-error = "150 ppm"
jitter     = "3 ms"
[filter.speakers]
plugin = "driftless.audio-renderer"
device = "virtual"
"#;

/// Plays in real time, and writes the timing down.
fn played(text: &str, trace: &Path, recording: &Path) -> Report {
    let device = format!("wav:{}", recording.display());
    let plan = plan("graph.toml", text, &[("speakers.device", &device)]);
    let options = RunOptions { seed: 5, ..RunOptions::default() };
    let (tracer, written) = Tracer::create(trace, &plan, options.seed).unwrap();
    let mut running = RunningGraph::start_traced(plan, options, Some(tracer)).unwrap();
    let end = Instant::now() + Duration::from_millis(2500);
    while Instant::now() < end {
        running.wait(end - Instant::now());
    }
    let report = running.stop();
    assert_eq!(written.finish().unwrap(), 0, "entries were lost");
    report
}

/// Plays a graph and repeats it: the same samples, and the same losses.
fn played_and_repeated(text: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let real = played(text, &at("run.trace"), &at("played.wav"));

    let manifest = Manifest::parse("graph.toml", text).unwrap_or_else(|it| panic!("{it}"));
    let catalog = Catalog::scan(&[plugins()]);
    let replayed = at("replayed.wav");
    let staged = simulate::stage(manifest, &catalog, Some(&replayed)).unwrap();
    let trace = Trace::read(at("run.trace")).unwrap();
    let run = trace.check(&staged.plan).unwrap();
    let again = simulate::replay(staged, &trace, run).unwrap().report;

    let (played, _) = recording(&at("played.wav"));
    let (replayed, _) = recording(&replayed);
    // The graph may have been stopped in the middle of a period.
    let common = played.len().min(replayed.len());
    assert!(common > 48_000 * 2, "{common} frames");
    assert!(played.len().abs_diff(replayed.len()) <= 480);
    let differ = (0..common).find(|&at| played[at] != replayed[at]);
    assert_eq!(differ, None, "the first frame that differs");
    let lost = |report: &Report| {
        let stream = &report.streams[0];
        (stream.underruns, stream.concealed_frames, stream.dropped_frames)
    };
    assert_eq!(lost(&real), lost(&again), "{real}{again}");
    real
}

#[test]
fn a_trace_of_a_run_with_a_stall_reproduces_its_underrun_at_the_same_sample() {
    let real = played_and_repeated(STALLING);
    assert!(real.streams[0].underruns > 0, "nothing went wrong: {real}");
}

#[test]
fn what_was_put_off_because_nobody_sees_it_is_repeated_when_it_was_due() {
    played_and_repeated(UNSEEN);
}

#[test]
fn a_trace_of_a_graph_that_was_changed_is_refused_and_says_when_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.trace");
    let stalling = || plan("stalling.toml", STALLING, &[]);
    let other = STALLING.replace("queue -> speakers", "queue -> louder -> speakers");
    let other = other + "[filter.louder]\nplugin = \"driftless.gain\"\n";
    let (tracer, written) = Tracer::create(&path, &stalling(), 1).unwrap();
    let options = RunOptions { seed: 1, ..RunOptions::default() };
    let mut running = RunningGraph::start_traced(stalling(), options, Some(tracer)).unwrap();
    running.change(plan("other.toml", &other, &[])).unwrap();
    running.stop();
    written.finish().unwrap();
    let trace = Trace::read(&path).unwrap();
    // Neither what it was nor what it became.
    let refused = trace.check(&stalling()).unwrap_err().to_string();
    assert!(refused.starts_with("the graph was changed "), "{refused}");
    assert!(refused.ends_with(" after it ran; only a run of one graph is replayed"), "{refused}");
    let refused = trace.check(&plan("other.toml", &other, &[])).unwrap_err().to_string();
    assert!(refused.contains("another graph"), "{refused}");
}

#[test]
fn a_trace_of_another_graph_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.trace");
    let stalling = plan("stalling.toml", STALLING, &[]);
    let other = STALLING.replace("microphone", "mic");
    let (_, written) = Tracer::create(&path, &stalling, 1).unwrap();
    written.finish().unwrap();
    let trace = Trace::read(&path).unwrap();
    let refused = trace.check(&plan("other.toml", &other, &[])).unwrap_err().to_string();
    assert!(refused.contains("another graph, with the filters microphone"), "{refused}");
    let never = trace.check(&stalling).unwrap_err().to_string();
    assert!(never.contains("never ran"), "{never}");
}
