//! Instruction counts beside those of the baseline: they say the same on a busy machine.
//!
//! The baseline has two parts: for optimised builds, and for the builds that tests are made of. CI has only
//! these, and little time, so the cases are shorter there. What the compiler makes of the code shows in the
//! first alone, what the code does shows in both.

use std::fs;
use std::thread;

use serde_json::{Map, Value, json};

use crate::programs::{instructions, is_there, repository};

const BASELINE: &str = "tests/costs/baseline.json";

/// The part of the baseline that is this build's.
const BUILD: &str = if cfg!(debug_assertions) { "dev" } else { "release" };

/// A count: its name, the larger and the smaller case, and by how many units they differ. Cases differ in what
/// is counted alone, so what both do once falls out.
type Count = (&'static str, &'static str, &'static str, f64);

const COUNTS: [Count; 4] = if cfg!(debug_assertions) {
    [
        ("hop, a sample and filter", "chain 9 2000", "chain 1 2000", 8.0 * 2_000.0),
        ("start, a filter", "chain 120 1", "chain 40 1", 80.0),
        ("tee to 8 inputs of a mixer, a branch and block", "tee 8 2", "tee 8 1", 8.0 * 100.0),
        ("live source into a mixer, a block", "mix 4 2", "mix 4 1", 4.0 * 100.0),
    ]
} else {
    [
        ("hop, a sample and filter", "chain 17 20000", "chain 1 20000", 16.0 * 20_000.0),
        ("start, a filter", "chain 600 1", "chain 300 1", 300.0),
        ("tee to 8 inputs of a mixer, a branch and block", "tee 8 12", "tee 8 2", 8.0 * 1_000.0),
        ("live source into a mixer, a block", "mix 8 12", "mix 8 2", 8.0 * 1_000.0),
    ]
};

/// Counts, and prints how far each is from the baseline; with `keep` they become the baseline.
///
/// # Errors
///
/// That valgrind is missing, or what failed.
pub fn print(keep: bool) -> Result<(), String> {
    if !is_there("valgrind") {
        return Err("instructions are counted by valgrind, which is not installed".to_owned());
    }
    let file = repository(BASELINE);
    let text = fs::read_to_string(&file).unwrap_or_default();
    let mut baseline: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let mut found = Map::new();
    println!(
        "{:<50} {:>12} {:>12} {:>10}",
        format!("instructions, {BUILD} build"),
        "now",
        "baseline",
        "difference"
    );
    for count in COUNTS {
        let (name, now) = (count.0, counted(count)?);
        let before = baseline.get(BUILD).and_then(|counts| counts[name].as_f64());
        let difference = before.map_or_else(
            || "new".to_owned(),
            |before| format!("{:+.1} %", (now / before - 1.0) * 100.0),
        );
        let before = before.map_or_else(|| "none".to_owned(), |before| format!("{before:.0}"));
        println!("{name:<50} {now:>12.0} {before:>12} {difference:>10}");
        found.insert(name.to_owned(), json!(now));
    }
    if keep {
        baseline.insert(BUILD.to_owned(), Value::Object(found));
        let text = format!("{:#}\n", Value::Object(baseline));
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// Both cases at once: they disturb each other's time, and not what they count.
fn counted((_, large, small, units): Count) -> Result<f64, String> {
    let (large, small) = thread::scope(|scope| {
        let small = scope.spawn(|| instructions(small));
        (instructions(large), small.join())
    });
    let small = small.map_err(|_| "the thread that started valgrind panicked".to_owned())?;
    Ok(((large? - small?) / units).round())
}
