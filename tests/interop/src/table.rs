//! The result, for people and for programs.

use driftless_test_servers::Kind;
use serde_json::{Value, json};

use crate::Line;
use crate::case::Case;
use crate::figures::Figures;

/// Prints one line, below a head if it is the first.
pub fn line(is_first: bool, kind: Kind, case: Case, figures: &Figures) {
    if is_first {
        println!(
            "{:<11} {:<20} {:>9} {:>8} {:>6} {:>6} {:>22} {:>7} {:>6} {:>7}  missed",
            "server",
            "case",
            "ppm off",
            "THD+N",
            "faults",
            "lock s",
            "drop/ins/conc/underrun",
            "back s",
            "core %",
            "stall"
        );
    }
    let number = |value: Option<f64>, digits: usize| {
        value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
    };
    let reported = figures.reported.as_ref();
    let counts = reported.map_or("-".to_owned(), |it| {
        format!("{}/{}/{}/{}", it.dropped, it.inserted, it.concealed, it.underruns)
    });
    let faults = match &figures.speech {
        Some((parts, lost)) => format!("{}/{parts}", lost.len()),
        None => figures.faults.len().to_string(),
    };
    println!(
        "{:<11} {:<20} {:>9} {:>8} {:>6} {:>6} {:>22} {:>7} {:>6} {:>7}  {}",
        kind.name(),
        case.name(),
        number(figures.ppm_off, 3),
        number(figures.thd_n_db, 1),
        faults,
        number(reported.and_then(|it| it.locked_after_s), 1),
        counts,
        number(figures.recovered_after_s, 2),
        number(figures.core_percent, 2),
        number(Some(figures.stall_ms), 1),
        figures.missed.join(", "),
    );
}

/// All lines.
pub fn json(lines: &[Line]) -> Value {
    let line = |(kind, case, figures): &Line| {
        let mut value = json!({ "server": kind.name(), "case": case.name() });
        if let (Value::Object(to), Value::Object(from)) = (&mut value, figures.json()) {
            to.extend(from);
        }
        value
    };
    lines.iter().map(line).collect()
}
