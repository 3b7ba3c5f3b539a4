use super::*;

const CHAIN: [&str; 1] = ["a -> b"];

/// The clock and its reason, of a source `a` and a renderer `b`.
fn clock(graph: &str, a: (&str, &str), b: (&str, &str)) -> (String, String) {
    of(&manifest(graph, &CHAIN, &[("a", a.0, a.1), ("b", b.0, b.1)]))
}

fn of(text: &str) -> (String, String) {
    let plan = plan(text);
    let clock = &plan.settled.clock;
    (clock.name(&plan).to_owned(), clock.why.clone())
}

/// LS-56, LS-57, LS-M7
#[test]
fn the_clock_is_chosen_in_order_with_its_reason() {
    let offering = "clock = true";
    let silent = "clock = false";
    let forbidden = "clock = true\nprovide-clock = false";
    let table = [
        ("", ("live", offering), ("speakers", ""), "a", "a live source that offers a clock"),
        (
            "",
            ("live", ""),
            ("speakers", ""),
            "b",
            "no live source offers a clock, and this renderer does",
        ),
        (
            "",
            ("live", forbidden),
            ("speakers", ""),
            "b",
            "no live source offers a clock, and this renderer does",
        ),
        ("", ("file", offering), ("speakers", ""), "b", "nothing is live, and this renderer does"),
        (
            "",
            ("file", offering),
            ("speakers", silent),
            "a",
            "nothing is live, and this filter does, nearest to a renderer",
        ),
        ("", ("live", ""), ("speakers", silent), "system", "no filter offers a clock"),
        (
            "",
            ("live", ""),
            ("speakers", "provide-clock = false"),
            "system",
            "no filter offers a clock",
        ),
        (
            "clock-policy = \"classic\"",
            ("live", ""),
            ("speakers", ""),
            "system",
            "no live source offers a clock, and the classic policy then asks no other filter",
        ),
        (
            "clock-policy = \"classic\"",
            ("live", offering),
            ("speakers", ""),
            "a",
            "a live source that offers a clock",
        ),
        (
            "clock-policy = \"classic\"",
            ("file", ""),
            ("speakers", ""),
            "b",
            "nothing is live, and this renderer does",
        ),
        (
            "clock = \"none\"",
            ("live", offering),
            ("speakers", ""),
            "none",
            "the manifest wants none",
        ),
        (
            "clock = \"system\"",
            ("live", offering),
            ("speakers", ""),
            "system",
            "named in the manifest",
        ),
        ("clock = \"b\"", ("live", offering), ("speakers", ""), "b", "named in the manifest"),
    ];
    for (graph, a, b, name, why) in table {
        assert_eq!(clock(graph, a, b), (name.to_owned(), why.to_owned()), "{graph} {a:?} {b:?}");
    }
}

/// LS-29
#[test]
fn a_source_that_says_it_is_not_live_is_not_preferred() {
    let not_live = ("live", "clock = true\nflags = [\"not-live\"]");
    assert_eq!(clock("", not_live, ("speakers", "")).0, "b");
}

/// LS-58
#[test]
fn of_two_live_clocks_the_one_named_first_wins() {
    let offering = "clock = true";
    let filters = [
        ("z", "live", offering),
        ("a", "live", offering),
        ("b", "speakers", ""),
        ("c", "speakers", ""),
    ];
    assert_eq!(of(&manifest("", &["a -> b", "z -> c"], &filters)).0, "z");
}

/// LS-58: a source that is not connected (any more) comes last, though it was added first.
#[test]
fn of_two_live_clocks_a_connected_one_wins() {
    let offering = "clock = true";
    let filters = [
        ("z", "live", offering),
        ("a", "live", offering),
        ("b", "speakers", ""),
        ("c", "speakers", ""),
    ];
    let mut plan = plan(&manifest("", &["a -> b", "z -> c"], &filters));
    let z = plan.filter("z").expect("it is there");
    plan.filters[z].outputs[0].connection = None;
    let clock = plan.settle(&Facts::declared(&plan.filters)).clock;
    assert_eq!(clock.name(&plan), "a");
}

/// LS-13: live, with a clock, all flags zero.
#[test]
fn a_live_source_that_offers_a_clock_is_preferred_to_any_renderer() {
    for policy in ["classic", "preferred"] {
        let graph = format!("clock-policy = \"{policy}\"");
        assert_eq!(clock(&graph, ("live", "clock = true"), ("speakers", "")).0, "a");
    }
}

/// LS-56
#[test]
fn of_several_providers_the_one_nearest_to_a_renderer_wins() {
    let offering = "clock = true";
    let filters = [
        ("a", "file", offering),
        ("far", "gain", offering),
        ("near", "gain", offering),
        ("b", "speakers", "clock = false"),
    ];
    assert_eq!(of(&manifest("", &["a -> far -> near -> b"], &filters)).0, "near");
}

#[test]
fn a_clock_that_is_named_but_not_offered_is_an_error() {
    let table = [
        ("a", "this filter has none"),
        ("b", "its settings switch it off"),
        ("c", "its own `provide-clock = false` forbids it"),
    ];
    for (name, why) in table {
        let text = manifest(
            &format!("clock = \"{name}\""),
            &["a -> b", "d -> c"],
            &[
                ("a", "mute", ""),
                ("b", "speakers", "clock = false"),
                ("c", "speakers", "provide-clock = false"),
                ("d", "file", ""),
            ],
        );
        let wrong = try_plan(&text).expect_err("it is not offered").to_string();
        assert_eq!(wrong, format!("graph.toml:2:9: `{name}` offers no clock: {why}"));
    }
}
