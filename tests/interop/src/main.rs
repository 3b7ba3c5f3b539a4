//! Plays streams of real senders on real sound servers, and measures what the servers recorded.

mod case;
mod figures;
mod line;
mod machine;
mod player;
mod run;
mod sender;
mod signal;
mod table;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use driftless_test_servers::{Kind, Server, grants_priority};
use serde_json::Value;

use case::Case;
use line::{Line, Verdict};
use player::Player;
use run::Bench;

/// Plays RTP streams on PulseAudio, PipeWire and jackd, and measures what they recorded.
///
/// An attempt during which the machine stood still for longer than the server keeps its own time
/// (PipeWire 10 ms, jackd 20 ms, PulseAudio 30 ms), or of which jackd says that its own timer was late, says nothing
/// about the player. It is listed as disturbed, and made again.
///
/// Exit status: 0 all figures are met; 1 one is missed; 2 something could not be run, or was disturbed
/// each time.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Only these servers: pulseaudio, pipewire, jackd
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<String>,
    /// Only the cases whose name holds one of these
    #[arg(long = "case", value_name = "TEXT")]
    cases: Vec<String>,
    /// Who plays; those that cannot play a case, or on a server, leave it out
    #[arg(long = "player", value_name = "NAME", value_enum, default_value = "driftless")]
    players: Vec<Player>,
    /// Seconds of each case
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 120)]
    seconds: u64,
    /// How often a case is tried while the machine stands still meanwhile
    #[arg(long, value_name = "COUNT", default_value = "3")]
    attempts: NonZeroU32,
    /// Folder with the plugin libraries, driftless and driftless-rtp-sender [default: this program's]
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Keep recordings, reports and traces in this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "Examples:
  driftless-interop                                      all of it, 120 s each
  driftless-interop --server jackd --case L24 --for 20
  driftless-interop --server pipewire --player driftless --player pipewire --case '00 ppm' --for 60
  driftless-interop --json --keep recordings > figures.json";

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("driftless-interop: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    ctrlc::set_handler(run::interrupt)?;
    let bench = Bench::new(arguments.programs.clone(), arguments.keep.clone(), arguments.seconds)?;
    if !grants_priority() {
        eprintln!("no real-time priority here: what else runs is measured as well");
    }
    if !arguments.json {
        table::head();
    }
    let mut lines = Vec::new();
    let measured = measure(arguments, &bench, &mut lines);
    if arguments.json {
        println!("{:#}", lines.iter().map(Line::json).collect::<Value>());
    }
    measured?;
    let any = |verdict| lines.iter().any(|line| line.verdict() == verdict);
    Ok(ExitCode::from(match (any(Verdict::Missed), any(Verdict::Disturbed)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    }))
}

/// All that was chosen, into `lines`, which keeps what was measured before an error or Ctrl-C.
fn measure(
    arguments: &Arguments,
    bench: &Bench,
    lines: &mut Vec<Line>,
) -> Result<(), Box<dyn std::error::Error>> {
    for kind in Kind::ALL.into_iter().filter(|kind| chosen(&arguments.servers, kind.name())) {
        let mut server = Server::start(kind)?;
        for case in Case::all().into_iter().filter(|case| chosen(&arguments.cases, &case.name())) {
            for player in arguments.players.iter().filter(|player| player.plays(kind, case)) {
                lines.push(attempt(arguments, bench, &mut server, *player, case)?);
            }
        }
    }
    Ok(())
}

/// Until the machine does not stand still, or often enough.
fn attempt(
    arguments: &Arguments,
    bench: &Bench,
    server: &mut Server,
    player: Player,
    case: Case,
) -> std::io::Result<Line> {
    let kind = server.kind();
    let mut attempts = Vec::new();
    for _ in 0..arguments.attempts.get() {
        let figures = bench.measure(server, player, case)?;
        let disturbed = figures.disturbed;
        if arguments.json {
            let how = if disturbed { "disturbed" } else { "measured" };
            eprintln!("{}, {}: {how}", kind.name(), case.name());
        } else {
            table::attempt(kind, player, case, &figures);
        }
        attempts.push(figures);
        if !disturbed {
            break;
        }
    }
    Ok(Line { kind, player, case, attempts })
}

fn chosen(wanted: &[String], name: &str) -> bool {
    let name = name.to_lowercase();
    wanted.is_empty() || wanted.iter().any(|text| name.contains(&text.to_lowercase()))
}
