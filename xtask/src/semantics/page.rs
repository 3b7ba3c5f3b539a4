//! The table for people: as a page of the documentation, and plain on a terminal.

use super::proofs::Proof;
use super::requirements::Requirement;
use super::{PAGE, Table};

/// The page, with `introduction` above the tables.
pub fn markdown(introduction: &str, table: &Table) -> String {
    let mut page = introduction.trim_end().to_owned();
    page.push_str(&format!("\n\n{}\n", summary(table)));
    for section in &table.requirements.sections {
        page.push_str(&format!("\n## {}\n\n", section.title));
        page.push_str(
            "| id | what holds | proved by | where we differ, and why |\n|---|---|---|---|\n",
        );
        for requirement in &section.requirements {
            let tests: Vec<String> = table.proofs(requirement).map(link).collect();
            let (Requirement { id, line, .. }, why) = (requirement, why(requirement));
            let cells = [id, line, &tests.join("<br>"), &why];
            let cells = cells.map(|cell| cell.replace('|', "\\|"));
            page.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    page
}

/// Where we differ; what is still to be done says so.
fn why(requirement: &Requirement) -> String {
    let reason = requirement.reason.clone().unwrap_or_default();
    if requirement.is_open { format!("**Open.** {reason}") } else { reason }
}

fn link(proof: &Proof) -> String {
    let up = "../".repeat(PAGE.matches('/').count());
    format!("[{}]({up}{})", proof.name.replace('_', " "), proof.file)
}

/// The table as text: a line for each requirement, and under it what proves it.
pub fn plain(table: &Table) -> String {
    let mut text = String::new();
    for requirement in table.requirements.all() {
        let Requirement { id, line, reason, .. } = requirement;
        text.push_str(&format!("{id:7} {line}\n"));
        for proof in table.proofs(requirement) {
            text.push_str(&format!("          {}: {}\n", proof.file, proof.name));
        }
        if reason.is_some() {
            text.push_str(&format!("          differs: {}\n", why(requirement)));
        }
    }
    text
}

/// How many there are, and how they stand.
pub fn summary(table: &Table) -> String {
    let all = table.requirements.all();
    let (mut proved, mut explained, mut open, mut total) = (0, 0, 0, 0);
    for requirement in all {
        total += 1;
        match table.proofs(requirement).next() {
            Some(_) => proved += 1,
            None if requirement.is_open => open += 1,
            None if requirement.reason.is_some() => explained += 1,
            None => {}
        }
    }
    format!(
        "{total} requirements: {proved} proved by at least one test, {explained} that do not apply, \
         each with its reason, {open} still open."
    )
}
