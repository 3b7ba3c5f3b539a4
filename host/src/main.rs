//! The command `driftless`: checks, plans and runs graphs.
//!
//! Thin on purpose: everything it does, an embedder can do with the engine crate.

mod check;
mod input;
mod new;
mod output;
mod plan;
mod plugins;
mod run;
mod schema;
mod simulate;
mod status;
mod sweep;
mod validate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Run live-media filter graphs described by a manifest.
#[derive(Debug, Parser)]
#[command(name = "driftless", version, after_help = EXIT_STATUS, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Common {
    /// Folder with plugin libraries; may be given several times. Without it: those of the manifest,
    /// DRIFTLESS_PLUGINS, and the folder of this program.
    #[arg(short, long, global = true, value_name = "DIR")]
    plugins: Vec<PathBuf>,
    /// Use libraries that other users can change, too.
    #[arg(long, global = true)]
    trust_everybody: bool,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say everything that is wrong with a manifest; opens no plugin.
    Check(check::CheckArguments),
    /// Show which clock, which offsets, which rate matching, each with its reason; or draw the graph.
    Plan(plan::PlanArguments),
    /// List the plugins found, with pins, media types, settings and latencies.
    Plugins(plugins::PluginsArguments),
    /// Print the JSON schema of manifests, which gives editors completion.
    Schema(schema::SchemaArguments),
    /// Run the graph, and print the report when it stops.
    Run(run::RunArguments),
    /// Run the graph in virtual time: a day in a minute, the same digits every time.
    Simulate(simulate::SimulateArguments),
    /// Check whether a plugin library keeps its promises.
    Validate(validate::ValidateArguments),
    /// Begin something new.
    New(new::NewArguments),
}

const EXIT_STATUS: &str = "Exit status: 0 done; 1 the graph failed while running, or an expectation is broken; 2 the manifest or the command line is wrong.";

/// What a command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
    Wrong,
}

fn main() -> ExitCode {
    driftless_engine::loader::probe::answer();
    let arguments = Arguments::parse();
    show_log();
    let outcome = match &arguments.command {
        Command::Check(command) => check::run(&arguments.common, command),
        Command::Plan(command) => plan::run(&arguments.common, command),
        Command::Plugins(command) => plugins::run(&arguments.common, command),
        Command::Schema(command) => schema::run(&arguments.common, command),
        Command::Run(command) => run::run(&arguments.common, command),
        Command::Simulate(command) => simulate::run(&arguments.common, command),
        Command::Validate(command) => validate::run(&arguments.common, command),
        Command::New(command) => new::run(&arguments.common, command),
    };
    match outcome {
        Outcome::Done => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::from(1),
        Outcome::Wrong => ExitCode::from(2),
    }
}

/// Log lines go to standard error; DRIFTLESS_LOG says which (default: warnings).
fn show_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("DRIFTLESS_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
