//! Graphs whose clock goes (LS-M8), in virtual time.

use driftless_engine::{RunOptions, Simulation};
use driftless_plugin_api::{EventCode, Span};
use driftless_test_filters::{collected, plan};

const PPM: f64 = 300.0;

fn manifest(prefix: &str, source: &str, with_clock: bool) -> String {
    // One that was asked for is followed by another likewise (LS-63).
    let graph = if prefix == "named" { "clock = \"clocked\"\n" } else { "" };
    let (connect, filters) = match with_clock {
        true => (
            "\"clocked -> a\", ",
            format!(
                "[filter.clocked]\nplugin = \"test.pulse\"\nclock = true\nrate-error = \"{PPM} ppm\"\n{source}\n\
                 [filter.a]\nplugin = \"test.collect\"\nas = \"{prefix} a\"\n"
            ),
        ),
        false => ("", String::new()),
    };
    format!(
        "[graph]\n{graph}connect = [{connect}\"other -> b\"]\n{filters}\
         [filter.other]\nplugin = \"test.pulse\"\n\
         [filter.b]\nplugin = \"test.collect\"\nas = \"{prefix} b\"\n"
    )
}

/// Stream time after each of the next milliseconds.
fn stream_times(graph: &mut Simulation, milliseconds: usize) -> Vec<i64> {
    let mut times = Vec::new();
    for _ in 0..milliseconds {
        graph.advance(Span::from_millis(1)).unwrap();
        times.push(graph.graph().stream_time().nanos());
    }
    times
}

fn clock(graph: &mut Simulation) -> String {
    let graph = graph.graph();
    graph.settled().clock.name(graph.plan()).to_owned()
}

/// LS-63, LS-M8
#[test]
fn whether_its_filter_is_removed_fails_or_loses_its_device_the_clock_moves_on_without_a_jump() {
    let table = [
        ("removed", ""),
        ("panics", "panics-at = 50"),
        ("unplugged", "loses-device-at = 50"),
        ("named", "loses-device-at = 50"),
    ];
    for (prefix, source) in table {
        let text = manifest(prefix, source, true);
        let mut graph = Simulation::start(plan(&text), RunOptions::default()).unwrap();
        assert_eq!(clock(&mut graph), "clocked");
        let mut times = stream_times(&mut graph, 500);
        if prefix == "removed" {
            graph.change(plan(&manifest(prefix, source, false))).unwrap();
        }
        times.extend(stream_times(&mut graph, 500));
        assert_eq!(clock(&mut graph), "system", "{prefix}");
        // A millisecond lasts a millisecond by one clock or by the other.
        let most = 1_000_000 + (PPM + 1.0) as i64;
        let steps: Vec<i64> = times.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(steps.iter().all(|it| (1_000_000 - 1..=most).contains(it)), "{prefix}: {steps:?}");
        assert!(steps[..400].iter().all(|it| *it > 1_000_200), "{prefix}: the clock counts first");
        assert!(steps[600..].iter().all(|it| *it == 1_000_000), "{prefix}: then host time does");
        let codes: Vec<EventCode> = graph.graph().seen().iter().map(|event| event.code).collect();
        let moved = [EventCode::CLOCK_UNSET, EventCode::CLOCK_CHANGED];
        assert!(codes.windows(2).any(|two| two == moved), "{prefix}: {codes:?}");
        graph.stop();
        let b = collected(&format!("{prefix} b"));
        assert!(b.len() > 97, "{prefix}: {}", b.len());
        collected(&format!("{prefix} a"));
    }
}

/// LS-54, LS-59
#[test]
fn a_better_clock_that_comes_while_the_graph_runs_is_not_taken_before_the_next_start() {
    let mut graph =
        Simulation::start(plan(&manifest("better", "", false)), RunOptions::default()).unwrap();
    graph.change(plan(&manifest("better", "", true))).unwrap();
    graph.advance(Span::from_millis(100)).unwrap();
    assert_eq!(clock(&mut graph), "system");
    graph.graph().stop().unwrap();
    graph.graph().run().unwrap();
    assert_eq!(clock(&mut graph), "clocked");
}
