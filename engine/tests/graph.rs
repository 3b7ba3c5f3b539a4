//! Whole graphs of small filters, in virtual time.

use driftless_engine::{RunOptions, Simulation};
use driftless_plugin_api::{EventCode, Span};

fn simulate(manifest: &str) -> Simulation {
    Simulation::start(driftless_test_filters::plan(manifest), RunOptions::default())
        .expect("it starts")
}

//   slow 50 ms ──► a
//   fast  0 ms ──► b
/// LS-42, LS-48, LS-50
#[test]
fn what_was_captured_at_one_instant_is_presented_at_one_instant() {
    let mut graph = simulate(
        r#"
        [graph]
        connect = ["slow -> a", "fast -> b"]
        [filter.slow]
        plugin = "test.pulse"
        latency = "50 ms"
        [filter.fast]
        plugin = "test.pulse"
        [filter.a]
        plugin = "test.collect"
        as = "in step a"
        [filter.b]
        plugin = "test.collect"
        as = "in step b"
    "#,
    );
    graph.advance(Span::from_secs(1)).unwrap();
    let report = graph.stop();
    assert_eq!(report.latency, Span::from_millis(50));
    let (a, b) = (
        driftless_test_filters::collected("in step a"),
        driftless_test_filters::collected("in step b"),
    );
    assert!(a.len() > 80 && b.len() > 80, "{} and {}", a.len(), b.len());
    // Delivered at d, `slow` was captured at d - 50 ms and is presented at d; `fast` was captured at
    // d and is presented at d + 50 ms.
    for (presented, stamp) in a.iter().chain(&b) {
        assert_eq!(presented, stamp, "every sample is presented when it is due");
    }
    assert_eq!(b[0].0 - a[0].0, Span::from_millis(50).nanos());
}

/// LS-9, LS-113
#[test]
fn a_source_that_can_wait_fills_its_renderer_before_the_start_and_is_complete_after_its_last_sample()
 {
    let mut graph = simulate(
        r#"
        [graph]
        connect = ["file -> out"]
        [filter.file]
        plugin = "test.numbers"
        count = 50
        [filter.out]
        plugin = "test.collect"
        as = "numbers"
    "#,
    );
    assert!(graph.advance_to_end(Span::from_secs(5)).unwrap(), "it is complete within 5 s");
    let report = graph.stop();
    let presented = driftless_test_filters::collected("numbers");
    assert_eq!(presented.len(), 50);
    assert!(presented.iter().all(|(presented, stamp)| presented == stamp), "{presented:?}");
    let complete = report.events.into_iter().filter(|event| event.code == EventCode::COMPLETE);
    let by_whom: Vec<_> = complete.map(|event| event.filter).collect();
    assert_eq!(by_whom, [Some("out".to_owned()), None], "the renderer, and then the graph");
}

/// LS-101
#[test]
fn a_renderer_that_panics_is_named_and_the_other_branch_plays_on() {
    let mut graph = simulate(
        r#"
        [graph]
        connect = ["source -> split", "split.first -> bad", "split.second -> good"]
        [filter.source]
        plugin = "test.pulse"
        [filter.split]
        plugin = "test.split"
        [filter.bad]
        plugin = "test.collect"
        as = "bad"
        fails-at = 20
        [filter.good]
        plugin = "test.collect"
        as = "good"
    "#,
    );
    graph.advance(Span::from_secs(1)).unwrap();
    let report = graph.stop();
    let poisoned: Vec<_> =
        report.events.iter().filter(|event| event.code == EventCode::FILTER_POISONED).collect();
    assert_eq!(poisoned.len(), 1);
    assert_eq!(poisoned[0].filter.as_deref(), Some("bad"));
    assert!(poisoned[0].text.contains("asked to panic"), "{}", poisoned[0].text);
    assert_eq!(driftless_test_filters::collected("bad").len(), 19);
    assert!(driftless_test_filters::collected("good").len() > 95);
    assert!(report.filter("bad").unwrap().failed && !report.filter("good").unwrap().failed);
}

/// LS-7, LS-11, LS-67
#[test]
fn a_pause_delivers_nothing_and_stream_time_goes_on_where_it_stood() {
    let mut graph = simulate(
        r#"
        [graph]
        connect = ["source -> out"]
        [filter.source]
        plugin = "test.pulse"
        [filter.out]
        plugin = "test.collect"
        as = "paused"
    "#,
    );
    graph.advance(Span::from_millis(500)).unwrap();
    graph.graph().pause().unwrap();
    let before = driftless_test_filters::collected("paused").len();
    let held = graph.graph().stream_time();
    graph.advance(Span::from_secs(3)).unwrap();
    assert!(before > 40);
    assert!(driftless_test_filters::collected("paused").is_empty());
    assert_eq!(graph.graph().stream_time(), held);
    graph.graph().run().unwrap();
    graph.advance(Span::from_millis(500)).unwrap();
    let after = driftless_test_filters::collected("paused");
    assert!(after.len() > 40);
    let gone = graph.graph().stream_time() - held;
    assert_eq!(gone, Span::from_millis(480), "half a second less the lead");
    assert!(
        after[0].1 >= held.nanos() - Span::from_millis(20).nanos(),
        "nothing stale: {:?}",
        after[0]
    );
}

#[test]
fn a_queue_is_a_thread_border_and_loses_nothing() {
    let mut graph = simulate(
        r#"
        [graph]
        connect = ["file -> buffer -> out"]
        [filter.file]
        plugin = "test.numbers"
        count = 200
        [filter.buffer]
        plugin = "queue"
        capacity = "100 ms"
        [filter.out]
        plugin = "test.collect"
        as = "queued"
    "#,
    );
    assert_eq!(graph.graph().plan().segments.len(), 2);
    assert!(graph.advance_to_end(Span::from_secs(10)).unwrap());
    graph.stop();
    let presented = driftless_test_filters::collected("queued");
    assert_eq!(presented.len(), 200);
    assert!(presented.iter().all(|(presented, stamp)| presented == stamp));
}
