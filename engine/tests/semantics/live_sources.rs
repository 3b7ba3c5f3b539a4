//! Live sources: who is one, its pace, its end, and who waits for whom (section 1).

use driftless_engine::graph::Cued;
use driftless_plugin_api::{EventCode, Span};

use crate::probe::noted;
use crate::{manifest, ms, simulate, start};

/// LS-13, LS-20, LS-28, LS-52
#[test]
fn a_live_source_all_of_whose_methods_fail_is_played_and_its_clock_is_the_graphs() {
    let text = manifest("shy", "", &["a -> x"], &[("a", "shy", ""), ("x", "listener", "")]);
    let mut graph = simulate(&text);
    graph.advance(ms(1000)).unwrap();
    let settled = graph.graph().settled().clone();
    assert_eq!(settled.clock.name(graph.graph().plan()), "a");
    assert_eq!(settled.timing.offsets[0].offset, None);
    let report = graph.stop();
    let unknown: Vec<_> =
        report.events.iter().filter(|event| event.code == EventCode::LATENCY_UNKNOWN).collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].filter.as_deref(), Some("a"));
    assert!(report.filter("x").unwrap().received > 95 && !report.has_failed());
}

/// LS-6, LS-112: nobody's fullness slows a live source down, and taking a sample never waits.
#[test]
fn a_live_source_keeps_its_pace_however_full_its_renderer_is_and_another_waits_for_ever() {
    let delivered = |flags: &str| {
        let text = manifest(
            "pace",
            "",
            &["a.out -> x"],
            &[("a", "teller", flags), ("x", "listener", "full = true\ncues = false")],
        );
        let mut graph = simulate(&text);
        graph.advance(Span::from_secs(1)).unwrap();
        graph.stop().filter("x").unwrap().received
    };
    assert_eq!(delivered(""), 101, "at 0, 10, … 1000 ms");
    assert_eq!(delivered("flags = [\"not-live\"]\ncue = \"done\""), 0);
}

/// LS-7, LS-8, LS-9: with a live source nobody waits; without one the start waits for every renderer.
#[test]
fn a_graph_with_a_live_source_runs_at_once_and_another_when_its_renderers_are_cued() {
    let text = manifest("cue", "", &["a.out -> x"], &[("a", "teller", ""), ("x", "listener", "")]);
    let mut graph = simulate(&text);
    assert_eq!(graph.now().nanos(), 1_000_000_000, "no time passed");
    graph.advance(ms(5)).unwrap();
    drop(graph);
    assert!(noted("cue").contains(&"cue.x: runs in 20.0 ms with 0".to_owned()));
    let not_live = "flags = [\"not-live\"]\ncue = \"done\"";
    let text =
        manifest("cue", "", &["a.out -> x"], &[("a", "teller", not_live), ("x", "listener", "")]);
    drop(simulate(&text));
    let log = noted("cue");
    let runs = log.iter().find(|line| line.starts_with("cue.x: runs")).expect("it runs");
    assert!(!runs.ends_with("with 0"), "{runs}");
}

/// LS-8, LS-M6: what is not live is cued even beside what is.
#[test]
fn a_branch_that_is_not_live_is_cued_beside_one_that_is() {
    let not_live = "flags = [\"not-live\"]\ncue = \"done\"";
    let text = manifest(
        "beside",
        "",
        &["a.out -> x", "b.out -> y"],
        &[
            ("a", "teller", ""),
            ("x", "listener", ""),
            ("b", "teller", not_live),
            ("y", "listener", ""),
        ],
    );
    drop(simulate(&text));
    let log = noted("beside");
    assert!(log.contains(&"beside.x: runs in 20.0 ms with 0".to_owned()), "{log:#?}");
    assert!(!log.contains(&"beside.y: runs in 20.0 ms with 0".to_owned()), "{log:#?}");
}

/// LS-8, LS-9, LS-10: its renderer, which never gets a sample in Paused, is not waited for; another one is.
#[test]
fn nobody_waits_behind_one_who_cannot_cue_and_it_is_not_taken_for_live() {
    let rare = "flags = [\"not-live\"]\ncue = \"cant-cue\"";
    let filters = [("a", "teller", rare), ("x", "listener", "full = true")];
    let mut simulation = simulate(&manifest("rare", "", &["a.out -> x"], &filters));
    let graph = simulation.graph();
    let source = graph.plan().filter("a").unwrap();
    assert!(!graph.facts().filters[source].is_live());
    assert!(graph.settled().timing.offsets.is_empty());
    graph.pause().unwrap();
    assert_eq!(graph.cued().unwrap(), Cued::CantCue);
    let other = [
        ("b", "teller", "flags = [\"not-live\"]\ncue = \"done\""),
        ("y", "listener", "full = true"),
    ];
    let text =
        manifest("beside rare", "", &["a.out -> x", "b.out -> y"], &[filters, other].concat());
    let waits = start(&text).expect_err("it waits").to_string();
    assert_eq!(waits, "`y` got no first sample, so the graph cannot start");
}

/// LS-15, LS-113
#[test]
fn neither_a_pause_nor_a_gap_ends_a_live_stream_and_its_real_end_does_once() {
    let text = manifest(
        "end",
        "",
        &["a.out -> x"],
        &[("a", "teller", "gap = \"5 s\"\ncount = 200"), ("x", "listener", "")],
    );
    let mut graph = simulate(&text);
    graph.advance(Span::from_secs(3)).unwrap();
    graph.graph().pause().unwrap();
    graph.advance(Span::from_secs(3)).unwrap();
    graph.graph().run().unwrap();
    graph.advance(Span::from_secs(1)).unwrap();
    let marks =
        |log: Vec<String>| log.into_iter().filter(|it| it.contains("EndOfStream")).collect();
    let none: Vec<String> = marks(noted("end"));
    assert!(none.is_empty(), "{none:?}");
    graph.advance(Span::from_secs(9)).unwrap();
    let report = graph.stop();
    let once: Vec<String> = marks(noted("end"));
    assert_eq!(once, ["end.x: EndOfStream after 200"]);
    let told = report.events.iter().filter(|it| it.code == EventCode::COMPLETE);
    assert_eq!(told.filter(|it| it.filter.is_some()).count(), 1);
}
