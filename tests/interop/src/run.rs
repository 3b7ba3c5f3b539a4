//! Runs one case on one server.

use std::fs;
use std::io::{self, Read as _};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use driftless_test_analysis::{speech, tone};
use driftless_test_servers::{Kind, Process, RATE_HZ, Recorder, Recording, Server, urgent};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::case::Case;
use crate::figures::{Figures, Reported};
use crate::machine::{Watch, used_seconds};

/// The tone: no whole number of its periods fits a packet or a device period.
const TONE_HZ: f64 = 997.0;

/// After the start of the tone, the player may be this long without lock.
const SETTLING_S: f64 = 5.0;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C: what runs is ended, in order, by whom it belongs to.
pub fn interrupt() {
    INTERRUPTED.store(true, SeqCst);
}

/// Where programs and files are, and how long a case lasts.
#[derive(Debug)]
pub struct Bench {
    programs: PathBuf,
    manifest: PathBuf,
    keep: Option<PathBuf>,
    folder: TempDir,
    seconds: u64,
    /// Where the streams are sent.
    port: u16,
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
        Ok(Self {
            programs,
            manifest,
            keep,
            folder: tempfile::tempdir()?,
            seconds,
            port: free_port()?,
        })
    }

    /// Plays, records, measures.
    pub fn measure(&self, server: &Server, case: Case) -> io::Result<Figures> {
        let watch = Watch::start();
        let recorder = Recorder::start(server)?;
        let played = match case {
            Case::OwnClient => self.play_with_own_client(server).map(|()| Played::default()),
            _ => self.play(server, case),
        };
        let recording = recorder.stop();
        let stall_ms = watch.stop();
        let Played { report, core_percent } = played?;
        self.keep(server.kind(), case, &recording, &report)?;
        let reported = report.as_ref().map(Reported::read);
        let figures = Figures { core_percent, stall_ms, reported, ..Figures::default() };
        Ok(match case {
            Case::Speech => self.hear_speech(figures, &recording)?,
            _ => hear_tone(figures, case, &recording),
        }
        .judge(case))
    }

    /// Player first: what is sent is heard from its beginning.
    fn play(&self, server: &Server, case: Case) -> io::Result<Played> {
        let mut player = self.player(server, case)?;
        self.pause(1.0)?;
        let mut sender = self.sender(case)?;
        let settled = self.seconds as f64 / 3.0;
        self.pause(settled)?;
        let stopped = match case {
            Case::SenderStops => Some((&mut sender, 0.3)),
            Case::PlayerStops => Some((&mut player, 0.2)),
            _ => None,
        };
        let used = |player: &Process| used_seconds(player.id());
        if let Some((process, seconds)) = stopped {
            process.signal(Signal::STOP);
            self.pause(seconds)?;
            process.signal(Signal::CONT);
        }
        let (before, start) = (used(&player), Instant::now());
        self.pause(self.seconds as f64 - settled - 2.0)?;
        let after = used(&player);
        let core_percent = before
            .zip(after)
            .map(|(before, after)| (after - before) / start.elapsed().as_secs_f64() * 100.0);
        let mut output = player.child().stdout.take().expect("the player has a pipe");
        let mut text = String::new();
        output.read_to_string(&mut text)?;
        player.wait(Duration::from_secs(10))?;
        let report = serde_json::from_str(&text)
            .map_err(|error| io::Error::other(format!("the player has no report: {error}")))?;
        Ok(Played { report: Some(report), core_percent })
    }

    fn player(&self, server: &Server, case: Case) -> io::Result<Process> {
        let host = if server.kind() == Kind::Jack { "jack" } else { "pulseaudio" };
        let mut command = server.client(self.programs.join("driftless"));
        command.arg("--json").arg("-p").arg(&self.programs).arg("run").arg(&self.manifest);
        command.arg("--for").arg(format!("{}s", self.seconds));
        for set in [
            format!("network.port={}", self.port),
            format!("network.format={}/{RATE_HZ}/2", case.encoding()),
            format!("speakers.host={host}"),
        ] {
            command.arg("--set").arg(set);
        }
        Process::start(command.stdout(Stdio::piped()))
    }

    fn sender(&self, case: Case) -> io::Result<Process> {
        // It is ended when the player has.
        let seconds = self.seconds + 30;
        let encoding = case.encoding();
        let mut command = match case {
            Case::Ffmpeg { .. } => {
                let mut command = urgent("ffmpeg");
                let tone = format!("0.89*sin(2*PI*{TONE_HZ}*t)");
                command.args(["-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i"]);
                command.arg(format!("aevalsrc={tone}|{tone}:s={RATE_HZ}:d={seconds}"));
                command
            }
            Case::Speech => {
                let mut command = urgent("ffmpeg");
                command.args(["-v", "error", "-nostdin", "-re", "-i"]).arg(self.speech()?);
                command
            }
            _ => {
                let mut command = urgent(self.programs.join("driftless-rtp-sender"));
                command.arg(format!("--to=127.0.0.1:{}", self.port));
                command.arg(format!("--ppm={}", case.ppm())).arg(format!("--for={seconds}s"));
                command.arg(format!("--format={encoding}/{RATE_HZ}/2"));
                command
            }
        };
        if matches!(case, Case::Ffmpeg { .. } | Case::Speech) {
            let codec = if encoding == "L24" { "pcm_s24be" } else { "pcm_s16be" };
            command
                .args(["-c:a", codec, "-f", "rtp"])
                .arg(format!("rtp://127.0.0.1:{}", self.port));
        }
        Process::start(command.stdout(Stdio::null()))
    }

    /// Numbers from one on, each different, and a little shorter than the case.
    fn speech(&self) -> io::Result<PathBuf> {
        let (spoken, path) = (self.folder.path().join("spoken.wav"), self.speech_file());
        let numbers: Vec<String> = (1..=self.seconds * 2).map(|n| n.to_string()).collect();
        let mut espeak = Command::new("espeak-ng");
        succeed(espeak.arg("-w").arg(&spoken).arg(numbers.join(", ")))?;
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-nostdin", "-y", "-i"]).arg(&spoken);
        ffmpeg.arg("-t").arg((self.seconds.saturating_sub(5)).to_string());
        ffmpeg.arg("-ar").arg(RATE_HZ.to_string()).args(["-ac", "2", "-c:a", "pcm_s16le"]);
        succeed(ffmpeg.arg(&path))?;
        Ok(path)
    }

    fn speech_file(&self) -> PathBuf {
        self.folder.path().join("speech.wav")
    }

    fn play_with_own_client(&self, server: &Server) -> io::Result<()> {
        let path = self.folder.path().join("tone.wav");
        write_tone(&path, self.seconds).map_err(io::Error::other)?;
        let player = match server.kind() {
            Kind::PulseAudio | Kind::PipeWire => {
                Process::start(server.client("paplay").arg("--latency-msec=80").arg(&path))
            }
            Kind::Jack => {
                let configuration = self.folder.path().join("asound.conf");
                fs::write(&configuration, ALSA_ON_JACK)?;
                let mut command = server.client("aplay");
                command.env("ALSA_CONFIG_PATH", configuration).arg("-q").arg(&path);
                Process::start(&mut command)
            }
        }?;
        self.pause(self.seconds as f64 + 1.0)?;
        // aplay on jackd does not see its own end.
        drop(player);
        Ok(())
    }

    fn keep(
        &self,
        kind: Kind,
        case: Case,
        recording: &Recording,
        report: &Option<serde_json::Value>,
    ) -> io::Result<()> {
        let Some(keep) = &self.keep else { return Ok(()) };
        let name = format!("{} {}", kind.name(), case.name()).replace([' ', ':'], "-");
        recording.write(&keep.join(format!("{name}.wav"))).map_err(io::Error::other)?;
        let Some(report) = report else { return Ok(()) };
        fs::write(keep.join(format!("{name}.json")), format!("{report:#}\n"))
    }

    fn hear_speech(&self, figures: Figures, recording: &Recording) -> io::Result<Figures> {
        let file = hound::WavReader::open(self.speech_file()).map_err(io::Error::other)?;
        let values: Result<Vec<i16>, _> = file.into_samples().step_by(2).collect();
        let values = values.map_err(io::Error::other)?;
        let original: Vec<f32> =
            values.into_iter().map(|value| f32::from(value) / 32_768.0).collect();
        let parts = speech::parts(&original, &recording.channel(0), RATE_HZ as usize / 2);
        let missing = parts.iter().filter(|part| !part.is_heard());
        let missing = missing.map(|part| part.at as f64 / f64::from(RATE_HZ)).collect();
        Ok(Figures { speech: Some((parts.len(), missing)), ..figures })
    }

    fn pause(&self, seconds: f64) -> io::Result<()> {
        let end = Instant::now() + Duration::from_secs_f64(seconds.max(0.0));
        while Instant::now() < end {
            if INTERRUPTED.load(SeqCst) {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted"));
            }
            thread::sleep(
                end.saturating_duration_since(Instant::now()).min(Duration::from_millis(50)),
            );
        }
        Ok(())
    }
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

/// What the player left.
#[derive(Debug, Default)]
struct Played {
    report: Option<serde_json::Value>,
    core_percent: Option<f64>,
}

/// ALSA's `default`, played on jackd in its own format.
const ALSA_ON_JACK: &str = "</usr/share/alsa/alsa.conf>
pcm.raw { type jack playback_ports { 0 system:playback_1 1 system:playback_2 } }
pcm.!default { type plug slave.pcm \"raw\" }
";

/// The reference is the server's clock: the null sinks of PulseAudio and PipeWire and jackd's dummy
/// driver count periods of the system's monotonic clock, as the senders do.
fn hear_tone(figures: Figures, case: Case, recording: &Recording) -> Figures {
    let values = recording.channel(0);
    let rate = f64::from(RATE_HZ);
    let locked_s = figures.reported.as_ref().and_then(|it| it.locked_after_s).unwrap_or(0.0);
    let settle = (locked_s.max(SETTLING_S) * rate) as usize;
    let Some(tone) = tone::analyse(&values, RATE_HZ, TONE_HZ, settle) else { return figures };
    // From the first fault until the last one's end.
    let first = tone.faults.first().map(|fault| fault.at);
    let last = tone.faults.last().map(|fault| fault.end());
    let recovered = first.zip(last).map(|(first, last)| (last - first) as f64 / rate);
    Figures {
        ppm_off: Some(tone.ppm - f64::from(case.ppm())),
        thd_n_db: Some(tone.thd_n_db),
        measured_s: (tone.heard.len() - settle) as f64 / rate,
        recovered_after_s: recovered.filter(|_| case.stops()),
        faults: tone.faults,
        ..figures
    }
}

fn write_tone(path: &Path, seconds: u64) -> Result<(), hound::Error> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE_HZ,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    // A second holds whole periods, so the phase need never grow.
    for frame in (0..seconds).flat_map(|_| 0..RATE_HZ) {
        let turns = (TONE_HZ * f64::from(frame) / f64::from(RATE_HZ)).fract();
        let value = 0.89 * (std::f64::consts::TAU * turns).sin() * 8_388_607.0;
        file.write_sample(value.round() as i32)?;
        file.write_sample(value.round() as i32)?;
    }
    file.finalize()
}

fn succeed(command: &mut Command) -> io::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.stdin(Stdio::null()).stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(io::Error::other(format!("{program}: {status}"))),
        Err(error) => Err(io::Error::new(error.kind(), format!("{program}: {error}"))),
    }
}
