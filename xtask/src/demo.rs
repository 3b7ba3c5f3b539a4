//! The demo: a graph that plays in step, with its report and its picture.

use std::fs;
use std::process::{Command, Stdio};

use crate::command::{repository, run, target};
use crate::packages;

/// The plugins that the demo plays with.
const NEEDED: &[&str] =
    &["driftless", "driftless-audio-renderer", "driftless-test-source", "driftless-video-sink"];

/// Builds, and runs examples/av-live.toml on the default sound device, or the virtual one.
///
/// # Errors
///
/// The step that failed.
pub fn play() -> Result<(), String> {
    packages::install(packages::BUILD)?;
    let mut build = vec!["build", "--release"];
    build.extend(NEEDED.iter().flat_map(|name| ["-p", name]));
    run("cargo", &build)?;
    let program = target().join("release").join("driftless");
    let program = program.to_str().ok_or("the path of this folder is not text")?;
    let out = repository().join("out");
    fs::create_dir_all(&out).map_err(|error| format!("`out` cannot be made: {error}"))?;
    let mut words = vec!["run", "examples/av-live.toml", "--for", "20s"];
    words.extend(["--plot", "out/av-live.svg", "--report", "out/av-live.json"]);
    if !has_sound(program) {
        println!("\nno sound device answers: playing on the virtual one");
        words.extend(["--set", "speakers.device=virtual"]);
    }
    run(program, &words)?;
    println!("\nthe picture: out/av-live.svg; the report: out/av-live.json");
    Ok(())
}

/// Whether the default device can be opened: found out by doing it.
fn has_sound(program: &str) -> bool {
    let status = Command::new(program)
        .args(["run", "examples/av-live.toml", "--for", "100ms", "--quiet"])
        .current_dir(repository())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
