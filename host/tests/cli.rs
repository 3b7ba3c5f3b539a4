//! The command line as a user meets it: what is printed, and the exit status.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn plugins() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_driftless")).parent().unwrap();
    let gain =
        format!("{}driftless_gain{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    assert!(folder.join(&gain).exists(), "{gain} is missing: run `cargo build --workspace` first");
    folder.to_owned()
}

/// Runs `driftless` with `words` on a manifest; returns exit status and both outputs.
fn driftless(words: &[&str], manifest: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.toml");
    std::fs::write(&file, manifest).unwrap();
    let output: Output = Command::new(env!("CARGO_BIN_EXE_driftless"))
        .args(words)
        .arg("graph.toml")
        .arg("-p")
        .arg(plugins())
        .current_dir(folder.path())
        // Verdicts on plugins are not the user's.
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

const GOOD: &str = r#"
[graph]
connect = ["source -> gain -> speakers"]
[filter.source]
plugin = "driftless.test-source"
[filter.gain]
plugin = "driftless.gain"
gain = "-6 dB"
[filter.speakers]
plugin = "driftless.audio-renderer"
device = "virtual"
"#;

#[test]
fn a_graph_runs_for_as_long_as_asked_and_its_report_has_the_promised_keys() {
    let (status, out, err) = driftless(&["run", "--for", "600ms", "--json"], GOOD);
    assert_eq!(status, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(report["duration_ns"].as_i64().unwrap() >= 500_000_000, "{out}");
    for key in ["clock", "latency_ns", "streams", "filters", "events"] {
        assert!(!report[key].is_null(), "no {key} in {out}");
    }
    let stream = &report["streams"][0];
    for key in [
        "source",
        "renderer",
        "latency_ns",
        "offset_ns",
        "match",
        "ppm",
        "error_ns",
        "locked_after_ns",
        "dropped_frames",
        "inserted_frames",
        "concealed_frames",
        "underruns",
        "overruns",
    ] {
        assert!(stream.get(key).is_some(), "no {key} in {stream:#}");
    }
    let (status, out, _) = driftless(&["plan", "--json"], GOOD);
    assert_eq!(status, 0);
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(plan["streams"][0]["match"]["row"], stream["match"]["row"]);
    assert_eq!(plan["clock"], report["clock"]);
}

/// LS-99
#[test]
fn a_pin_is_started_and_stopped_from_the_command_line() {
    let words =
        ["run", "--for", "1s", "--json", "--start", "source=200ms", "--stop", "source=500ms"];
    let (status, out, err) = driftless(&words, GOOD);
    assert_eq!(status, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let filters = report["filters"].as_array().unwrap();
    let speakers = filters.iter().find(|it| it["filter"] == "speakers").unwrap();
    let received = speakers["received"].as_u64().unwrap();
    assert!((30..=32).contains(&received), "{received} blocks of 10 ms");
    for (pin, why) in [
        ("mic", "`mic` could not start: the filter is not in this graph"),
        ("gain", "`gain` could not start: no such capability"),
    ] {
        let (status, _, err) =
            driftless(&["run", "--for", "1s", "-q", "--start", &format!("{pin}=1s")], GOOD);
        assert_eq!(status, 2);
        assert!(err.contains(why), "{err}");
    }
    let (status, _, err) = driftless(&["run", "--start", "source"], GOOD);
    assert_eq!(status, 2);
    assert!(err.contains("such as microphone=2s"), "{err}");
}

/// What is wrong with each manifest is said, with place and remedy, by `check`, and `run` runs nothing.
#[test]
fn every_mistake_of_a_manifest_is_shown_where_it_is_and_the_status_is_2() {
    let table = [
        (GOOD.replace("driftless.gain", "driftless.gian"), "driftless.gain"),
        (GOOD.replace("gain = \"-6 dB\"", "gian = \"-6 dB\""), "gain"),
        (GOOD.replace("-6 dB", "-6 ms"), "dB"),
        (GOOD.replace("\"-6 dB\"", "-6"), "dB"),
        (GOOD.replace("-6 dB", "-600 dB"), "-120"),
        (GOOD.replace("source -> gain", "sorce -> gain"), "source"),
        (GOOD.replace("gain -> speakers", "gain.uot -> speakers"), "out"),
        (GOOD.replace("source -> gain -> speakers", "source -> speakers"), "gain"),
        (GOOD.replace("source -> gain -> speakers", "source -> gain -> gain"), "gain"),
        (GOOD.replace("[graph]", "[graph"), "graph.toml:2"),
        (
            GOOD.replace(
                "driftless.audio-renderer\"\ndevice = \"virtual\"",
                "driftless.video-sink\"",
            ),
            "video",
        ),
    ];
    for (manifest, hint) in table {
        for command in ["check", "run"] {
            let (status, _, err) = driftless(&[command], &manifest);
            assert_eq!(status, 2, "{command} of {manifest}: {err}");
            assert!(err.contains("graph.toml:") && err.contains(hint), "no `{hint}` in: {err}");
        }
    }
}

#[test]
fn several_mistakes_are_found_in_one_go() {
    let manifest = GOOD.replace("driftless.gain", "driftless.gian").replace("\"virtual\"", "7");
    let (status, _, err) = driftless(&["check"], &manifest);
    assert_eq!(status, 2);
    assert!(err.contains("driftless.gian") && err.contains('7'), "{err}");
}

fn file_to(file: &str) -> String {
    format!(
        "[graph]\nconnect = [\"source -> file\"]\n[filter.source]\nplugin = \"driftless.test-source\"\n\
         [filter.file]\nplugin = \"driftless.file-writer\"\nfile = \"{file}\"\n"
    )
}

#[test]
fn what_cannot_be_opened_is_named_and_the_status_is_1() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let rtp = format!(
        "[graph]\nconnect = [\"source -> speakers\"]\n[filter.source]\nplugin = \
         \"driftless.rtp-source\"\naddress = \"127.0.0.1\"\nport = {port}\nformat = \"L16/48000/2\"\n\
         [filter.speakers]\nplugin = \"driftless.audio-renderer\"\ndevice = \"virtual\"\n"
    );
    let music = "[graph]\nconnect = [\"source -> speakers\"]\n[filter.source]\nplugin = \
         \"driftless.file-source\"\nfile = \"nowhere.flac\"\n[filter.speakers]\nplugin = \
         \"driftless.audio-renderer\"\ndevice = \"virtual\"\n";
    let no_device = GOOD.replace("\"virtual\"", "\"no such sound card\"");
    let table = [
        (rtp, port.to_string()),
        (music.to_owned(), "nowhere.flac".to_owned()),
        (no_device, "virtual".to_owned()),
        (file_to("no-such-folder/out.wav"), "no-such-folder".to_owned()),
    ];
    for (manifest, hint) in table {
        let (status, _, err) = driftless(&["run", "--for", "1s"], &manifest);
        assert_eq!(status, 1, "{manifest}: {err}");
        assert!(err.contains(&hint), "no `{hint}` in: {err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_branch_with_a_word_and_the_status_is_1() {
    let (status, out, err) = driftless(
        &["run", "--for", "2s"],
        &file_to("/dev/full").replace("file = ", "overwrite = true\nfile = "),
    );
    assert_eq!(status, 1, "{out}{err}");
    assert!(out.contains("/dev/full") || err.contains("/dev/full"), "{out}{err}");
}

#[test]
fn words_that_are_not_understood_are_explained_and_the_status_is_2() {
    for words in [&["run", "--for", "soon"][..], &["run", "--for", "-1s"], &["rum"]] {
        let (status, _, err) = driftless(words, GOOD);
        assert_eq!(status, 2, "{words:?}: {err}");
        assert!(err.contains("error"), "{err}");
    }
    let (status, _, err) = driftless(&["run", "--report", "nowhere/report.json"], GOOD);
    assert_eq!((status, err.contains("nowhere")), (2, true), "{err}");
}

#[test]
fn help_has_examples_and_says_what_the_exit_status_means() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_driftless")).args(["run", "--help"]).output().unwrap();
    let help = String::from_utf8_lossy(&output.stdout);
    assert!(help.contains("Examples:") && help.contains("Exit status:"), "{help}");
}

/// Simulates [`GOOD`] under a scenario.
fn simulated(scenario: &str, words: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, scenario).unwrap();
    let file = file.display().to_string();
    let words = [&["simulate", "--for", "20s", "--scenario", &file][..], words].concat();
    driftless(&words, &GOOD.replace("\"virtual\"", "\"default\""))
}

#[test]
fn a_simulation_says_what_stands_in_and_fails_when_an_expectation_is_broken() {
    let expect = "expect = [\"streams.*.underruns == 0\"]\n";
    let (status, out, err) = simulated(expect, &[]);
    assert_eq!(status, 0, "{out}{err}");
    assert!(out.contains("device = \"virtual\" stands in for \"default\""), "{out}");
    assert!(out.contains("all of 1 expectations hold"), "{out}");

    let stall = format!("{expect}[[stall]]\nfilter = \"source\"\nat = \"5 s\"\nfor = \"1 s\"\n");
    let (status, out, err) = simulated(&stall, &["--json"]);
    assert_eq!(status, 1, "{out}{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let broken = &report["simulation"]["broken"][0];
    assert_eq!(broken["expectation"], "streams.*.underruns == 0");
    assert!((5_000_000_000..5_200_000_000).contains(&broken["at_ns"].as_i64().unwrap()), "{out}");
}

#[test]
fn a_mistake_in_a_scenario_is_shown_where_it_is_and_the_status_is_2() {
    let table = [
        ("[[jiter]]\nfilter = \"source\"\n", "`jitter`"),
        ("[[jitter]]\nfilter = \"sorce\"\nby = \"1 ms\"\n", "`source`"),
        ("[[jitter]]\nfilter = \"source\"\nby = \"1 dB\"\n", "a time above zero"),
        ("[[jitter]]\nfilter = \"gain\"\nby = \"1 ms\"\n", "cannot be made to do this"),
        ("[[stall]]\nfilter = \"source\"\nat = \"1 s\"\n", "no `for`"),
        (
            "[[stall]]\nfilter = \"source\"\nfor = \"1 s\"\nat = \"1 s\"\nevery = \"2 s\"\n",
            "`every`",
        ),
        ("expect = [\"streams.*.underuns == 0\"]\n", "`underruns`"),
    ];
    for (scenario, hint) in table {
        let (status, _, err) = simulated(scenario, &[]);
        assert_eq!(status, 2, "{scenario}: {err}");
        assert!(err.contains("scenario.toml:") && err.contains(hint), "no `{hint}` in: {err}");
    }
}

#[test]
fn a_sweep_names_the_seed_that_reproduces_the_worst() {
    let scenario = "expect = [\"streams.*.underruns == 0\"]\n[[stall]]\nfilter = \"source\"\n\
                    every = \"20 s\"\nfor = \"200 ms\"\n";
    let (status, out, err) = simulated(scenario, &["--sweep", "seeds=1..6", "--json"]);
    assert_eq!(status, 1, "{out}{err}");
    let sweep: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(sweep["seeds"], 6);
    let worst = sweep["worst"].as_array().unwrap();
    let underruns = worst.iter().find(|it| it["number"] == "underruns").unwrap();
    assert!(underruns["worst"].as_f64().unwrap() > 0.0, "{out}");
    // That seed alone gives the same number.
    let seed = underruns["seed"].to_string();
    let (_, alone, _) = simulated(scenario, &["--seed", &seed, "--json"]);
    let alone: serde_json::Value = serde_json::from_str(&alone).unwrap();
    assert_eq!(alone["streams"][0]["underruns"].as_f64(), underruns["worst"].as_f64());
}
