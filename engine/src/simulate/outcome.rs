//! How a simulation went: the report, and what became of what was expected.

use std::fmt;
use std::path::PathBuf;

use driftless_plugin_api::Span;
use serde_json::{Value, json};

use super::expect::Expectation;
use super::stand_in::Replaced;
use crate::report::Report;

/// How a simulation went.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The report, as of any run.
    pub report: Report,
    /// What stood in for hardware and networks.
    pub replaced: Vec<Replaced>,
    /// The files that were recorded.
    pub recorded: Vec<PathBuf>,
    /// What all random choices started from.
    pub seed: u64,
    /// How many expectations there were: one a stream or filter.
    pub expected: usize,
    /// Those that were broken.
    pub broken: Vec<Broken>,
}

/// An expectation that was broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// What was expected.
    pub expectation: Expectation,
    /// Where it stands: file, line and column.
    pub place: String,
    /// Of which stream or filter.
    pub whose: String,
    /// When it was broken first, since the graph runs.
    pub at: Span,
    /// What the number was then, in the unit of the report's JSON; infinite or no number: never.
    pub value: f64,
    /// The values around that moment.
    pub around: Vec<(Span, f64)>,
    /// What it was in the end.
    pub last: f64,
}

impl Outcome {
    /// Whether a filter failed or an expectation was broken.
    pub fn has_failed(&self) -> bool {
        self.report.has_failed() || !self.broken.is_empty()
    }

    /// The report as JSON, with a part `simulation`.
    pub fn json(&self) -> Value {
        let mut json = self.report.json();
        let replaced = self.replaced.iter().map(|it| {
            json!({ "filter": it.filter, "setting": it.setting, "was": it.was, "now": it.now })
        });
        json["simulation"] = json!({
            "seed": self.seed,
            "stand_ins": replaced.collect::<Vec<_>>(),
            "recorded": self.recorded,
            "expected": self.expected,
            "broken": self.broken.iter().map(Broken::json).collect::<Vec<_>>(),
        });
        json
    }
}

impl Broken {
    fn json(&self) -> Value {
        let around: Vec<Value> =
            self.around.iter().map(|(at, value)| json!([at.nanos(), value])).collect();
        json!({
            "expectation": self.expectation.text,
            "place": self.place,
            "of": self.whose,
            "at_ns": self.at.nanos(),
            "value": self.value,
            "last": self.last,
            "around": around,
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.report)?;
        for replaced in &self.replaced {
            writeln!(f, "{replaced}")?;
        }
        for broken in &self.broken {
            write!(f, "{broken}")?;
        }
        match (self.expected, self.broken.len()) {
            (0, _) => Ok(()),
            (expected, 0) => writeln!(f, "all of {expected} expectations hold"),
            (expected, broken) => writeln!(f, "{broken} of {expected} expectations are broken"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expectation, place, whose, at, value, around, last } = self;
        writeln!(f, "broken: {expectation}   ({place})")?;
        writeln!(
            f,
            "  {whose} was {} at {:.3} s, and {} at the end",
            expectation.show(*value),
            at.secs_f64(),
            expectation.show(*last)
        )?;
        for (at, value) in around {
            let mark = if at == &self.at { ">" } else { " " };
            writeln!(f, "  {mark} {:11.3} s   {}", at.secs_f64(), expectation.show(*value))?;
        }
        Ok(())
    }
}
