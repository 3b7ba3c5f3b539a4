//! Filters of a loaded library that panic, fail or hang in any call: named, and the rest plays on.

use std::time::Duration;

use driftless_engine::{Report, RunError, RunOptions, RunningGraph, Simulation};
use driftless_loading::{misbehaving, plan};
use driftless_plugin_api::{EventCode, Span};

/// Two branches that share nothing; the filter `bad` of the first does `does` in the call `call`.
fn manifest(kind: &str, call: &str, does: &str) -> String {
    let (source, transform) = match kind {
        "source" => ("bad", "middle"),
        "transform" => ("first", "bad"),
        _ => ("first", "middle"),
    };
    let renderer = if kind == "renderer" { "bad" } else { "last" };
    let set = |name: &str| match name {
        "bad" => format!("in = \"{call}\"\ndoes = \"{does}\"\nat = 1"),
        _ => String::new(),
    };
    format!(
        r#"
        [graph]
        connect = ["{source} -> {transform} -> {renderer}", "source -> good"]
        [filter.{source}]
        plugin = "fixture.source"
        count = 50
        {}
        [filter.{transform}]
        plugin = "fixture.transform"
        {}
        [filter.{renderer}]
        plugin = "fixture.renderer"
        {}
        [filter.source]
        plugin = "fixture.source"
        [filter.good]
        plugin = "fixture.renderer"
    "#,
        set(source),
        set(transform),
        set(renderer)
    )
}

fn taken(report: &Report, filter: &str) -> u64 {
    let filter = report.filter(filter).expect("it is in the graph");
    filter.counters.iter().find(|(name, _)| name == "taken").map_or(0, |(_, count)| *count)
}

fn simulated(kind: &str, call: &str, does: &str) -> Result<Report, RunError> {
    let folder = misbehaving();
    let plan = plan(&manifest(kind, call, does), folder.path());
    let mut graph = Simulation::start(plan, RunOptions::default())?;
    graph.advance(Span::from_secs(1))?;
    Ok(graph.stop())
}

/// LS-101, LS-111
#[test]
fn a_panic_while_streaming_is_named_and_the_other_branch_plays_on() {
    let calls = [
        ("source", "step"),
        ("transform", "step"),
        ("transform", "receive"),
        ("transform", "mark"),
        ("renderer", "step"),
        ("renderer", "receive"),
        ("renderer", "mark"),
        ("renderer", "ready"),
        ("source", "pause"),
        ("transform", "pause"),
        ("renderer", "deactivate"),
        ("renderer", "counters"),
        ("transform", "drop"),
    ];
    let mut wrong = Vec::new();
    for (kind, call) in calls {
        let case = format!("{kind}, {call}");
        let report = match simulated(kind, call, "panic") {
            Ok(report) => report,
            Err(error) => {
                wrong.push(format!("{case}: {error}"));
                continue;
            }
        };
        if taken(&report, "good") < 95 {
            wrong.push(format!("{case}: {} samples reached the other", taken(&report, "good")));
        }
        if call == "drop" {
            continue; // the report is complete before filters are dropped; the host survives
        }
        let poisoned: Vec<_> =
            report.events.iter().filter(|it| it.code == EventCode::FILTER_POISONED).collect();
        let named = |it: &&driftless_engine::event::Event| {
            it.filter.as_deref() == Some("bad")
                && it.text.contains(&format!("asked to panic in {call}"))
        };
        if poisoned.len() != 1 || !poisoned.iter().all(named) {
            wrong.push(format!("{case}: {poisoned:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// LS-120
#[test]
fn a_panic_before_the_start_is_an_error_that_names_the_filter_and_its_words() {
    let mut wrong = Vec::new();
    for kind in ["source", "transform", "renderer"] {
        for call in ["create", "connect", "activate", "run"] {
            let said = match simulated(kind, call, "panic") {
                Ok(_) => "it ran".to_owned(),
                Err(error) => error.to_string(),
            };
            if !said.contains("`bad") || !said.contains("panic") {
                wrong.push(format!("{kind}, {call}: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// LS-111
#[test]
fn a_failure_while_streaming_ends_its_branch_only() {
    for (kind, call) in [("source", "step"), ("transform", "receive"), ("renderer", "receive")] {
        let report = simulated(kind, call, "fail").unwrap_or_else(|error| panic!("{error}"));
        let aborted: Vec<_> =
            report.events.iter().filter(|it| it.code == EventCode::ERROR_ABORT).collect();
        assert_eq!(aborted.len(), 1, "{kind}, {call}: {aborted:?}");
        assert_eq!(aborted[0].filter.as_deref(), Some("bad"));
        assert!(taken(&report, "good") > 95, "{kind}, {call}");
    }
}

/// A filter that hangs can only be found by a clock that goes on without it, so this test runs in
/// real time: half a second of it.
#[test]
fn a_filter_that_hangs_is_named_and_the_other_branch_plays_on() {
    let folder = misbehaving();
    for kind in ["source", "renderer"] {
        let plan = plan(&manifest(kind, "step", "hang"), folder.path());
        let options = RunOptions { patience: Duration::from_millis(100), ..RunOptions::default() };
        let mut graph = match RunningGraph::start_with(plan, options) {
            Ok(graph) => graph,
            Err(error) => {
                // A renderer is stepped in Paused already, so the start itself may find it.
                assert!(
                    matches!(&error, RunError::Stuck { filters } if filters.iter().any(|it| it == "bad")),
                    "{error}"
                );
                continue;
            }
        };
        let mut taken_by_good = 0;
        for _ in 0..20 {
            graph.wait(Duration::from_millis(50));
            let report = graph.graph().report();
            assert!(
                report.failures.iter().any(|it| it.contains("`bad`")),
                "{kind}: {:?}",
                report.failures
            );
            taken_by_good = taken(&report, "good");
            if taken_by_good > 10 {
                break;
            }
        }
        assert!(taken_by_good > 10, "{kind}: {taken_by_good}");
        assert!(graph.stop().has_failed());
    }
}

/// LS-101. Real time too, and nobody asks the graph for anything meanwhile.
#[test]
fn a_filter_that_hangs_is_noticed_without_an_order_and_all_that_share_its_thread_are_named() {
    let folder = misbehaving();
    let plan = plan(&manifest("transform", "receive", "hang"), folder.path());
    let options = RunOptions { patience: Duration::from_millis(200), ..RunOptions::default() };
    let mut graph = RunningGraph::start_with(plan, options).unwrap();
    let mut stuck = Vec::new();
    for _ in 0..100 {
        let new = graph.wait(Duration::from_millis(50));
        let new = new.into_iter().filter(|it| it.code == EventCode::FILTER_STUCK);
        stuck.extend(new.filter_map(|event| event.filter));
        if stuck.len() >= 3 {
            break;
        }
    }
    assert_eq!(stuck, ["first", "bad", "last"]);
    let before = taken(&graph.graph().report(), "good");
    // The healthy branch can still be ordered about: pause, run, and on it plays.
    graph.graph().pause().unwrap();
    graph.graph().run().unwrap();
    for _ in 0..40 {
        graph.wait(Duration::from_millis(50));
        if taken(&graph.graph().report(), "good") > before {
            return;
        }
    }
    panic!("`good` stopped with `bad`");
}
