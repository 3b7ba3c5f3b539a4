//! What an application orders of a graph of plugin libraries, in virtual time.

use driftless_end_to_end::{plan, simulate};
use driftless_engine::Simulation;
use driftless_plugin_api::{EventCode, Span, StreamTime, When};

const SOUND: &str = r#"
[graph]
connect = ["microphone -> speakers"]
clock = "system"

[filter.microphone]
plugin = "driftless.test-source"
rate-error = "200 ppm"

[filter.speakers]
plugin = "driftless.audio-renderer"
device = "virtual"
clock = false
"#;

fn sound(set: &[(&str, &str)]) -> Simulation {
    simulate(plan("sound.toml", SOUND, set))
}

/// LS-83
#[test]
fn the_tolerance_is_40_ms_and_can_be_set_to_1_to_1000_ms_while_stopped() {
    let ms = Span::from_millis;
    let mut simulation = sound(&[]);
    let graph = simulation.graph();
    assert_eq!(graph.tolerance("speakers").unwrap(), ms(40));
    let refused = graph.set_tolerance("speakers", ms(20)).unwrap_err().to_string();
    assert_eq!(refused, "`speakers` could not take a tolerance: only possible while stopped");
    graph.stop().unwrap();
    for tolerance in [1, 1000, 20] {
        graph.set_tolerance("speakers", ms(tolerance)).unwrap();
        assert_eq!(graph.tolerance("speakers").unwrap(), ms(tolerance));
    }
    for tolerance in [0, 1001] {
        let refused = graph.set_tolerance("speakers", ms(tolerance)).unwrap_err().to_string();
        assert_eq!(refused, "`speakers` could not take a tolerance: argument out of range");
    }
    graph.run().unwrap();
    assert_eq!(graph.tolerance("speakers").unwrap(), ms(20));
    let refused = graph.tolerance("microphone").unwrap_err().to_string();
    assert_eq!(refused, "`microphone` could not tell its tolerance: no such capability");
}

/// LS-99
#[test]
fn a_microphone_is_recorded_from_one_stream_time_to_another() {
    let mut simulation = sound(&[("microphone.rate-error", "0 ppm")]);
    let at = |ms| When::At(StreamTime::ZERO + Span::from_millis(ms));
    simulation.graph().start_stream("microphone", at(1000), 1).unwrap();
    simulation.graph().stop_stream("microphone", at(2000), false, 2).unwrap();
    simulation.advance(Span::from_secs(3)).unwrap();
    let report = simulation.stop();
    let received = report.filter("speakers").unwrap().received;
    assert!((100..=102).contains(&received), "{received} blocks of 10 ms");
    let told = report.events.iter().filter(|event| {
        [EventCode::STREAM_STARTED, EventCode::STREAM_STOPPED].contains(&event.code)
    });
    let told: Vec<_> = told.map(|event| (event.code, event.p2)).collect();
    assert_eq!(told, [(EventCode::STREAM_STARTED, 1), (EventCode::STREAM_STOPPED, 2)]);
}

/// LS-87: after the second lack of data the rate is the one that was found before.
#[test]
fn a_short_lack_of_data_keeps_the_rate() {
    let mut simulation =
        sound(&[("microphone.dropout-every", "20 s"), ("microphone.dropout-length", "300 ms")]);
    let ppm = |simulation: &mut Simulation| {
        simulation.graph().report().stream("microphone", "speakers").expect("it is there").ppm.now
    };
    simulation.advance(Span::from_millis(19_900)).unwrap();
    let before = ppm(&mut simulation);
    assert!((before - 200.0).abs() < 5.0, "{before} ppm");
    for _ in 0..10 {
        simulation.advance(Span::from_millis(100)).unwrap();
        let after = ppm(&mut simulation);
        assert!((after - 200.0).abs() < 50.0, "{after} ppm, and was {before}");
    }
}

/// LS-89
#[test]
fn statistics_begin_anew_with_every_start_and_not_with_every_run() {
    let mut simulation = sound(&[]);
    let presented = |simulation: &mut Simulation| {
        simulation.graph().report().stream("microphone", "speakers").expect("it is there").presented
    };
    simulation.advance(Span::from_secs(4)).unwrap();
    let first = presented(&mut simulation);
    simulation.graph().pause().unwrap();
    simulation.graph().run().unwrap();
    simulation.advance(Span::from_secs(1)).unwrap();
    assert!(presented(&mut simulation) > first, "a pause forgets nothing");
    simulation.graph().stop().unwrap();
    simulation.graph().run().unwrap();
    simulation.advance(Span::from_secs(1)).unwrap();
    assert!(presented(&mut simulation) < first);
}

/// LS-88, LS-90: of a renderer that was loaded from a library, while it plays.
#[test]
fn an_application_reads_the_twelve_statistics_and_what_is_measured_beside_them() {
    let mut simulation = sound(&[]);
    simulation.advance(Span::from_secs(20)).unwrap();
    let graph = simulation.graph();
    let statistics = graph.statistics("speakers").unwrap();
    let stat = |id| statistics.stat(id).unwrap();
    let sometimes = [5, 6, 8, 9, 10, 11];
    let always = [(1, 0), (2, 0x11), (3, 0), (4, 10), (7, 0), (12, 0)];
    assert_eq!(always.map(|(id, _)| (id, stat(id).0)), always);
    assert_eq!(stat(6), (48_010, 0), "200 ppm above 48 kHz");
    assert!((1..100).contains(&stat(11).0), "percent: {statistics:?}");
    for id in [8, 9, 10] {
        assert!(stat(id).0.abs() < 1 && stat(id).1.abs() < 1, "{id}: {statistics:?}");
    }
    assert!(sometimes.into_iter().all(|id| statistics.stat(id).is_ok()));
    assert!((statistics.ppm - 200.0).abs() < 1.0, "{statistics:?}");
    assert_eq!((statistics.row, statistics.locked, statistics.resyncs), (7, 1, 0));
    assert_eq!((statistics.underruns, statistics.overruns), (0, 0));
    assert!(statistics.presented > 1000 && statistics.error_square_sum > 0.0, "{statistics:?}");
    assert!(statistics.device_delay > 0, "{statistics:?}");
    let (inputs, _) = graph.settled().streams[0].matching.decision.expect("it was decided");
    assert!(inputs.clock && inputs.live && inputs.stamped && !inputs.own_clock, "{inputs:?}");
    let refused = graph.statistics("microphone").unwrap_err().to_string();
    assert_eq!(refused, "`microphone` could not tell its statistics: no such capability");
}
