//! The result, for people.

use driftless_test_servers::Kind;

use crate::case::Case;
use crate::figures::Figures;
use crate::player::Player;

/// Prints the head of the table.
pub fn head() {
    println!(
        "{:<11} {:<18} {:<20} {:>9} {:>8} {:>6} {:>6} {:>22} {:>7} {:>8} {:>6} {:>8}  remarks",
        "server",
        "player",
        "case",
        "ppm off",
        "THD+N",
        "faults",
        "lock s",
        "drop/ins/conc/underrun",
        "back s",
        "delay ms",
        "core %",
        "stall ms"
    );
}

/// Prints one attempt.
pub fn attempt(kind: Kind, player: Player, case: Case, figures: &Figures) {
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
        "{:<11} {:<18} {:<20} {:>9} {:>8} {:>6} {:>6} {:>22} {:>7} {:>8} {:>6} {:>8}  {}",
        kind.name(),
        player.name(),
        case.name(),
        number(figures.ppm_off, 3),
        number(figures.thd_n_db, 1),
        faults,
        number(reported.and_then(|it| it.locked_after_s), 1),
        counts,
        number(figures.recovered_after_s, 2),
        number(figures.delay_ms, 0),
        number(figures.core_percent, 2),
        number(Some(figures.stall_ms), 1),
        remarks(figures),
    );
}

fn remarks(figures: &Figures) -> String {
    let missed = match figures.missed.is_empty() {
        true => String::new(),
        false => format!("missed: {}", figures.missed.join(", ")),
    };
    match (figures.disturbed, figures.is_met()) {
        (true, true) => "disturbed".to_owned(),
        (true, false) => format!("disturbed; {missed}"),
        (false, _) => missed,
    }
}
