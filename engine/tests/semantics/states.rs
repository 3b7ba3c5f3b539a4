//! States: what a start and a stop tell in which order, and how far a pause is (section 8.4).

use driftless_engine::graph::Cued;
use driftless_engine::{Graph, Simulation};
use driftless_plugin_api::{EventCode, State};

use crate::probe::noted;
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
