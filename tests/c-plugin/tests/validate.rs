//! Filters in C and C++ keep the same promises, and break them as visibly.
#![cfg(all(target_os = "linux", target_env = "gnu"))] // where the guard is

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driftless_c_plugin::{compile, example, repository};
use serde_json::Value;

fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.ancestors().nth(2).unwrap().join("driftless");
    assert!(program.exists(), "run `cargo build --workspace` first");
    program
}

/// The names of the checks with that verdict, and the whole.
fn validated(library: &Path, verdict: &str) -> (Vec<String>, Value) {
    let done = Command::new(program())
        .args(["validate", library.to_str().unwrap(), "--json", "--limit", "20s"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    let json: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{said}"));
    let checks = json["checks"].as_array().unwrap().iter();
    let found = checks.filter(|check| check["verdict"] == verdict);
    (found.map(|check| check["check"].as_str().unwrap().to_owned()).collect(), json)
}

/// LS-7, LS-12, LS-30, LS-31, LS-32, LS-35
#[test]
fn the_examples_in_c_and_cpp_pass_every_check_that_applies_to_them() {
    // Of 27, one is of renderers with a device, six are of live sources alone, and five of what filters are fed.
    for (name, source, passes) in [("c-gain", "gain.c", 20), ("cpp-tone", "tone.cpp", 21)] {
        let folder = example(name, source);
        let (passed, json) = validated(&folder.path().join("libexample.so"), "passed");
        assert_eq!(json["failed"], 0, "{name}: {json:#}");
        assert_eq!(json["not_checked"], 0, "{name}: {json:#}");
        assert_eq!(passed.len(), passes, "{name}: {passed:?}");
    }
}

/// What is wrong in a filter in C: a line of gain.c, what stands there instead, and the check that sees it.
const FAULTS: [(&str, &str, &str); 8] = [
    (
        "self->frames +=",
        "{ void *volatile scratch = malloc(64); free(scratch); } self->frames +=",
        "streaming-calls",
    ),
    (
        "self->frames +=",
        "{ static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; pthread_mutex_lock(&lock); \
         pthread_mutex_unlock(&lock); } self->frames +=",
        "streaming-calls",
    ),
    ("self->frames +=", "fputs(\"a sample\\n\", stderr); self->frames +=", "streaming-calls"),
    ("self->frames +=", "printf(\"%u\\n\", pin); self->frames +=", "streaming-calls"),
    (
        "self->host = host;",
        "self->host = host; { void *volatile lost = malloc(1000); (void)lost; }",
        "memory-returned",
    ),
    ("return output->deliver", "sample->start += 5000000; return output->deliver", "latency"),
    (
        "self->frames +=",
        "if (values && values[0] != values[0]) { abort(); } self->frames +=",
        "hostile-values",
    ),
    ("if (media->major != 1)", "if (media->major == 77)", "media-refused"),
];

#[test]
fn each_fault_of_a_filter_in_c_fails_the_check_that_is_there_for_it_and_no_other() {
    let from = repository().join("examples/c-gain");
    let right = fs::read_to_string(from.join("gain.c")).unwrap();
    let mut wrong = Vec::new();
    for (line, fault, check) in FAULTS {
        assert!(right.contains(line), "{line}");
        let folder = tempfile::tempdir().unwrap();
        fs::copy(from.join("plugin.toml"), folder.path().join("plugin.toml")).unwrap();
        let text = format!("#include <pthread.h>\n{}", right.replacen(line, fault, 1));
        fs::write(folder.path().join("gain.c"), text).unwrap();
        let library = folder.path().join("gain.so");
        compile(&folder.path().join("gain.c"), &[], &library);
        let (failed, json) = validated(&library, "failed");
        if failed != [check] {
            wrong.push(format!("{fault}: {failed:?} instead of {check}: {json:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
