//! Clocks: the choice, one crystal, wake-ups (section 5).

use driftless_engine::manifest::ClockRequest;
use driftless_engine::{Graph, Simulation};
use driftless_plugin_api::{EventCode, State, Status};

use crate::probe::{noted, plan};
use crate::{manifest, ms, simulate};

/// LS-59, LS-60, LS-61
#[test]
fn a_clock_is_chosen_while_stopped_and_stays_until_it_is_given_back() {
    let text = manifest(
        "clock",
        "",
        &["a.out -> x"],
        &[("a", "teller", "clock = true"), ("x", "listener", "")],
    );
    let mut simulation = simulate(&text);
    let graph = simulation.graph();
    assert_eq!(graph.set_clock(ClockRequest::None), Err(Status::NOT_STOPPED));
    graph.stop().unwrap();
    let events = graph.events().subscribe();
    let name =
        |graph: &driftless_engine::Graph| graph.settled().clock.name(graph.plan()).to_owned();
    let filter = |name: &str| ClockRequest::Filter(name.to_owned());
    assert_eq!(graph.set_clock(filter("b")), Err(Status::NOT_IN_GRAPH));
    assert_eq!(graph.set_clock(filter("x")), Err(Status::NO_CLOCK));
    assert_eq!(name(graph), "a", "what was refused changed nothing");
    let orders = [
        (ClockRequest::None, "none"),
        (ClockRequest::System, "system"),
        (filter("a"), "a"),
        (ClockRequest::None, "none"),
        (ClockRequest::Auto, "a"),
    ];
    for (request, expected) in orders {
        assert_eq!(graph.set_clock(request), Ok(()));
        assert_eq!(name(graph), expected);
        assert_eq!(graph.has_clock(), expected != "none");
        let told = std::iter::from_fn(|| events.try_next())
            .filter(|event| event.code == EventCode::CLOCK_CHANGED)
            .map(|event| event.text);
        assert_eq!(told.collect::<Vec<_>>(), [expected]);
        graph.run().unwrap();
        assert_eq!(name(graph), expected, "it sticks");
        graph.stop().unwrap();
        while events.try_next().is_some() {}
    }
}

/// LS-43, LS-45, LS-60: also through a change, or a repair, into what the manifest says.
#[test]
fn what_the_application_asked_for_outlives_a_change_of_the_plan() {
    let filters = [("a", "teller", "clock = true"), ("x", "listener", ""), ("y", "listener", "")];
    let connect = ["a.out -> x", "a.slow -> y"];
    for (test, changes_at) in
        [("kept stopped", State::Stopped), ("kept paused", State::Paused), ("kept", State::Running)]
    {
        let text = manifest(test, "max-latency = \"35 ms\"", &connect, &filters);
        for sync in [true, false] {
            let mut simulation = simulate(&text);
            let graph = simulation.graph();
            graph.stop().unwrap();
            graph.set_clock(ClockRequest::System).unwrap();
            graph.set_max_latency(Some(ms(25))).unwrap();
            graph.set_sync(sync);
            match changes_at {
                State::Stopped => {}
                State::Paused => graph.pause().unwrap(),
                State::Running => drop(graph.run().unwrap()),
            }
            simulation.change(plan(&text)).unwrap();
            let graph = simulation.graph();
            let clock = |graph: &Graph| graph.settled().clock.name(graph.plan()).to_owned();
            assert_eq!(clock(graph), "system", "{test}");
            graph.stop().unwrap();
            graph.run().unwrap();
            assert_eq!(clock(graph), "system", "{test}: from the next start on too");
            let settled = graph.settled();
            let offsets = settled.timing.offsets.iter().map(|it| it.offset.unwrap());
            let expected = if sync { [ms(15), ms(0)] } else { [ms(0), ms(0)] };
            assert_eq!(offsets.collect::<Vec<_>>(), expected, "{test}");
        }
    }
}

/// LS-63: and where the clock was named, it stays.
#[test]
fn a_clock_whose_filter_leads_nowhere_any_more_is_given_up_unless_it_was_named() {
    for (graph, expected) in [("", "b"), ("clock = \"a\"", "a")] {
        let filters = [
            ("a", "teller", "clock = true"),
            ("b", "teller", "clock = true"),
            ("x", "listener", ""),
            ("y", "listener", ""),
        ];
        let before = manifest("parted", graph, &["a.slow -> x", "b.out -> y"], &filters);
        let after = manifest("parted", graph, &["b.out -> y", "b.slow -> x"], &filters);
        let mut simulation = simulate(&before);
        simulation.advance(ms(100)).unwrap();
        let name = |simulation: &mut Simulation| {
            let graph = simulation.graph();
            graph.settled().clock.name(graph.plan()).to_owned()
        };
        assert_eq!(name(&mut simulation), "a");
        simulation.change(plan(&after)).unwrap();
        assert_eq!(name(&mut simulation), expected);
        let unset = simulation.stop().events.iter().any(|it| it.code == EventCode::CLOCK_UNSET);
        assert_eq!(unset, expected == "b");
    }
    noted("parted");
}

/// LS-59, LS-60: also who comes later.
#[test]
fn who_comes_while_the_graph_runs_has_the_graphs_clock_or_none() {
    for (clock, has) in [("system", true), ("none", false)] {
        let graph = format!("clock = \"{clock}\"");
        let first = [("a", "teller", ""), ("x", "listener", "")];
        let more = [("b", "teller", "clock = true"), ("y", "listener", "")];
        let before = manifest("later", &graph, &["a.out -> x"], &first);
        let after =
            manifest("later", &graph, &["a.out -> x", "b.out -> y"], &[first, more].concat());
        let mut simulation = simulate(&before);
        simulation.advance(ms(100)).unwrap();
        noted("later");
        simulation.change(plan(&after)).unwrap();
        let log = noted("later.b");
        let told = if has { "clock another's" } else { "clock none" };
        assert!(log.iter().any(|it| it.contains("offset 0") && it.contains(told)), "{log:?}");
    }
}

/// LS-M10: a renderer need not know of crystals to leave the rate alone.
#[test]
fn a_source_on_the_crystal_of_its_renderer_is_shown_to_it_as_one_that_matches_its_rate_itself() {
    let text = manifest(
        "crystal",
        "",
        &["a.out -> x", "a.slow -> y"],
        &[
            ("a", "teller", "crystal = \"card 1\""),
            ("x", "listener", "crystal = \"card 1\""),
            ("y", "listener", "crystal = \"card 2\""),
        ],
    );
    drop(simulate(&text));
    let mut told = noted("crystal");
    told.retain(|line| line.contains("above is"));
    assert_eq!(
        told,
        [
            "crystal.y: above is Some(PushSourceFlags(0))",
            "crystal.x: above is Some(PushSourceFlags(1))"
        ]
    );
}

/// LS-70: one wake-up for each wish.
#[test]
fn a_filter_is_called_at_the_time_it_asked_for() {
    let text = manifest(
        "wake",
        "",
        &["a.out -> x"],
        &[("a", "teller", "gap = \"1 s\""), ("x", "listener", "")],
    );
    let mut graph = simulate(&text);
    let taken = |graph: &mut Simulation| graph.graph().report().filter("x").unwrap().received;
    graph.advance(ms(495)).unwrap();
    assert_eq!(taken(&mut graph), 50, "at 0, 10, … 490 ms");
    graph.advance(ms(1000)).unwrap();
    assert_eq!(taken(&mut graph), 50, "nothing before it asked");
    graph.advance(ms(10)).unwrap();
    assert_eq!(taken(&mut graph), 51);
}

/// LS-70
#[test]
fn a_filter_that_asks_for_a_time_that_has_passed_is_called_at_once() {
    let text = manifest(
        "past",
        "",
        &["a.out -> x"],
        &[("a", "teller", "gap = \"-40 ms\""), ("x", "listener", "")],
    );
    let mut graph = simulate(&text);
    graph.advance(ms(489)).unwrap();
    let taken = |graph: &mut Simulation| graph.graph().report().filter("x").unwrap().received;
    assert_eq!(taken(&mut graph), 49, "at 0, 10, … 480 ms");
    graph.advance(ms(2)).unwrap();
    assert_eq!(
        taken(&mut graph),
        54,
        "at 490 ms for that, and for 460, 470, 480 and 490 once more"
    );
}
