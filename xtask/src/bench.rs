//! Benches.

use crate::command::{run, target};

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
        _ => Err(format!("`{name}` is no bench; there are `rate-match` and `resampler`")),
    }
}
