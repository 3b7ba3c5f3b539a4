//! Latencies that change while the graph runs (LS-M4), in virtual time.

use driftless_engine::{RunOptions, Simulation};
use driftless_plugin_api::Span;
use driftless_test_filters::{collected, plan};

/// Two live sources in step, each with a renderer; `changing` and `device` are more settings of the
/// first source and its renderer. Their names begin with `prefix`.
fn simulate(prefix: &str, changing: &str, device: &str) -> Simulation {
    let text = format!(
        r#"
        [graph]
        connect = ["changing -> a", "steady -> b"]
        [filter.changing]
        plugin = "test.pulse"
        {changing}
        [filter.steady]
        plugin = "test.pulse"
        latency = "50 ms"
        [filter.a]
        plugin = "test.collect"
        as = "{prefix} a"
        {device}
        [filter.b]
        plugin = "test.collect"
        as = "{prefix} b"
        delay = "20 ms"
        "#
    );
    Simulation::start(plan(&text), RunOptions::default()).expect("it starts")
}

/// Runs for so many seconds; returns what both presented.
fn presented(prefix: &str, changing: &str, device: &str, seconds: i64) -> [Vec<(i64, i64)>; 2] {
    let mut graph = simulate(prefix, changing, device);
    graph.advance(Span::from_secs(seconds)).unwrap();
    let report = graph.stop();
    assert!(!report.has_failed(), "{report}");
    ["a", "b"].map(|name| collected(&format!("{prefix} {name}")))
}

/// From stamp to stamp, where that is not the 10 ms of every other sample.
fn steps_but_periods(presented: &[(i64, i64)]) -> Vec<i64> {
    let steps = presented.windows(2).map(|two| two[1].1 - two[0].1);
    steps.filter(|step| *step != 10_000_000).collect()
}

/// LS-M4, LS-54
#[test]
fn what_has_room_for_a_longer_latency_takes_it_from_its_own_offset_and_nobody_else_hears_of_it() {
    let [_, steady] = presented("none", "latency = \"10 ms\"", "", 3);
    let changes = [
        ("grows", "latency = \"10 ms\"\nchanges-at = 100\nbecomes = \"40 ms\"", "", vec![]),
        // A buffer that became shorter skips what it held.
        (
            "shrinks",
            "latency = \"30 ms\"\nchanges-at = 100\nbecomes = \"10 ms\"",
            "",
            vec![30_000_000],
        ),
        (
            "device",
            "latency = \"10 ms\"",
            "delay-changes-at = 100\ndelay-becomes = \"20 ms\"",
            vec![],
        ),
    ];
    for (prefix, changing, device, jumps) in changes {
        let [a, b] = presented(prefix, changing, device, 3);
        assert!(b == steady, "{prefix}: the steady stream changed");
        // What is captured now is presented 70 ms later before and after, so the stamps have no gap
        // and no overlap.
        assert!(a.iter().all(|(presented, stamp)| *presented == stamp + 20_000_000), "{prefix}");
        assert_eq!(steps_but_periods(&a), jumps, "{prefix}");
    }
}

/// LS-50, LS-M4
#[test]
fn a_latency_beyond_all_others_makes_everybody_wait_at_once_and_all_stay_in_step() {
    let mut graph =
        simulate("beyond", "latency = \"10 ms\"\nchanges-at = 100\nbecomes = \"90 ms\"", "");
    graph.advance(Span::from_millis(900)).unwrap();
    assert_eq!(graph.graph().settled().timing.latency(), Span::from_millis(70));
    graph.advance(Span::from_secs(1)).unwrap();
    assert_eq!(graph.graph().settled().timing.latency(), Span::from_millis(90));
    let offsets = graph.graph().settled().timing.offsets.clone();
    let offsets: Vec<_> = offsets.iter().map(|it| it.offset.unwrap()).collect();
    assert_eq!(offsets, [Span::ZERO, Span::from_millis(40)]);
    graph.stop();
    let steps = |name| steps_but_periods(&collected(name));
    // Each stream jumps once, by what the target grew.
    assert_eq!((steps("beyond a"), steps("beyond b")), (vec![50_000_000], vec![50_000_000]));
}

/// LS-M4
#[test]
fn latency_that_is_not_needed_any_more_is_given_up_after_five_seconds_if_it_is_worth_it() {
    let source = |becomes: &str| {
        (format!("latency = \"100 ms\"\nchanges-at = 100\nbecomes = \"{becomes}\""), "")
    };
    let device = "delay = \"100 ms\"\ndelay-changes-at = 100\ndelay-becomes = \"20 ms\"";
    let table = [
        ("worth it", source("20 ms"), 50 + 20),
        ("not worth it", source("95 ms"), 100),
        ("a device", (String::new(), device), 50 + 20),
    ];
    for (prefix, (changing, device), expected) in table {
        let mut graph = simulate(prefix, &changing, device);
        graph.advance(Span::from_millis(5_900)).unwrap();
        let latency = |graph: &mut Simulation| graph.graph().settled().timing.latency();
        assert_eq!(latency(&mut graph), Span::from_millis(100), "{prefix}: too early");
        graph.advance(Span::from_millis(300)).unwrap();
        assert_eq!(latency(&mut graph), Span::from_millis(expected), "{prefix}");
        graph.stop();
        collected(&format!("{prefix} a"));
        collected(&format!("{prefix} b"));
    }
}
