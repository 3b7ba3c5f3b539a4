use super::*;

/// What is wrong with these connections among a fixed set of filters, without the place.
fn wrong(connect: &[&str]) -> Vec<String> {
    let text = manifest("", connect, &FILTERS);
    let wrong = try_plan(&text).expect_err("something is wrong");
    wrong
        .iter()
        .map(|it| {
            it.to_string().split_once(": ").map_or(String::new(), |(_, text)| text.to_owned())
        })
        .collect()
}

const FILTERS: [(&str, &str, &str); 7] = [
    ("a", "file", ""),
    ("g", "gain", ""),
    ("h", "gain", ""),
    ("t", "tee", ""),
    ("s", "speakers", ""),
    ("camera", "camera", ""),
    ("screen", "screen", ""),
];

/// LS-103, LS-104 and what the manifest can get wrong about pins.
#[test]
fn every_wrong_connection_says_what_was_found_and_what_would_be_accepted() {
    let good = ["camera.capture -> screen", "g -> h -> t -> s"];
    let table: [(&[&str], &str); 12] = [
        (&["a -> g"], ""),
        (&["a.uot -> g"], "`a` has no output pin `uot`; expected `out`; did you mean `out`?"),
        (&["a.out1 -> g"], "`a` has no output pin `out1`; expected `out`; did you mean `out`?"),
        (
            &["a -> g.out"],
            "`g.out` is an output pin, but a connection ends at an input; expected `in`",
        ),
        (
            &["g.in -> a"],
            "`g.in` is an input pin, but a connection begins at an output; expected `out`",
        ),
        (&["a -> s.in"], "`s.in` is already connected"),
        (&["a -> g", "a -> t"], "`a.out` is already connected"),
        (&["s -> g"], "`s` has no output pins"),
        (&["a -> camera"], "`camera` has no input pins"),
        (
            &["camera -> g"],
            "`camera` has several output pins, and the connection does not say which; expected `camera.capture` or `camera.preview`",
        ),
        (
            &["camera.preview -> g"],
            "`camera.preview` offers `video/rgb24`, but `g.in` accepts only `audio`",
        ),
        (
            &["a -> g", "t.out7 -> x"],
            "unknown filter `x`; expected `a`, `g`, `h`, `t`, `s`, `camera` or `screen`",
        ),
    ];
    for (more, message) in table {
        let connect: Vec<&str> = good.iter().chain(more).copied().collect();
        if message.is_empty() {
            plan(&manifest("", &connect, &FILTERS));
        } else {
            let found = wrong(&connect);
            assert!(found.iter().any(|found| found == message), "{more:?}: {found:#?}");
        }
    }
}

#[test]
fn pins_that_must_be_connected_and_are_not_are_named() {
    let found = wrong(&["a -> t", "t.out1 -> s", "g -> h"]);
    assert_eq!(
        found,
        [
            "`g.in` is not connected; expected `… -> g.in`",
            "`h.out` is not connected; expected `h.out -> …`",
            "`t.out0` is not connected; expected `t.out0 -> …`",
            "`camera.capture` is not connected; expected `camera.capture -> …`",
            "`screen.in` is not connected; expected `… -> screen.in`",
        ]
    );
}

/// LS-104
#[test]
fn a_cycle_is_reported_as_its_path() {
    let found = wrong(&["camera.capture -> screen", "g -> h -> g", "a -> t -> s"]);
    assert_eq!(found, ["the graph has a cycle: g -> h -> g"]);
    let found = wrong(&["camera.capture -> screen", "g -> g", "h -> h", "a -> t -> s"]);
    assert_eq!(found, ["the graph has a cycle: g -> g", "the graph has a cycle: h -> h"]);
}

#[test]
fn a_queue_in_a_cycle_is_part_of_its_path() {
    let text =
        manifest("", &["g -> q -> g"], &[("g", "gain", "")]) + "[filter.q]\nplugin = \"queue\"\n";
    let wrong = try_plan(&text).expect_err("a ring").to_string();
    assert!(wrong.ends_with("the graph has a cycle: g -> q -> g"), "{wrong}");
}

#[test]
fn all_mistakes_are_found_in_one_go_each_at_its_place() {
    let text = r#"# Everything is wrong here.
[graph]
connect = [
  "microphon -> gain -> speakers",
  "camera.capture -> speakers",
]

[filter.microphone]
plugin  = "test.life"
latency = "10 ms"

[filter.gain]
plugin = "test.gain"
gain   = "6 dBm"
gian   = "6 dB"

[filter.camera]
plugin = "test.camera"

[filter.speakers]
plugin  = "test.speakers"
latency = 20
"#;
    let manifest = Manifest::parse("studio.toml", text).expect_err("an unknown name");
    insta::assert_snapshot!("names", manifest.render(false));
    let text = text.replace("microphon ", "microphone ");
    let wrong = try_plan(&text).expect_err("much is wrong");
    insta::assert_snapshot!("rendered", wrong.render(false));
    insta::assert_snapshot!("plain", wrong.to_string());
}

#[test]
fn a_setting_from_the_command_line_counts_and_is_pointed_at_when_wrong() {
    let text = camera_and_microphone("", "", "");
    let mut manifest = Manifest::parse("graph.toml", &text).expect("good");
    manifest.set("microphone.latency", "100 ms").expect("a filter's setting");
    let planned = Plan::new(&manifest, &catalog()).expect("good");
    assert_eq!(planned.settled.timing.target, ms(100));
    manifest.set("camera.latency", "1 kHz").expect("checked later");
    manifest.set("camera.latenzy", "1 s").expect("checked later");
    let wrong = Plan::new(&manifest, &catalog()).expect_err("wrong unit");
    assert_eq!(wrong.len(), 2);
    insta::assert_snapshot!("set", wrong.render(false));
}
