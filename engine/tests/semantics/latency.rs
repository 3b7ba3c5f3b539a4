//! Latencies, offsets, synchronisation and the cap (sections 2 to 4).

use driftless_plugin_api::{EventCode, Pin, Span, Status, When};

use crate::probe::{noted, plan};
use crate::{manifest, ms, simulate, start};

/// LS-16, LS-17
#[test]
fn each_pin_of_a_source_has_its_own_latency_and_offset() {
    let text = manifest(
        "pins",
        "",
        &["a.out -> x", "a.slow -> y"],
        &[("a", "teller", "latency = \"20 ms\""), ("x", "listener", ""), ("y", "listener", "")],
    );
    let mut graph = simulate(&text);
    let offsets = graph.graph().settled().timing.offsets.clone();
    assert_eq!(offsets[0].latency.zip(offsets[0].offset), Some((ms(20), ms(30))));
    assert_eq!(offsets[1].latency.zip(offsets[1].offset), Some((ms(50), ms(0))));
}

/// LS-41, LS-43
#[test]
fn synchronisation_switched_while_the_graph_runs_counts_from_the_next_start() {
    let text = manifest(
        "sync",
        "sync = true",
        &["a.out -> x", "a.slow -> y"],
        &[("a", "teller", ""), ("x", "listener", ""), ("y", "listener", "")],
    );
    let mut graph = simulate(&text);
    let offsets = || {
        let log = noted("sync");
        let told = log.iter().filter_map(|line| line.strip_prefix("sync.a: offset "));
        told.filter_map(|it| it.split(',').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(offsets(), ["0 is 30.0 ms", "1 is 0.0 ms"]);
    for (sync, expected) in
        [(false, ["0 is 0.0 ms", "1 is 0.0 ms"]), (true, ["0 is 30.0 ms", "1 is 0.0 ms"])]
    {
        graph.graph().set_sync(sync);
        graph.advance(ms(50)).unwrap();
        graph.graph().pause().unwrap();
        graph.graph().run().unwrap();
        graph.change(plan(&text.replace("sync = true", &format!("sync = {sync}")))).unwrap();
        assert!(offsets().is_empty(), "pause, run and another manifest change nothing");
        graph.graph().stop().unwrap();
        graph.graph().run().unwrap();
        assert_eq!(offsets(), expected);
    }
}

/// LS-45, LS-47
#[test]
fn a_cap_set_later_counts_from_the_next_start_and_needs_synchronisation() {
    let text = manifest(
        "cap",
        "",
        &["a.out -> x", "a.slow -> y"],
        &[("a", "teller", ""), ("x", "listener", ""), ("y", "listener", "")],
    );
    let mut graph = simulate(&text);
    let graph = graph.graph();
    assert_eq!(graph.set_max_latency(Some(ms(-1))), Err(Status::INVALID_ARGUMENT));
    assert_eq!(graph.set_max_latency(Some(ms(25))), Ok(()));
    assert_eq!(graph.settled().timing.target, ms(40));
    graph.stop().unwrap();
    graph.run().unwrap();
    assert_eq!(graph.settled().timing.target, ms(25));
    graph.set_sync(false);
    assert_eq!(graph.set_max_latency(Some(ms(25))), Err(Status::FAIL));
}

/// LS-24, LS-124, LS-126: what a filter posts from its thread arrives with its name, code and pin.
#[test]
fn a_changed_latency_is_an_event_that_names_filter_and_pin() {
    let text = manifest(
        "event",
        "",
        &["a.out -> x", "a.slow -> y"],
        &[("a", "teller", ""), ("x", "listener", ""), ("y", "listener", "")],
    );
    let mut simulation = simulate(&text);
    let events = simulation.graph().events().subscribe();
    simulation.graph().start_stream("a.slow", When::Now, 0).unwrap();
    let event = events.try_next().expect("it was posted");
    assert_eq!((event.code, event.filter.as_deref()), (EventCode::LATENCY_CHANGED, Some("a")));
    assert_eq!(event.p1, i64::from(driftless_plugin_api::Pin::Output(1).to_raw()));
}

/// LS-M2: `slow` is 30 ms slower than its library says, which only shows once it is open.
#[test]
fn under_strict_a_latency_that_an_opened_device_makes_impossible_stops_the_start() {
    let text = |strict| {
        manifest(
            if strict { "strict" } else { "lax" },
            &format!("strict = {strict}\nmax-latency = \"15 ms\""),
            &["a.out -> x", "a.slow -> y"],
            &[("a", "teller", ""), ("x", "listener", ""), ("y", "listener", "")],
        )
    };
    let refused = start(&text(true)).expect_err("40 ms are above the cap").to_string();
    assert_eq!(
        refused,
        "`a.slow` is 25.0 ms slower than `max-latency` and plays that much late; with `strict` that is \
         an error"
    );
    assert_eq!(noted("strict").last().map(String::as_str), Some("strict.a: deactivated"));
    let report = simulate(&text(false)).stop();
    let told = report.events.iter().filter(|it| it.code == EventCode::LATENCY_ABOVE_CAP);
    assert_eq!(told.map(|it| it.p1).collect::<Vec<_>>(), [ms(25).nanos()]);
}

/// LS-20, LS-51, LS-52, LS-53, LS-M5: with what it is about in numbers, not in words alone.
#[test]
fn what_is_wrong_with_a_latency_or_an_offset_is_an_event_with_its_pin_and_by_how_much() {
    let (a, b) = (|settings| ("a", "teller", settings), ("b", "teller", "latency = \"6 s\""));
    let pins = |sources, to_x: &'static str, to_y: &'static str| (sources, to_x, to_y);
    let alone = |settings| pins(vec![a(settings)], "a.out -> x", "a.slow -> y");
    let two = |to_x| pins(vec![a(""), b], to_x, "b.out -> y");
    let shy = pins(vec![("s", "shy", ""), a("")], "s -> x", "a.out -> y");
    let (out, slow) = (Pin::Output(0), Pin::Output(1));
    let table = [
        (EventCode::LATENCY_UNKNOWN, "", shy, ("s", 0, out)),
        (EventCode::LATENCY_ABOVE_CAP, "max-latency = \"15 ms\"", alone(""), ("a", 25, slow)),
        (EventCode::LATENCY_TOO_SHORT, "latency = \"15 ms\"", alone(""), ("a", 25, slow)),
        (EventCode::OFFSET_BEYOND_PREFERRED, "", two("a.out -> x"), ("a", 5990, out)),
        (EventCode::OFFSET_BEYOND_PREFERRED, "", alone("answers = \"false\""), ("a", 30, out)),
        (EventCode::OFFSET_REFUSED, "", alone("answers = \"refuses\""), ("a", 30, out)),
        (EventCode::INSUFFICIENT_BUFFERING, "", two("a.out -> q -> x"), ("a", 5970, out)),
    ];
    for (code, graph, (sources, to_x, to_y), (filter, ms_off, pin)) in table {
        let filters = [sources, vec![("x", "listener", ""), ("y", "listener", "")]].concat();
        let mut text = manifest("numbers", graph, &[to_x, to_y], &filters);
        if to_x.contains('q') {
            let queue = "plugin = \"queue\"\nleaky = true\ncapacity = \"20 ms\"";
            text.push_str(&format!("[filter.q]\n{queue}\n"));
        }
        let mut simulation = simulate(&text);
        simulation.advance(ms(100)).unwrap();
        let offset = simulation.graph().settled().timing.offsets[0].offset;
        let has_none = [EventCode::OFFSET_REFUSED, EventCode::LATENCY_UNKNOWN].contains(&code);
        assert_eq!(offset.is_none(), has_none, "{code}: {offset:?}");
        let report = simulation.stop();
        let x = report.filter("x").unwrap();
        let seen = x.counters.iter().find(|it| it.0 == "offset above").map(|it| it.1 as i64);
        assert_eq!(seen, Some(offset.map_or(0, Span::nanos)), "{code}: what the renderer finds");
        let told = report.events.iter().find(|it| it.code == code);
        let told = told.map(|it| (it.filter.as_deref(), it.p1, it.p2));
        let expected = (Some(filter), ms(ms_off).nanos(), i64::from(pin.to_raw()));
        assert_eq!(told, Some(expected), "{code}: {:?}", report.events);
        assert!(x.received > 0, "{code}: it goes on");
    }
}
