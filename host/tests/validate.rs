//! `driftless validate`: the bundled plugins keep every promise, and each broken promise is noticed by the
//! check that is there for it, and by no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use driftless_test_servers::{Kind, Server};
use serde_json::Value;

fn library(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_driftless")).parent().unwrap();
    let file = format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let path = folder.join(file);
    assert!(path.exists(), "{} is missing: run `cargo build --workspace` first", path.display());
    path
}

fn driftless(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftless"));
    command.arg("validate").args(words);
    command
}

/// What validation of a library says: exit status and JSON.
fn validate(name: &str, words: &[&str]) -> (i32, Value) {
    validate_with(&[], name, words)
}

/// The same with these variables in the environment.
fn validate_with(variables: &[(&str, String)], name: &str, words: &[&str]) -> (i32, Value) {
    let library = library(name);
    let mut command = command(&[&[library.to_str().unwrap(), "--json"], words].concat());
    let variables = variables.iter().map(|(name, value)| (name, value));
    let output = command.envs(variables).output().unwrap();
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

/// Does something with all of them, two at a time: much of a validation is waiting.
fn side_by_side<T: Sync>(all: &[T], each: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let some = || {
        while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            each(one);
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(some))));
}

/// Checks that were passed by one bundled plugin at least: those that look at something there.
fn passed(json: &Value) -> impl Iterator<Item = String> {
    with_verdict(json, "passed").into_iter().map(|it| it["check"].as_str().unwrap().to_owned())
}

/// A schedule of three seconds of L16/8000/1 in packets of 10 ms, for the RTP source.
fn packets() -> String {
    let packet = |n: u64| {
        let header: [&[u8]; 4] =
            [&[0x80, 96], &(n as u16).to_be_bytes(), &(n as u32 * 80).to_be_bytes(), &[0, 0, 0, 1]];
        let bytes = [header.concat(), vec![0; 160]].concat();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{},{hex}\n", 5_000_000 + n * 10_000_000)
    };
    (0..300).map(packet).collect()
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
        ("driftless_audio_renderer", &[]),
        ("driftless_audio_capture", &[]),
        ("driftless_file_writer", &["file={dir}/out.wav", "overwrite=true"]),
        ("driftless_file_source", &[&file]),
        ("driftless_file_source", &[&file, "pace=true", "loop=true"]),
        ("driftless_rtp_source", &[&packets, "format=L16/8000/1"]),
        ("driftless_rtp_source", &["packets=steady", "format=L24/44100/6"]),
        ("driftless_mixer", &[]),
    ];
    // What is checked on hardware needs some.
    let server = cfg!(target_os = "linux").then(|| {
        Server::start(Kind::PulseAudio)
            .unwrap_or_else(|error| panic!("{error}: run `cargo xtask setup` first"))
    });
    let variables = server.as_ref().map_or(&[][..], Server::variables);
    let seen: Mutex<BTreeSet<String>> = Mutex::default();
    side_by_side(&table, |(name, settings)| {
        let words: Vec<&str> = settings.iter().flat_map(|it| ["--set", it]).collect();
        let (status, json) = validate_with(variables, name, &words);
        assert_eq!(status, 0, "{name} {settings:?}: {:#?}", with_verdict(&json, "failed"));
        let elsewhere = cfg!(not(all(target_os = "linux", target_env = "gnu")));
        let not_made = with_verdict(&json, "not checked");
        assert!(elsewhere || not_made.is_empty(), "{name} {settings:?}: {not_made:#?}");
        let has_a_device = matches!(*name, "driftless_audio_renderer" | "driftless_audio_capture");
        let passed: BTreeSet<String> = passed(&json).collect();
        assert_eq!(passed.contains("device-calls"), has_a_device && !elsewhere, "{name}");
        seen.lock().unwrap().extend(passed);
    });
    let seen = seen.into_inner().unwrap();
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

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn without_a_device_it_is_said_that_its_callback_was_not_checked() {
    let nowhere = [("PULSE_SERVER", "unix:/nowhere".to_owned())];
    for name in ["driftless_audio_renderer", "driftless_audio_capture"] {
        let words = ["--only", "device-calls", "--set", "host=pulseaudio"];
        let (status, json) = validate_with(&nowhere, name, &words);
        let not_made = with_verdict(&json, "not checked");
        let why = not_made.first().and_then(|check| check["why"].as_str()).unwrap_or_default();
        assert!(status == 0 && why.starts_with("no device: "), "{name}: {json:#}");
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
const TRANSFORM_FAULTS: [(&str, &str); 22] = [
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
    ("writes", "streaming-calls"),
    ("locks", "streaming-calls"),
    ("locks-to-read", "streaming-calls"),
    ("locks-to-write", "streaming-calls"),
    ("locks-a-byte", "streaming-calls"),
    ("enters-the-kernel", "streaming-calls"),
    ("differs", "same-output"),
    ("flush-in-pause-panics", "fuzz"),
];

const RENDERER_FAULTS: [(&str, &str); 8] = [
    ("device-allocates", "device-calls"),
    ("device-waits", "device-calls"),
    ("device-writes", "device-calls"),
    ("device-locks", "device-calls"),
    ("device-locks-to-read", "device-calls"),
    ("device-locks-to-write", "device-calls"),
    ("device-locks-a-byte", "device-calls"),
    ("device-enters-the-kernel", "device-calls"),
];
/// The one that ends only when its time is over.
const HANGS: &str = "hangs-on-nan";

fn fails_exactly(filter: &str, fault: &str, check: &str, words: &[&str]) {
    let set = format!("fault={fault}");
    let words = [&["--filter", filter, "--set", &set], words].concat();
    let (status, json) = validate("driftless_fixture_faulty", &words);
    let failed = with_verdict(&json, "failed");
    let names: Vec<&Value> = failed.iter().map(|failed| &failed["check"]).collect();
    assert_eq!((status, &*names), (1, &[&Value::from(check)][..]), "{fault}: {failed:#?}");
    for key in ["expected", "seen", "repeat"] {
        assert!(failed[0][key].as_str().is_some_and(|text| !text.is_empty()), "{fault}: {key}");
    }
}

/// A limit for a check that hangs, far from what the others take on this machine at this time.
fn limit() -> String {
    let words = ["--filter", "faulty.transform", "--set", "fault=none"];
    let (_, json) = validate("driftless_fixture_faulty", &words);
    let checks = json["checks"].as_array().unwrap().iter();
    let longest = checks.filter_map(|check| check["seconds"].as_f64()).fold(0.5, f64::max);
    format!("{}s", (20.0 * longest).ceil())
}

/// Where the system says how many files are open and how much memory is in use, and the processor lets each
/// instruction be looked at.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[test]
fn each_fault_fails_the_check_that_is_there_for_it_and_no_other() {
    let limit = limit();
    let hangs = ["--limit", limit.as_str()];
    // A thread that lives holds memory too, so no other check is asked.
    let only = ["--only", "nothing-left"];
    let of = |filter: &'static str, faults: &'static [(&'static str, &'static str)]| {
        faults.iter().map(move |(fault, check)| (filter, *fault, *check, &[][..]))
    };
    let mut all: Vec<(&str, &str, &str, &[&str])> = vec![
        ("faulty.source", "leaves-a-thread", "nothing-left", &only),
        ("faulty.transform", "none", "latency", &["--set", "latency=500ms"]),
    ];
    all.extend(of("faulty.transform", &TRANSFORM_FAULTS));
    all.extend(of("faulty.source", &SOURCE_FAULTS));
    all.extend(of("faulty.renderer", &RENDERER_FAULTS));
    for (_, fault, _, words) in &mut all {
        if *fault == HANGS {
            *words = &hangs;
        }
    }
    side_by_side(&all, |(filter, fault, check, words)| fails_exactly(filter, fault, check, words));
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
        (&["nowhere.so"], 2, "`nowhere.so` does not exist"),
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
