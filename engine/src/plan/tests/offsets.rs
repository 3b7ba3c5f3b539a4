use driftless_plugin_api::capability::push_source::Stamps;
use proptest::prelude::*;

use super::*;
use crate::plan::latency::{stream_offset, target};

/// Offsets of camera and microphone, and the notes.
fn offsets(graph: &str, camera: &str, microphone: &str) -> (Vec<Option<Span>>, Vec<String>) {
    let timing = plan(&camera_and_microphone(graph, camera, microphone)).settled.timing;
    let notes = timing.notes.iter().map(ToString::to_string).collect();
    (timing.offsets.iter().map(|offset| offset.offset).collect(), notes)
}

/// The worked example of section 4.4, in both modes: LS-41, LS-42, LS-47, LS-48, LS-49, LS-50, LS-51,
/// LS-52
#[test]
fn the_worked_example_gets_the_offsets_of_the_table() {
    let capture = "stamps = \"capture\"";
    // What is presented when, of an event at 1 s: stamp as delivered or captured, and offset.
    let table = [
        ("sync off", "sync = false", "", "", (0, 1033), (0, 1500)),
        ("default", "", "", "", (467, 1500), (0, 1500)),
        ("cap of 400 ms", "max-latency = \"400 ms\"", "", "", (367, 1400), (0, 1500)),
        ("video holds 200 ms", "", "hold = \"200 ms\"", "", (467, 1500), (0, 1500)),
        ("both capture-referenced", "", capture, capture, (500, 1500), (500, 1500)),
        ("video capture-referenced", "", capture, "", (500, 1500), (0, 1500)),
    ];
    for timing in ["native", "classic"] {
        for (case, graph, camera, microphone, video, audio) in table {
            let graph = format!("{graph}\ntiming = \"{timing}\"");
            let (found, _) = offsets(&graph, camera, microphone);
            assert_eq!(found, [Some(ms(video.0)), Some(ms(audio.0))], "{timing}: {case}");
            let stamped = |settings: &str, latency: i64| {
                1000 + if settings.is_empty() || settings.contains("hold") { latency } else { 0 }
            };
            assert_eq!(stamped(camera, 33) + video.0, video.1, "{timing}: {case}");
            assert_eq!(stamped(microphone, 500) + audio.0, audio.1, "{timing}: {case}");
        }
    }
}

/// LS-18: latencies of transforms and renderers are nothing to the classic mode, and change no offset
/// in the other.
#[test]
fn offsets_come_from_sources_alone() {
    let delayed = |timing: &str| {
        let text = camera_and_microphone(&format!("timing = \"{timing}\""), "", "")
            .replace("test.screen\"", "test.screen\"\nlatency = \"600 ms\"")
            .replace("microphone -> speakers", "microphone -> gain -> speakers");
        plan(&(text + "[filter.gain]\nplugin = \"test.gain\"\nlatency = \"7 ms\"\n"))
    };
    let found =
        |plan: &Plan| plan.settled.timing.offsets.iter().map(|it| it.offset).collect::<Vec<_>>();
    let (native, classic) = (delayed("native"), delayed("classic"));
    assert_eq!(found(&native), [Some(ms(467)), Some(ms(0))]);
    assert_eq!(found(&classic), [Some(ms(467)), Some(ms(0))]);
    assert_eq!(
        native.settled.timing.latency(),
        ms(633),
        "33 ms of the camera, 600 ms of the screen"
    );
    assert_eq!(classic.settled.timing.latency(), ms(500));
    let screen = classic.filter("preview").expect("it is there");
    assert_eq!(
        classic.settled.timing.delay_of(screen),
        ms(600),
        "each renderer is as late as it is"
    );
}

/// LS-51
#[test]
fn a_source_slower_than_the_cap_is_noted_with_how_late_it_plays() {
    let (_, notes) = offsets("max-latency = \"400 ms\"", "", "");
    assert_eq!(
        notes,
        ["`microphone.out` is 100.0 ms slower than `max-latency` and plays that much late"]
    );
}

/// LS-52, LS-53, LS-M2
#[test]
fn an_offset_that_a_source_cannot_hold_is_in_force_and_noted() {
    let (_, notes) = offsets("", "hold = \"200 ms\"", "");
    assert_eq!(
        notes,
        [
            "`camera.out` gets a stream offset of 467.0 ms and prefers 200.0 ms at most; what is \
             behind it has to hold the rest",
            "`camera -> preview` can wait until 233.0 ms after its capture, but `microphone -> \
             speakers` takes 520.0 ms; `camera.hold` would have to be 487.0 ms instead of 200.0 ms \
             (graph.toml:7)",
        ]
    );
}

/// LS-53
#[test]
fn a_queue_that_is_large_enough_makes_up_for_what_a_source_cannot_hold() {
    let with_queue = |capacity: &str| {
        let text = camera_and_microphone("", "hold = \"200 ms\"", "")
            .replace("camera -> preview", "camera -> buffer -> preview");
        let text =
            format!("{text}[filter.buffer]\nplugin = \"queue\"\ncapacity = \"{capacity}\"\n");
        plan(&text).settled.timing.notes.len()
    };
    assert_eq!(with_queue("200 ms"), 2);
    assert_eq!(with_queue("286 ms"), 2);
    assert_eq!(with_queue("287 ms"), 1, "only that the source would prefer less");
}

/// LS-52, LS-M2: what a source prefers is no error, as long as somebody can hold the stream.
#[test]
fn under_strict_a_buffer_that_is_too_small_is_an_error_at_its_line_and_what_it_says_is_enough() {
    let text = camera_and_microphone("strict = true", "hold = \"200 ms\"", "");
    let wrong = try_plan(&text).expect_err("the offset is too large");
    let line =
        |wanted: &str| text.lines().position(|line| line == wanted).expect("it is there") + 1;
    let places: Vec<_> = wrong.iter().map(|error| (error.line, error.column)).collect();
    assert_eq!(places, [(line("hold = \"200 ms\""), 1)], "{wrong}");
    let short = text.replace("200 ms", "486 ms");
    assert!(try_plan(&short).is_err());
    let enough = text.replace("200 ms", "487 ms");
    assert!(try_plan(&enough).is_ok());
}

/// LS-48
#[test]
fn a_third_source_without_latency_waits_for_the_slowest() {
    let text = camera_and_microphone("", "", "")
        .replace("\"microphone -> speakers\"", "\"microphone -> speakers\", \"third -> writer\"")
        + "[filter.third]\nplugin = \"test.live\"\nlatency = \"0 ms\"\n\
           [filter.writer]\nplugin = \"test.writer\"\n";
    let found: Vec<_> = plan(&text).settled.timing.offsets.iter().map(|it| it.offset).collect();
    assert_eq!(found, [Some(ms(467)), Some(ms(0)), Some(ms(500))]);
}

/// LS-20
#[test]
fn a_source_that_cannot_say_its_latency_is_left_alone_and_noted() {
    let text = camera_and_microphone("", "", "").replace(
        "[filter.microphone]\nplugin = \"test.live\"\nlatency = \"500 ms\"",
        "[filter.microphone]\nplugin = \"test.mute\"",
    );
    let timing = plan(&text).settled.timing;
    assert_eq!(timing.target, ms(33));
    let found: Vec<_> = timing.offsets.iter().map(|it| it.offset).collect();
    assert_eq!(found, [Some(ms(0)), None]);
    assert!(matches!(timing.notes[..], [Note::LatencyUnknown { .. }]));
}

/// LS-29
#[test]
fn a_source_that_says_it_is_not_live_takes_no_part() {
    let (found, _) = offsets("", "", "flags = [\"not-live\"]");
    assert_eq!(found, [Some(ms(0))], "the camera's alone");
}

/// LS-29
#[test]
fn rate_matching_flags_do_not_keep_a_source_out_of_synchronisation() {
    let (found, _) = offsets("", "", "flags = [\"internal-rate-matching\", \"private-clock\"]");
    assert_eq!(found, [Some(ms(467)), Some(ms(0))]);
}

/// LS-M2, LS-M3
#[test]
fn the_slowest_path_delays_all_and_changes_no_offset() {
    let text = camera_and_microphone("", "", "")
        .replace("test.screen\"", "test.screen\"\nlatency = \"560 ms\"");
    let timing = plan(&text).settled.timing;
    assert_eq!(timing.latency(), ms(593), "33 ms and 560 ms, which is more than 500 ms and 20 ms");
    assert_eq!(timing.presentation_delay, ms(93));
    let found: Vec<_> = timing.offsets.iter().map(|it| it.offset).collect();
    assert_eq!(found, [Some(ms(467)), Some(ms(0))]);
}

/// LS-M1, LS-M3
#[test]
fn a_transform_delays_the_renderer_behind_it() {
    let text = camera_and_microphone("", "", "")
        .replace("microphone -> speakers", "microphone -> gain -> speakers")
        + "[filter.gain]\nplugin = \"test.gain\"\nlatency = \"7 ms\"\n";
    let plan = plan(&text);
    assert_eq!(plan.settled.timing.presentation_delay, ms(27));
    assert_eq!(plan.settled.timing.last, plan.filter("speakers"));
}

/// LS-91, LS-M6
#[test]
fn a_file_writer_delays_nobody() {
    let text = manifest(
        "",
        &["live -> gain -> writer"],
        &[("live", "live", ""), ("gain", "gain", "latency = \"7 ms\""), ("writer", "writer", "")],
    );
    assert_eq!(plan(&text).settled.timing.presentation_delay, Span::ZERO);
}

/// LS-19, LS-21: asked again once it is known, and nonsense is not known.
#[test]
fn a_changed_latency_settles_to_new_offsets_and_a_negative_one_to_none() {
    let plan = plan(&camera_and_microphone("", "", ""));
    let mut facts = Facts::declared(&plan.filters);
    let microphone = plan.filter("microphone").expect("it is there");
    let push = facts.filters[microphone].outputs[0].push.as_mut().expect("it pushes");
    push.latency = Some(ms(80));
    let timing = plan.settle(&facts).timing;
    assert_eq!(timing.offsets[0].offset, Some(ms(47)));
    push_latency(&mut facts, microphone, ms(-1));
    let timing = plan.settle(&facts).timing;
    assert_eq!(timing.offsets[1].offset, None);
    assert!(matches!(timing.notes[..], [Note::LatencyUnknown { .. }]));
}

fn push_latency(facts: &mut Facts, filter: usize, latency: Span) {
    if let Some(push) = facts.filters[filter].outputs[0].push.as_mut() {
        push.latency = Some(latency);
    }
}

proptest! {
    /// LS-48, LS-49, LS-50: the invariant, not the formula.
    #[test]
    fn what_is_captured_at_one_instant_bears_one_stamp(
        sources in prop::collection::vec((0i64..2_000_000_000, prop::bool::ANY), 1..8),
        captured in -1_000_000_000i64..1_000_000_000,
    ) {
        let latencies = sources.iter().map(|(ns, _)| Span::from_nanos(*ns));
        let target = target(latencies, None);
        for (ns, at_capture) in sources {
            let (latency, captured) = (Span::from_nanos(ns), Span::from_nanos(captured));
            let (stamps, native) = match at_capture {
                true => (Stamps::Capture, captured),
                false => (Stamps::Delivery, captured + latency),
            };
            prop_assert_eq!(native + stream_offset(latency, stamps, target), captured + target);
        }
    }

    /// LS-50 of whole graphs in both modes: every stream is presented at capture + latency, and no
    /// renderer has to present before it can.
    #[test]
    fn every_stream_of_any_graph_is_presented_when_the_slowest_can_be(
        streams in prop::collection::vec((0i64..900, prop::bool::ANY, 0i64..200), 1..5),
        classic in prop::bool::ANY,
    ) {
        let names: Vec<(String, String)> =
            (0..streams.len()).map(|number| (format!("s{number}"), format!("r{number}"))).collect();
        let connect: Vec<String> = names.iter().map(|(s, r)| format!("{s} -> {r}")).collect();
        let settings: Vec<(String, String)> = streams
            .iter()
            .map(|(latency, captured, delay)| {
                let stamps = if *captured { "capture" } else { "delivery" };
                let source = format!("latency = \"{latency} ms\"\nstamps = \"{stamps}\"");
                (source, format!("latency = \"{delay} ms\""))
            })
            .collect();
        let mut filters = Vec::new();
        for ((s, r), (source, renderer)) in names.iter().zip(&settings) {
            filters.push((s.as_str(), "live", source.as_str()));
            filters.push((r.as_str(), "screen", renderer.as_str()));
        }
        let connect: Vec<&str> = connect.iter().map(String::as_str).collect();
        let mode = if classic { "timing = \"classic\"" } else { "" };
        let plan = plan(&manifest(mode, &connect, &filters));
        let timing = &plan.settled.timing;
        let mut at_the_last_moment = false;
        for ((latency, captured, delay), (s, r)) in streams.iter().zip(&names) {
            let pin = PinNumber { filter: plan.filter(s).unwrap(), pin: 0 };
            let offset = timing.offset(pin).and_then(|it| it.offset).unwrap();
            let stamp = if *captured { Span::ZERO } else { ms(*latency) } + offset;
            prop_assert_eq!(stamp, timing.target);
            let presented = stamp + timing.delay_of(plan.filter(r).unwrap());
            let possible = ms(*latency) + ms(*delay);
            prop_assert!(presented >= possible, "{presented} before {possible}");
            at_the_last_moment |= presented == possible;
            if !classic {
                prop_assert_eq!(presented, timing.latency());
            }
        }
        prop_assert!(classic || at_the_last_moment, "it could be presented earlier");
    }

    /// LS-47
    #[test]
    fn a_cap_never_raises_the_target(latency in 0i64..1_000_000, cap in 0i64..1_000_000) {
        let (latency, cap) = (Span::from_nanos(latency), Span::from_nanos(cap));
        let target = target([latency], Some(cap));
        prop_assert!(target <= latency && target <= cap);
        prop_assert!(target == latency || target == cap);
    }
}
