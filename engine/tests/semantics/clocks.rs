//! Clocks: the choice, one crystal, wake-ups (section 5).

use driftless_engine::Simulation;
use driftless_engine::manifest::ClockRequest;
use driftless_plugin_api::{EventCode, Status};

use crate::probe::noted;
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

/// LS-70: one wake-up for each wish; one that has passed is now.
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
