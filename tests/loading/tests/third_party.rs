//! A crate outside the workspace that depends on plugin-api alone: it builds, tests itself, is found,
//! and plays in a graph.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use driftless_engine::{Catalog, Manifest, Plan, RunOptions, Simulation};
use driftless_loading::{cargo, changed, library, output, repository};
use driftless_plugin_api::Span;
use tempfile::TempDir;

/// Copies the crate to `folder`, away from the workspace, with the plugin-api in the folder `api`.
fn copy_to(folder: &Path, api: &Path) {
    let from = repository().join("tests/third-party");
    fs::create_dir(folder.join("src")).unwrap();
    for file in ["plugin.toml", "src/lib.rs"] {
        fs::copy(from.join(file), folder.join(file)).unwrap();
    }
    let api = fs::canonicalize(api).unwrap();
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let manifest = manifest.replace("../../plugin-api", api.to_str().unwrap());
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    // The versions that this workspace has; there may be no network to fetch others.
    fs::copy(repository().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    // plugin-api inherits from its workspace, which is found above it; nothing else is needed.
}

/// Where all tests of this file build, so that dependencies are built once.
fn target() -> &'static Path {
    static TARGET: OnceLock<TempDir> = OnceLock::new();
    TARGET.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// A folder of plugins: the third party's, built against the plugin-api in `api`, and our fixtures.
fn plugins(api: &Path, words: &[&[&str]]) -> TempDir {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    copy_to(folder.path(), api);
    for words in words {
        cargo(words, folder.path(), target());
    }
    let plugins = tempfile::tempdir().unwrap();
    for built in [output(target(), "acme-echo"), library("driftless-fixture-misbehaving")] {
        fs::copy(&built, plugins.path().join(built.file_name().unwrap())).unwrap();
    }
    plugins
}

/// Plays a second of the echo; returns how many samples it has delivered.
fn play(plugins: &Path) -> Result<u64, String> {
    let catalog = Catalog::scan(&[plugins]);
    assert!(catalog.refused().is_empty(), "{:?}", catalog.refused());
    let entry = catalog.find("acme.echo").expect("it is found");
    assert_eq!(entry.plugin.name, "acme-echo");
    let manifest = "[graph]\nconnect = [\"source -> echo -> out\"]\n[filter.source]\n\
        plugin = \"fixture.source\"\n[filter.echo]\nplugin = \"acme.echo\"\ndelay = \"100 ms\"\n\
        [filter.out]\nplugin = \"fixture.renderer\"\n";
    let manifest = Manifest::parse("graph.toml", manifest).unwrap_or_else(|it| panic!("{it}"));
    let plan = Plan::new(&manifest, &catalog).unwrap_or_else(|it| panic!("{it}"));
    let mut graph =
        Simulation::start(plan, RunOptions::default()).map_err(|error| error.to_string())?;
    graph.advance(Span::from_secs(1)).map_err(|error| error.to_string())?;
    let report = graph.stop();
    assert!(!report.has_failed(), "{report}");
    Ok(report.filter("echo").unwrap().delivered)
}

#[test]
fn a_third_partys_plugin_builds_tests_itself_is_found_and_plays() {
    let plugins = plugins(&repository().join("plugin-api"), &[&["test"], &["build"]]);
    let delivered = play(plugins.path()).unwrap();
    assert!(delivered > 95, "{delivered}");
}

/// What no version may do.
#[test]
fn a_plugin_whose_types_were_changed_is_refused_in_a_sentence_that_names_type_and_field() {
    let api = tempfile::tempdir().unwrap();
    let changes = [
        ("plugin-api/src/abi/sample.rs", "pub flags: u32,", "pub flags: u64,"),
        (
            "plugin-api/src/sample.rs",
            "flags: SampleFlags::SPLICE_POINT.0,",
            "flags: SampleFlags::SPLICE_POINT.0.into(),",
        ),
        (
            "plugin-api/src/sample.rs",
            "SampleFlags(self.0.flags)",
            "SampleFlags(self.0.flags as u32)",
        ),
        ("plugin-api/src/sample.rs", "self.0.flags = flags.0;", "self.0.flags = flags.0.into();"),
    ];
    changed(api.path(), &["plugin-api"], &changes);
    let plugins = plugins(&api.path().join("plugin-api"), &[&["build"]]);
    let said = play(plugins.path()).unwrap_err();
    let sentence = "its types differ from the host's: `RawSample`, field `flags`: the plugin has `flags: \
        u64` at byte 32, this host wants `flags: u32` at byte 32";
    assert!(said.contains(sentence), "{said}");
    let advice = "The plugin was built with plugin-api 1.1.0, this host with 1.1.0: rebuild the plugin \
        with an unchanged plugin-api of a version from 1.0 on";
    assert!(said.ends_with(advice), "{said}");
}
