//! The process in which one check is made.

use std::path::Path;

use driftless_conformance::trouble::Outcome as CheckOutcome;
use driftless_conformance::{Check, Trouble};
use driftless_engine::catalog::{Trust, precheck};
use driftless_engine::loader::library;
use serde_json::{Value, json};

use super::ValidateArguments;
use crate::{Outcome, output};

/// What stands before the verdict on standard output: a plugin may print there too.
const MARK: &str = "driftless-verdict ";

/// Makes one check of one filter, and prints the verdict for the process that waits for it.
pub fn run(path: &Path, arguments: &ValidateArguments) -> Outcome {
    let outcome = check(path, arguments);
    output::print(&format!("\n{MARK}{}\n", to_json(&outcome)));
    Outcome::Done
}

fn check(path: &Path, arguments: &ValidateArguments) -> CheckOutcome {
    let not_made = |why: String| Trouble::wrong("a library that can be loaded", why);
    let descriptor =
        precheck(path, Trust::Owner).map_err(|error| not_made(error.to_string()))?.descriptor;
    let library = library::load(path).map_err(|error| not_made(error.to_string()))?;
    let [id] = arguments.filters.as_slice() else {
        return Err(Trouble::not_checked("one filter is checked at a time"));
    };
    let [name] = arguments.checks.as_slice() else {
        return Err(Trouble::not_checked("one check is made at a time"));
    };
    let (Some(filter), Some(maker)) = (descriptor.filter(id), library.maker(id)) else {
        return Err(not_made(format!("it has no filter `{id}`")));
    };
    let check = Check::named(name).ok_or_else(|| Trouble::not_checked("there is no such check"))?;
    let subject = super::subject(filter, maker, arguments).map_err(Trouble::not_checked)?;
    check.run(&subject.telling())
}

fn to_json(outcome: &CheckOutcome) -> Value {
    match outcome {
        Ok(()) => json!({ "verdict": "passed" }),
        Err(Trouble::DoesNotApply(why)) => json!({ "verdict": "does not apply", "why": why }),
        Err(Trouble::NotChecked(why)) => json!({ "verdict": "not checked", "why": why }),
        Err(Trouble::Wrong { expected, seen }) => {
            json!({ "verdict": "failed", "expected": expected, "seen": seen })
        }
    }
}

/// The verdict among what a child has printed, if it got that far.
pub fn verdict(printed: &str) -> Option<CheckOutcome> {
    let line = printed.lines().rev().find_map(|line| line.strip_prefix(MARK))?;
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    Some(match value["verdict"].as_str()? {
        "passed" => Ok(()),
        "does not apply" => Err(Trouble::does_not_apply(text("why"))),
        "failed" => Err(Trouble::wrong(text("expected"), text("seen"))),
        _ => Err(Trouble::not_checked(text("why"))),
    })
}
