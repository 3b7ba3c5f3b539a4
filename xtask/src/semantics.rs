//! Which test proves which requirement of the live-graph semantics.
//!
//! | module         | reads                                                              |
//! |----------------|--------------------------------------------------------------------|
//! | `requirements` | `docs/semantics/requirements.toml`: each id in our own words       |
//! | `proofs`       | the doc comments of every test of the workspace                    |
//! | `page`         | nothing; writes both beside each other, for people                 |

mod page;
mod proofs;
mod requirements;

use std::fs;
use std::path::Path;

use crate::command::repository;
use proofs::Proof;
use requirements::{Requirement, Requirements};

const REQUIREMENTS: &str = "docs/semantics/requirements.toml";
const INTRODUCTION: &str = "docs/semantics/introduction.md";
const PAGE: &str = "docs/semantics.md";

/// Every requirement with the tests that name it.
struct Table {
    requirements: Requirements,
    proofs: Vec<Proof>,
}

impl Table {
    fn read(root: &Path) -> Result<Self, String> {
        let requirements = requirements::parse(&text(root, REQUIREMENTS)?)
            .map_err(|mistake| format!("{REQUIREMENTS}:{mistake}"))?;
        Ok(Self { requirements, proofs: proofs::find(root)? })
    }

    /// The tests that name a requirement, in the order of the files.
    fn proofs(&self, requirement: &Requirement) -> impl Iterator<Item = &Proof> {
        self.proofs.iter().filter(|proof| proof.ids.contains(&requirement.id))
    }

    /// Requirements without test and reason, and ids that tests name and nobody knows.
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        for requirement in self.requirements.all() {
            if requirement.reason.is_none() && self.proofs(requirement).next().is_none() {
                let Requirement { id, line, .. } = requirement;
                mistakes.push(format!("{id} has neither a test nor a reason: {line}"));
            }
        }
        for proof in &self.proofs {
            for id in proof.ids.iter().filter(|id| !self.requirements.has(id)) {
                mistakes.push(format!(
                    "{}: `{}` names {id}, which is no requirement",
                    proof.file, proof.name
                ));
            }
        }
        mistakes
    }
}

/// Prints the table; with `--write` it becomes the page too. `--check` prints mistakes only.
///
/// # Errors
///
/// Requirements without test and reason; tests that name what is no requirement; a page that says
/// something else than the table.
pub fn run(words: &[&str]) -> Result<(), String> {
    let root = repository();
    let table = Table::read(&root)?;
    let page = page::markdown(&text(&root, INTRODUCTION)?, &table);
    match words {
        [] => print!("{}", page::plain(&table)),
        ["--check"] => {}
        ["--write"] => write(&root, &page)?,
        _ => {
            return Err(format!(
                "`{}` is no option of semantics; expected --write or --check",
                words.join(" ")
            ));
        }
    }
    let mut mistakes = table.mistakes();
    if text(&root, PAGE).unwrap_or_default() != page {
        mistakes
            .push(format!("{PAGE} is out of date; `cargo xtask semantics --write` makes it anew"));
    }
    match mistakes.is_empty() {
        true => {
            println!("{}", page::summary(&table));
            Ok(())
        }
        false => Err(mistakes.join("\n       ")),
    }
}

fn text(root: &Path, path: &str) -> Result<String, String> {
    fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))
}

fn write(root: &Path, page: &str) -> Result<(), String> {
    fs::write(root.join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(requirements: &str, proofs: Vec<Proof>) -> Table {
        Table { requirements: requirements::parse(requirements).expect("good"), proofs }
    }

    fn proof(ids: &[&str]) -> Proof {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Proof { file: "a.rs".into(), name: "it_holds".into(), ids }
    }

    #[test]
    fn a_requirement_without_test_and_reason_and_an_id_that_is_none_are_mistakes() {
        let text = "[\"One\"]\nLS-1 = \"a\"\nLS-2 = \"b\"\nLS-3 = \"c\"\n[reasons]\nLS-2 = \"no such thing\"\n";
        let found = table(text, vec![proof(&["LS-1", "LS-9"])]).mistakes();
        assert_eq!(
            found,
            [
                "LS-3 has neither a test nor a reason: c",
                "a.rs: `it_holds` names LS-9, which is no requirement",
            ]
        );
    }

    #[test]
    fn the_page_has_a_row_for_each_requirement_with_its_tests_and_its_reason() {
        let text = "[\"One\"]\nLS-1 = \"a | b\"\n[reasons]\nLS-1 = \"partly\"\n";
        let page = page::markdown("# Title\n", &table(text, vec![proof(&["LS-1"])]));
        assert!(page.contains("| LS-1 | a \\| b | [it holds](../a.rs) | partly |"), "{page}");
    }
}
