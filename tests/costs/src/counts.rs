//! Instruction counts beside those of the baseline: they say the same on a busy machine.

use std::fs;

use serde_json::{Map, Value, json};

use crate::programs::{instructions, is_there, repository};

const BASELINE: &str = "tests/costs/baseline.json";

/// A count: its name, the larger and the smaller case, and by how many units they differ.
const COUNTS: [(&str, &str, &str, f64); 4] = [
    ("hop, a sample and filter", "chain 17 20000", "chain 1 20000", 16.0 * 20_000.0),
    ("start, a filter", "chain 600 1", "chain 300 1", 300.0),
    ("tee to mixer, a branch and block", "tee 12 4", "tee 4 4", 8.0 * 400.0),
    ("live source into a mixer, a block", "mix 12 4", "mix 4 4", 8.0 * 400.0),
];

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
    let baseline: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let mut found = Map::new();
    println!("{:<40} {:>14} {:>14} {:>10}", "instructions", "now", "baseline", "difference");
    for (name, large, small, units) in COUNTS {
        let now = ((instructions(large)? - instructions(small)?) / units).round();
        let before = baseline[name].as_f64();
        let difference = before.map_or_else(
            || "new".to_owned(),
            |before| format!("{:+.1} %", (now / before - 1.0) * 100.0),
        );
        let before = before.map_or_else(|| "none".to_owned(), |before| format!("{before:.0}"));
        println!("{name:<40} {now:>14.0} {before:>14} {difference:>10}");
        found.insert(name.to_owned(), json!(now));
    }
    if keep {
        let text = format!("{:#}\n", Value::Object(found));
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}
