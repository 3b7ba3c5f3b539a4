//! The examples in C and C++: found, checked, and played like plugins in Rust.
#![cfg(target_os = "linux")] // compiled with gcc for the system's own loader

use std::fs;
use std::path::Path;

use driftless_c_plugin::{compile, example, repository};
use driftless_engine::loader::library::load;
use driftless_engine::{Catalog, Manifest, Plan, Report, RunOptions, Simulation};
use driftless_plugin_api::export::Registration;
use driftless_plugin_api::{
    EventCode, Filter, FilterError, Flow, Host, Marker, MediaType, Output, Pin, Renderer, Sample,
    Settings, Span, Status, StreamTime, Wake,
};
use tempfile::TempDir;

/// A renderer that counts what it is handed: samples, ends of its stream, the peak in millionths, the first stamp in ms
/// from a second before stream time 0.
struct Ear {
    samples: u64,
    ends: u64,
    peak: f32,
    first: Option<StreamTime>,
}

impl Filter for Ear {
    const ID: &'static str = "test.ear";
    fn create(_: &Settings, _: Host) -> Result<Self, FilterError> {
        Ok(Self { samples: 0, ends: 0, peak: 0.0, first: None })
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn counters(&self) -> Vec<(&'static str, u64)> {
        // Stamps of the first samples may be before stream time 0.
        let first = self.first.map_or(0, |first| first.nanos() / 1_000_000 + 1000);
        vec![
            ("samples", self.samples),
            ("ends", self.ends),
            ("peak", (self.peak * 1e6) as u64),
            ("first", first.unsigned_abs()),
        ]
    }
}

impl Renderer for Ear {
    fn receive(&mut self, _: u32, it: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        self.samples += 1;
        self.first = self.first.or(it.start());
        self.peak = it.values().iter().fold(self.peak, |peak, value| peak.max(value.abs()));
        Ok(Flow::Continue)
    }
    fn mark(&mut self, _: u32, marker: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        self.ends += u64::from(marker == Marker::EndOfStream);
        Ok(())
    }
    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(Wake::OnSignal)
    }
}

const EAR: &str = "[plugin]\nname = \"ear\"\nversion = \"1.0.0\"\napi = \"1.0\"\nhelp = \"x\"\n\
    [[filter]]\nid = \"test.ear\"\nkind = \"renderer\"\nhelp = \"x\"\n\
    [filter.pin.in]\ndirection = \"input\"\nmedia = [\"audio\"]\n";

fn play(manifest: &str, folders: &[&TempDir]) -> Result<Report, String> {
    let folders: Vec<&Path> = folders.iter().map(|it| it.path()).collect();
    let mut catalog = Catalog::scan(&folders);
    assert!(catalog.refused().is_empty(), "{:?}", catalog.refused());
    catalog.embed(Registration::new(EAR).renderer::<Ear>()).map_err(|it| it.to_string())?;
    catalog.embed(driftless_test_source::registration()).map_err(|it| it.to_string())?;
    let manifest = Manifest::parse("graph.toml", manifest).map_err(|it| it.to_string())?;
    let plan = Plan::new(&manifest, &catalog).map_err(|it| it.to_string())?;
    let mut graph = Simulation::start(plan, RunOptions::default()).map_err(|it| it.to_string())?;
    graph.advance(Span::from_secs(1)).map_err(|it| it.to_string())?;
    Ok(graph.stop())
}

fn counter(report: &Report, filter: &str, name: &str) -> u64 {
    let filter = report.filter(filter).expect("it is in the graph");
    let found = filter.counters.iter().find(|(counter, _)| counter == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {filter:?}")).1
}

const GRAPH: &str = "[graph]\nconnect = [\"tone -> gain -> ear\"]\n[filter.tone]\n\
    plugin = \"example.cpp-tone\"\nlevel = \"-6 dB\"\n[filter.gain]\nplugin = \"example.c-gain\"\n\
    gain = \"-14 dB\"\n[filter.ear]\nplugin = \"test.ear\"\n";

/// LS-M1: the latency in the plan is the one that the C++ source tells.
#[test]
fn a_source_in_cpp_plays_through_a_filter_in_c() {
    let (gain, tone) = (example("c-gain", "gain.c"), example("cpp-tone", "tone.cpp"));
    let report = play(GRAPH, &[&gain, &tone]).unwrap();
    assert!(!report.has_failed(), "{report}");
    let samples = counter(&report, "ear", "samples");
    assert!((97..=101).contains(&samples), "{samples} samples in a second");
    // −6 dB of full scale, 14 dB less.
    assert_eq!(counter(&report, "ear", "peak"), 99_999, "{report}");
    assert_eq!(counter(&report, "gain", "frames"), 480 * samples);
    assert_eq!(counter(&report, "tone", "without-memory"), 0);
}

/// LS-35: another source that is 100 ms later gives the one in C++ an offset, which it adds.
#[test]
fn a_push_source_in_cpp_adds_its_stream_offset() {
    let tone = example("cpp-tone", "tone.cpp");
    let graph = |wait: &str| {
        format!(
            "[graph]\nconnect = [\"tone -> ear\", \"late -> other\"]\nclock = \"system\"\n[filter.tone]\n\
             plugin = \"example.cpp-tone\"\n[filter.ear]\nplugin = \"test.ear\"\n[filter.late]\n\
             plugin = \"driftless.test-source\"\nlatency = \"{wait}\"\n[filter.other]\nplugin = \"test.ear\"\n"
        )
    };
    let first = |wait: &str| {
        let report = play(&graph(wait), &[&tone]).unwrap();
        counter(&report, "ear", "first")
    };
    assert_eq!(first("110 ms"), first("10 ms") + 100);
}

/// A folder with the example in C, in which each first text stands as the second.
fn changed_gain(changes: &[(&str, &str)]) -> TempDir {
    let (gain, source) = (tempfile::tempdir().unwrap(), repository().join("examples/c-gain"));
    fs::copy(source.join("plugin.toml"), gain.path().join("plugin.toml")).unwrap();
    let mut text = fs::read_to_string(source.join("gain.c")).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    fs::write(gain.path().join("gain.c"), text).unwrap();
    compile(&gain.path().join("gain.c"), &[], &gain.path().join("gain.so"));
    gain
}

/// LS-111: whether it gives a reason or just answers that it failed.
#[test]
fn a_failure_of_a_filter_in_c_is_told_once_and_ends_its_branch() {
    let fails = ("if (!self->media.major)", "if (self->frames == 4800)");
    let why = "driftless_fail(self->host, DRIFTLESS_NOT_CONNECTED, \"gain is not connected\")";
    let silently = (why, "DRIFTLESS_NOT_CONNECTED");
    for (changes, text) in [
        (&[fails][..], "gain is not connected"),
        (&[fails, silently], "it took what came and answered that it failed, without a reason"),
    ] {
        let report =
            play(GRAPH, &[&changed_gain(changes), &example("cpp-tone", "tone.cpp")]).unwrap();
        let told = report.events.iter().filter(|it| it.code == EventCode::ERROR_ABORT);
        let told: Vec<_> = told.map(|it| (it.filter.as_deref(), it.p1, &*it.text)).collect();
        assert_eq!(told, [(Some("gain"), i64::from(Status::NOT_CONNECTED.0), text)]);
        assert_eq!(counter(&report, "ear", "samples"), 10);
        assert_eq!(counter(&report, "ear", "ends"), 1);
    }
}

/// What a filter in C refuses reaches the user in its own words.
#[test]
fn what_a_filter_in_c_refuses_is_told_in_its_own_words() {
    let gain = changed_gain(&[("media->major != 1", "media->first == 48000")]);
    let said = play(GRAPH, &[&gain, &example("cpp-tone", "tone.cpp")]).unwrap_err();
    assert!(said.contains("gain takes audio only"), "{said}");
}

/// Each thing that can be wrong with what a library in C exports has its own words.
#[test]
fn a_library_in_c_that_is_not_as_the_header_says_is_refused_by_what_is_wrong() {
    let gain = repository().join("examples/c-gain");
    let table: [(&str, &str, &str); 6] = [
        ("-DDRIFTLESS_MAGIC=7u", "DRIFTLESS_MAGIC", "it begins with 0x7; expected 0x74667264"),
        (
            "-DDRIFTLESS_MAJOR=2",
            "DRIFTLESS_MAJOR",
            "it was written for plugin-api 2, this host has 1",
        ),
        ("sizeof factory, 2", "8, 2", "factory 0 has 8 bytes; expected 24 or more"),
        ("\"example.c-gain\", create", "0, create", "factory 0 has no id in UTF-8"),
        ("&factory)", "0)", "factory 0 is nothing"),
        (
            "sizeof factory, 2",
            "sizeof factory, 3",
            "is declared as transform, but made as renderer",
        ),
    ];
    let mut wrong = Vec::new();
    for (from, to, expected) in table {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(gain.join("plugin.toml"), folder.path().join("plugin.toml")).unwrap();
        let mut text = fs::read_to_string(gain.join("gain.c")).unwrap();
        if let Some(define) = from.strip_prefix("-D") {
            let (name, value) = define.split_once('=').unwrap();
            let line = format!("#include \"driftless.h\"\n#undef {to}\n#define {name} {value}\n");
            text = text.replace("#include \"driftless.h\"\n", &line);
        } else {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(folder.path().join("gain.c"), text).unwrap();
        let library = folder.path().join("gain.so");
        compile(&folder.path().join("gain.c"), &[], &library);
        let said = load(&library).map_or_else(|error| error.to_string(), |_| "loaded".to_owned());
        if !said.contains(expected) {
            wrong.push(format!("{expected}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
