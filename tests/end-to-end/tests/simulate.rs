//! A day in a minute: scenarios, expectations, and the same digits every time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driftless_end_to_end::{plugins, repository};
use driftless_engine::simulate::{self, Outcome, Scenario};
use driftless_engine::{Catalog, Manifest};
use driftless_plugin_api::Span;

/// Runs `graph` under `scenario` for so many seconds; what renderers play is recorded, if wanted.
fn simulated(graph: Manifest, scenario: &str, seconds: i64, record: Option<&Path>) -> Outcome {
    let scenario = Scenario::parse("scenario.toml", scenario).unwrap_or_else(|it| panic!("{it}"));
    let catalog = Catalog::scan(&[plugins()]);
    let staged = simulate::stage(graph, &catalog, record).unwrap_or_else(|it| panic!("{it}"));
    scenario.check(&staged.plan).unwrap_or_else(|it| panic!("{it}"));
    let outcome = simulate::run(staged, &scenario, Span::from_secs(seconds), 1, |_| true);
    outcome.unwrap_or_else(|error| panic!("{error}"))
}

fn graph(text: &str) -> Manifest {
    Manifest::parse("graph.toml", text).unwrap_or_else(|it| panic!("{it}"))
}

/// A machine that is busy with something else.
struct Load(Arc<AtomicBool>);

impl Load {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            let over = Arc::clone(&over);
            std::thread::spawn(move || while !over.load(Ordering::Relaxed) {});
        }
        Self(over)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn every_example_gives_the_same_report_and_the_same_samples_twice_whatever_runs_beside_it() {
    let disturbed = "[[machine-stall]]\nevery = \"2 s\"\nfor = \"30 ms\"\n";
    for example in ["av-live", "capture-to-file", "record", "rtp-to-speakers", "two-sound-cards"] {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
        let run = |recording: &Path| {
            let file = repository(&format!("examples/{example}.toml"));
            let mut manifest = Manifest::read(file).unwrap_or_else(|it| panic!("{it}"));
            // What is written to files of its own goes where nothing else is.
            if manifest.filter("file").is_some() {
                let written = recording.with_extension("written.wav");
                manifest.set("file.file", &written.display().to_string()).unwrap();
            }
            let mut json = simulated(manifest, disturbed, 10, Some(recording)).json();
            json["simulation"]["recorded"].take();
            json["simulation"]["stand_ins"].take();
            json
        };
        let quiet = run(&first);
        let _load = Load::start();
        let loaded = run(&second);
        assert_eq!(quiet, loaded, "{example}");
        let bytes = |path: &Path| std::fs::read(path).unwrap();
        assert!(bytes(&first).len() > 1_000_000, "{example}: nothing was recorded");
        assert!(bytes(&first) == bytes(&second), "{example}: the recordings differ");
        let written = |path: &Path| std::fs::read(path.with_extension("written.wav")).ok();
        assert!(written(&first) == written(&second), "{example}: what was written differs");
    }
}

const LIVE: &str = r#"
[graph]
connect = ["microphone -> speakers"]
[filter.microphone]
plugin  = "driftless.test-source"
[filter.speakers]
plugin = "driftless.audio-renderer"
"#;

const RADIO: &str = r#"
[graph]
connect = ["radio -> speakers"]
[filter.radio]
plugin = "driftless.rtp-source"
port   = 5004
format = "L24/48000/2"
[filter.speakers]
plugin = "driftless.audio-renderer"
"#;

/// LS-24: a renderer whose device takes longer tells it too.
#[test]
fn everything_a_scenario_can_do_reaches_the_filter_it_is_meant_for() {
    // What happens, and what is to be seen of it then and not without it.
    let cases = [
        (
            LIVE,
            "[[rate]]\nfilter = \"microphone\"\nby = \"90 ppm\"",
            "streams.*.ppm.mean > 85ppm after 10s",
        ),
        (
            LIVE,
            "[[rate]]\nfilter = \"speakers\"\nby = \"90 ppm\"",
            "streams.*.ppm.mean < -85ppm after 10s",
        ),
        (
            LIVE,
            "[[rate]]\nfilter = \"microphone\"\nshape = \"ramp\"\nby = \"90 ppm\"\nover = \"10 s\"",
            "streams.*.ppm.mean > 85ppm after 20s",
        ),
        (
            LIVE,
            "[[rate]]\nfilter = \"microphone\"\nshape = \"sine\"\nby = \"90 ppm\"\nperiod = \"20 s\"",
            "streams.*.ppm.std > 20ppm after 5s",
        ),
        (
            LIVE,
            "[[rate]]\nfilter = \"microphone\"\nshape = \"walk\"\nby = \"90 ppm\"\nover = \"20 s\"",
            "streams.*.ppm.std > 5ppm after 5s",
        ),
        (LIVE, "[[jitter]]\nfilter = \"microphone\"\nby = \"300 ms\"", "streams.*.underruns > 0"),
        (
            LIVE,
            "[[jitter]]\nfilter = \"microphone\"\nshape = \"gaussian\"\nby = \"40 ms\"",
            "streams.*.underruns > 0",
        ),
        (
            LIVE,
            "[[jitter]]\nfilter = \"microphone\"\nshape = \"exponential\"\nby = \"100 ms\"",
            "streams.*.underruns > 0",
        ),
        (
            LIVE,
            "[[jitter]]\nfilter = \"microphone\"\nshape = \"bursts\"\nby = \"200 ms\"",
            "streams.*.underruns > 0",
        ),
        (
            LIVE,
            "[[loss]]\nfilter = \"microphone\"\nshare = \"5 %\"",
            "filters.microphone.counters.dropped_out > 50",
        ),
        (
            LIVE,
            "[[stall]]\nfilter = \"microphone\"\nat = \"5 s\"\nfor = \"300 ms\"",
            "streams.*.underruns > 0",
        ),
        (
            LIVE,
            "[[absence]]\nfilter = \"microphone\"\nat = \"5 s\"\nfor = \"3 s\"",
            "filters.microphone.counters.dropped_out == 300",
        ),
        (
            LIVE,
            "[[latency]]\nfilter = \"microphone\"\nat = \"5 s\"\nby = \"90 ms\"",
            "streams.*.underruns > 0",
        ),
        (
            LIVE,
            "[[jitter]]\nfilter = \"speakers\"\nby = \"40 ms\"",
            "filters.speakers.counters.device xruns > 100",
        ),
        (
            LIVE,
            "[[stall]]\nfilter = \"speakers\"\nat = \"5 s\"\nfor = \"300 ms\"",
            "filters.speakers.counters.device xruns > 10",
        ),
        (
            LIVE,
            "[[absence]]\nfilter = \"speakers\"\nat = [\"5 s\", \"10 s\"]\nfor = \"1 s\"",
            "events.device-lost == 4",
        ),
        (
            LIVE,
            "[[latency]]\nfilter = \"speakers\"\nat = \"5 s\"\nby = \"90 ms\"",
            "events.latency-changed == 1",
        ),
        (
            LIVE,
            "[[machine-stall]]\nevery = \"4 s\"\nfor = \"300 ms\"",
            "filters.speakers.counters.device xruns > 10",
        ),
        (
            RADIO,
            "[[rate]]\nfilter = \"radio\"\nby = \"90 ppm\"",
            "streams.*.ppm.mean > 85ppm after 10s",
        ),
        (RADIO, "[[loss]]\nfilter = \"radio\"\nshare = 0.01", "filters.radio.counters.lost > 100"),
        (
            RADIO,
            "[[duplicate]]\nfilter = \"radio\"\nshare = 0.01",
            "filters.radio.counters.duplicates > 100",
        ),
        (
            RADIO,
            "[[reorder]]\nfilter = \"radio\"\nshare = 0.01\nby = \"3 ms\"",
            "filters.radio.counters.reordered > 100",
        ),
        (
            RADIO,
            "[[jitter]]\nfilter = \"radio\"\nshape = \"exponential\"\nby = \"20 ms\"",
            "filters.radio.counters.late > 10",
        ),
        (
            RADIO,
            "[[stall]]\nfilter = \"radio\"\nat = \"5 s\"\nfor = \"1 s\"",
            "streams.*.underruns > 0",
        ),
        (
            RADIO,
            "[[absence]]\nfilter = \"radio\"\nat = \"5 s\"\nfor = \"1 s\"",
            "streams.*.underruns > 0",
        ),
        (
            RADIO,
            "[[clock-step]]\nfilter = \"radio\"\nat = \"5 s\"\nby = \"20 s\"",
            "filters.radio.counters.timelines == 2",
        ),
    ];
    for (text, disturbance, seen) in cases {
        let expect = format!("expect = [\"{seen}\"]\n");
        let outcome = simulated(graph(text), &format!("{expect}{disturbance}"), 30, None);
        assert!(outcome.broken.is_empty(), "{disturbance}\n{outcome}");
        assert_eq!(outcome.expected, 1);
        let calm = simulated(graph(text), &expect, 30, None);
        assert_eq!(calm.broken.len(), 1, "{seen} is seen without\n{disturbance}\n{calm}");
    }
}

#[test]
fn a_broken_expectation_says_when_it_broke_first_and_shows_the_values_around() {
    let scenario = r#"
        expect = ["streams.*.underruns == 0", "streams.*.presented > 700"]
        [[stall]]
        filter = "microphone"
        at     = "5 s"
        for    = "300 ms"
    "#;
    let outcome = simulated(graph(LIVE), scenario, 10, None);
    assert!(outcome.has_failed());
    let [broken] = &outcome.broken[..] else { panic!("{outcome}") };
    assert_eq!(broken.whose, "microphone -> speakers");
    assert_eq!(broken.place, "scenario.toml:2:19");
    let off = broken.at - Span::from_secs(5);
    assert!((Span::ZERO..Span::from_millis(200)).contains(&off), "{outcome}");
    assert!(broken.around.first().unwrap().1 == 0.0 && broken.around.last().unwrap().1 > 0.0);
    let told = outcome.to_string();
    assert!(told.contains("broken: streams.*.underruns == 0   (scenario.toml:2:19)"), "{told}");
    assert!(told.contains("1 of 2 expectations are broken"), "{told}");
}

#[test]
fn what_a_filter_cannot_do_is_a_mistake_that_names_it_and_what_it_can() {
    let text = "[[duplicate]]\nfilter = \"microphone\"\nshare = 0.5\n";
    let scenario = Scenario::parse("scenario.toml", text).unwrap();
    let staged = simulate::stage(graph(LIVE), &Catalog::scan(&[plugins()]), None).unwrap();
    let mistakes = scenario.check(&staged.plan).unwrap_err().to_string();
    for part in
        ["scenario.toml:2:10", "`microphone` (driftless.test-source)", "duplicate", "`jitter`"]
    {
        assert!(mistakes.contains(part), "no {part} in {mistakes}");
    }
}

#[test]
fn devices_are_replaced_by_what_their_plugins_offer_and_others_are_left_alone() {
    let stage = |device: &str| {
        let mut manifest = graph(LIVE);
        manifest.set("speakers.device", device).unwrap();
        let staged = simulate::stage(manifest, &Catalog::scan(&[plugins()]), None).unwrap();
        staged.replaced.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let told = "speakers: device = \"virtual\" stands in for \"USB\"";
    assert_eq!(stage("USB"), [told]);
    assert!(stage("virtual").is_empty());
    assert!(stage("wav:a.wav").is_empty());
}
