//! Graphs of the bundled libraries that change while they run; what does not change is recorded, and
//! every frame is the same.

use std::path::Path;
use std::sync::OnceLock;

use driftless_end_to_end::{plugins, simulate};
use driftless_engine::{Catalog, Manifest, Plan};
use driftless_plugin_api::Span;

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
