use proptest::prelude::*;

use super::*;

fn wrong(text: &str) -> Vec<String> {
    let wrong = Manifest::parse("g.toml", text).expect_err("something is wrong");
    wrong.iter().map(ToString::to_string).collect()
}

const GOOD: &str =
    "[graph]\nconnect = [\"a -> b\"]\n[filter.a]\nplugin = \"x\"\n[filter.b]\nplugin = \"y\"\n";

#[test]
fn a_manifest_says_what_it_says() {
    let text = r#"
[graph]
clock = "speakers"
sync = false
plugins = ["../plugins", "/opt/more"]
connect = ["microphone -> gain -> speakers", "camera.video -> preview.in"]
[filter.microphone]
plugin = "a"
provide-clock = false
latency = "500 ms"
[filter.gain]
plugin = "b"
[filter.speakers]
plugin = "c"
[filter.camera]
plugin = "d"
[filter.preview]
plugin = "e"
"#;
    let manifest = Manifest::parse("examples/studio.toml", text).expect("good");
    assert_eq!(manifest.name, "studio");
    assert_eq!(manifest.graph.clock.value, ClockRequest::Filter("speakers".to_owned()));
    assert!(!manifest.graph.sync);
    assert_eq!(manifest.graph.plugins, ["examples/../plugins", "/opt/more"].map(PathBuf::from));
    let shown = |end: &End| match &end.pin {
        Some(pin) => format!("{}.{}", end.filter.value, pin.value),
        None => end.filter.value.clone(),
    };
    let connections: Vec<String> = manifest
        .connections
        .iter()
        .map(|it| format!("{}>{}", shown(&it.from), shown(&it.to)))
        .collect();
    assert_eq!(connections, ["microphone>gain", "gain>speakers", "camera.video>preview.in"]);
    assert_eq!(&text[manifest.connections[2].from.span.clone()], "camera.video");
    let microphone = manifest.filter("microphone").expect("it is there");
    assert!(!microphone.provide_clock);
    assert_eq!(microphone.settings.len(), 1, "the rest are settings");
    assert_eq!(&text[microphone.settings[0].value.span.clone()], "\"500 ms\"");
}

#[test]
fn every_mistake_of_form_is_named_at_its_place() {
    let table = [
        (
            "[graph]",
            "[grph]",
            "g.toml:1:2: unknown table `grph`; expected `graph` or `filter`; did you mean `graph`?",
        ),
        (
            "connect =",
            "conect =",
            "g.toml:2:1: unknown key in [graph]: `conect`; expected `clock`, `clock-policy`, `sync`, `timing`, `latency`, `max-latency`, `strict`, `plugins` or `connect`; did you mean `connect`?",
        ),
        (
            "a -> b",
            "a",
            "g.toml:2:12: \"a\" connects nothing; expected filters joined by arrows, such as `microphone -> gain -> speakers` or `camera.video -> preview`",
        ),
        (
            "a -> b",
            "a -> ",
            "g.toml:2:18: an end of this connection is missing; expected filters joined by arrows, such as `microphone -> gain -> speakers` or `camera.video -> preview`",
        ),
        (
            "a -> b",
            "a -> b b",
            "g.toml:2:18: `b b` is neither a filter nor a filter and its pin; expected filters joined by arrows, such as `microphone -> gain -> speakers` or `camera.video -> preview`",
        ),
        (
            "a -> b",
            "a -> b.x -> a",
            "g.toml:2:20: `x` could be an input or an output of `b`; expected two connections, one to the filter and one from it",
        ),
        ("a -> b", "a -> c", "g.toml:2:18: unknown filter `c`; expected `a` or `b`"),
        (
            "[\"a -> b\"]",
            "[3]",
            "g.toml:2:12: found the number 3; expected filters joined by arrows, such as `microphone -> gain -> speakers` or `camera.video -> preview`",
        ),
        (
            "[graph]\n",
            "[graph]\nclock = \"sistem\"\n",
            "g.toml:2:9: unknown clock `sistem`; expected `a`, `b`, `auto`, `system` or `none`; did you mean `system`?",
        ),
        (
            "[graph]\n",
            "[graph]\nsync = \"yes\"\n",
            "g.toml:2:8: found the text \"yes\"; expected `true` or `false`",
        ),
        (
            "[graph]\n",
            "[graph]\nmax-latency = 400\n",
            "g.toml:2:15: found the number 400; expected a time with its unit, such as \"400 ms\"",
        ),
        (
            "[graph]\n",
            "[graph]\nsync = false\nmax-latency = \"400 ms\"\n",
            "g.toml:3:1: `max-latency` has no effect without `sync = true`",
        ),
        (
            "[graph]\n",
            "[graph]\nmax-latency = \"-1 ms\"\n",
            "g.toml:2:15: found the text \"-1 ms\"; expected a time with its unit, such as \"400 ms\"",
        ),
        (
            "[graph]\n",
            "[graph]\nlatency = \"1 s\"\ntiming = \"classic\"\n",
            "g.toml:2:1: `latency` has no effect under `timing = \"classic\"`",
        ),
        (
            "[graph]\n",
            "[graph]\nlatency = \"1 s\"\nmax-latency = \"1 s\"\n",
            "g.toml:3:1: `max-latency` has no effect beside `latency`",
        ),
        ("plugin = \"x\"", "plugin = 3", "g.toml:4:10: found the number 3; expected text"),
        ("plugin = \"x\"\n", "", "g.toml:3:9: [filter.a] has no `plugin`"),
        (
            "[filter.a]",
            "[filter.\"a b\"]",
            "g.toml:3:9: `a b` is no name for a filter; expected letters, digits, hyphens and underscores",
        ),
        (
            "[filter.b]",
            "[filter.auto]",
            "g.toml:5:9: no filter can be called `auto`, which `clock` understands otherwise",
        ),
        (
            "[graph]\n",
            "[graph]\nsync = tru\n",
            "g.toml:2:8: not TOML: invalid boolean, expected `true`",
        ),
    ];
    for (good, bad, message) in table {
        let found = wrong(&GOOD.replacen(good, bad, 1));
        assert!(found.iter().any(|found| found == message), "{bad}: {found:#?}");
    }
}

#[test]
fn columns_count_characters_and_lines_begin_at_one() {
    let found = wrong(&GOOD.replacen("[\"a -> b\"]", "[\"ä -> b\", \"a -> b\", \"c -> b\"]", 1));
    assert!(found[0].starts_with("g.toml:2:13: `ä` is neither"), "{found:#?}");
    assert!(found[1].starts_with("g.toml:2:33: unknown filter `c`"), "{found:#?}");
}

#[test]
fn a_file_that_is_not_there_is_an_error_like_any_other() {
    let wrong = Manifest::read("no/such/file.toml").expect_err("it is not there").to_string();
    assert!(wrong.starts_with("no/such/file.toml:1:1: the manifest cannot be read: "), "{wrong}");
}

#[test]
fn a_setting_from_the_command_line_needs_a_filter_of_the_manifest() {
    let mut manifest = Manifest::parse("g.toml", GOOD).expect("good");
    let mut wrong = |setting: &str| manifest.set(setting, "1").expect_err("wrong").to_string();
    assert_eq!(wrong("gain"), "--set:1:1: no filter is named; expected `filter.setting=value`");
    assert_eq!(wrong("c.gain"), "--set:1:1: unknown filter `c`; expected `a` or `b`");
    assert_eq!(
        wrong("a.provide-clock"),
        "--set:1:17: \"1\" is no value; expected `true` or `false`"
    );
}

#[test]
fn the_schema_lists_every_setting_with_help_unit_and_default() {
    let mut catalog = crate::catalog::Catalog::default();
    catalog.register(include_str!("../plan/tests/filters.toml"), 0).expect("good");
    insta::assert_snapshot!(format!("{:#}", schema::schema(Some(&catalog))));
    assert!(schema::schema(None)["properties"]["filter"].is_object());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_every_place_is_inside_it(text in "[\\[\\]a-z.=\"> \n\u{e4}{}#'0-9-]{0,120}") {
        if let Err(wrong) = Manifest::parse("g.toml", &text) {
            for diagnostic in wrong.iter() {
                prop_assert!(text.get(diagnostic.span.clone()).is_some());
            }
            wrong.render(false);
        }
    }

    #[test]
    fn no_connection_makes_the_parser_panic(chain in "[a-c. >-]{0,20}") {
        let _ = Manifest::parse("g.toml", &GOOD.replace("a -> b", &chain));
    }
}
