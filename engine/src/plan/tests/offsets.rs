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

/// The table of section 4.4 (LS-41, LS-47 to LS-52).
#[test]
fn the_worked_example_gets_the_offsets_of_the_table() {
    let capture = "stamps = \"capture\"";
    let table = [
        ("sync off", "sync = false", "", "", 0, 0),
        ("default", "", "", "", 467, 0),
        ("cap of 400 ms", "max-latency = \"400 ms\"", "", "", 367, 0),
        ("video holds 200 ms", "", "hold = \"200 ms\"", "", 467, 0),
        ("both capture-referenced", "", capture, capture, 500, 500),
        ("video capture-referenced", "", capture, "", 500, 0),
    ];
    for (case, graph, camera, microphone, video, audio) in table {
        let (found, _) = offsets(graph, camera, microphone);
        assert_eq!(found, [Some(ms(video)), Some(ms(audio))], "{case}");
    }
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

/// LS-52, LS-53
#[test]
fn an_offset_that_a_source_cannot_hold_is_in_force_and_noted() {
    let (_, notes) = offsets("", "hold = \"200 ms\"", "");
    assert_eq!(
        notes,
        [
            "`camera.out` needs a stream offset of 467.0 ms, but can hold back 200.0 ms at most; \
             lower `max-latency`, or give the source a longer buffer",
            "`camera.out` needs 467.0 ms of buffering on its way, but there is 200.0 ms; put a \
             `queue` with that capacity behind it",
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
    assert_eq!(with_queue("267 ms"), 1, "only that the source would prefer less");
}

#[test]
fn under_strict_every_note_is_an_error_at_the_source() {
    let text = camera_and_microphone("strict = true", "hold = \"200 ms\"", "");
    let wrong = try_plan(&text).expect_err("the offset is too large");
    assert_eq!(wrong.len(), 2);
    let line = text.lines().position(|line| line == "[filter.camera]").expect("it is there") + 1;
    assert!(wrong.iter().all(|error| (error.line, error.column) == (line, 9)), "{wrong}");
}

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

/// LS-M3
#[test]
fn the_slowest_renderer_delays_all_and_changes_no_offset() {
    let text = camera_and_microphone("", "", "")
        .replace("test.screen\"", "test.screen\"\nlatency = \"60 ms\"");
    let timing = plan(&text).settled.timing;
    assert_eq!(timing.presentation_delay, ms(60));
    assert_eq!(timing.latency(), ms(560));
    let found: Vec<_> = timing.offsets.iter().map(|it| it.offset).collect();
    assert_eq!(found, [Some(ms(467)), Some(ms(0))]);
}

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

#[test]
fn a_changed_latency_settles_to_new_offsets() {
    let plan = plan(&camera_and_microphone("", "", ""));
    let mut facts = Facts::declared(&plan.filters);
    let microphone = plan.filter("microphone").expect("it is there");
    let push = facts.filters[microphone].outputs[0].push.as_mut().expect("it pushes");
    push.latency = Some(ms(80));
    let timing = plan.settle(&facts).timing;
    assert_eq!(timing.offsets[0].offset, Some(ms(47)));
    push_latency(&mut facts, microphone, ms(-1));
    assert_eq!(plan.settle(&facts).timing.offsets[1].offset, None, "LS-19: negative is an error");
}

fn push_latency(facts: &mut Facts, filter: usize, latency: Span) {
    if let Some(push) = facts.filters[filter].outputs[0].push.as_mut() {
        push.latency = Some(latency);
    }
}

proptest! {
    /// LS-50: the invariant, not the formula.
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

    /// LS-47
    #[test]
    fn a_cap_never_raises_the_target(latency in 0i64..1_000_000, cap in 0i64..1_000_000) {
        let (latency, cap) = (Span::from_nanos(latency), Span::from_nanos(cap));
        let target = target([latency], Some(cap));
        prop_assert!(target <= latency && target <= cap);
        prop_assert!(target == latency || target == cap);
    }
}
