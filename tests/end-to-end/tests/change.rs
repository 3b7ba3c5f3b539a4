//! Graphs of the bundled libraries that change while they run; what does not change is recorded, and
//! every frame is the same.

use std::path::Path;
use std::sync::OnceLock;

use driftless_end_to_end::{plugins, simulate};
use driftless_engine::{Catalog, Manifest, Plan};
use driftless_plugin_api::{EventCode, Span};
use driftless_test_filters::collected;

/// The bundled libraries, and a source whose latency changes; always the same catalog, so that what is
/// planned twice is the same too.
fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut catalog = Catalog::scan(&[plugins()]);
        catalog.embed(driftless_test_filters::registration()).expect("the descriptor is good");
        catalog
    })
}

fn plan(text: &str) -> Plan {
    let manifest = Manifest::parse("change.toml", text).unwrap_or_else(|it| panic!("{it}"));
    Plan::new(&manifest, catalog()).unwrap_or_else(|it| panic!("{it}"))
}

fn recorded(file: &Path) -> Vec<u8> {
    let bytes = std::fs::read(file).unwrap();
    assert!(bytes.iter().any(|byte| *byte != 0) && bytes.len() > 500_000, "{}", bytes.len());
    bytes
}

const MICROPHONE: &str = "
[filter.microphone]
plugin = \"driftless.test-source\"
waveform = \"noise\"
rate-error = \"120 ppm\"
latency = \"100 ms\"
jitter = \"5 ms\"
[filter.tee]
plugin = \"driftless.tee\"
[filter.kept]
plugin = \"driftless.audio-renderer\"
rate-error = \"-80 ppm\"
";

/// LS-125
#[test]
fn a_recording_is_the_same_to_the_bit_whether_a_branch_beside_it_comes_and_goes_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let more = folder.path().join("more.wav");
    let record = |name: &str, changes: bool| {
        let file = folder.path().join(name);
        let device = format!("device = \"wav:{}\"\n", file.display());
        let small = format!(
            "[graph]\nconnect = [\"microphone -> tee\", \"tee -> kept\"]\n{MICROPHONE}{device}"
        );
        // The branch is first, so that it takes the first pin of the tee.
        let large = format!(
            "[graph]\nconnect = [\"microphone -> tee\", \"tee -> more\", \"tee -> kept\"]\n\
             {MICROPHONE}{device}[filter.more]\nplugin = \"driftless.file-writer\"\nfile = \"{}\"\n",
            more.display()
        );
        let mut graph = simulate(plan(&small));
        for text in [&large, &small] {
            graph.advance(Span::from_secs(1)).unwrap();
            if changes {
                let difference = graph.change(plan(text)).unwrap();
                assert!(!difference.added.contains(&"kept".to_owned()), "{difference}");
            }
        }
        graph.advance(Span::from_secs(1)).unwrap();
        assert!(!graph.stop().has_failed());
        recorded(&file)
    };
    assert!(record("with.wav", true) == record("without.wav", false));
    let (frames, rate) = driftless_end_to_end::recording(&more);
    assert!((0.9..=1.1).contains(&(frames.len() as f64 / f64::from(rate))), "{}", frames.len());
}

/// LS-M4
#[test]
fn a_recording_is_the_same_to_the_bit_whether_a_jitter_buffer_beside_it_grows_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let record = |name: &str, becomes: &str| {
        let file = folder.path().join(name);
        let text = format!(
            "[graph]\nconnect = [\"microphone -> tee\", \"tee -> kept\", \"buffer -> other\"]\n\
             {MICROPHONE}device = \"wav:{}\"\n\
             [filter.buffer]\nplugin = \"test.pulse\"\nlatency = \"20 ms\"\nchanges-at = 200\n\
             becomes = \"{becomes}\"\n\
             [filter.other]\nplugin = \"driftless.audio-renderer\"\ndevice = \"virtual\"\n",
            file.display()
        );
        let mut graph = simulate(plan(&text));
        graph.advance(Span::from_secs(4)).unwrap();
        let offsets = graph.graph().settled().timing.offsets.clone();
        let report = graph.stop();
        assert!(!report.has_failed(), "{report}");
        (recorded(&file), offsets.iter().map(|it| it.offset).collect::<Vec<_>>())
    };
    let (grown, moved) = record("grown.wav", "70 ms");
    let (steady, unmoved) = record("steady.wav", "20 ms");
    assert_ne!(moved, unmoved, "the buffer's own offset has made room");
    assert!(grown == steady);
}

/// LS-14, LS-111, LS-125: one that failed is made anew, and is sent samples again by who stays, whether that
/// went on meanwhile or waited.
#[test]
fn a_stream_goes_on_where_a_graph_is_repaired() {
    let table = [
        ("direct", "", &["source -> bad"][..]),
        ("branch", "", &["source -> tee", "tee -> kept", "tee -> bad"]),
        ("only branch", "", &["source -> tee", "tee -> bad"]),
        ("waits", "flags = [\"not-live\"]", &["source -> tee", "tee -> bad"]),
    ];
    for (test, settings, connect) in table {
        let mut text = format!(
            "[graph]\nconnect = {connect:?}\n\
             [filter.source]\nplugin = \"driftless.test-source\"\n{settings}\n\
             [filter.bad]\nplugin = \"test.collect\"\nas = \"{test} bad\"\nfails-at = 20\n"
        );
        if connect.len() > 1 {
            text.push_str("[filter.tee]\nplugin = \"driftless.tee\"\n");
        }
        if connect.len() > 2 {
            text.push_str("[filter.kept]\nplugin = \"test.collect\"\nas = \"kept\"\n");
        }
        let mut graph = simulate(plan(&text));
        for turn in ["at first", "repaired", "repaired twice"] {
            graph.advance(Span::from_secs(1)).unwrap();
            let presented = collected(&format!("{test} bad")).len();
            // What waits for its time when it fails is gone with it.
            assert!((17..=19).contains(&presented), "{test}: {turn}: {presented}");
            let difference = graph.change(plan(&text)).unwrap();
            assert_eq!(difference.added, ["bad"], "{test}");
        }
    }
    assert!(collected("kept").len() > 290, "the other branch played on");
}

/// LS-125: who stays is told which of its inputs lead nowhere from now on.
#[test]
fn a_mixer_that_waits_for_its_inputs_waits_for_none_that_was_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mixed.wav");
    let ends = format!(
        "[filter.one]\nplugin = \"driftless.test-source\"\n\
         [filter.mixer]\nplugin = \"driftless.mixer\"\npolicy = \"wait\"\npatience = \"2 s\"\n\
         [filter.speakers]\nplugin = \"driftless.audio-renderer\"\ndevice = \"wav:{}\"\n",
        file.display()
    );
    let alone = format!("[graph]\nconnect = [\"one -> mixer.in0\", \"mixer -> speakers\"]\n{ends}");
    let both = format!(
        "[graph]\nconnect = [\"one -> mixer.in0\", \"two -> mixer.in1\", \"mixer -> speakers\"]\n\
         {ends}[filter.two]\nplugin = \"driftless.test-source\"\n"
    );
    let mut graph = simulate(plan(&both));
    graph.advance(Span::from_secs(2)).unwrap();
    graph.change(plan(&alone)).unwrap();
    graph.advance(Span::from_secs(3)).unwrap();
    let report = graph.stop();
    assert!(!report.has_failed(), "{report}");
    let (values, rate) = driftless_end_to_end::recording(&file);
    let parts = values[2 * rate as usize..].chunks(rate as usize / 5);
    let silent = parts.filter(|part| part.iter().all(|value| value.abs() < 1e-3));
    assert!(silent.count() <= 1, "{report}");
}

/// LS-125: what comes is heard, through a mixer that stays.
#[test]
fn an_input_that_a_running_mixer_gets_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mixed.wav");
    let text = |connect: &str, more: &str| {
        format!(
            "[graph]\nconnect = [\"one -> mixer.in0\", {connect}\"mixer -> speakers\"]\n\
             [filter.one]\nplugin = \"driftless.test-source\"\n\
             [filter.mixer]\nplugin = \"driftless.mixer\"\ngain0 = \"-120 dB\"\n\
             [filter.speakers]\nplugin = \"driftless.audio-renderer\"\ndevice = \"wav:{}\"\n{more}",
            file.display()
        )
    };
    let two = "[filter.two]\nplugin = \"driftless.test-source\"\nwaveform = \"noise\"\n";
    let mut graph = simulate(plan(&text("", "")));
    graph.advance(Span::from_secs(2)).unwrap();
    let difference = graph.change(plan(&text("\"two -> mixer.in1\", ", two))).unwrap();
    assert_eq!(difference.added, ["two"]);
    graph.advance(Span::from_secs(3)).unwrap();
    assert!(!graph.stop().has_failed());
    let (values, rate) = driftless_end_to_end::recording(&file);
    let last = &values[values.len() - rate as usize..];
    assert!(last.iter().any(|value| value.abs() > 0.1), "the last second is silent");
}

/// LS-125: a change that would give the output another format is refused, and nothing has changed.
#[test]
fn an_aggregate_that_runs_refuses_an_input_that_its_recorder_has_no_channel_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("devices.wav");
    let text = |connect: &str, more: &str| {
        format!(
            "[graph]\nconnect = [\"one -> both.in0\", {connect}\"both -> file\"]\n\
             [filter.one]\nplugin = \"driftless.test-source\"\n\
             [filter.both]\nplugin = \"driftless.aggregate\"\n\
             [filter.file]\nplugin = \"driftless.file-writer\"\nfile = \"{}\"\n{more}",
            file.display()
        )
    };
    let two = "[filter.two]\nplugin = \"driftless.test-source\"\n";
    let mut graph = simulate(plan(&text("", "")));
    graph.advance(Span::from_secs(1)).unwrap();
    let refused = graph.change(plan(&text("\"two -> both.in1\", ", two))).unwrap_err().to_string();
    assert!(refused.contains("both.in1") && refused.contains("channels already"), "{refused}");
    graph.advance(Span::from_secs(1)).unwrap();
    assert!(!graph.stop().has_failed());
    let (values, rate) = driftless_end_to_end::recording(&file);
    let played = values.len() as f64 / f64::from(rate);
    assert!((1.9..=2.1).contains(&played), "{played} s");
}

/// A second of a square wave.
fn tone(path: &Path) {
    let square = |frame| if frame / 50 % 2 == 0 { 0.27 } else { -0.27 };
    driftless_end_to_end::write_sound(path, 1, 48_000, square);
}

/// LS-113, LS-115: a second file arrives where the first had reached its end.
#[test]
fn a_file_behind_the_end_of_another_is_recorded_too_and_through_a_mixer() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    tone(&at("tone.wav"));
    let mixer = "[filter.mixer]\nplugin = \"driftless.mixer\"\n";
    let live = &format!(
        "{mixer}[filter.live]\nplugin = \"driftless.test-source\"\nwaveform = \"silence\"\n"
    );
    let table = [
        ("copied.wav", "", ""),
        ("mixed.wav", "mixer.in0\", \"mixer -> ", mixer),
        ("joined.wav", "mixer.in0\", \"live -> mixer.in1\", \"mixer -> ", live),
    ];
    for (name, through, more) in table {
        let text = |start: &str| {
            format!(
                "[graph]\nconnect = [\"music -> {through}file\"]\n[filter.music]\n\
                 plugin = \"driftless.file-source\"\nfile = \"{}\"\nstart = \"{start}\"\n\
                 [filter.file]\nplugin = \"driftless.file-writer\"\nfile = \"{}\"\n{more}",
                at("tone.wav").display(),
                at(name).display(),
            )
        };
        let mut graph = simulate(plan(&text("0 s")));
        graph.advance(Span::from_secs(2)).unwrap();
        let difference = graph.change(plan(&text("0.1 s"))).unwrap();
        assert_eq!(difference.added, ["music"]);
        graph.advance(Span::from_secs(2)).unwrap();
        let report = graph.stop();
        assert!(!report.has_failed(), "{name}: {report}");
        let (values, rate) = driftless_end_to_end::recording(&at(name));
        let loud = values.iter().filter(|value| value.abs() > 0.1).count();
        let recorded = loud as f64 / f64::from(rate);
        assert!((1.89..=1.905).contains(&recorded), "{name}: {recorded} s of 1.9 s: {report}");
    }
}

/// LS-76
#[test]
fn another_connection_lets_a_renderer_decide_anew_what_it_matches() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tone.wav");
    tone(&file);
    let text = |source: &str| {
        format!(
            "[graph]\nclock = \"system\"\nconnect = [\"source -> speakers\"]\n\
             [filter.source]\nplugin = \"{source}\n[filter.speakers]\n\
             plugin = \"driftless.audio-renderer\"\ndevice = \"virtual\"\n"
        )
    };
    let recorded = format!("driftless.file-source\"\nfile = \"{}\"\nloop = true", file.display());
    let mut graph = simulate(plan(&text(&recorded)));
    graph.advance(Span::from_secs(2)).unwrap();
    let difference = graph.change(plan(&text("driftless.test-source\""))).unwrap();
    assert_eq!(difference.added, ["source"]);
    graph.advance(Span::from_secs(2)).unwrap();
    let seen = graph.graph().seen();
    let rows = seen.iter().filter(|it| it.code == EventCode::RATE_MATCH_CHANGED);
    assert_eq!(rows.map(|it| it.p1).collect::<Vec<_>>(), [2, 7]);
    assert!(!graph.stop().has_failed());
}
