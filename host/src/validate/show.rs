//! The result of a validation, as a table and as JSON.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use driftless_conformance::{CHECKS, ON_HARDWARE, Trouble};
use serde_json::{Value, json};

use super::ValidateArguments;
use super::parent::Done;
use crate::output;

/// All checks, and what each proves.
pub fn list(as_json: bool) {
    if as_json {
        let checks = CHECKS.iter().map(|it| json!({ "check": it.name, "proves": it.proves }));
        return output::print_json(&checks.collect());
    }
    for check in CHECKS {
        output::print(&format!("{:17} {}\n", check.name, check.proves));
    }
}

/// A line that says how far it is, on a terminal only.
pub struct Progress<'a> {
    filter: &'a str,
    all: usize,
    made: AtomicUsize,
    shown: bool,
}

impl<'a> Progress<'a> {
    pub fn new(talk: bool, filter: &'a str, all: usize) -> Self {
        let shown = talk && std::io::stderr().is_terminal();
        Self { filter, all, made: AtomicUsize::new(0), shown }
    }

    pub fn step(&self, check: &str) {
        let made = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shown {
            eprint!("\r\x1b[K{}: {made} of {}, {check}", self.filter, self.all);
        }
    }

    pub fn end(&self) {
        if self.shown {
            eprint!("\r\x1b[K");
            let _ = std::io::stderr().flush(); // a terminal that is gone misses nothing
        }
    }
}

/// One line for each check; what failed with what was expected and seen, and how to repeat it.
pub fn table(library: &Path, arguments: &ValidateArguments, all: &[Done]) -> String {
    let mut out = String::new();
    let mut filter = "";
    for done in all {
        if done.filter != filter {
            filter = &done.filter;
            let _ = write!(out, "{filter} ({}), seed {}", done.kind, arguments.seed);
            let _ = match &done.stand_in {
                Some(text) => writeln!(out, "; with {text}, but in {ON_HARDWARE}"),
                None => writeln!(out),
            };
        }
        let name = done.check.name;
        let _ = match &done.outcome {
            Ok(()) => writeln!(out, "  ok      {name:17} {}", done.check.proves),
            Err(Trouble::DoesNotApply(why)) => writeln!(out, "  -       {name:17} {why}"),
            Err(Trouble::NotChecked(why)) => {
                writeln!(out, "  ?       {name:17} not checked: {why}")
            }
            Err(Trouble::Wrong { expected, seen }) => writeln!(
                out,
                "  FAILED  {name:17} {}\n            expected: {expected}\n            seen:     {seen}\n            repeat:   {}",
                done.check.proves,
                repeat(library, arguments, done)
            ),
        };
    }
    let [passed, failed, not_applying, not_checked] = counts(all);
    let _ = writeln!(
        out,
        "\n{passed} passed, {failed} failed, {not_applying} do not apply, {not_checked} not checked"
    );
    out
}

/// How many passed, failed, do not apply, and could not be made here.
fn counts(all: &[Done]) -> [usize; 4] {
    let mut counts = [0; 4];
    for done in all {
        let place = match done.outcome {
            Ok(()) => 0,
            Err(Trouble::Wrong { .. }) => 1,
            Err(Trouble::DoesNotApply(_)) => 2,
            Err(Trouble::NotChecked(_)) => 3,
        };
        counts[place] += 1;
    }
    counts
}

/// The command that makes one check again.
fn repeat(library: &Path, arguments: &ValidateArguments, done: &Done) -> String {
    let quoted =
        |text: &str| match text.chars().all(|it| it.is_alphanumeric() || "./_-=:".contains(it)) {
            true => text.to_owned(),
            false => format!("'{}'", text.replace('\'', "'\\''")),
        };
    let library = quoted(&library.to_string_lossy());
    let set = arguments.set.iter().map(|word| format!(" --set {}", quoted(word)));
    format!(
        "driftless validate {library} --filter {} --only {} --seed {}{}",
        done.filter,
        done.check.name,
        arguments.seed,
        set.collect::<String>()
    )
}

/// The same for programs.
pub fn json(library: &Path, arguments: &ValidateArguments, all: &[Done]) -> Value {
    let [passed, failed, not_applying, not_checked] = counts(all);
    let one = |done: &Done| {
        let (verdict, expected, seen, why) = match &done.outcome {
            Ok(()) => ("passed", None, None, None),
            Err(Trouble::DoesNotApply(why)) => ("does not apply", None, None, Some(why)),
            Err(Trouble::NotChecked(why)) => ("not checked", None, None, Some(why)),
            Err(Trouble::Wrong { expected, seen }) => ("failed", Some(expected), Some(seen), None),
        };
        json!({
            "filter": done.filter,
            "check": done.check.name,
            "proves": done.check.proves,
            "verdict": verdict,
            "expected": expected,
            "seen": seen,
            "why": why,
            "stand_in": done.stand_in,
            "repeat": done.failed().then(|| repeat(library, arguments, done)),
            "seconds": done.took.as_secs_f64(),
        })
    };
    json!({
        "library": library,
        "seed": arguments.seed,
        "checks": all.iter().map(one).collect::<Vec<_>>(),
        "passed": passed,
        "failed": failed,
        "does_not_apply": not_applying,
        "not_checked": not_checked,
    })
}
