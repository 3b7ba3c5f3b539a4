//! Connections and what goes upstream along them (sections 8.1 and 8.3).

use driftless_engine::Simulation;
use driftless_plugin_api::Span;

use crate::probe::noted;
use crate::{manifest, ms, simulate, start};

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
    let table = table.map(|(listener, rate, answers)| ("", listener, rate, answers));
    // What the sender declines leaves the receiver as it was.
    let answers = &["accepts audio/48000/1", "disconnected", "accepts audio/44100/1"][..];
    let declined = ("declines = [\"48000\"]", "", "44100", answers);
    for (teller, settings, rate, answers) in table.into_iter().chain([declined]) {
        let text = manifest(
            "agree",
            "",
            &["a.out -> x"],
            &[("a", "teller", teller), ("x", "listener", settings)],
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

/// LS-102: what it offers first is not what its descriptor says.
#[test]
fn a_pin_is_connected_with_a_type_that_its_descriptor_names() {
    let filters = [("a", "teller", ""), ("x", "listener", "")];
    let text = manifest("narrow", "", &["a.narrow -> x"], &filters);
    let mut graph = simulate(&text);
    assert_eq!(graph.graph().media()[0].to_string(), "audio/16000/1");
    drop(graph);
    assert!(noted("narrow.x")[0].starts_with("narrow.x: accepts"), "nothing else was tried");
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

/// LS-111: also through one who passes the answer on, behind a queue, and though the sender does not heed it.
#[test]
fn who_says_stop_is_sent_nothing_until_the_next_flush_or_start() {
    let table = [
        ("direct", "a.out -> x", ""),
        ("passed on", "a.out -> p -> x", "p"),
        ("queued", "a.out -> q -> x", "q"),
    ];
    for (test, connect, between) in table {
        for (flushes_at, then) in [(0, 5), (20, 85)] {
            let flushes = format!("flushes-at = {flushes_at}");
            let ends = [("a", "teller", flushes.as_str()), ("x", "listener", "stops-at = 5")];
            let more = [("p", "pass", "")];
            let filters = [&ends[..], if between == "p" { &more } else { &[] }].concat();
            let mut text = manifest(test, "", &[connect], &filters);
            if between == "q" {
                text.push_str("[filter.q]\nplugin = \"queue\"\n");
            }
            let mut graph = simulate(&text);
            let taken =
                |graph: &mut Simulation| graph.graph().report().filter("x").unwrap().received;
            graph.advance(ms(995)).unwrap();
            assert_eq!(taken(&mut graph), then, "{test}, a flush at {flushes_at}");
            graph.graph().pause().unwrap();
            graph.graph().run().unwrap();
            graph.advance(ms(95)).unwrap();
            let more = if flushes_at == 0 { 0 } else { 10 };
            assert_eq!(taken(&mut graph), then + more, "{test}: a pause is no stop");
            graph.graph().stop().unwrap();
            graph.graph().run().unwrap();
            graph.advance(ms(95)).unwrap();
            assert_eq!(taken(&mut graph), then + more + 5, "{test}: it has started anew");
        }
    }
}

/// LS-115
#[test]
fn what_is_sent_in_the_middle_of_a_flush_arrives_nowhere_and_what_comes_after_it_does() {
    for (test, connect, queue) in [
        ("flush", "a.out -> x", ""),
        ("flush queued", "a.out -> q -> x", "[filter.q]\nplugin = \"queue\"\n"),
    ] {
        let filters = [("a", "teller", "flushes-at = 20"), ("x", "listener", "")];
        let mut graph = simulate(&(manifest(test, "", &[connect], &filters) + queue));
        graph.advance(ms(995)).unwrap();
        assert_eq!(graph.graph().report().filter("x").unwrap().received, 99, "{test}");
        let mut log = noted(&format!("{test}."));
        log.retain(|line| line.contains("Flush"));
        assert_eq!(log, ["BeginFlush", "EndFlush"].map(|it| format!("{test}.x: {it} after 19")));
    }
}
