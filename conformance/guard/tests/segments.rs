//! What segments' threads ask of memory, locks and kernel while they run: nothing.
//!
//! In real time, because that is where the threads are; the run is judged by counts, not by time.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

fn build() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().to_owned()
}

/// Runs a graph for four seconds; returns the counts of the second and third.
fn counted(manifest: &str) -> BTreeMap<String, u64> {
    let folder = tempfile::tempdir().unwrap();
    let (graph, out) = (folder.path().join("graph.toml"), folder.path().join("counts"));
    std::fs::write(&graph, manifest).unwrap();
    let program = build().join("driftless");
    assert!(program.exists(), "run `cargo build --workspace` first");
    let guard = driftless_guard::write_into(folder.path()).unwrap().expect("it is for this system");
    let done = Command::new(program)
        .args(["run", graph.to_str().unwrap(), "--for", "4s", "--quiet", "-p"])
        .arg(build())
        .env("LD_PRELOAD", guard)
        .env("GUARD_FROM_MS", "1500")
        .env("GUARD_UNTIL_MS", "3500")
        .env("GUARD_OUT", &out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    print!("{said}");
    let text = std::fs::read_to_string(&out).unwrap_or_else(|_| panic!("no counts: {said}"));
    let line = |line: &str| {
        let (name, count) = line.split_once(' ').unwrap();
        (name.to_owned(), count.parse().unwrap())
    };
    text.lines().map(line).collect()
}

/// LS-M22
#[test]
fn a_running_segment_and_the_renderers_callback_ask_for_no_memory_lock_or_system_call() {
    let counts = counted(
        r#"
        [graph]
        clock = "system"
        connect = ["microphone -> gain -> split", "split.out0 -> speakers", "split.out1 -> other",
                   "second -> third"]
        [filter.microphone]
        plugin = "driftless.test-source"
        rate = "44100 Hz"
        rate-error = "120 ppm"
        [filter.gain]
        plugin = "driftless.gain"
        gain = "-6 dB"
        [filter.split]
        plugin = "driftless.tee"
        [filter.speakers]
        plugin = "driftless.audio-renderer"
        device = "virtual"
        rate = "48000 Hz"
        [filter.other]
        plugin = "driftless.audio-renderer"
        device = "virtual"
        rate-error = "-80 ppm"
        [filter.second]
        plugin = "driftless.test-source"
        [filter.third]
        plugin = "driftless.audio-renderer"
        device = "virtual"
    "#,
    );
    let some: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).collect();
    assert!(some.is_empty(), "{some:?}");
}

/// The guard would see it: a plugin library that allocates in `receive` is caught.
#[test]
fn a_plugin_that_allocates_in_a_running_segment_is_caught() {
    let counts = counted(
        r#"
        [graph]
        connect = ["source -> out"]
        [filter.source]
        plugin = "fixture.source"
        [filter.out]
        plugin = "fixture.renderer"
        in = "receive"
        does = "allocate"
        at = 1
    "#,
    );
    let allocated = counts["malloc"] + counts["calloc"];
    assert!(allocated > 100 && counts["free"] > 100, "{counts:?}");
}
