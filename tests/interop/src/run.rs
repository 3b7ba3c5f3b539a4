//! Runs one case on one server.

use std::fs;
use std::io::{self, Read as _};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use driftless_test_servers::{Kind, Process, Recorder, Recording, Server};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::case::Case;
use crate::figures::{Figures, Reported};
use crate::machine::{Watch, used_seconds};
use crate::player::{Orders, Player};
use crate::sender::{self, silent_for};
use crate::signal::{hear_speech, hear_ticks, hear_tone, write_tone};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C: what runs is ended, in order, by whom it belongs to.
pub fn interrupt() {
    INTERRUPTED.store(true, SeqCst);
}

/// Where programs and files are, and how long a case lasts.
#[derive(Debug)]
pub struct Bench {
    orders: Orders,
    keep: Option<PathBuf>,
    /// Vanishes at the end.
    _folder: TempDir,
}

impl Bench {
    /// Looks for the programs.
    pub fn new(programs: Option<PathBuf>, keep: Option<PathBuf>, seconds: u64) -> io::Result<Self> {
        let own = std::env::current_exe()?;
        let programs = programs.or(own.parent().map(Path::to_owned)).unwrap_or_default();
        for name in ["driftless", "driftless-rtp-sender"] {
            if !programs.join(name).exists() {
                let text = format!("{} has no {name}: build it first", programs.display());
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
        }
        if let Some(keep) = &keep {
            fs::create_dir_all(keep)?;
        }
        let manifest =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/rtp-to-speakers.toml");
        let folder = tempfile::tempdir()?;
        let orders = Orders {
            programs,
            manifest,
            folder: folder.path().to_owned(),
            seconds,
            port: free_port()?,
            announcements: free_port()?,
            trace: keep.as_ref().map(|_| folder.path().join("run.trace")),
        };
        Ok(Self { orders, keep, _folder: folder })
    }

    /// Plays, records, measures.
    ///
    /// # Errors
    ///
    /// Ctrl-C, or what this program itself needs. That a player fails is a figure.
    pub fn measure(&self, server: &mut Server, player: Player, case: Case) -> io::Result<Figures> {
        let watch = Watch::start();
        let late_times = server.late_times();
        let started = Instant::now();
        let recorder = Recorder::start(server)?;
        let played = match case {
            Case::OwnClient => self.play_with_own_client(server).map(|()| Played::default()),
            _ => self.play(server, player, case),
        };
        let recording = recorder.stop();
        let stall_ms = watch.stop();
        let late_times = server.late_times() - late_times;
        let is_late = late_times > usize::from(case == Case::AllStop);
        let disturbed = is_late || stall_ms > server.kind().endures_ms();
        let figures = Figures { stall_ms, disturbed, ..Figures::default() };
        let Played { sent_at, report, core_percent } = match played {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Ok(Figures { missed: vec![error.to_string()], ..figures }),
            Ok(played) => played,
        };
        self.keep(server.kind(), player, case, &recording, &report)?;
        let reported = report.as_ref().map(Reported::read);
        let figures = Figures { core_percent, reported, ..figures };
        Ok(match case {
            Case::Ticks => {
                let sent_after = sent_at.map(|at| at - started + silent_for(player));
                hear_ticks(figures, &recording, sent_after.unwrap_or_default())
            }
            Case::Speech => hear_speech(figures, &self.orders.folder, &recording)?,
            _ => hear_tone(figures, case, &recording, self.orders.seconds),
        }
        .judge(case))
    }

    /// Player first: what is sent is heard from its beginning.
    fn play(&self, server: &mut Server, player: Player, case: Case) -> io::Result<Played> {
        let mut process = player.start(server, case, &self.orders)?;
        pause(1.0)?;
        let sent_at = Some(Instant::now());
        let mut sender = sender::start(case, player, &self.orders)?;
        let settled = self.orders.seconds as f64 / 3.0;
        pause(settled)?;
        let (seconds, stopped): (f64, Vec<&mut Process>) = match case {
            Case::SenderStops => (0.3, vec![&mut sender]),
            Case::PlayerStops => (0.2, vec![&mut process]),
            Case::AllStop => {
                (0.06, server.processes().chain([&mut sender, &mut process]).collect())
            }
            _ => (0.0, Vec::new()),
        };
        stop_for(seconds, stopped)?;
        let used = |process: &Process| used_seconds(process.id());
        let (before, start) = (used(&process), Instant::now());
        pause(self.orders.seconds as f64 - settled - 2.0)?;
        let core_percent = before
            .zip(used(&process))
            .map(|(before, after)| (after - before) / start.elapsed().as_secs_f64() * 100.0);
        let report = match player {
            Player::Driftless => Some(report(process)?),
            _ => end(process, player)?,
        };
        Ok(Played { sent_at, report, core_percent })
    }

    fn play_with_own_client(&self, server: &Server) -> io::Result<()> {
        let folder = &self.orders.folder;
        let path = folder.join("tone.wav");
        write_tone(&path, self.orders.seconds).map_err(io::Error::other)?;
        let player = match server.kind() {
            Kind::PulseAudio | Kind::PipeWire => {
                Process::start(server.client("paplay").arg("--latency-msec=80").arg(&path))
            }
            Kind::Jack => {
                let configuration = folder.join("asound.conf");
                fs::write(&configuration, ALSA_ON_JACK)?;
                let mut command = server.client("aplay");
                command.env("ALSA_CONFIG_PATH", configuration).arg("-q").arg(&path);
                Process::start(&mut command)
            }
        }?;
        pause(self.orders.seconds as f64 + 1.0)?;
        // aplay on jackd does not see its own end.
        drop(player);
        Ok(())
    }

    fn keep(
        &self,
        kind: Kind,
        player: Player,
        case: Case,
        recording: &Recording,
        report: &Option<serde_json::Value>,
    ) -> io::Result<()> {
        let Some(keep) = &self.keep else { return Ok(()) };
        let name = format!("{} {} {}", kind.name(), player.name(), case.name());
        let name = name.replace([' ', ':'], "-");
        recording.write(&keep.join(format!("{name}.wav"))).map_err(io::Error::other)?;
        let Some(report) = report else { return Ok(()) };
        fs::write(keep.join(format!("{name}.json")), format!("{report:#}\n"))?;
        let Some(trace) = &self.orders.trace else { return Ok(()) };
        fs::copy(trace, keep.join(format!("{name}.trace"))).map(drop)
    }
}

fn stop_for(seconds: f64, mut processes: Vec<&mut Process>) -> io::Result<()> {
    processes.iter_mut().for_each(|process| process.signal(Signal::STOP));
    pause(seconds)?;
    processes.iter_mut().for_each(|process| process.signal(Signal::CONT));
    Ok(())
}

/// What the player left.
#[derive(Debug, Default)]
struct Played {
    /// When the sender was started.
    sent_at: Option<Instant>,
    report: Option<serde_json::Value>,
    core_percent: Option<f64>,
}

/// driftless ends by itself, and says how it went.
fn report(mut process: Process) -> io::Result<serde_json::Value> {
    let mut output = process.child().stdout.take().expect("the player has a pipe");
    let mut text = String::new();
    output.read_to_string(&mut text)?;
    process.wait(Duration::from_secs(10))?;
    serde_json::from_str(&text)
        .map_err(|error| io::Error::other(format!("the player has no report: {error}")))
}

/// The others play until they are told to end, and say nothing.
fn end(mut process: Process, player: Player) -> io::Result<Option<serde_json::Value>> {
    if !process.is_running() {
        return Err(io::Error::other(format!("{} has ended by itself", player.name())));
    }
    pause(1.0)?;
    process.interrupt()?;
    Ok(None)
}

fn pause(seconds: f64) -> io::Result<()> {
    let end = Instant::now() + Duration::from_secs_f64(seconds.max(0.0));
    while Instant::now() < end {
        if INTERRUPTED.load(SeqCst) {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted"));
        }
        let rest = end.saturating_duration_since(Instant::now());
        thread::sleep(rest.min(Duration::from_millis(50)));
    }
    Ok(())
}

/// An even port, as RTP wants it, that nobody has now.
fn free_port() -> io::Result<u16> {
    loop {
        let port = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        if port % 2 == 0 {
            return Ok(port);
        }
    }
}

/// ALSA's `default`, played on jackd in its own format.
const ALSA_ON_JACK: &str = "</usr/share/alsa/alsa.conf>
pcm.raw { type jack playback_ports { 0 system:playback_1 1 system:playback_2 } }
pcm.!default { type plug slave.pcm \"raw\" }
";
