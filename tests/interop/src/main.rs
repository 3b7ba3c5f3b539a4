//! Plays streams of real senders on real sound servers, and measures what the servers recorded.

mod case;
mod figures;
mod machine;
mod run;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use driftless_test_servers::{Kind, Server, grants_priority};

use case::Case;
use figures::Figures;
use run::Bench;

/// Plays RTP streams on PulseAudio, PipeWire and jackd, and measures what they recorded.
///
/// Exit status: 0 all figures are met; 1 one is missed; 2 something could not be run.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Only these servers: pulseaudio, pipewire, jackd
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<String>,
    /// Only the cases whose name holds one of these
    #[arg(long = "case", value_name = "TEXT")]
    cases: Vec<String>,
    /// Seconds of each case
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 120)]
    seconds: u64,
    /// Folder with the plugin libraries, driftless and driftless-rtp-sender [default: this program's]
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Keep recordings and reports in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "Examples:
  driftless-interop                                      all of it, 120 s each
  driftless-interop --server jackd --case L24 --for 20
  driftless-interop --json --keep recordings > figures.json";

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("driftless-interop: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    ctrlc::set_handler(run::interrupt)?;
    let bench = Bench::new(arguments.programs.clone(), arguments.keep.clone(), arguments.seconds)?;
    if !grants_priority() {
        eprintln!("no real-time priority here: what else runs is measured as well");
    }
    let mut lines = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| chosen(&arguments.servers, kind.name())) {
        let server = Server::start(kind)?;
        for case in Case::all().into_iter().filter(|case| chosen(&arguments.cases, &case.name())) {
            let figures = bench.measure(&server, case)?;
            if !arguments.json {
                table::line(lines.is_empty(), kind, case, &figures);
            }
            lines.push((kind, case, figures));
        }
    }
    if arguments.json {
        println!("{:#}", table::json(&lines));
    }
    Ok(lines.iter().all(|(_, _, figures)| figures.is_met()))
}

fn chosen(wanted: &[String], name: &str) -> bool {
    let name = name.to_lowercase();
    wanted.is_empty() || wanted.iter().any(|text| name.contains(&text.to_lowercase()))
}

/// One line of the result.
type Line = (Kind, Case, Figures);
