//! States: what a start and a stop tell in which order, and how far a pause is (section 8.4).

use driftless_engine::graph::Cued;
use std::time::{Duration, Instant};

use driftless_engine::{Graph, RunOptions, RunningGraph, Simulation};
use driftless_plugin_api::{EventCode, State};

use crate::probe::{noted, plan};
use crate::{manifest, ms, simulate};

/// LS-46, LS-54, LS-55, LS-62, LS-67, LS-119: cap before the connection; then devices, clock, offsets,
/// in that order, before the pause; one start for all; renderers first.
#[test]
fn a_start_tells_cap_clock_offsets_and_one_base_time_in_the_order_of_the_document() {
    let text = manifest(
        "order",
        "max-latency = \"35 ms\"",
        &["a.out -> x", "a.slow -> y"],
        &[("a", "teller", "clock = true"), ("x", "listener", ""), ("y", "listener", "")],
    );
    let mut graph = simulate(&text);
    graph.graph().stop().unwrap();
    assert_eq!(
        noted("order"),
        [
            "order.a: no offset above 35.0 ms",
            "order.x: accepts audio/48000/1",
            "order.a: connected with audio/48000/1",
            "order.a: no offset above 35.0 ms",
            "order.y: accepts audio/48000/1",
            "order.a: connected with audio/48000/1",
            "order.y: activated",
            "order.x: activated",
            "order.a: activated",
            "order.a: offset 0 is 25.0 ms, clock own, Stopped",
            "order.a: offset 1 is 0.0 ms, clock own, Stopped",
            "order.y: runs in 20.0 ms with 0",
            "order.x: runs in 20.0 ms with 0",
            "order.a: runs in 20.0 ms",
            "order.y: pauses",
            "order.x: pauses",
            "order.a: pauses",
            "order.y: deactivated",
            "order.x: deactivated",
            "order.a: deactivated",
        ]
    );
}

/// LS-8, LS-126: nobody has to ask again and again whether the renderers are cued.
#[test]
fn a_renderer_says_when_its_pause_is_complete_and_one_that_waits_for_nothing_says_nothing() {
    let told = |test: &str, source: &str| {
        let filters = [("a", "teller", source), ("x", "listener", "")];
        let report = simulate(&manifest(test, "", &["a.out -> x"], &filters)).stop();
        let events = report.events.into_iter().map(|it| (it.code, it.filter, it.p1));
        events
            .filter(|it| [EventCode::PAUSED, EventCode::STATE_CHANGE].contains(&it.0))
            .take_while(|it| it.2 != State::Running as i64)
            .map(|(code, filter, _)| (code, filter))
            .collect::<Vec<_>>()
    };
    let paused = (EventCode::STATE_CHANGE, None);
    let cued = (EventCode::PAUSED, Some("x".to_owned()));
    let not_live = "flags = [\"not-live\"]\ncue = \"done\"";
    assert_eq!(told("says", not_live), [paused.clone(), cued]);
    assert_eq!(told("says nothing", ""), [paused]);
}

/// LS-9, LS-120, LS-121: a state is told from when it is asked for, and beside it how far it is.
#[test]
fn a_graph_tells_the_state_that_it_is_going_to_and_whom_it_waits_for() {
    let start = |test: &str, source: &str| {
        let filters = [("a", "teller", source), ("x", "listener", "")];
        let mut graph = simulate(&manifest(test, "", &["a.out -> x"], &filters));
        graph.graph().stop().unwrap();
        graph
    };
    let waiting = Cued::Waiting(vec!["x".to_owned()]);
    let mut simulation = start("target", "flags = [\"not-live\"]\ncue = \"done\"");
    let mut told = Vec::new();
    let mut tell = |graph: &mut Graph| told.push(graph.target_state().unwrap());
    tell(simulation.graph());
    simulation.graph().pause().unwrap();
    tell(simulation.graph());
    simulation.graph().run().unwrap();
    tell(simulation.graph());
    simulation.graph().pause().unwrap();
    tell(simulation.graph());
    simulation.graph().run().unwrap();
    simulation.advance(ms(50)).unwrap();
    tell(simulation.graph());
    simulation.graph().pause().unwrap();
    tell(simulation.graph());
    let mut live = start("target live", "");
    live.graph().pause().unwrap();
    tell(live.graph());
    assert_eq!(
        told,
        [
            (State::Stopped, Cued::Done),
            (State::Paused, waiting.clone()),
            (State::Running, waiting.clone()), // it will as soon as `x` has a sample
            (State::Paused, waiting),          // and will no more
            (State::Running, Cued::Done),
            (State::Paused, Cued::Done),
            (State::Paused, Cued::CantCue),
        ]
    );
}

/// LS-120: the order that comes last counts, though the renderers are cued in the meantime.
#[test]
fn a_pause_or_a_stop_takes_back_a_run_that_is_still_waited_for() {
    for state in [State::Paused, State::Stopped] {
        let source = "flags = [\"not-live\"]\ncue = \"done\"";
        let filters = [("a", "teller", source), ("x", "listener", "")];
        let text = manifest(&format!("back {state:?}"), "", &["a.out -> x"], &filters);
        let mut simulation = simulate(&text);
        simulation.graph().stop().unwrap();
        let cued = simulation.graph().run().unwrap();
        assert_eq!(cued, Cued::Waiting(vec!["x".to_owned()]));
        match state {
            State::Paused => simulation.graph().pause().unwrap(),
            _ => simulation.graph().stop().unwrap(),
        }
        simulation.advance(ms(100)).unwrap();
        assert_eq!(simulation.graph().state(), state);
        assert_eq!(simulation.graph().target_state().unwrap(), (state, Cued::Done));
    }
}

/// LS-113, LS-114: each renderer for itself, then the graph; again with every run, and not for one that
/// plays on.
#[test]
fn a_graph_is_complete_once_in_each_run_when_its_last_renderer_is() {
    let text = manifest(
        "whole",
        "",
        &["a.out -> x", "b.out -> y"],
        &[
            ("a", "teller", "count = 10"),
            ("x", "listener", ""),
            ("b", "teller", "count = 30"),
            ("y", "listener", ""),
        ],
    );
    let mut simulation = simulate(&text);
    let events = simulation.graph().events().subscribe();
    let told = |simulation: &mut Simulation, after| {
        simulation.advance(ms(after)).unwrap();
        let events = std::iter::from_fn(|| events.try_next());
        let complete = events.filter(|event| event.code == EventCode::COMPLETE);
        let by_whom: Vec<_> = complete.map(|it| it.filter.unwrap_or_default()).collect();
        (by_whom.join(" "), simulation.graph().is_complete())
    };
    assert_eq!(told(&mut simulation, 200), ("x".to_owned(), false));
    assert_eq!(told(&mut simulation, 200), ("y ".to_owned(), true));
    assert_eq!(told(&mut simulation, 200), (String::new(), true));
    simulation.graph().stop().unwrap();
    simulation.graph().run().unwrap();
    assert_eq!(told(&mut simulation, 400), ("x y ".to_owned(), true));
}

/// LS-122
#[test]
fn a_graph_that_is_stopped_by_being_dropped_stops_its_filters() {
    let text = manifest("drop", "", &["a.out -> x"], &[("a", "teller", ""), ("x", "listener", "")]);
    drop(simulate(&text));
    let log = noted("drop");
    assert!(log.contains(&"drop.a: deactivated".to_owned()), "{log:?}");
}

/// LS-121: a filter that is not in the state of its graph is named, once nobody waits.
#[test]
fn a_graph_names_the_filters_that_are_not_in_its_state() {
    let (a, x) = (("a", "teller", ""), ("x", "listener", ""));
    let before = manifest("contrary", "", &["a.out -> x"], &[a, x]);
    let lame = [("c", "teller", "fails-in = \"run\""), ("y", "listener", "")];
    let after = manifest("contrary", "", &["a.out -> x", "c.out -> y"], &[[a, x], lame].concat());
    let mut simulation = simulate(&before);
    simulation.change(plan(&after)).unwrap();
    let graph = simulation.graph();
    let failed = Cued::Failed(vec!["c".to_owned()]);
    assert_eq!(graph.target_state().unwrap(), (State::Running, failed.clone()));
    graph.pause().unwrap();
    assert_eq!(graph.target_state().unwrap(), (State::Paused, failed));
    assert_eq!(graph.run().unwrap(), Cued::CantCue, "it keeps nobody from running");
    graph.stop().unwrap();
    assert_eq!(graph.target_state().unwrap(), (State::Stopped, Cued::Done));
}

/// LS-9, LS-120: nobody is there any more to be given an error.
#[test]
fn a_run_that_fails_after_it_was_waited_for_is_an_event_and_stops_the_graph() {
    let source = "flags = [\"not-live\"]\ncue = \"done\"\nfails-in = \"second-run\"";
    let filters = [("a", "teller", source), ("x", "listener", "")];
    let mut simulation = simulate(&manifest("still", "", &["a.out -> x"], &filters));
    simulation.advance(ms(50)).unwrap();
    simulation.graph().stop().unwrap();
    let waits = Cued::Waiting(vec!["x".to_owned()]);
    assert_eq!(simulation.graph().run().unwrap(), waits);
    simulation.advance(ms(50)).unwrap();
    assert_eq!(simulation.graph().state(), State::Stopped);
    let report = simulation.stop();
    let told = report.events.iter().filter(|it| it.code == EventCode::ERROR_STILL_PLAYING);
    let told: Vec<_> = told.map(|it| it.text.as_str()).collect();
    assert_eq!(told, ["filter `a` could not run: as it was told"]);
}

/// LS-67
#[test]
fn the_lead_is_as_asked_for_between_0_and_500_ms() {
    for (asked, given) in [(100, "100.0 ms"), (0, "0.0 ms"), (-1, "0.0 ms"), (501, "500.0 ms")] {
        let filters = [("a", "teller", ""), ("x", "listener", "")];
        let text = manifest("lead", "", &["a.out -> x"], &filters);
        let options = RunOptions { lead: ms(asked), ..RunOptions::default() };
        drop(Simulation::start(plan(&text), options).unwrap());
        let log = noted("lead");
        assert!(log.contains(&format!("lead.a: runs in {given}")), "{asked}: {log:?}");
    }
}

/// LS-121: in real time, where somebody waits.
#[test]
fn who_waits_for_a_pause_is_told_when_it_is_complete_or_after_the_time_who_still_waits() {
    let source = "flags = [\"not-live\"]\ncue = \"done\"";
    let graph_with = |listener: &str| {
        let filters = [("a", "teller", source), ("x", "listener", listener)];
        plan(&manifest("patient", "", &["a.out -> x"], &filters))
    };
    let options = RunOptions { real_time_priority: false, ..RunOptions::default() };
    let mut graph = RunningGraph::start_with(graph_with(""), options).unwrap();
    let waits = Cued::Waiting(vec!["x".to_owned()]);
    for (listener, timeout_ms, cued) in [("full = true", 20, waits), ("", 20_000, Cued::Done)] {
        graph.graph().stop().unwrap();
        graph.change(graph_with(listener)).unwrap();
        graph.graph().pause().unwrap();
        let began = Instant::now();
        let told = graph.wait_cued(Duration::from_millis(timeout_ms)).unwrap();
        assert_eq!(told, (State::Paused, cued));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}
