//! Minor versions append, and then everything goes on with everything: a made-up plugin-api 1.99, whose
//! capabilities and structures have grown, with hosts and plugins of today, and plugins that are kept.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))] // what is kept was built for it

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driftless_c_plugin::example;
use driftless_engine::{RunOptions, Simulation};
use driftless_loading::{Change, cargo, changed, library, output, plan, target};
use driftless_plugin_api::Span;
use driftless_versions::libraries;
use tempfile::TempDir;

/// A method of a capability, one of the life of a filter, and a field of every structure in C that may grow.
const APPENDED: [Change<'_>; 17] = [
    ("plugin-api/Cargo.toml", "version = \"1.1.0\"", "version = \"1.99.0\""),
    (
        "plugin-api/src/capability/clock.rs",
        "pub identity: unsafe extern \"C\" fn(*mut c_void) -> RString,",
        "pub identity: unsafe extern \"C\" fn(*mut c_void) -> RString,\n\
         pub precision: unsafe extern \"C\" fn(*mut c_void) -> bool,",
    ),
    (
        "plugin-api/src/capability/clock.rs",
        "identity: identity::<F> })",
        "identity: identity::<F>, precision: offers::<F> })",
    ),
    (
        "plugin-api/src/abi/filter.rs",
        "pub ready_for: unsafe extern \"C\" fn(*mut c_void, u32) -> bool,",
        "pub ready_for: unsafe extern \"C\" fn(*mut c_void, u32) -> bool,\n\
         pub pins_again: unsafe extern \"C\" fn(*mut c_void) -> ROption<PinsRef>,",
    ),
    (
        "plugin-api/src/abi/glue.rs",
        "ready_for: ready_for::<F, R>,",
        "ready_for: ready_for::<F, R>, pins_again: pins::<F>,",
    ),
    (
        "plugin-api/src/abi/c.rs",
        "pub pins: *const CPins,",
        "pub pins: *const CPins,\n/// Appended.\npub later: u64,",
    ),
    (
        "plugin-api/src/abi/c.rs",
        "pub factories: *const *const CFactory,",
        "pub factories: *const *const CFactory,\n/// Appended.\npub later: u64,",
    ),
    (
        "plugin-api/src/abi/c.rs",
        "pub seed: unsafe extern \"C\" fn(host: *const c_void) -> u64,",
        "pub seed: unsafe extern \"C\" fn(host: *const c_void) -> u64,\n/// Appended.\npub later: u64,",
    ),
    (
        "engine/src/loader/c_plugin/host.rs",
        "        seed,\n    })",
        "        seed, later: 0,\n    })",
    ),
    (
        "engine/src/loader/c_plugin/tables.rs",
        "            ready_for,\n        }",
        "            ready_for, pins_again: pins,\n        }",
    ),
    (
        "engine/src/loader/c_plugin/tables.rs",
        "ClockTable { offers, identity }",
        "ClockTable { offers, identity, precision: offers }",
    ),
    ("engine/examples/simulate.rs", "from_secs(3600)", "from_secs(1)"),
    ("tests/third-party/Cargo.toml", "[workspace]\n", ""),
    ("engine/Cargo.toml", "insta = \"1\"\n", ""),
    ("engine/Cargo.toml", "proptest = \"1\"\n", ""),
    ("engine/Cargo.toml", "driftless-test-filters = { path = \"../tests/filters\" }\n", ""),
    (
        "engine/Cargo.toml",
        "[lints]",
        "[[example]]\nname = \"later-host\"\npath = \"examples/simulate.rs\"\n\n[lints]",
    ),
];

/// Builds the host and the plugin of 1.99, with what this workspace has built of their dependencies. They
/// lie where the next run finds them again.
fn later() -> (PathBuf, PathBuf) {
    let folder = target().join("later-minor");
    fs::create_dir_all(&folder).unwrap();
    changed(&folder, &["plugin-api", "engine", "tests/third-party"], &APPENDED);
    cargo(&["build", "-p", "acme-echo"], &folder, &target());
    cargo(&["build", "-p", "driftless-engine", "--example", "later-host"], &folder, &target());
    let plugin = output(&target(), "acme-echo");
    (plugin.with_file_name("examples").join("later-host"), plugin)
}

const GRAPH: &str = "[graph]\nconnect = [\"source -> echo -> gain -> out\"]\n[filter.source]\n\
    plugin = \"fixture.source\"\n[filter.echo]\nplugin = \"acme.echo\"\n[filter.gain]\n\
    plugin = \"example.c-gain\"\n[filter.out]\nplugin = \"fixture.renderer\"\n";

/// A folder with an echo, the other filters of the graph as they are today, the graph, and a scenario.
fn stage(echo: &[u8]) -> TempDir {
    let folder = example("c-gain", "gain.c");
    let fixtures = fs::read(library("driftless-fixture-misbehaving")).unwrap();
    let scenario = b"expect = [\"filters.*.failed == false\"]\n";
    let files: [(&str, &[u8]); 4] = [
        ("libecho.so", echo),
        ("libfixtures.so", &fixtures),
        ("graph.toml", GRAPH.as_bytes()),
        ("scenario.toml", scenario),
    ];
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// What the host of 1.99 says of a graph of plugins.
fn hosted(program: &Path, folder: &Path) -> String {
    let done = Command::new(program)
        .args(["graph.toml", ".", "scenario.toml"])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}{}", text(&done.stdout), text(&done.stderr));
    assert!(done.status.success(), "{said}");
    said
}

#[test]
fn a_minor_version_that_appends_breaks_neither_older_plugins_nor_older_hosts() {
    let (later_host, later_plugin) = later();

    let folder = stage(&fs::read(later_plugin).unwrap());
    let mut graph = Simulation::start(plan(GRAPH, folder.path()), RunOptions::default())
        .unwrap_or_else(|error| panic!("a plugin of 1.99 in this host: {error}"));
    graph.advance(Span::from_secs(1)).unwrap();
    let report = graph.stop();
    assert!(!report.has_failed() && report.filter("echo").unwrap().delivered > 95, "{report}");
    // Both of 1.99, beside those of today in Rust and C.
    assert!(hosted(&later_host, folder.path()).contains("101 taken"));

    for (name, content) in libraries() {
        let said = hosted(&later_host, stage(&content).path());
        assert!(said.contains("101 taken"), "{name} in a host of 1.99: {said}");
    }
}
