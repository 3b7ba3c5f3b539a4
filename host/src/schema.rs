//! `driftless schema`: the JSON schema of manifests, for editors.

use clap::Args;
use driftless_engine::manifest;

use crate::{Common, Outcome, input, output};

const EXAMPLES: &str = "\
Examples:
  driftless schema > graph.schema.json

Editors with a TOML language server complete and check a manifest whose first line is
  #:schema graph.schema.json";

/// The words after `driftless schema`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SchemaArguments {
    /// Leave out the plugins that are there: any filter, any setting.
    #[arg(long)]
    generic: bool,
}

/// Prints the schema, with the settings of every plugin that is there.
pub fn run(common: &Common, arguments: &SchemaArguments) -> Outcome {
    let catalog = (!arguments.generic).then(|| input::catalog(common, None));
    output::print_json(&manifest::schema::schema(catalog.as_ref()));
    Outcome::Done
}
