//! What filters that stay are asked for when the graph changes while it runs (LS-125).

use driftless_engine::Simulation;
use driftless_plugin_api::EventCode;

use crate::probe::{noted, plan};
use crate::{manifest, ms, simulate};

/// What is noted while a running graph becomes another one.
fn noted_in_change(test: &str, before: &str, after: &str) -> (Simulation, Vec<String>) {
    let mut graph = simulate(before);
    graph.advance(ms(100)).unwrap();
    noted(test);
    graph.change(plan(after)).unwrap();
    let mut log = noted(test);
    log.retain(|line| !line.contains(": offset"));
    (graph, log)
}

/// LS-103, LS-125: pins that lead elsewhere are not closed in between, and keep the type that they have;
/// only where another stream comes it is announced, and its type if that is new. Who goes is closed renderers
/// first.
#[test]
fn pins_that_are_connected_anew_are_asked_only_what_is_new_to_them() {
    let (a, b) = (("a", "teller", ""), ("b", "teller", ""));
    let [x, y] = ["x", "y"].map(|name| (name, "listener", ""));
    let wants = |rates| format!("wants = {rates}");
    let (first, second) = (wants("[\"44100\"]"), wants("[\"16000\", \"44100\"]"));
    let swapped = |test| {
        let filters = [a, b, x, y];
        let before = manifest(test, "", &["a.out -> x", "b.out -> y"], &filters);
        (before, manifest(test, "", &["a.out -> y", "b.out -> x"], &filters))
    };
    let moved = |test| {
        let [x, y] = [("x", "listener", first.as_str()), ("y", "listener", second.as_str())];
        let before = manifest(test, "", &["a.out -> x"], &[a, x]);
        (before, manifest(test, "", &["a.out -> y"], &[a, y]))
    };
    let fed_by_another = |test, offers: &str| {
        let offers = format!("offers = {offers}");
        let other = ("b", "teller", offers.as_str());
        let before = manifest(test, "", &["a.out -> x"], &[a, x]);
        (before, manifest(test, "", &["b.out -> x"], &[other, x]))
    };
    let all_less = |test| {
        let before = manifest(test, "", &["a.out -> x", "b.out -> y"], &[a, b, x, y]);
        (before, manifest(test, "", &["a.out -> x"], &[a, x]))
    };
    let branch_less = |test| {
        let before = manifest(test, "", &["a.out -> x", "a.slow -> y"], &[a, x, y]);
        (before, manifest(test, "", &["a.out -> x"], &[a, x]))
    };
    let (runs, ends) = ("runs in -80.0 ms", ["pauses", "deactivated"]);
    let table = [
        ("swapped", swapped("swapped"), vec![], vec!["x: begins", "y: begins"]),
        (
            "moved",
            moved("moved"),
            vec![
                "moved.y: accepts audio/44100/1".to_owned(),
                "moved.y: activated".to_owned(),
                format!("moved.y: {runs} with 0"),
                format!("moved.x: {}", ends[0]),
                format!("moved.x: {}", ends[1]),
            ],
            vec!["y: begins"],
        ),
        (
            "fed",
            fed_by_another("fed", "[\"16000\", \"48000\"]"),
            vec![
                "fed.b: connected with audio/48000/1".to_owned(),
                "fed.b: activated".to_owned(),
                format!("fed.b: {runs}"),
                format!("fed.a: {}", ends[0]),
                format!("fed.a: {}", ends[1]),
            ],
            vec!["x: begins"],
        ),
        (
            "anew",
            fed_by_another("anew", "[\"16000\"]"),
            vec![
                "anew.x: accepts audio/16000/1".to_owned(),
                "anew.b: connected with audio/16000/1".to_owned(),
                "anew.b: activated".to_owned(),
                format!("anew.b: {runs}"),
                format!("anew.a: {}", ends[0]),
                format!("anew.a: {}", ends[1]),
            ],
            vec!["x: begins", "x: is told of audio/16000/1"],
        ),
        (
            "less",
            branch_less("less"),
            vec![
                "less.a: disconnected Output(1)".to_owned(),
                format!("less.y: {}", ends[0]),
                format!("less.y: {}", ends[1]),
            ],
            vec![],
        ),
        (
            "gone",
            all_less("gone"),
            ["y", "b"]
                .into_iter()
                .flat_map(|name| ends.map(|end| format!("gone.{name}: {end}")))
                .collect(),
            vec![],
        ),
    ];
    for (test, (before, after), expected, begins) in table {
        let (mut graph, log) = noted_in_change(test, &before, &after);
        assert_eq!(log, expected, "{test}");
        graph.advance(ms(25)).unwrap();
        let mut later: Vec<String> = noted(test)
            .iter()
            .filter_map(|line| line.strip_prefix(&format!("{test}.")))
            .map(|line| match line.split_once(": NewSegment") {
                Some((name, _)) => format!("{name}: begins"),
                None => line.to_owned(),
            })
            .collect();
        later.sort();
        assert_eq!(later, begins, "{test}");
        assert!(!graph.stop().has_failed());
    }
}

/// LS-120, LS-125: the renderer that stays was connected with another type already, and the one that comes
/// was opened.
#[test]
fn a_change_that_fails_on_the_way_undoes_what_was_done() {
    let (a, x) = (("a", "teller", ""), ("x", "listener", ""));
    let before = manifest("undone", "", &["a.out -> x"], &[a, x]);
    let after = manifest(
        "undone",
        "",
        &["b.out -> x", "c.out -> y"],
        &[
            ("b", "teller", "offers = [\"16000\"]"),
            x,
            ("c", "teller", "fails-in = \"activate\""),
            ("y", "listener", ""),
        ],
    );
    let mut graph = simulate(&before);
    noted("undone");
    let refused = graph.change(plan(&after)).expect_err("`c` cannot be activated").to_string();
    assert_eq!(refused, "filter `c` could not be activated: as it was told");
    let log = noted("undone");
    let of = |name: &str| {
        let of_it = log.iter().filter_map(|line| line.strip_prefix(&format!("undone.{name}: ")));
        of_it.collect::<Vec<_>>()
    };
    assert_eq!(of("x"), ["accepts audio/16000/1", "disconnected", "accepts audio/48000/1"]);
    assert_eq!(of("y"), ["accepts audio/48000/1", "activated", "deactivated"]);
    assert!(of("a").is_empty());
    graph.advance(ms(95)).unwrap();
    assert_eq!(
        graph.stop().filter("x").unwrap().received,
        10,
        "it plays on as if nothing had been"
    );
}

/// LS-101, LS-125
#[test]
fn one_that_comes_and_does_not_run_is_named_and_the_others_play_on() {
    let (a, x) = (("a", "teller", ""), ("x", "listener", ""));
    let before = manifest("lame", "", &["a.out -> x"], &[a, x]);
    let lame = [("c", "teller", "fails-in = \"run\""), ("y", "listener", "")];
    let after = manifest("lame", "", &["a.out -> x", "c.out -> y"], &[[a, x], lame].concat());
    let (mut graph, log) = noted_in_change("lame", &before, &after);
    assert!(log.contains(&"lame.y: EndOfStream after 0".to_owned()), "{log:?}");
    graph.advance(ms(95)).unwrap();
    let report = graph.stop();
    let told = report.events.iter().filter(|event| event.code == EventCode::ERROR_ABORT);
    let told: Vec<_> = told.map(|it| (it.filter.as_deref(), it.text.as_str())).collect();
    assert_eq!(told, [(Some("c"), "as it was told")]);
    assert!(report.filter("c").unwrap().failed && !report.filter("x").unwrap().failed);
    assert_eq!(report.filter("x").unwrap().received, 20);
}

/// LS-116: behind a queue too, and for one who comes to a stream that is under way.
#[test]
fn a_segment_comes_with_its_rate_before_the_first_sample_whoever_receives_it_and_when() {
    let [x, y] = ["x", "y"].map(|name| (name, "listener", ""));
    let queue = "[filter.q]\nplugin = \"queue\"\n";
    for (settings, rate) in [("rate = 2", "2.0"), ("", "1.0")] {
        let a = ("a", "teller", settings);
        let before = manifest("rate", "", &["a.out -> q -> x"], &[a, x]) + queue;
        let after = manifest("rate", "", &["a.out -> y", "a.slow -> q -> x"], &[a, x, y]) + queue;
        let mut graph = simulate(&before);
        graph.advance(ms(100)).unwrap();
        graph.change(plan(&after)).unwrap();
        graph.advance(ms(100)).unwrap();
        drop(graph);
        let log = noted("rate");
        let of = |name: &str| {
            let its = log.iter().filter(|it| it.starts_with(name) && it.contains("NewSegment"));
            its.map(|it| it.split("rate: ").nth(1).unwrap().to_owned()).collect::<Vec<_>>()
        };
        let first = format!("{rate} }} after 0");
        assert_eq!(of("rate.y"), std::slice::from_ref(&first), "{log:?}");
        // Another of the source's streams comes to `x` from then on.
        assert_eq!(of("rate.x")[0], first, "{log:?}");
        assert!(of("rate.x")[1..].iter().all(|it| it.starts_with(rate)) && of("rate.x").len() == 2);
    }
}

/// LS-125: what is asked of a queue counts from the change on.
#[test]
fn a_queue_that_no_longer_leaks_says_when_it_is_full() {
    let text = |leaky| {
        let filters = [("a", "teller", ""), ("x", "listener", "full = true")];
        manifest("leak", "", &["a.out -> q -> x"], &filters)
            + &format!("[filter.q]\nplugin = \"queue\"\nleaky = {leaky}\n")
    };
    for leaky in [true, false] {
        let (mut graph, _) = noted_in_change("leak", &text(true), &text(leaky));
        graph.advance(ms(500)).unwrap();
        let report = graph.stop();
        let told = report.events.iter().any(|it| it.code == EventCode::QUEUE_OVERRUN);
        assert_eq!(told, !leaky);
    }
}

/// LS-125: what stands in a queue that stays waits for room as before, and its writer goes on writing there.
#[test]
fn a_queue_that_stays_keeps_what_stands_in_it_though_its_reader_is_connected_anew() {
    for (full, first, then) in [("true", 0, 0), ("false", 10, 20)] {
        let settings = format!("full = {full}");
        let ends = [("a", "teller", ""), ("p", "pass", ""), ("x", "listener", settings.as_str())];
        let queue = "[filter.q]\nplugin = \"queue\"\n";
        let before = manifest("stands", "", &["a.out -> q -> p -> x"], &ends) + queue;
        let more = [&ends[..], &[("r", "pass", "")]].concat();
        let after = manifest("stands", "", &["a.out -> q -> p -> r -> x"], &more) + queue;
        let mut graph = simulate(&before);
        graph.advance(ms(95)).unwrap();
        let taken = |graph: &mut Simulation| graph.graph().report().filter("x").unwrap().received;
        assert_eq!(taken(&mut graph), first, "{full}");
        graph.change(plan(&after)).unwrap();
        graph.advance(ms(100)).unwrap();
        assert_eq!(taken(&mut graph), then, "{full}");
    }
    noted("stands");
}

/// LS-125
#[test]
fn a_queue_that_becomes_longer_while_it_is_there_holds_more() {
    let overruns = |longer: &str| {
        let text = |capacity: &str| {
            let filters = [("a", "teller", ""), ("x", "listener", "full = true")];
            manifest("longer", "", &["a.out -> q -> x"], &filters)
                + &format!("[filter.q]\nplugin = \"queue\"\ncapacity = \"{capacity}\"\n")
        };
        let (mut graph, _) = noted_in_change("longer", &text("200 ms"), &text(longer));
        graph.advance(ms(500)).unwrap();
        graph.stop().events.iter().any(|it| it.code == EventCode::QUEUE_OVERRUN)
    };
    assert!(overruns("200 ms") && !overruns("2 s"));
}

/// LS-14, LS-111: a failure in a step ends the branch like one in a sample, and is repaired like it.
#[test]
fn who_fails_in_a_step_is_out_of_the_graph_and_made_anew_in_a_change_into_the_same_plan() {
    for (failing, source, listener) in [("a", "fails-in = \"step\"", ""), ("x", "", "fails = true")]
    {
        let filters = [("a", "teller", source), ("x", "listener", listener)];
        let text = manifest("step", "", &["a.out -> x"], &filters);
        let mut graph = simulate(&text);
        for turn in 1..3 {
            graph.advance(ms(200)).unwrap();
            let report = graph.graph().report();
            assert!(report.filter(failing).unwrap().failed, "{failing}");
            let taken = if failing == "x" { 10 } else { 10 * turn };
            assert_eq!(report.filter("x").unwrap().counters[0], ("taken".to_owned(), taken));
            let told = report.events.iter().filter(|it| it.code == EventCode::ERROR_ABORT);
            let told: Vec<_> = told.map(|it| it.filter.as_deref()).collect();
            assert_eq!(told, vec![Some(failing); turn as usize]);
            assert_eq!(graph.change(plan(&text)).unwrap().added, [failing]);
        }
    }
    noted("step");
}
