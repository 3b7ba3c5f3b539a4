//! `driftless new plugin`, as a new user would type it: each kind builds, passes its own tests, keeps every
//! promise, and plays in the graph that comes with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn driftless(words: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_driftless")).args(words).current_dir(folder).output().unwrap()
}

fn succeeded(output: &Output, what: &str) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{what}: {out}{err}");
    out
}

/// Runs cargo without the network; what all crates depend on is built once.
fn cargo(words: &[&str], folder: &Path, target: &Path) {
    let mut command = Command::new(env!("CARGO"));
    command.args(words).args(["--offline", "--quiet"]).current_dir(folder);
    let output = command.env("CARGO_TARGET_DIR", target).output().unwrap();
    succeeded(&output, &format!("cargo {words:?} in {}", folder.display()));
}

fn repository() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

#[test]
fn a_new_plugin_of_each_kind_passes_its_tests_and_validation_and_plays_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    let plugin_api = repository().join("plugin-api");
    for (id, kind) in
        [("acme.echo", "transform"), ("acme.tone", "source"), ("acme.meter", "renderer")]
    {
        let words =
            ["new", "plugin", id, "--kind", kind, "--plugin-api", plugin_api.to_str().unwrap()];
        let said = succeeded(&driftless(&words, folder.path()), id);
        assert!(said.contains("driftless validate"), "{said}");
        let own = folder.path().join(id.replace('.', "-"));
        // The versions of this repository: there may be no network to fetch others.
        fs::copy(repository().join("Cargo.lock"), own.join("Cargo.lock")).unwrap();
        cargo(&["test"], &own, &target);
        cargo(&["build"], &own, &target);

        let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        let built = target.join(format!("debug/{prefix}{}{suffix}", id.replace('.', "_")));
        let words = ["validate", built.to_str().unwrap()];
        let said = succeeded(&driftless(&words, &own), id);
        assert!(said.contains(" 0 failed"), "{said}");

        // Where its manifest looks, as after a build without a shared target folder.
        fs::create_dir_all(own.join("target/debug")).unwrap();
        fs::copy(&built, own.join("target/debug").join(built.file_name().unwrap())).unwrap();
        let words = ["run", "graph.toml", "--for", "500ms", "--json"];
        let report = succeeded(&driftless(&words, &own), id);
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert!(report["duration_ns"].as_i64().unwrap() > 400_000_000, "{report:#}");
    }
}

#[test]
fn what_cannot_be_made_is_refused_with_a_word_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let table: [(&[&str], &str); 4] = [
        (&["echo", "--kind", "transform"], "such as acme.echo"),
        (&["acme.echo", "--kind", "mixer"], "transform"),
        (&["acme.echo", "--kind", "source", "--path", "."], "is there already"),
        (&["acme.echo", "--kind", "source", "--plugin-api", "."], "driftless-plugin-api"),
    ];
    for (words, hint) in table {
        let output = driftless(&[&["new", "plugin"], words].concat(), folder.path());
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {err}");
        assert!(err.contains(hint), "{words:?}: {err}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
