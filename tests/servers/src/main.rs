//! Starts a headless sound server, prints what clients need, and records on request.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use driftless_test_servers::{Kind, Recorder, Server};

/// Runs a headless sound server until Ctrl-C, in a folder that vanishes with it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Which server
    server: Choice,
    /// Record what it plays into this WAV file (float)
    #[arg(long, value_name = "FILE.wav")]
    record: Option<PathBuf>,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<f64>,
}

const EXAMPLES: &str = "Examples:
  driftless-test-servers pipewire
  driftless-test-servers jack --record out.wav --for 30";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Choice {
    Pulseaudio,
    Pipewire,
    Jack,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("driftless-test-servers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let (enough, wait) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = enough.send(());
    })?;
    let server = Server::start(match arguments.server {
        Choice::Pulseaudio => Kind::PulseAudio,
        Choice::Pipewire => Kind::PipeWire,
        Choice::Jack => Kind::Jack,
    })?;
    for (name, value) in server.variables() {
        println!("export {name}='{value}'");
    }
    let recorder = match &arguments.record {
        Some(_) => Some(Recorder::start(&server)?),
        None => None,
    };
    let _ = match arguments.seconds {
        Some(seconds) => wait.recv_timeout(Duration::try_from_secs_f64(seconds)?).is_ok(),
        None => wait.recv().is_ok(),
    };
    if let (Some(path), Some(recorder)) = (&arguments.record, recorder) {
        recorder.stop().write(path)?;
    }
    Ok(())
}
