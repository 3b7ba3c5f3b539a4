//! Benches.

use crate::command::{run, target};
use crate::packages;

/// What is loaded and started by the bench of the engine.
const ENGINE: &[&str] = &[
    "driftless",
    "driftless-audio-renderer",
    "driftless-costs",
    "driftless-fixture-bare",
    "driftless-gain",
    "driftless-mixer",
    "driftless-tee",
    "driftless-test-source",
    "driftless-video-sink",
];

fn build_engine_bench() -> Result<(), String> {
    let mut all = vec!["build", "--release", "--locked"];
    all.extend(ENGINE.iter().flat_map(|name| ["-p", name]));
    run("cargo", &all)
}

/// Runs the bench called `name`.
///
/// # Errors
///
/// The names that there are, or how the bench ended.
pub fn run_bench(name: &str, words: &[&str]) -> Result<(), String> {
    match name {
        "rate-match" => {
            let mut all =
                vec!["run", "--release", "-p", "driftless-rate-match", "--example", "bench", "--"];
            all.extend(words);
            run("cargo", &all)
        }
        "resampler" => {
            run("cargo", &["build", "--release", "-p", "resampler-slot"])?;
            println!("\nthe slot library is in {}", target().join("release").display());
            Ok(())
        }
        "engine" => {
            packages::wish(packages::PEERS);
            build_engine_bench()?;
            let program = target().join("release").join("driftless-costs");
            run(program.to_str().ok_or("the path of this folder is not text")?, words)
        }
        _ => Err(format!("`{name}` is no bench; there are `engine`, `rate-match` and `resampler`")),
    }
}
