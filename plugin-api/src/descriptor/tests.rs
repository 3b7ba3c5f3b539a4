use super::*;
use crate::settings::Value;

const SOURCE: &str = include_str!("tests/source.toml");

fn source() -> FilterDescriptor {
    let descriptor = Descriptor::parse(SOURCE).expect("the example is good");
    descriptor.filters.into_iter().next().expect("it has one filter")
}

/// What is wrong with the example once `good` is replaced by `bad`: the text under each mistake, and
/// the mistake.
fn spoilt(good: &str, bad: &str) -> Vec<(String, String)> {
    assert!(SOURCE.contains(good), "`{good}` is in the example");
    let text = SOURCE.replacen(good, bad, 1);
    let mistakes = Descriptor::parse(&text).expect_err("it was spoilt");
    let shown = mistakes.into_iter().map(|mistake| {
        let span = mistake.span.clone().expect("every mistake in a text has a place");
        (text[span].to_owned(), mistake.to_string())
    });
    shown.collect()
}

#[test]
fn the_example_says_what_it_says() {
    let source = source();
    assert_eq!(source.id, "driftless.test-source");
    assert_eq!(source.kind, FilterKind::Source);
    assert_eq!(source.latency, Some(Declared::Setting("latency".to_owned())));
    let push = source.push_source.as_ref().expect("it pushes");
    assert_eq!(push.flags, Declared::Setting("flags".to_owned()));
    assert_eq!(push.max_offset, Some(Declared::Fixed(Span::from_millis(1500))));
    assert!(source.capabilities.stream_control);
    let pins: Vec<&str> = source.pins(Direction::Output).map(|pin| pin.name.as_str()).collect();
    assert_eq!(pins, ["out", "aux"], "in the order of the file");
    let settings: Vec<&str> = source.settings.iter().map(|setting| setting.name.as_str()).collect();
    assert_eq!(
        settings,
        ["waveform", "latency", "level", "flags", "stamps", "clock", "file", "pulses"]
    );
}

#[test]
fn settings_left_out_have_their_default_in_the_descriptors_unit() {
    let settings = source().settings(&[Given::new("file", "a.wav")]).expect("good");
    assert_eq!(settings.time("latency"), Ok(Span::from_millis(10)));
    assert_eq!(settings.number("level"), Ok(-6.0));
    assert_eq!(settings.text("waveform"), Ok("sine"));
    assert_eq!(settings.words("flags"), Ok(&[][..]));
    assert_eq!(settings.integer("pulses"), Ok(65_536));
}

#[test]
fn given_settings_are_converted_to_the_descriptors_unit() {
    let given = [
        Given::new("latency", "0.5 s"),
        Given::new("flags", "private-clock, not-live"),
        Given::new("clock", "true"),
        Given::new("pulses", "2 KiB"),
        Given::new("file", "7"),
    ];
    let settings = source().settings(&given).expect("good");
    assert_eq!(settings.time("latency"), Ok(Span::from_millis(500)));
    assert_eq!(settings.integer("pulses"), Ok(2048));
    assert_eq!(settings.text("file"), Ok("7"), "text needs no quotes on a command line");
    let source = source();
    let push = source.push_source.as_ref().expect("it pushes");
    assert_eq!(
        push.flags.resolve(&settings),
        Ok(PushSourceFlags::PRIVATE_CLOCK.union(PushSourceFlags::NOT_LIVE))
    );
    assert_eq!(push.stamps.resolve(&settings), Ok(Stamps::Delivery));
    assert_eq!(source.offers_clock.as_ref().map(|offer| offer.resolve(&settings)), Some(Ok(true)));
}

#[test]
fn every_wrong_setting_says_what_would_be_accepted() {
    let table = [
        (
            "latency",
            "10",
            "`latency` has a unit, but 10 has none; expected the number with its unit, such as \"10 ms\"",
        ),
        (
            "latency",
            "10 dB",
            "`latency` cannot be in `dB`; expected `ns`, `us`, `ms`, `s`, `min` or `h`",
        ),
        (
            "latency",
            "10 mss",
            "`latency` cannot be in `mss`; expected `ns`, `us`, `ms`, `s`, `min` or `h`; did you mean `ms`?",
        ),
        (
            "latency",
            "3 s",
            "\"3 s\" is out of range for `latency`; expected a time from 0 to 2000 ms, such as \"10 ms\"",
        ),
        (
            "latency",
            "soon",
            "\"soon\" is no value for `latency`; expected a time from 0 to 2000 ms, such as \"10 ms\"",
        ),
        (
            "level",
            "3 dB",
            "\"3 dB\" is out of range for `level`; expected a number from -60 to 0 dB, such as \"-6 dB\"",
        ),
        (
            "pulses",
            "0.5 bytes",
            "\"0.5 bytes\" is no value for `pulses`; expected a whole number, such as \"65536 bytes\"",
        ),
        (
            "waveform",
            "sinus",
            "unknown value of `waveform`: `sinus`; expected `sine` or `ticks`; did you mean `sine`?",
        ),
        (
            "flags",
            "notlive",
            "unknown value of `flags`: `notlive`; expected `internal-rate-matching`, `not-live` or `private-clock`; did you mean `not-live`?",
        ),
        ("clock", "yes", "\"yes\" is no value for `clock`; expected `true` or `false`"),
        (
            "latencey",
            "10 ms",
            "unknown setting of driftless.test-source: `latencey`; expected `waveform`, `latency`, `level`, `flags`, `stamps`, `clock`, `file` or `pulses`; did you mean `latency`?",
        ),
    ];
    for (name, value, message) in table {
        let given = [Given::new("file", "a.wav"), Given::new(name, value)];
        let mistakes = source().settings(&given).expect_err(message);
        assert_eq!(mistakes.len(), 1);
        assert_eq!(mistakes[0].to_string(), message);
    }
}

#[test]
fn a_setting_without_default_must_be_given() {
    let mistakes = source().settings(&[]).expect_err("`file` is missing");
    assert_eq!(
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["driftless.test-source needs the setting `file`; expected text in quotes"]
    );
}

#[test]
fn every_mistake_in_a_descriptor_is_named_at_its_place() {
    let table = [
        ("license =", "licence =", "licence", "did you mean `license`?"),
        ("api     = \"1.0\"", "api = \"one\"", "\"one\"", "such as \"1.0\""),
        ("\"source\"", "\"sauce\"", "\"sauce\"", "did you mean `source`?"),
        (
            "value = { setting = \"latency\" }",
            "value = { setting = \"level\" }",
            "\"level\"",
            "is number",
        ),
        (
            "value = { setting = \"latency\" }",
            "value = { setting = \"latenzy\" }",
            "\"latenzy\"",
            "did you mean `latency`?",
        ),
        (
            "value = { setting = \"latency\" }",
            "value = { settin = \"latency\" }",
            "{ settin = \"latency\" }",
            "no reference",
        ),
        ("\"1500 ms\"", "1500", "1500", "such as \"10 ms\""),
        ("offer = { setting = \"clock\" }", "offer = 1", "1", "`true` or `false`"),
        ("stream-control", "stream-controll", "stream-controll", "did you mean `stream-control`?"),
        ("direction = \"output\"", "direction = \"input\"", "out", "a source has no input pins"),
        ("\"audio/48000\"", "\"sound\"", "\"sound\"", "`audio`, `video` or `any`"),
        ("[\"audio/48000\"]", "[]", "[]", "this list is empty"),
        ("type    = \"time\"", "type    = \"tme\"", "\"tme\"", "did you mean `time`?"),
        ("unit    = \"ms\"", "unit    = \"dB\"", "\"dB\"", "is no time"),
        (
            "range   = [0.0, 2000.0]",
            "range   = [2000.0, 0.0]",
            "[2000.0, 0.0]",
            "`[smallest, largest]`",
        ),
        ("default = 10.0", "default = 3000.0", "3000.0", "out of range"),
        ("default = 10.0", "default = \"10 ms\"", "\"10 ms\"", "expected a number"),
        ("default = \"sine\"", "default = \"sign\"", "\"sign\"", "did you mean `sine`?"),
        ("type = \"text\"", "type = \"text\"\nunit = \"ms\"", "unit", "means nothing"),
        ("[filter.setting.file]", "[filter.setting.plugin]", "plugin", "means something else"),
        ("[filter.pin.aux]", "[filter.pin.\"Aux Pin\"]", "\"Aux Pin\"", "lower-case letters"),
        ("[[filter]]", "[filters]\n[[filter]]", "filters", "did you mean `filter`?"),
    ];
    for (good, bad, place, message) in table {
        let found = spoilt(good, bad);
        assert!(
            found.iter().any(|(at, text)| at == place && text.contains(message)),
            "{bad}: expected `{message}` at `{place}`, found {found:#?}"
        );
    }
}

#[test]
fn all_mistakes_are_found_in_one_go() {
    let text =
        SOURCE.replace("license =", "licence =").replace("\"sine\"]", "").replace("help", "hlep");
    let mistakes = Descriptor::parse(&text).expect_err("it was spoilt");
    assert!(mistakes.len() > 10, "{}", mistakes.len());
}

#[test]
fn a_text_that_is_not_toml_is_still_an_error_with_a_place() {
    for text in
        ["", "[", "[plugin]\nname = ", "\u{0}", "[[filter]]\nid = 'a", "filter = 3", "plugin = []"]
    {
        let mistakes = Descriptor::parse(text).expect_err(text);
        for mistake in mistakes {
            let span = mistake.span.expect("a place");
            assert!(text.get(span.clone()).is_some(), "{span:?} is inside {text:?}");
        }
    }
}

#[test]
fn a_value_of_the_wrong_type_never_becomes_a_setting() {
    let source = source();
    let setting = source.setting("level").expect("declared");
    for value in ["[1]", "true", "1979-05-27", "\"loud\"", "nan", "99999999999999999999"] {
        let text = format!("a = {value}");
        let table = toml::de::DeTable::parse(&text).expect("TOML");
        let written = Written::from_toml(&table.get_ref()["a"]);
        assert!(setting.read(&written).is_err(), "{value}");
    }
    assert_eq!(setting.default, Some(Value::Number(-6.0)));
}
