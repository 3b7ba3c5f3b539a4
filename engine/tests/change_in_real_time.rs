//! Graphs that change, and are ordered about, while threads run them (LS-120, LS-125). Few of these tests: each
//! waits for the clock.

use std::time::{Duration, Instant};

use driftless_engine::graph::Cued;
use driftless_engine::{Plan, RunOptions, RunningGraph};
use driftless_plugin_api::{EventCode, State};
use driftless_test_filters::{collected, plan};

fn start(plan: Plan, patience: Duration) -> RunningGraph {
    let options = RunOptions { patience, real_time_priority: false, ..RunOptions::default() };
    RunningGraph::start_with(plan, options).expect("it starts")
}

/// Takes what `name` presents until there is enough of it.
fn wait_for(graph: &mut RunningGraph, name: &str, all: &mut Vec<(i64, i64)>, enough: usize) {
    let limit = Instant::now() + Duration::from_secs(20);
    while all.len() < enough {
        assert!(Instant::now() < limit, "{name}: {} of {enough}", all.len());
        graph.wait(Duration::from_millis(5));
        all.extend(collected(name));
    }
}

/// LS-125
#[test]
fn threads_come_and_go_between_two_filters_and_no_sample_is_lost() {
    let with = |between: &str| {
        let filters = match between {
            "" => String::new(),
            _ => format!("[filter.between]\nplugin = \"{between}\"\n"),
        };
        let way = if between.is_empty() { "" } else { "between -> " };
        plan(&format!(
            "[graph]\nconnect = [\"source -> {way}kept\", \"other -> b\"]\n{filters}\
             [filter.source]\nplugin = \"test.pulse\"\n[filter.kept]\nplugin = \"test.collect\"\n\
             as = \"threads kept\"\n[filter.other]\nplugin = \"test.pulse\"\nlatency = \"50 ms\"\n\
             [filter.b]\nplugin = \"test.collect\"\n"
        ))
    };
    let mut graph = start(with(""), Duration::from_secs(20));
    let mut kept = Vec::new();
    for (change, between) in
        ["queue", "test.relay", "queue", "", "test.relay", ""].iter().enumerate()
    {
        wait_for(&mut graph, "threads kept", &mut kept, 5 * (change + 1));
        graph.change(with(between)).unwrap();
    }
    wait_for(&mut graph, "threads kept", &mut kept, 35);
    assert!(!graph.stop().has_failed());
    let steps: Vec<i64> = kept.windows(2).map(|two| two[1].1 - two[0].1).collect();
    assert!(steps.iter().all(|step| *step == 10_000_000), "{steps:?}");
}

/// LS-101, LS-125: a segment that never answers again is left behind, and who was in it is made anew.
#[test]
fn changing_a_graph_into_its_own_plan_replaces_what_hangs() {
    let text = "[graph]\n\
        connect = [\"source -> split\", \"split.first -> kept\", \"split.second -> q -> relay -> bad\"]\n\
        [filter.source]\nplugin = \"test.pulse\"\n[filter.split]\nplugin = \"test.split\"\n\
        [filter.kept]\nplugin = \"test.collect\"\nas = \"hung kept\"\n\
        [filter.q]\nplugin = \"queue\"\n[filter.relay]\nplugin = \"test.relay\"\n\
        [filter.bad]\nplugin = \"test.collect\"\nas = \"hung bad\"\nhangs-at = 5\n";
    let mut graph = start(plan(text), Duration::from_millis(200));
    let (mut kept, mut bad) = (Vec::new(), Vec::new());
    wait_for(&mut graph, "hung bad", &mut bad, 4);
    let stuck = |graph: &mut RunningGraph| {
        let graph = graph.graph();
        graph.seen().iter().filter(|event| event.code == EventCode::FILTER_STUCK).count()
    };
    let limit = Instant::now() + Duration::from_secs(20);
    while stuck(&mut graph) < 2 {
        assert!(Instant::now() < limit, "nobody noticed");
        graph.wait(Duration::from_millis(5));
    }
    let difference = graph.change(plan(text)).unwrap();
    let replaced = ["relay".to_owned(), "bad".to_owned()];
    assert_eq!((&difference.added[..], &difference.removed[..]), (&replaced[..], &replaced[..]));
    wait_for(&mut graph, "hung bad", &mut bad, 8);
    wait_for(&mut graph, "hung kept", &mut kept, 50);
    let steps: Vec<i64> = kept.windows(2).map(|two| two[1].1 - two[0].1).collect();
    assert!(steps.iter().all(|step| *step == 10_000_000), "{steps:?}");
}

/// LS-101, LS-120: that a filter hangs is an event, and no error of the order that finds it out.
#[test]
fn a_pause_and_a_run_that_find_a_filter_hanging_go_on_without_it() {
    let text = "[graph]\nconnect = [\"source -> kept\", \"other -> bad\"]\n\
        [filter.source]\nplugin = \"test.pulse\"\n[filter.other]\nplugin = \"test.pulse\"\n\
        [filter.kept]\nplugin = \"test.collect\"\nas = \"found kept\"\n\
        [filter.bad]\nplugin = \"test.collect\"\nhangs-at = 2\n";
    let mut graph = start(plan(text), Duration::from_millis(500));
    let mut kept = Vec::new();
    wait_for(&mut graph, "found kept", &mut kept, 5);
    {
        // Nobody else finds out while this is held.
        let mut graph = graph.graph();
        graph.pause().unwrap();
        assert_eq!(graph.state(), State::Paused);
        assert_eq!(graph.run().unwrap(), Cued::CantCue);
    }
    wait_for(&mut graph, "found kept", &mut kept, 10);
    let report = graph.stop();
    let stuck = report.events.iter().filter(|event| event.code == EventCode::FILTER_STUCK);
    assert_eq!(stuck.filter_map(|it| it.filter.as_deref()).collect::<Vec<_>>(), ["other", "bad"]);
}
