//! Graphs that change while they run (LS-125), in virtual time.

use driftless_engine::{RunError, RunOptions, Simulation};
use driftless_plugin_api::{EventCode, Span, State};
use driftless_test_filters::{collected, plan};

fn simulate(manifest: &str) -> Simulation {
    Simulation::start(plan(manifest), RunOptions::default()).expect("it starts")
}

/// A manifest of these connections and filters; every renderer collects under the filter's name.
fn manifest(prefix: &str, connect: &[&str], filters: &[(&str, &str)]) -> String {
    let connect: Vec<String> = connect.iter().map(|it| format!("\"{it}\"")).collect();
    let mut text = format!("[graph]\nconnect = [{}]\n", connect.join(", "));
    for (name, plugin) in filters {
        // Settings stand behind the plugin's id: `test.pulse; latency = "5 ms"`.
        let (plugin, settings) = plugin.split_once("; ").unwrap_or((plugin, ""));
        text += &format!("[filter.{name}]\nplugin = \"{plugin}\"\n{settings}\n");
        if plugin == "test.collect" {
            text += &format!("as = \"{prefix} {name}\"\n");
        }
    }
    text
}

const SECOND: Span = Span::from_secs(1);

/// What `kept` presents in three seconds in which, after the first, the graph becomes `next` and,
/// after the second, `last`.
fn kept_through(prefix: &str, first: &str, next: &str, last: &str) -> Vec<(i64, i64)> {
    let mut graph = simulate(first);
    for changed in [next, last] {
        graph.advance(SECOND).unwrap();
        graph.change(plan(changed)).unwrap();
    }
    graph.advance(SECOND).unwrap();
    let report = graph.stop();
    assert!(!report.has_failed(), "{report}");
    collected(&format!("{prefix} kept"))
}

/// LS-125
#[test]
fn what_does_not_change_presents_the_same_whatever_comes_and_goes_beside_it() {
    let source = ("source", "test.pulse");
    let split = ("split", "test.split");
    let kept = ("kept", "test.collect");
    let through = ["source -> split", "split.first -> kept"];
    type Other<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);
    let table: [Other<'_>; 5] = [
        ("nothing", &[], &[]),
        ("a renderer on a free pin", &["split.second -> other"], &[("other", "test.collect")]),
        (
            "a renderer behind a queue",
            &["split.second -> buffer -> other"],
            &[("buffer", "queue"), ("other", "test.collect")],
        ),
        (
            "a transform and a renderer",
            &["split.second -> relay -> other"],
            &[("relay", "test.relay"), ("other", "test.collect")],
        ),
        (
            "a graph of its own",
            &["more -> other"],
            &[("more", "test.pulse"), ("other", "test.collect")],
        ),
    ];
    let mut undisturbed = None;
    for (index, (name, connect, filters)) in table.into_iter().enumerate() {
        let prefix = format!("beside {index}");
        let small = manifest(&prefix, &through, &[source, split, kept]);
        let large = manifest(
            &prefix,
            &[&through, connect].concat(),
            &[&[source, split, kept], filters].concat(),
        );
        let presented = kept_through(&prefix, &small, &large, &small);
        assert_eq!(presented.len(), 301, "{name}");
        let undisturbed = undisturbed.get_or_insert_with(|| presented.clone());
        assert!(presented == *undisturbed, "{name}: {presented:?}");
        if index > 0 {
            let others = collected(&format!("{prefix} other"));
            assert!((100..=101).contains(&others.len()), "{name}: {}", others.len());
            assert!(others.iter().all(|(presented, stamp)| presented == stamp), "{name}");
            assert!(others[0].1 >= SECOND.nanos() - 20_000_000, "{name}: {:?}", others[0]);
        }
    }
}

/// LS-125: also what stands in a queue that goes, because the stream has to wait for a slower one.
#[test]
fn a_transform_or_a_queue_between_two_filters_comes_and_goes_without_a_sample_lost() {
    let slow = [("slow", "test.pulse; latency = \"100 ms\""), ("b", "test.collect")];
    let relay = ("relay", "test.relay");
    let (queue, second) = (("q", "queue"), ("p", "queue"));
    let chains = [&[relay][..], &[queue], &[queue, relay, second]];
    for (index, between) in chains.into_iter().enumerate() {
        for waits in [false, true] {
            let prefix = format!("between {index} {waits}");
            let (connect, beside) =
                if waits { (vec!["slow -> b"], &slow[..]) } else { (vec![], &[][..]) };
            let ends = [("source", "test.pulse"), ("kept", "test.collect")];
            let graph = |between: &[(&str, &str)]| {
                let names = between.iter().map(|(name, _)| format!("{name} -> "));
                let chain = format!("source -> {}kept", names.collect::<String>());
                let connect = [&[chain.as_str()][..], &connect].concat();
                manifest(&prefix, &connect, &[&ends, between, beside].concat())
            };
            let (without, with) = (graph(&[]), graph(between));
            let presented = kept_through(&prefix, &without, &with, &without);
            let steps: Vec<i64> = presented.windows(2).map(|two| two[1].1 - two[0].1).collect();
            assert_eq!(presented.len(), if waits { 291 } else { 301 }, "{prefix}");
            assert!(steps.iter().all(|step| *step == 10_000_000), "{prefix}: {steps:?}");
        }
    }
}

/// LS-125, LS-M4: the latency of who goes is given up when nobody has needed it for five seconds.
#[test]
fn who_stays_waits_as_long_as_before_when_the_slowest_goes_and_less_five_seconds_later() {
    for (index, slow) in ["source", "device"].into_iter().enumerate() {
        let prefix = format!("slowest {index}");
        let (latency, delay) = if slow == "source" { (100, 0) } else { (0, 100) };
        let source = format!("test.pulse; latency = \"{latency} ms\"");
        let device = format!("test.collect; delay = \"{delay} ms\"");
        let ends = [("source", "test.pulse"), ("kept", "test.collect")];
        let more = [("slow", source.as_str()), ("other", device.as_str())];
        let small = manifest(&prefix, &["source -> kept"], &ends);
        let large = manifest(&prefix, &["source -> kept", "slow -> other"], &[ends, more].concat());
        let mut graph = simulate(&large);
        let clock = |graph: &mut Simulation| graph.graph().settled().clock.clone();
        let before = clock(&mut graph);
        graph.advance(SECOND).unwrap();
        graph.change(plan(&small)).unwrap();
        assert_eq!(clock(&mut graph), before, "with its reason");
        graph.advance(Span::from_secs(4)).unwrap();
        let latency = |graph: &mut Simulation| graph.graph().settled().timing.latency();
        assert_eq!(latency(&mut graph), Span::from_millis(100), "{slow}");
        let kept = collected(&format!("{prefix} kept"));
        let steps: Vec<i64> = kept.windows(2).map(|two| two[1].0 - two[0].0).collect();
        assert!(steps.iter().all(|step| *step == 10_000_000), "{slow}: {steps:?}");
        graph.advance(Span::from_secs(2)).unwrap();
        assert_eq!(latency(&mut graph), Span::ZERO, "{slow}");
        graph.stop();
    }
}

/// LS-109, LS-115, LS-116, LS-125
#[test]
fn a_renderer_that_is_reconnected_goes_on_with_the_other_source_even_after_the_end_of_the_first() {
    for (index, count) in ["0", "20"].into_iter().enumerate() {
        let prefix = format!("reconnected {index}");
        let first = format!("test.pulse; count = {count}");
        let filters = [
            ("one", first.as_str()),
            ("two", "test.pulse"),
            ("kept", "test.collect"),
            ("b", "test.collect"),
        ];
        let before = manifest(&prefix, &["one -> kept", "two -> b"], &filters);
        let after = manifest(&prefix, &["one -> b", "two -> kept"], &filters);
        let mut graph = simulate(&before);
        graph.advance(SECOND).unwrap();
        assert_eq!(collected(&format!("{prefix} kept")).len(), if count == "0" { 101 } else { 20 });
        let difference = graph.change(plan(&after)).unwrap();
        assert!(difference.added.is_empty() && difference.removed.is_empty(), "{difference}");
        assert!(!graph.graph().is_complete(), "{count}: `kept` plays on");
        assert!(!graph.advance_to_end(SECOND).unwrap(), "{count}");
        let kept = collected(&format!("{prefix} kept"));
        assert_eq!(kept.len(), 100, "{count}");
        assert!(kept.iter().all(|(presented, stamp)| presented == stamp), "{kept:?}");
        assert!(!graph.stop().has_failed());
    }
}

/// LS-120, LS-122, LS-125
#[test]
fn a_change_that_cannot_be_made_leaves_everything_as_it_was() {
    let ends = [("source", "test.pulse"), ("kept", "test.collect")];
    let prefix = "refused";
    let small = manifest(prefix, &["source -> kept"], &ends);
    let large = manifest(
        prefix,
        &["source -> between -> kept"],
        &[ends[0], ("between", "test.relay; refuses = true"), ends[1]],
    );
    let mut graph = simulate(&small);
    graph.advance(SECOND).unwrap();
    let error = graph.change(plan(&large)).unwrap_err();
    assert!(matches!(&error, RunError::State { filter, .. } if filter == "between"), "{error}");
    graph.advance(SECOND).unwrap();
    assert_eq!(graph.graph().plan().filters.len(), 2);
    assert!(!graph.stop().has_failed());
    assert_eq!(collected("refused kept").len(), 201);
}

/// LS-14, LS-125
#[test]
fn changing_a_graph_into_its_own_plan_makes_anew_what_failed_and_nothing_else() {
    let filters = [
        ("source", "test.pulse"),
        ("split", "test.split"),
        ("kept", "test.collect"),
        ("bad", "test.collect; fails-at = 20"),
    ];
    let connect = ["source -> split", "split.first -> kept", "split.second -> bad"];
    let text = manifest("repaired", &connect, &filters);
    let mut graph = simulate(&text);
    graph.advance(SECOND).unwrap();
    assert_eq!(collected("repaired bad").len(), 19);
    let difference = graph.change(plan(&text)).unwrap();
    assert_eq!((difference.added, difference.removed), (vec!["bad".into()], vec!["bad".into()]));
    graph.advance(SECOND).unwrap();
    assert_eq!(collected("repaired bad").len(), 19);
    assert_eq!(collected("repaired kept").len(), 201);
}

/// LS-122, LS-125
#[test]
fn a_stopped_and_a_paused_graph_change_too_and_stay_as_they_are() {
    let ends = [("source", "test.pulse"), ("kept", "test.collect")];
    let more = [("more", "test.numbers; count = 10"), ("other", "test.collect")];
    for state in [State::Stopped, State::Paused] {
        let prefix = format!("{state:?}");
        let small = manifest(&prefix, &["source -> kept"], &ends);
        let large = manifest(&prefix, &["source -> kept", "more -> other"], &[ends, more].concat());
        let mut graph = simulate(&small);
        graph.graph().pause().unwrap();
        if state == State::Stopped {
            graph.graph().stop().unwrap();
        }
        graph.change(plan(&large)).unwrap();
        assert_eq!(graph.graph().state(), state);
        graph.advance(SECOND).unwrap();
        assert!(collected(&format!("{prefix} other")).is_empty());
        graph.graph().run().unwrap();
        graph.advance(SECOND).unwrap();
        graph.graph().run().unwrap();
        assert_eq!(graph.graph().state(), State::Running);
        graph.advance(SECOND).unwrap();
        assert_eq!(collected(&format!("{prefix} other")).len(), 10);
        assert!(collected(&format!("{prefix} kept")).len() > 90);
    }
}

/// LS-116, LS-125
#[test]
fn a_source_that_counts_its_own_time_begins_when_it_joins() {
    let ends = [("source", "test.pulse"), ("kept", "test.collect")];
    let more = [("more", "test.numbers; count = 10"), ("other", "test.collect")];
    let small = manifest("late", &["source -> kept"], &ends);
    let large = manifest("late", &["source -> kept", "more -> other"], &[ends, more].concat());
    let mut graph = simulate(&small);
    graph.advance(Span::from_secs(3)).unwrap();
    graph.change(plan(&large)).unwrap();
    let joined = graph.graph().stream_time();
    graph.advance(SECOND).unwrap();
    let others = collected("late other");
    assert_eq!(others.len(), 10);
    assert!(others.iter().all(|(presented, stamp)| presented == stamp), "{others:?}");
    assert_eq!(others[0].0, joined.nanos() + RunOptions::default().lead.nanos());
}

/// LS-125
#[test]
fn a_change_is_an_event_with_what_came_and_what_went() {
    let ends = [("source", "test.pulse"), ("kept", "test.collect")];
    let more = [("more", "test.pulse"), ("other", "test.collect")];
    let small = manifest("told", &["source -> kept"], &ends);
    let large = manifest("told", &["source -> kept", "more -> other"], &[ends, more].concat());
    let mut graph = simulate(&small);
    graph.change(plan(&large)).unwrap();
    graph.change(plan(&small)).unwrap();
    let report = graph.stop();
    let changes = report.events.iter().filter(|event| event.code == EventCode::GRAPH_CHANGED);
    let texts: Vec<&str> = changes.map(|event| event.text.as_str()).collect();
    assert_eq!(
        texts,
        ["+ more, + other, + more.out -> other.in", "- more, - other, - more.out -> other.in"]
    );
}
