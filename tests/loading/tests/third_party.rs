//! A crate outside the workspace that depends on plugin-api alone: it builds, tests itself, is found,
//! and plays in a graph.

use std::fs;
use std::path::Path;

use driftless_engine::{Catalog, Manifest, Plan, RunOptions, Simulation};
use driftless_loading::{cargo, library, output, repository};
use driftless_plugin_api::Span;

/// Copies the crate to `folder`, away from the workspace.
fn copy_to(folder: &Path) {
    let from = repository().join("tests/third-party");
    fs::create_dir(folder.join("src")).unwrap();
    for file in ["plugin.toml", "src/lib.rs"] {
        fs::copy(from.join(file), folder.join(file)).unwrap();
    }
    let api = fs::canonicalize(repository().join("plugin-api")).unwrap();
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let manifest = manifest.replace("../../plugin-api", api.to_str().unwrap());
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    // The versions that this workspace has; there may be no network to fetch others.
    fs::copy(repository().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    // plugin-api inherits from its workspace, which is found above it; nothing else is needed.
}

#[test]
fn a_third_partys_plugin_builds_tests_itself_is_found_and_plays() {
    let folder = tempfile::tempdir().unwrap();
    copy_to(folder.path());
    let target = folder.path().join("target");
    cargo(&["test"], folder.path(), &target);
    cargo(&["build"], folder.path(), &target);

    let plugins = tempfile::tempdir().unwrap();
    for built in [output(&target, "acme-echo"), library("driftless-fixture-misbehaving")] {
        fs::copy(&built, plugins.path().join(built.file_name().unwrap())).unwrap();
    }
    let catalog = Catalog::scan(&[plugins.path()]);
    assert!(catalog.refused().is_empty(), "{:?}", catalog.refused());
    let entry = catalog.find("acme.echo").expect("it is found");
    assert_eq!(entry.plugin.name, "acme-echo");

    let manifest = "[graph]\nconnect = [\"source -> echo -> out\"]\n[filter.source]\n\
        plugin = \"fixture.source\"\n[filter.echo]\nplugin = \"acme.echo\"\ndelay = \"100 ms\"\n\
        [filter.out]\nplugin = \"fixture.renderer\"\n";
    let manifest = Manifest::parse("graph.toml", manifest).unwrap_or_else(|it| panic!("{it}"));
    let plan = Plan::new(&manifest, &catalog).unwrap_or_else(|it| panic!("{it}"));
    let mut graph = Simulation::start(plan, RunOptions::default()).unwrap();
    graph.advance(Span::from_secs(1)).unwrap();
    let report = graph.stop();
    assert!(!report.has_failed(), "{report}");
    assert!(report.filter("echo").unwrap().delivered > 95, "{report}");
}
