//! What a graph does with its filters, told by filters that write it down. In virtual time.

mod probe;

use driftless_engine::graph::Cued;
use driftless_engine::manifest::ClockRequest;
use driftless_engine::{Graph, RunError, RunOptions, Simulation};
use driftless_plugin_api::{EventCode, Span, State, Status, StreamTime, When};
use probe::noted;

fn simulate(text: &str) -> Simulation {
    start(text).expect("it starts")
}

fn start(text: &str) -> Result<Simulation, RunError> {
    Simulation::start(probe::plan(text), RunOptions::default())
}

/// A manifest of `[graph]` lines, connections and `name, plugin, settings`; each filter is called
/// `test.name` in the log.
fn manifest(test: &str, graph: &str, connect: &[&str], filters: &[(&str, &str, &str)]) -> String {
    let mut text = format!("[graph]\n{graph}\nconnect = {connect:?}\n");
    for (name, plugin, settings) in filters {
        text.push_str(&format!("[filter.{name}]\nplugin = \"probe.{plugin}\"\n{settings}\n"));
        if matches!(*plugin, "teller" | "listener") {
            text.push_str(&format!("as = \"{test}.{name}\"\n"));
        }
    }
    text
}

fn ms(ms: i64) -> Span {
    Span::from_millis(ms)
}

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

/// LS-10
#[test]
fn one_who_cannot_cue_is_not_taken_for_live_by_it() {
    let text = manifest(
        "rare",
        "",
        &["a.out -> x"],
        &[
            ("a", "teller", "flags = [\"not-live\"]\ncue = \"cant-cue\""),
            ("x", "listener", "cues = false"),
        ],
    );
    let mut graph = simulate(&text);
    let source = graph.graph().plan().filter("a").unwrap();
    assert!(!graph.graph().facts().filters[source].is_live());
    assert!(graph.graph().settled().timing.offsets.is_empty());
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
    assert_eq!(report.events.iter().filter(|it| it.code == EventCode::COMPLETE).count(), 1);
}

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
        "",
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
        assert!(offsets().is_empty(), "pause and run change nothing");
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

/// LS-99: from outside, by the names of the manifest.
#[test]
fn a_pin_is_started_and_stopped_by_its_name_and_says_what_it_refuses() {
    let text = manifest(
        "control",
        "",
        &["a.out -> x", "a.slow -> y"],
        &[("a", "teller", ""), ("x", "listener", ""), ("y", "listener", "")],
    );
    let mut simulation = simulate(&text);
    let graph = simulation.graph();
    noted("control");
    let at = When::At(StreamTime::from_nanos(7));
    graph.start_stream("a.slow", at, 3).unwrap();
    let refused = graph.stop_stream("a.out", When::Never, true, 4).expect_err("it refuses");
    assert_eq!(refused.to_string(), "`a.out` could not stop: argument out of range");
    assert_eq!(
        noted("control"),
        [
            "control.a: start Output(1) At(StreamTime(7)) 3",
            "control.a: stop Output(0) Never true 4",
        ]
    );
    for (pin, why) in [
        ("b", "the filter is not in this graph"),
        ("a", "the filter is not in this graph"),
        ("a.uot", "the filter is not in this graph"),
    ] {
        let refused = graph.start_stream(pin, When::Now, 0).expect_err(pin).to_string();
        assert_eq!(refused, format!("`{pin}` could not start: {why}"));
    }
}

/// LS-102, LS-103: the receiver's wishes in its order, then the sender's; the first that both take.
#[test]
fn a_connection_takes_the_receivers_first_wish_that_both_accept() {
    let table = [
        ("", "48000", &["accepts"][..]),
        ("wants = [\"16000\", \"44100\"]", "16000", &["accepts"]),
        ("wants = [\"8000\", \"44100\"]", "44100", &["accepts"]),
        (
            "wants = [\"44100\"]\nrefuses = [\"44100\", \"48000\"]",
            "16000",
            &["refuses", "refuses", "accepts"],
        ),
    ];
    for (settings, rate, answers) in table {
        let text = manifest(
            "agree",
            "",
            &["a.out -> x"],
            &[("a", "teller", ""), ("x", "listener", settings)],
        );
        let mut graph = simulate(&text);
        assert_eq!(graph.graph().media()[0].to_string(), format!("audio/{rate}/1"), "{settings}");
        drop(graph);
        let log = noted("agree.x");
        for (line, answer) in log.iter().zip(answers) {
            assert!(line.starts_with(&format!("agree.x: {answer}")), "{settings}: {log:?}");
        }
    }
}

/// LS-102, LS-103
#[test]
fn pins_that_agree_on_nothing_are_left_unconnected_and_say_why() {
    let refuses = "refuses = [\"48000\", \"44100\", \"16000\"]";
    let text =
        manifest("never", "", &["a.out -> x"], &[("a", "teller", ""), ("x", "listener", refuses)]);
    let wrong = start(&text).expect_err("nothing is accepted").to_string();
    assert_eq!(wrong, "`a.out` cannot be connected to `x.in`: not audio/16000/1");
    let log = noted("never");
    assert!(log.iter().all(|line| line.contains("refuses")), "{log:?}");
    let text = manifest("never", "", &["a.out -> x"], &[("a", "teller", ""), ("x", "any", "")]);
    let wrong = start(&text).expect_err("nothing is accepted").to_string();
    assert_eq!(wrong, "`a.out` cannot be connected to `x.in`: it takes nothing at all");
}

/// LS-122
#[test]
fn a_graph_that_is_stopped_by_being_dropped_stops_its_filters() {
    let text = manifest("drop", "", &["a.out -> x"], &[("a", "teller", ""), ("x", "listener", "")]);
    drop(simulate(&text));
    let log = noted("drop");
    assert!(log.contains(&"drop.a: deactivated".to_owned()), "{log:?}");
}

/// LS-117: through filters that do not act on it, and over thread borders, to the one that does.
#[test]
fn a_quality_message_goes_upstream_to_the_first_filter_that_acts_on_it() {
    let text = manifest(
        "quality",
        "",
        &["a.slow -> q -> p -> x", "a.out -> y"],
        &[
            ("a", "teller", ""),
            ("p", "pass", ""),
            ("x", "listener", "complains = true"),
            ("y", "listener", ""),
        ],
    ) + "[filter.q]\nplugin = \"queue\"\n";
    let mut graph = simulate(&text);
    graph.advance(Span::from_secs(1)).unwrap();
    drop(graph);
    let log = noted("quality.a");
    let told: Vec<_> = log.iter().filter(|line| line.contains("Famine")).collect();
    assert_eq!(told, ["quality.a: Output(1) Famine 666 40.0 ms"]);
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
