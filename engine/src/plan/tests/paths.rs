//! Latency along paths.

use super::*;
use crate::plan::latency::Range;

/// The path of the renderer called `name`: live, least, most.
fn path(plan: &Plan, name: &str) -> (bool, Span, Option<Span>) {
    let renderer = plan.filter(name).expect("it is there");
    let mut paths = plan.settled.timing.paths.iter();
    let path = paths.find(|it| it.renderer == renderer).expect("it presents").path;
    (path.live, path.least, path.most)
}

/// Two live sources, given by least and most, each on a renderer without a delay. A source that stamps
/// the capture can be held back for as long as it says, its own latency included.
fn two(graph: &str, first: (i64, i64), second: (i64, i64)) -> String {
    let source = |(least, most)| {
        format!("latency = \"{least} ms\"\nhold = \"{most} ms\"\nstamps = \"capture\"")
    };
    manifest(
        graph,
        &["a -> x", "b -> y"],
        &[
            ("a", "live", &source(first)),
            ("b", "live", &source(second)),
            ("x", "screen", ""),
            ("y", "screen", ""),
        ],
    )
}

/// LS-M1, LS-M2: the examples.
#[test]
fn a_latency_is_possible_when_every_path_can_wait_for_the_slowest() {
    let table = [
        (
            (20, 20),
            (33, 40),
            Some(
                "`a -> x` can wait until 20.0 ms after its capture, but `b -> y` \
                                   takes 33.0 ms; `a.hold` would have to be 33.0 ms instead of 20.0 \
                                   ms (graph.toml:7)",
            ),
        ),
        ((20, 50), (33, 40), None),
    ];
    for (first, second, impossible) in table {
        let plan = plan(&two("", first, second));
        assert_eq!(plan.settled.timing.latency(), ms(33));
        assert_eq!(path(&plan, "x"), (true, ms(first.0), Some(ms(first.1))));
        assert_eq!(path(&plan, "y"), (true, ms(second.0), Some(ms(second.1))));
        let notes = &plan.settled.timing.notes;
        let found = notes.iter().find_map(|note| match note {
            Note::InsufficientBuffering(shortage) => Some(shortage.to_string()),
            _ => None,
        });
        assert_eq!(found.as_deref(), impossible);
    }
}

/// LS-M2
#[test]
fn an_impossible_latency_is_an_error_in_strict_mode_at_the_line_to_change() {
    let text = two("strict = true", (20, 20), (33, 40));
    let wrong = try_plan(&text).expect_err("it is impossible");
    let last = wrong.iter().last().expect("there is one");
    assert_eq!(text.lines().nth(last.line - 1), Some("hold = \"20 ms\""), "{wrong}");
}

/// LS-M1
#[test]
fn what_blocks_adds_room_and_what_leaks_limits_it() {
    let table = [
        ("a -> g -> x", "", (27, Some(107))),
        ("a -> q -> g -> x", "plugin = \"queue\"\ncapacity = \"50 ms\"", (27, Some(157))),
        (
            "a -> q -> g -> x",
            "plugin = \"queue\"\ncapacity = \"50 ms\"\nleaky = true",
            (27, Some(77)),
        ),
        (
            "a -> q -> g -> x",
            "plugin = \"queue\"\ncapacity = \"5 s\"\nleaky = true",
            (27, Some(107)),
        ),
        ("a -> g -> m -> x", "", (27, None)),
    ];
    for (connect, queue, (least, most)) in table {
        let (connect, mixed) = match connect.contains('m') {
            true => (vec![connect, "b -> m"], true),
            false => (vec![connect], false),
        };
        let mut text = manifest(
            "",
            &connect,
            &[
                ("a", "live", "latency = \"20 ms\"\nhold = \"80 ms\""),
                ("g", "gain", "latency = \"7 ms\""),
                ("x", "speakers", "latency = \"0 ms\""),
            ],
        );
        if mixed {
            // The plan places queues before the mixer, as large as they have to be.
            text.push_str(
                "[filter.m]\nplugin = \"test.mixer\"\n[filter.b]\nplugin = \"test.file\"\n",
            );
        }
        if !queue.is_empty() {
            text.push_str(&format!("[filter.q]\n{queue}\n"));
        }
        let found = path(&plan(&text), "x");
        assert_eq!(found, (true, ms(least), most.map(ms)), "{connect:?} {queue}");
    }
}

/// LS-M1: of several inputs the slowest says the least, the one that can wait least the most, and what
/// is not live neither.
#[test]
fn where_streams_meet_all_have_to_wait_for_all() {
    let text = manifest(
        "",
        &["a -> one -> m", "b -> two -> m", "f -> m", "m -> x"],
        &[
            ("a", "live", "latency = \"20 ms\"\nhold = \"30 ms\""),
            ("b", "live", "latency = \"33 ms\"\nhold = \"40 ms\""),
            ("f", "file", ""),
            ("m", "mixer", ""),
            ("x", "speakers", "latency = \"5 ms\""),
        ],
    ) + "[filter.one]\nplugin = \"queue\"\ncapacity = \"10 ms\"\n\
         [filter.two]\nplugin = \"queue\"\ncapacity = \"10 ms\"\n";
    assert_eq!(path(&plan(&text), "x"), (true, ms(38), Some(ms(20 + 30 + 10 + 5))));
    let text = manifest("", &["f -> x"], &[("f", "file", ""), ("x", "speakers", "")]);
    assert_eq!(path(&plan(&text), "x"), (false, ms(20), None));
}

/// LS-53, LS-M2: each kind of buffer that can be too small is named with what it would have to be.
#[test]
fn the_buffer_that_would_have_to_grow_is_named_with_its_line() {
    let camera = "latency = \"33 ms\"\nhold = \"100 ms\"";
    let with = |connect: &str, more: &str| {
        let text = manifest(
            "",
            &[connect, "microphone -> speakers"],
            &[
                ("camera", "live", camera),
                ("microphone", "live", "latency = \"500 ms\""),
                ("preview", "screen", ""),
                ("speakers", "speakers", "latency = \"0 ms\""),
            ],
        ) + more;
        let plan = plan(&text);
        let note = plan.settled.timing.notes.last().expect("there is one").to_string();
        note.split("; ").last().unwrap_or_default().to_owned()
    };
    assert_eq!(
        with("camera -> preview", ""),
        "`camera.hold` would have to be 467.0 ms instead of 100.0 ms (graph.toml:7)"
    );
    let queue = "[filter.q]\nplugin = \"queue\"\ncapacity = \"50 ms\"\n";
    assert_eq!(
        with("camera -> q -> preview", queue),
        "`q.capacity` would have to be 367.0 ms instead of 50.0 ms (graph.toml:19)"
    );
    let queue = "[filter.q]\nplugin = \"queue\"\n";
    assert_eq!(
        with("camera -> q -> preview", queue),
        "`q.capacity` would have to be 367.0 ms instead of 200.0 ms (graph.toml:17)"
    );
}

/// LS-53, LS-M1: what a renderer holds counts; its own 16 pictures are what the worked example needs.
#[test]
fn a_renderer_that_holds_enough_makes_up_for_a_source_that_does_not() {
    let mut plan = plan(&camera_and_microphone("", "hold = \"33 ms\"", ""));
    let preview = plan.filter("preview").expect("it is there");
    let mut facts = Facts::declared(&plan.filters);
    let short = |plan: &Plan, facts: &Facts| {
        let notes = plan.settle(facts).timing.notes;
        notes.iter().any(|note| matches!(note, Note::InsufficientBuffering(_)))
    };
    assert!(short(&plan, &facts));
    facts.filters[preview].holds = Some(ms(500));
    assert!(!short(&plan, &facts));
    plan.wishes.timing = crate::manifest::TimingMode::Classic;
    assert!(short(&plan, &facts), "classic asks only sources and queues");
}

/// LS-M5
#[test]
fn a_latency_that_is_asked_for_is_kept_and_warned_of_where_it_cannot_be() {
    let table: [(&str, i64, &[&str]); 4] = [
        ("520 ms", 520, &[]),
        ("600 ms", 600, &[]),
        (
            "510 ms",
            510,
            &[
                "`latency` is 510.0 ms, but `microphone -> speakers` takes 520.0 ms and plays 10.0 ms late",
            ],
        ),
        (
            "9 s",
            9000,
            &[
                "`camera -> preview` can wait until 2033.0 ms after its capture, but `latency` asks for \
             9000.0 ms; `camera.hold` would have to be 8967.0 ms instead of 2000.0 ms (graph.toml:4)",
                "`microphone -> speakers` can wait until 2520.0 ms after its capture, but `latency` asks for \
             9000.0 ms; `microphone.hold` would have to be 8480.0 ms instead of 2000.0 ms (graph.toml:8)",
            ],
        ),
    ];
    for (asked, latency, expected) in table {
        let plan = plan(&camera_and_microphone(&format!("latency = \"{asked}\""), "", ""));
        let timing = &plan.settled.timing;
        assert_eq!(timing.latency(), ms(latency));
        let notes: Vec<String> = timing.notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes, expected, "{asked}");
        assert_eq!(timing.offsets[0].offset, Some(ms(467)), "offsets are those of the sources");
    }
}

/// LS-44, LS-M6: what is not live, not stamped, or not presented in step, delays nobody.
#[test]
fn only_live_streams_that_are_presented_in_step_have_a_part_in_the_latency() {
    let table = [("file", "speakers", "latency = \"900 ms\""), ("live", "writer", "")];
    for (source, renderer, settings) in table {
        let text = camera_and_microphone("", "", "")
            .replace("\"microphone -> speakers\"", "\"microphone -> speakers\", \"s -> r\"")
            + &format!(
                "[filter.s]\nplugin = \"test.{source}\"\n\
                        [filter.r]\nplugin = \"test.{renderer}\"\n{settings}\n"
            );
        assert_eq!(plan(&text).settled.timing.latency(), ms(520), "{source} -> {renderer}");
    }
    let preview = manifest(
        "",
        &["a -> t.in", "t.keep -> w", "t.preview -> s"],
        &[
            ("a", "live", ""),
            ("t", "smart-tee", ""),
            ("w", "writer", ""),
            ("s", "speakers", "latency = \"900 ms\""),
        ],
    );
    assert_eq!(plan(&preview).settled.timing.latency(), ms(10), "a preview is not stamped");
}

//   a 10 ms ──► q 50 ms ──► g 7 ms ──► m ──► x 40 ms
//   b 30 ms ──────────────────────────┘
/// LS-M18
#[test]
fn latency_is_known_at_every_connection_since_capture_and_until_presentation() {
    let text = manifest(
        "",
        &["a -> q -> g -> m -> x", "b -> m"],
        &[
            ("a", "live", "latency = \"10 ms\""),
            ("b", "live", "latency = \"30 ms\""),
            ("g", "gain", "latency = \"7 ms\""),
            ("x", "speakers", "latency = \"40 ms\""),
            ("m", "mixer", ""),
        ],
    ) + "[filter.q]\nplugin = \"queue\"\ncapacity = \"50 ms\"\n";
    let plan = plan(&text);
    let whole = |span: Span| span.nanos() / 1_000_000;
    let between = |from: &str, to: &str| {
        let index = plan.connections.iter().position(|it| {
            (plan.filters[it.from.filter].name.as_str(), plan.filters[it.to.filter].name.as_str())
                == (from, to)
        });
        let index = index.expect("they are connected");
        let both = plan.settled.timing.connections[index];
        let ms = |range: Option<Range>| range.map(|it| (whole(it.least), whole(it.most)));
        (ms(both.captured), ms(both.presented))
    };
    let before_mixer = |it: &&Connection| {
        plan.filters[it.from.filter].name == "g" && plan.filters[it.to.filter].name == "m"
    };
    let connection = plan.connections.iter().find(before_mixer).expect("they are connected");
    let room = whole(connection.queue.as_ref().expect("a mixer has one").capacity);
    assert_eq!(between("a", "g"), (Some((10, 60)), Some((47, 47 + room + 50))));
    assert_eq!(between("g", "m"), (Some((17, 67 + room)), Some((40, 40 + room))));
    assert_eq!(between("m", "x"), (Some((17, 67 + room)), Some((40, 40))));
}

/// LS-M18: what offsets and stamps bring together is no news.
#[test]
fn where_unlike_paths_meet_and_nothing_brings_them_together_they_are_named() {
    let joins = |graph: &str, second: &str| {
        let sources = [("a", "live", "latency = \"10 ms\""), ("b", "live", second)];
        let text = manifest(
            graph,
            &["a -> m -> x", "b -> m"],
            &[sources[0], sources[1], ("m", "mixer", ""), ("x", "speakers", "")],
        );
        let notes = plan(&text).settled.timing.notes;
        let joins = notes.into_iter().filter(|it| matches!(it, Note::UnlikePaths { .. }));
        joins.map(|note| note.to_string()).collect::<Vec<_>>()
    };
    let named =
        ["in `m` meet `a.out` 10.0 ms after its capture, `b.out` 30.0 ms after its capture, and \
         nothing brings them together: that takes `sync` and time stamps"];
    let none: [&str; 0] = [];
    assert_eq!(joins("", "latency = \"30 ms\""), none);
    assert_eq!(joins("sync = false", "latency = \"10 ms\""), none);
    assert_eq!(joins("sync = false", "latency = \"30 ms\""), named);
    assert_eq!(joins("", "latency = \"30 ms\"\nstamps = \"none\""), named);
}
