use serde_json::json;

use super::*;

/// The row of the renderer `b` behind the source `a`, what it follows, and why.
fn row(graph: &str, a: (&str, &str), b: &str) -> (Option<u8>, String) {
    let filters = [("a", a.0, a.1), ("b", "speakers", b)];
    let plan = plan(&manifest(graph, &["a -> b"], &filters));
    let matching = &plan.settled.streams[0].matching;
    (matching.row(), format!("{}: {}", matching.against(), matching.why))
}

/// LS-77, LS-78, LS-80: every row is reached from a manifest.
#[test]
fn every_row_of_the_decision_is_reached_and_explained() {
    let system = "clock = \"system\"";
    let table = [
        (
            "clock = \"none\"",
            ("live", ""),
            1,
            "nothing: there is no clock: samples are played on arrival",
        ),
        ("", ("file", ""), 2, "nothing: nothing live is upstream"),
        (
            system,
            ("file", ""),
            2,
            "nothing: nothing live is upstream; follows the system clock within its tolerance; `b` resamples",
        ),
        (
            "",
            ("live", "flags = [\"internal-rate-matching\"]"),
            3,
            "nothing: `a.out` matches rates itself",
        ),
        (
            system,
            ("live", "flags = [\"not-live\"]"),
            4,
            "nothing: `a.out` says it is not live; follows the system clock within its tolerance; `b` resamples",
        ),
        (
            "",
            ("live", "flags = [\"private-clock\"]"),
            5,
            "time stamps: `a.out` stamps with a clock of its own; `b` resamples",
        ),
        (
            "",
            ("live", "flags = [\"private-clock\"]\nstamps = \"none\""),
            6,
            "incoming rate: `a.out` has a clock of its own, but no stamps arrive; `b` resamples",
        ),
        (
            system,
            ("live", ""),
            7,
            "time stamps: `a.out` is live and stamps with the graph's clock; `b` resamples",
        ),
        (
            "",
            ("live", "clock = true"),
            7,
            "time stamps: `a.out` is live and stamps with the graph's clock; `b` resamples",
        ),
        (
            system,
            ("live", "stamps = \"none\""),
            8,
            "incoming rate: `a.out` is live, and no stamps arrive; `b` resamples",
        ),
        (
            "",
            ("live", ""),
            9,
            "incoming rate: `b` is the clock: matching the stamps would be matching itself; `b` resamples",
        ),
        (
            "",
            ("live", "stamps = \"none\""),
            10,
            "incoming rate: `a.out` is live, and no stamps arrive; `b` resamples",
        ),
    ];
    for (graph, a, number, why) in table {
        assert_eq!(row(graph, a, ""), (Some(number), why.to_owned()), "{graph} {a:?}");
    }
}

/// LS-M9: the method is told wherever a clock is followed, and who says so where it is not the default.
#[test]
fn how_a_clock_is_followed_is_told_beside_what_is_followed() {
    let (system, own) = ("clock = \"system\"", "");
    let table = [
        (system, "live", "resample", json!("resample"), "; `b` resamples"),
        (
            system,
            "live",
            "skew",
            json!("skew"),
            "; `b` moves what is played, as `b.slave-method` says",
        ),
        (system, "live", "none", json!("none"), "; `b` corrects nothing, as `b.slave-method` says"),
        (
            own,
            "live",
            "skew",
            json!("skew"),
            "; `b` moves what is played, as `b.slave-method` says",
        ),
        (system, "file", "none", json!("none"), "; `b` corrects nothing, as `b.slave-method` says"),
        (own, "file", "none", json!(null), "nothing live is upstream"),
    ];
    for (graph, source, method, told, why) in table {
        let settings = format!("slave-method = \"{method}\"");
        let filters = [("a", source, ""), ("b", "speakers", settings.as_str())];
        let plan = plan(&manifest(graph, &["a -> b"], &filters));
        let matching = &plan.json()["streams"][0]["match"];
        assert_eq!(matching["method"], told, "{graph} {source} {method}");
        assert!(matching["why"].as_str().is_some_and(|it| it.ends_with(why)), "{matching}");
        assert!(plan.to_string().contains(why), "{plan}");
    }
}

/// LS-40
#[test]
fn a_mixer_answers_for_the_sources_behind_it() {
    let text = manifest(
        "clock = \"system\"",
        &["a -> m", "b -> m -> gain -> s"],
        &[
            ("a", "live", ""),
            ("b", "file", ""),
            ("m", "mixer", ""),
            ("gain", "gain", ""),
            ("s", "speakers", ""),
        ],
    );
    let plan = plan(&text);
    let sources: Vec<String> =
        plan.settled.streams.iter().map(|stream| plan.source_name(stream.source)).collect();
    assert_eq!(sources, ["a", "b"], "one stream a source");
    assert!(plan.settled.streams.iter().all(|stream| stream.matching.row() == Some(3)));
    assert_eq!(plan.settled.timing.offsets.len(), 1, "only the source gets an offset");
}

/// LS-97, LS-98
#[test]
fn a_preview_pin_takes_the_stamps_away() {
    let text = manifest(
        "clock = \"system\"",
        &["a -> tee.in", "tee.keep -> w", "tee.preview -> s"],
        &[("a", "live", ""), ("tee", "smart-tee", ""), ("w", "writer", ""), ("s", "speakers", "")],
    );
    let plan = plan(&text);
    let rows: Vec<_> = plan.settled.streams.iter().map(|it| it.matching.row()).collect();
    assert_eq!(rows, [None, Some(8)]);
}

/// LS-75, LS-91
#[test]
fn only_the_audio_renderer_matches_rates() {
    let text = manifest(
        "",
        &["a -> t", "t -> s", "t -> w", "v -> screen"],
        &[
            ("a", "live", ""),
            ("t", "tee", ""),
            ("s", "speakers", ""),
            ("w", "writer", ""),
            ("v", "live", ""),
            ("screen", "screen", ""),
        ],
    );
    let plan = plan(&text);
    let streams = plan.settled.streams.iter().map(|stream| {
        let renderer = plan.filters[stream.renderer].name.as_str();
        (renderer, stream.matching.row(), stream.matching.why.as_str())
    });
    let streams: Vec<_> = streams.collect();
    assert!(streams.contains(&("w", None, "takes samples as fast as they come")), "{streams:?}");
    assert!(streams.contains(&("screen", None, "renders by time stamp")), "{streams:?}");
    assert!(streams.iter().any(|(name, row, _)| *name == "s" && *row == Some(9)), "{streams:?}");
}

/// LS-1, LS-3
#[test]
fn a_smart_tee_behind_a_file_is_not_live() {
    let text = manifest(
        "",
        &["f -> tee.in", "tee.keep -> s", "tee.preview -> w"],
        &[("f", "file", ""), ("tee", "smart-tee", ""), ("s", "speakers", ""), ("w", "writer", "")],
    );
    let plan = plan(&text);
    assert!(plan.settled.streams.iter().any(|stream| stream.matching.row() == Some(2)));
    assert_eq!(plan.settled.timing.presentation_delay, Span::ZERO);
}

/// LS-1: live through a capture pin alone.
#[test]
fn a_camera_with_a_capture_pin_is_live_without_push_source() {
    let text = manifest(
        "clock-policy = \"classic\"",
        &["camera.capture -> screen", "f -> s"],
        &[
            ("camera", "camera", ""),
            ("screen", "screen", ""),
            ("f", "file", ""),
            ("s", "speakers", ""),
        ],
    );
    let plan = plan(&text);
    assert_eq!(plan.settled.clock.source, ClockSource::System, "something is live");
    assert!(plan.settled.timing.offsets.is_empty(), "nothing can be told an offset");
}

/// LS-M10: equal names of a crystal, which only opened devices know; no name is nobody else's.
#[test]
fn between_two_filters_on_one_crystal_nothing_is_matched() {
    let filters = [("a", "live", ""), ("b", "speakers", "")];
    let plan = plan(&manifest("clock = \"system\"", &["a -> b"], &filters));
    let matching = |a: Option<&str>, b: Option<&str>| {
        let mut facts = Facts::declared(&plan.filters);
        for (name, crystal) in [("a", a), ("b", b)] {
            let filter = plan.filter(name).expect("it is there");
            facts.filters[filter].crystal = crystal.map(str::to_owned);
        }
        let matching = plan.settle(&facts).streams[0].matching.clone();
        (matching.row(), matching.why)
    };
    let one = (Some(3), "`a.out` and `b` run on one crystal".to_owned());
    assert_eq!(matching(Some("card 1"), Some("card 1")), one);
    for (a, b) in [(None, None), (Some("card 1"), None), (Some("card 1"), Some("card 2"))] {
        assert_eq!(matching(a, b).0, Some(7), "{a:?} {b:?}");
    }
}
