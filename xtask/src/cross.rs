//! The tests of another processor, run on this one.

use std::path::Path;
use std::process::Command;

use crate::command::run;
use crate::packages;

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// What only matters for AArch64: the linker, what runs the tests, and where they find their C library. The
/// headers of this machine's sound servers do for the example `join`, which is compiled and not linked.
const SETTINGS: &[&str] = &[
    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc",
    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64 -L /usr/aarch64-linux-gnu",
    "PKG_CONFIG_ALLOW_CROSS=1",
];

/// Checks and tests rate-match, whose inner loops are other ones on AArch64: all of it, or what `words` say to
/// `cargo test`.
///
/// # Errors
///
/// What to install, or the step that failed.
pub fn run_aarch64(words: &[&str]) -> Result<(), String> {
    packages::install(packages::BUILD)?;
    packages::install(packages::CROSS)?;
    standard_library_is_there()?;
    let what = ["--locked", "-p", "driftless-rate-match", "--target", TARGET];
    let all = ["--lib", "--tests"];
    let cargo = |command: &[&str], rest: &[&str]| {
        run("env", &[SETTINGS, &["cargo"], command, &what[..], rest].concat())
    };
    cargo(&["clippy"], &[&all[..], &["--", "-D", "warnings"]].concat())?;
    cargo(&["test"], if words.is_empty() { &all } else { words })
}

fn standard_library_is_there() -> Result<(), String> {
    let asked =
        Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let asked = asked.map_err(|error| format!("rustc could not be started: {error}"))?;
    if Path::new(String::from_utf8_lossy(&asked.stdout).trim()).is_dir() {
        return Ok(());
    }
    Err(format!(
        "the standard library for {TARGET} is missing\nplease type:\n\n  rustup target add {TARGET}\n\n\
         or, where rustc is Debian's:\n\n  sudo dpkg --add-architecture arm64 && sudo apt-get update \
         && sudo apt-get install libstd-rust-dev:arm64\n"
    ))
}
