//! Starting and stopping the stream of a pin (section 7).

use driftless_plugin_api::{StreamTime, When};

use crate::probe::noted;
use crate::{manifest, simulate};

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
