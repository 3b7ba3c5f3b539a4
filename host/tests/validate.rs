//! `driftless validate`: the bundled plugins keep every promise, and each broken promise is noticed by the
//! check that is there for it, and by no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn library(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_driftless")).parent().unwrap();
    let file = format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let path = folder.join(file);
    assert!(path.exists(), "{} is missing: run `cargo build --workspace` first", path.display());
    path
}

fn driftless(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_driftless")).arg("validate").args(words).output().unwrap()
}

/// What validation of a library says: exit status and JSON.
fn validate(name: &str, words: &[&str]) -> (i32, Value) {
    let library = library(name);
    let output = driftless(&[&[library.to_str().unwrap(), "--json"], words].concat());
    let out = String::from_utf8_lossy(&output.stdout);
    let json = serde_json::from_str(&out).unwrap_or_else(|error| {
        panic!("{error}: {out}{}", String::from_utf8_lossy(&output.stderr))
    });
    (output.status.code().unwrap_or(-1), json)
}

fn with_verdict<'a>(json: &'a Value, verdict: &str) -> Vec<&'a Value> {
    let checks = json["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["verdict"] == verdict).collect()
}

/// Checks that were passed by one bundled plugin at least: those that look at something there.
fn passed(json: &Value) -> impl Iterator<Item = String> {
    with_verdict(json, "passed").into_iter().map(|it| it["check"].as_str().unwrap().to_owned())
}

/// A schedule of three seconds of L16 packets of one millisecond, for the RTP source.
fn packets() -> String {
    let packet = |n: u64| {
        let header: [&[u8]; 4] =
            [&[0x80, 96], &(n as u16).to_be_bytes(), &(n as u32 * 48).to_be_bytes(), &[0, 0, 0, 1]];
        let bytes = [header.concat(), vec![0; 192]].concat();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{},{hex}\n", 5_000_000 + n * 1_000_000)
    };
    (0..3000).map(packet).collect()
}

/// LS-7, LS-11, LS-12, LS-16, LS-30, LS-31, LS-32, LS-33, LS-34, LS-35, LS-109, LS-113, LS-115, LS-M22
#[test]
fn every_bundled_plugin_passes_every_check_that_applies_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let schedule = folder.path().join("packets");
    std::fs::write(&schedule, packets()).unwrap();
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/file-source/src/tests/fixtures");
    let file = format!("file={}", fixtures.join("tone.flac").display());
    let packets = format!("packets={}", schedule.display());
    let table: [(&str, &[&str]); 14] = [
        ("driftless_gain", &[]),
        ("driftless_tee", &[]),
        ("driftless_test_source", &[]),
        ("driftless_test_source", &["media=video", "latency=33ms"]),
        ("driftless_test_source", &["stamps=capture", "latency=40ms", "clock=true"]),
        ("driftless_video_sink", &[]),
        ("driftless_audio_renderer", &["device=virtual"]),
        ("driftless_audio_capture", &["device=virtual"]),
        ("driftless_file_writer", &["file={dir}/out.wav", "overwrite=true"]),
        ("driftless_file_source", &[&file]),
        ("driftless_file_source", &[&file, "pace=true", "loop=true"]),
        ("driftless_rtp_source", &[&packets, "format=L16/48000/2"]),
        ("driftless_rtp_source", &["packets=steady", "format=L24/44100/6"]),
        ("driftless_mixer", &[]),
    ];
    // The virtual devices have no thread of their own, and sound cards are not everywhere.
    let mut seen = BTreeSet::from(["device-calls".to_owned()]);
    for (name, settings) in table {
        let words: Vec<&str> = settings.iter().flat_map(|it| ["--set", it]).collect();
        let (status, json) = validate(name, &words);
        assert_eq!(status, 0, "{name} {settings:?}: {:#?}", with_verdict(&json, "failed"));
        let elsewhere = cfg!(not(all(target_os = "linux", target_env = "gnu")));
        let not_made = with_verdict(&json, "not checked");
        assert!(elsewhere || not_made.is_empty(), "{name} {settings:?}: {not_made:#?}");
        seen.extend(passed(&json));
    }
    let all: Value = serde_json::from_slice(&driftless(&["--list", "--json"]).stdout).unwrap();
    for check in all.as_array().unwrap() {
        let name = check["check"].as_str().unwrap();
        let elsewhere = cfg!(not(target_os = "linux"));
        assert!(
            elsewhere || seen.contains(name),
            "{name} was passed by nobody: it looks at nothing"
        );
    }
}

/// One fault each, and the check that is there for it.
const SOURCE_FAULTS: [(&str, &str); 13] = [
    ("panics", "plays"),
    ("latency-differs", "descriptor"),
    ("second-activation-fails", "states-legal"),
    ("unconnected-panics", "states-illegal"),
    ("repeats-a-stamp", "stamps-rise"),
    ("delivers-in-pause", "pause-silent"),
    ("stale-after-pause", "pause-fresh"),
    ("subtracts-offset", "offset-added"),
    ("offset-limit-unsaid", "offset-limits"),
    ("offset-unmarked", "offset-changes"),
    ("offset-room-taken", "offset-room"),
    ("leaks", "memory-returned"),
    ("leaves-a-file", "nothing-left"),
];
const TRANSFORM_FAULTS: [(&str, &str); 18] = [
    ("limit-panics", "settings-limits"),
    ("beyond-panics", "settings-beyond"),
    ("refuses-its-proposal", "media-proposed"),
    ("accepts-anything", "media-refused"),
    ("hides-new-media", "media-changes"),
    ("late", "latency"),
    ("drops-beyond-4096", "block-sizes"),
    ("aborts-at-8191", "block-sizes"),
    ("keeps-nan", "hostile-values"),
    ("hangs-on-nan", "hostile-values"),
    ("drops-marks", "discontinuities"),
    ("keeps-the-end", "markers"),
    ("allocates", "streaming-calls"),
    ("waits", "streaming-calls"),
    ("locks", "streaming-calls"),
    ("writes", "streaming-calls"),
    ("differs", "same-output"),
    ("flush-in-pause-panics", "fuzz"),
];

const RENDERER_FAULTS: [(&str, &str); 3] = [
    ("device-allocates", "device-calls"),
    ("device-writes", "device-calls"),
    ("device-locks", "device-calls"),
];

fn fails_exactly(filter: &str, fault: &str, check: &str, words: &[&str]) {
    let set = format!("fault={fault}");
    let words = [&["--filter", filter, "--set", &set, "--limit", "10s"], words].concat();
    let (status, json) = validate("driftless_fixture_faulty", &words);
    let failed = with_verdict(&json, "failed");
    let names: Vec<&Value> = failed.iter().map(|failed| &failed["check"]).collect();
    assert_eq!((status, &*names), (1, &[&Value::from(check)][..]), "{fault}: {failed:#?}");
    for key in ["expected", "seen", "repeat"] {
        assert!(failed[0][key].as_str().is_some_and(|text| !text.is_empty()), "{fault}: {key}");
    }
}

/// Where the system says how many files are open and how much memory is in use.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn each_fault_fails_the_check_that_is_there_for_it_and_no_other() {
    for (fault, check) in SOURCE_FAULTS {
        fails_exactly("faulty.source", fault, check, &[]);
    }
    for (fault, check) in TRANSFORM_FAULTS {
        fails_exactly("faulty.transform", fault, check, &[]);
    }
    for (fault, check) in RENDERER_FAULTS {
        fails_exactly("faulty.renderer", fault, check, &[]);
    }
    fails_exactly("faulty.transform", "none", "latency", &["--set", "latency=500ms"]);
    // A thread that lives holds memory too, so no other check is asked.
    let only = ["--only", "nothing-left"];
    fails_exactly("faulty.source", "leaves-a-thread", "nothing-left", &only);
}

#[test]
fn every_check_has_a_fault_that_it_is_tried_on_and_without_a_fault_all_pass() {
    let all: Value = serde_json::from_slice(&driftless(&["--list", "--json"]).stdout).unwrap();
    let faults = SOURCE_FAULTS.iter().chain(&TRANSFORM_FAULTS).chain(&RENDERER_FAULTS);
    let tried: BTreeSet<&str> = faults.map(|(_, check)| *check).collect();
    let all: BTreeSet<&str> =
        all.as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(tried, all);
    let (status, json) = validate("driftless_fixture_faulty", &["--set", "fault=none"]);
    assert_eq!(status, 0, "{:#?}", with_verdict(&json, "failed"));
}

#[test]
fn a_failure_is_repeated_by_the_command_that_it_names() {
    let words = ["--filter", "faulty.transform", "--only", "fuzz", "--seed", "5"];
    let words = [&words[..], &["--set", "fault=flush-in-pause-panics"]].concat();
    let (_, first) = validate("driftless_fixture_faulty", &words);
    let failed = with_verdict(&first, "failed");
    let repeat = failed[0]["repeat"].as_str().unwrap();
    let words: Vec<&str> = repeat.split(' ').skip(2).chain(["--json"]).collect();
    let again: Value = serde_json::from_slice(&driftless(&words).stdout).unwrap();
    assert_eq!(with_verdict(&again, "failed")[0]["seen"], failed[0]["seen"]);
}

#[test]
fn what_is_no_plugin_or_no_check_is_refused_with_a_word() {
    let gain = library("driftless_gain");
    let gain = gain.to_str().unwrap();
    let writer = library("driftless_file_writer");
    let table: [(&[&str], i32, &str); 6] = [
        (&["nowhere.so"], 2, "there is no such file"),
        (&["Cargo.toml"], 1, "expected a shared library"),
        (&[gain, "--only", "fuz"], 2, "did you mean `fuzz`?"),
        (&[gain, "--filter", "driftless.gian"], 2, "did you mean `driftless.gain`?"),
        (&[gain, "--set", "gian=1dB"], 2, "did you mean `gain`?"),
        (&[writer.to_str().unwrap()], 2, "needs the setting `file`"),
    ];
    for (words, status, hint) in table {
        let output = driftless(words);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {err}");
        assert!(err.contains(hint), "{words:?}: {err}");
    }
}
