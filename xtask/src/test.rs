//! Everything that CI runs, in the order in which it fails fastest.

use crate::command::{is_there, run, target};
use crate::packages;
use crate::semantics;

/// Format, requirements, lints, build, tests, counts of instructions, documentation and licences. Runs on
/// real sound servers are a command of their own, [`interop`]: what they measure depends on how busy the
/// machine is.
///
/// # Errors
///
/// The step that failed.
pub fn run_all() -> Result<(), String> {
    packages::install(packages::BUILD)?;
    packages::install(packages::DEVICE)?;
    run("cargo", &["fmt", "--all", "--check"])?;
    semantics::run(&["--check"])?;
    // Plugins are loaded by the tests as libraries, so all of them are built before.
    run("cargo", &["build", "--workspace", "--locked"])?;
    run("cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    run("cargo", &["test", "--workspace", "--locked"])?;
    counts();
    documentation()?;
    licences()
}

/// Prints how many instructions the graph takes beside how many it took; a difference is for people to judge.
fn counts() {
    packages::wish(&["valgrind"]);
    let program = target().join("debug").join("driftless-costs");
    if let Err(text) = run(&program.to_string_lossy(), &["counts"]) {
        println!("{text}\ngoing on without a count of instructions");
    }
}

/// A link that leads nowhere is a mistake too.
fn documentation() -> Result<(), String> {
    run(
        "env",
        &["RUSTDOCFLAGS=-D warnings", "cargo", "doc", "--workspace", "--no-deps", "--locked"],
    )
}

fn licences() -> Result<(), String> {
    if is_there("cargo-deny") {
        return run("cargo", &["deny", "check", "bans", "licenses", "sources"]);
    }
    println!("\ncargo-deny is not installed, so licences are not checked");
    Ok(())
}

/// Plays RTP streams on real sound servers and measures what they play.
///
/// # Errors
///
/// The figure that was missed.
pub fn interop(words: &[&str]) -> Result<(), String> {
    packages::install(packages::BUILD)?;
    packages::install(packages::DEVICE)?;
    packages::install(packages::TEST)?;
    if words.iter().any(|word| word.starts_with("--player")) {
        packages::install(packages::PLAYERS)?;
    }
    run("cargo", &["build", "--release", "--workspace"])?;
    let mut all = vec!["run", "--release", "--package", "driftless-interop", "--"];
    all.extend(words.iter().filter(|word| **word != "--"));
    run("cargo", &all)
}
