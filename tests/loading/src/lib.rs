//! What tests of loading share: libraries built for the occasion, folders of plugins, and graphs.

mod changed;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use driftless_engine::{Catalog, Manifest, Plan};
use tempfile::TempDir;

pub use changed::{Change, changed};

/// The library of a package of this workspace, built in the profile of the test that asks.
///
/// # Panics
///
/// If it does not build; what the compiler said is shown.
pub fn library(package: &str) -> PathBuf {
    // One build at a time, and each once: cargo's own lock would make the tests wait in silence.
    static BUILT: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if built.get_or_insert_default().insert(package.to_owned()) {
        cargo(&["build", "--package", package], &repository(), &target());
    }
    output(&target(), package)
}

/// The command `driftless`, built in the profile of the test that asks.
///
/// # Panics
///
/// If it does not build; what the compiler said is shown.
pub fn program() -> PathBuf {
    library("driftless").with_file_name("driftless")
}

/// Runs cargo, without the network, in the profile of this test.
///
/// # Panics
///
/// If it fails; what it said is shown.
pub fn cargo(arguments: &[&str], folder: &Path, target: &Path) {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).arg("--offline").current_dir(folder);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let done = command.env("CARGO_TARGET_DIR", target).output().expect("cargo is there");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success(),
        "cargo {} in {}:\n{said}",
        arguments.join(" "),
        folder.display()
    );
}

/// Where cargo leaves the library of a package.
pub fn output(target: &Path, package: &str) -> PathBuf {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    target.join(profile).join(format!("{prefix}{}{suffix}", package.replace('-', "_")))
}

/// The folder of this workspace.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where the test that asks was built.
///
/// # Panics
///
/// If it was not built by cargo.
pub fn target() -> PathBuf {
    let own = std::env::current_exe().expect("a test has a program");
    own.ancestors().nth(3).expect("a test's program is in TARGET/PROFILE/deps").to_owned()
}

/// A folder with these files.
///
/// # Panics
///
/// If it cannot be written.
pub fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("a file in it");
    }
    folder
}

/// The bytes of a package's library.
///
/// # Panics
///
/// If it does not build.
pub fn bytes(package: &str) -> Vec<u8> {
    fs::read(library(package)).expect("the library was built just now")
}

/// `bytes` with every `from` replaced by `to`, padded with `pad` to the same length, so that nothing
/// moves.
///
/// # Panics
///
/// If `from` is not there, or `to` is longer.
pub fn patched(bytes: &[u8], from: &str, to: &str, pad: u8) -> Vec<u8> {
    let mut to = to.as_bytes().to_vec();
    assert!(to.len() <= from.len(), "`{from}` leaves no room");
    to.resize(from.len(), pad);
    let mut patched = bytes.to_vec();
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter_map(|(at, window)| (window == from.as_bytes()).then_some(at))
        .collect();
    assert!(!places.is_empty(), "`{from}` is not there");
    for at in places {
        patched[at..at + from.len()].copy_from_slice(&to);
    }
    patched
}

/// The plan of a manifest, with the plugins of a folder.
///
/// # Panics
///
/// If there are mistakes in it; they are shown.
pub fn plan(manifest: &str, plugins: &Path) -> Plan {
    let manifest =
        Manifest::parse("graph.toml", manifest).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    Plan::new(&manifest, &Catalog::scan(&[plugins])).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// A folder with the library of filters that misbehave.
///
/// # Panics
///
/// If it does not build.
pub fn misbehaving() -> TempDir {
    folder(&[("misbehaving.so", &bytes("driftless-fixture-misbehaving"))])
}
