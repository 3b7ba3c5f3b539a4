//! `driftless plan`: what would run, on which clock, with which offsets, and why.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::{Common, Outcome, input, output};

const EXAMPLES: &str = "\
Examples:
  driftless plan studio.toml
  driftless plan studio.toml --svg studio.svg
  driftless plan studio.toml --dot - | dot -Tpng > studio.png
  driftless plan studio.toml --json | jq '.streams[].offset_ns'

Exit status: 0 done; 1 a drawing could not be written; 2 the manifest or the command line is wrong.";

/// The words after `driftless plan`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PlanArguments {
    /// The graph's manifest.
    graph: PathBuf,
    /// Set a filter's setting, over what the manifest says; may be given several times.
    #[arg(long, value_name = "FILTER.SETTING=VALUE")]
    set: Vec<String>,
    /// Draw the graph as SVG into this file; `-` is the standard output.
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
    /// Write the graph in Graphviz's language into this file; `-` is the standard output.
    #[arg(long, value_name = "FILE.dot")]
    dot: Option<PathBuf>,
}

/// Plans the graph and shows the plan; a drawing on the standard output takes its place.
pub fn run(common: &Common, arguments: &PlanArguments) -> Outcome {
    let plan = match input::plan(common, &arguments.graph, &arguments.set) {
        Ok(plan) => plan,
        Err(mistakes) => {
            input::show(&mistakes);
            return Outcome::Wrong;
        }
    };
    let mut outcome = Outcome::Done;
    let mut shown = false;
    for (path, drawing) in [(&arguments.svg, plan.svg()), (&arguments.dot, plan.dot())] {
        match path {
            None => {}
            Some(path) if path == Path::new("-") => {
                output::print(&drawing);
                shown = true;
            }
            Some(path) => {
                if let Err(error) = fs::write(path, drawing) {
                    eprintln!("driftless: `{}` could not be written: {error}", path.display());
                    outcome = Outcome::Failed;
                }
            }
        }
    }
    match (shown, common.json) {
        (true, _) => {}
        (false, true) => output::print_json(&plan.json()),
        (false, false) => output::print(&plan.to_string()),
    }
    outcome
}
