//! Who sends.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use driftless_test_servers::{CHANNELS, Process, RATE_HZ, urgent};

use crate::case::Case;
use crate::player::{Orders, Player};
use crate::signal::{TONE_HZ, speak};

/// Starts the sender of `case`, in the language of `player`.
pub fn start(case: Case, player: Player, orders: &Orders) -> io::Result<Process> {
    let mut command = match case {
        Case::Ffmpeg { .. } => ffmpeg_tone(orders.seconds),
        Case::Speech => ffmpeg_file(&speak(&orders.folder, orders.seconds)?),
        _ => ours(case, player, orders),
    };
    if !case.is_ours() {
        let codec = if case.encoding() == "L24" { "pcm_s24be" } else { "pcm_s16be" };
        command.args(["-c:a", codec, "-f", "rtp"]).arg(format!("rtp://127.0.0.1:{}", orders.port));
    }
    Process::start(command.stdout(Stdio::null()))
}

/// From the start of the sender to its first packet, as far as it is known: an announcement takes 1 s.
pub fn silent_for(player: Player) -> Duration {
    Duration::from_secs(u64::from(player == Player::Pipewire))
}

/// It is ended when the player has.
fn longer(seconds: u64) -> u64 {
    seconds + 30
}

fn ours(case: Case, player: Player, orders: &Orders) -> Command {
    let mut command = urgent(orders.programs.join("driftless-rtp-sender"));
    command.arg(format!("--to=127.0.0.1:{}", orders.port));
    command.arg(format!("--ppm={}", case.ppm()));
    command.arg(format!("--for={}s", longer(orders.seconds)));
    command.arg(format!("--format={}/{RATE_HZ}/{CHANNELS}", case.encoding()));
    if case == Case::Ticks {
        command.arg("--ticks");
    }
    match player {
        Player::ZitaNjbridge => command.arg("--njbridge"),
        Player::Pipewire => command.arg(format!("--announce=127.0.0.1:{}", orders.announcements)),
        _ => &mut command,
    };
    command
}

fn ffmpeg_tone(seconds: u64) -> Command {
    let mut command = urgent("ffmpeg");
    let tone = format!("0.89*sin(2*PI*{TONE_HZ}*t)");
    command.args(["-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i"]);
    command.arg(format!("aevalsrc={tone}|{tone}:s={RATE_HZ}:d={}", longer(seconds)));
    command
}

fn ffmpeg_file(path: &Path) -> Command {
    let mut command = urgent("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-re", "-i"]).arg(path);
    command
}
