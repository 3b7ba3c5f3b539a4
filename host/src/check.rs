//! `driftless check`: says what is wrong with a manifest, and opens no plugin.

use std::path::PathBuf;

use clap::Args;
use driftless_engine::{Catalog, Diagnostics, Plan};
use serde_json::json;

use crate::{Common, Outcome, input, output};

const EXAMPLES: &str = "\
Examples:
  driftless check studio.toml
  driftless check studio.toml --set microphone.latency='80 ms'
  driftless check studio.toml --json | jq -r '.mistakes[].message'

Exit status: 0 nothing is wrong; 2 something is.";

/// The words after `driftless check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArguments {
    /// The graph's manifest.
    graph: PathBuf,
    /// Set a filter's setting, over what the manifest says; may be given several times.
    #[arg(long, value_name = "FILTER.SETTING=VALUE")]
    set: Vec<String>,
}

/// Checks the manifest.
pub fn run(common: &Common, arguments: &CheckArguments) -> Outcome {
    let checked = input::manifest(&arguments.graph, &arguments.set).and_then(|manifest| {
        let catalog = input::catalog(common, Some(&manifest));
        Plan::new(&manifest, &catalog).map(|plan| (plan, catalog))
    });
    match checked {
        Ok((plan, catalog)) => {
            good(common, &plan, &catalog);
            Outcome::Done
        }
        Err(mistakes) => {
            wrong(common, &mistakes);
            Outcome::Wrong
        }
    }
}

fn good(common: &Common, plan: &Plan, catalog: &Catalog) {
    let notes: Vec<String> = plan.settled.timing.notes.iter().map(ToString::to_string).collect();
    if common.json {
        return output::print_json(&json!({ "mistakes": [], "notes": notes }));
    }
    for note in &notes {
        output::print(&format!("note: {note}\n"));
    }
    let (filters, connections) = (plan.filters.len(), plan.connections.len());
    output::print(&format!(
        "nothing is wrong with `{}`: {filters} filters, {connections} connections\n",
        plan.name
    ));
    for refused in catalog.refused() {
        eprintln!("warning: `{}` {}", refused.path.display(), refused.error);
    }
}

fn wrong(common: &Common, mistakes: &Diagnostics) {
    if common.json {
        output::print_json(&json!({ "mistakes": mistakes.json(), "notes": [] }));
    } else {
        input::show(mistakes);
    }
}
