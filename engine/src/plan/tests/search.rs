//! The search upstream.

use driftless_plugin_api::Status;

use super::*;
use crate::plan::search::{Place, Wanted, find_upstream};

/// Two chains that meet in a mixer.
fn graph() -> Plan {
    plan(&manifest(
        "",
        &["a -> g -> m", "b -> m", "m -> s"],
        &[
            ("a", "live", ""),
            ("g", "gain", ""),
            ("b", "file", ""),
            ("m", "mixer", ""),
            ("s", "speakers", ""),
        ],
    ))
}

fn name(plan: &Plan, place: Place) -> String {
    match place {
        Place::Input(pin) => plan.input_name(pin),
        Place::Output(pin) => plan.output_name(pin),
        Place::Filter(filter) => plan.filters[filter].name.clone(),
    }
}

/// Everything that a search from the speakers' input looks at, in its order.
fn looked_at(wanted: Wanted) -> Vec<String> {
    let plan = graph();
    let from = Place::Input(PinNumber { filter: plan.filter("s").expect("it is there"), pin: 0 });
    let mut seen = Vec::new();
    let found: Result<(), Status> = find_upstream(&plan, from, wanted, |way| {
        seen.push(name(&plan, *way.last().expect("the place itself")));
        None
    });
    assert_eq!(found, Err(Status::NO_INTERFACE));
    seen
}

/// LS-36, LS-37, LS-39: the pin, its peer, that filter, all of its inputs; deep first; each once.
#[test]
fn a_search_goes_up_through_every_input_deep_first() {
    assert_eq!(
        looked_at(Wanted::ANY),
        ["s.in", "m.out", "m", "m.in0", "g.out", "g", "g.in", "a.out", "a", "m.in1", "b.out", "b",]
    );
}

/// LS-38
#[test]
fn what_is_wanted_limits_what_is_accepted_and_not_the_way() {
    assert_eq!(looked_at(Wanted::INPUT), ["s.in", "m.in0", "g.in", "m.in1"]);
    assert_eq!(looked_at(Wanted::OUTPUT), ["m.out", "g.out", "a.out", "b.out"]);
    assert_eq!(looked_at(Wanted::FILTER), ["m", "g", "a", "b"]);
}

/// LS-36
#[test]
fn the_first_hit_wins() {
    let plan = graph();
    let s = plan.filter("s").expect("it is there");
    let mut asked = 0;
    let found = find_upstream(
        &plan,
        Place::Input(PinNumber { filter: s, pin: 0 }),
        Wanted::FILTER,
        |way| {
            asked += 1;
            match way.last() {
                Some(Place::Filter(it)) => plan.filters[*it].inputs.is_empty().then_some(*it),
                _ => None,
            }
        },
    );
    assert_eq!((found, asked), (Ok(plan.filter("a").expect("it is there")), 3));
}

/// LS-39
#[test]
fn a_pin_of_no_filter_of_the_graph_is_refused() {
    let plan = graph();
    for place in [
        Place::Input(PinNumber { filter: 99, pin: 0 }),
        Place::Output(PinNumber { filter: 0, pin: 7 }),
        Place::Filter(99),
    ] {
        assert_eq!(
            find_upstream(&plan, place, Wanted::ANY, |_| Some(())),
            Err(Status::NOT_IN_GRAPH)
        );
    }
}

/// LS-39: a ring, which no manifest can make, ends too.
#[test]
fn a_search_in_a_ring_ends() {
    let mut plan = graph();
    let (g, m) = (plan.filter("g").expect("it is there"), plan.filter("m").expect("it is there"));
    let into_g = plan.connections.iter().position(|it| it.to.filter == g).expect("it is there");
    plan.connections[into_g].from = PinNumber { filter: m, pin: 0 };
    let from = Place::Output(PinNumber { filter: m, pin: 0 });
    let found: Result<(), Status> = find_upstream(&plan, from, Wanted::ANY, |_| None);
    assert_eq!(found, Err(Status::NO_INTERFACE));
}

/// LS-40: the renderer begins at its peer's output; the mixer answers before any source does.
#[test]
fn an_audio_renderer_finds_the_mixer_and_learns_that_something_live_is_behind_it() {
    let plan = graph();
    let facts = Facts::declared(&plan.filters);
    let m = PinNumber { filter: plan.filter("m").expect("it is there"), pin: 0 };
    let found = crate::plan::matching::upstream(&plan, &facts, m);
    assert_eq!(found.push.map(|(pin, _)| pin), Some(m));
    assert!(found.live && found.stamped);
}
