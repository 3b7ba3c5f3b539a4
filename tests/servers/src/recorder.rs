//! Records what a server plays.
//!
//! PulseAudio and PipeWire: the sink's monitor, by `parec`. jackd: the dummy driver's monitor ports,
//! by ffmpeg. Both hand over raw floats in a pipe, so that the time of each piece is seen here.

use std::io::{self, Read};
use std::path::Path;
use std::process::Stdio;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::server::SINK;
use crate::{CHANNELS, Kind, Process, RATE_HZ, Server};

/// What was recorded.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// Interleaved values, full scale ±1.0.
    pub values: Vec<f32>,
    /// After each piece: the frames so far, and the time since the recorder was started.
    pub arrivals: Vec<(u64, Duration)>,
}

impl Recording {
    /// One channel.
    pub fn channel(&self, channel: usize) -> Vec<f32> {
        self.values.iter().skip(channel).step_by(usize::from(CHANNELS)).copied().collect()
    }

    /// When `frame` had been recorded, since the recorder was started; the recorder's own delay, of
    /// some 10 ms, is part of it.
    pub fn time_of(&self, frame: u64) -> Option<Duration> {
        let (frames, time) = self.arrivals.iter().find(|(frames, _)| *frames > frame)?;
        let since = Duration::from_secs_f64((frames - frame) as f64 / f64::from(RATE_HZ));
        Some(time.saturating_sub(since))
    }

    /// Writes a float WAV file.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn write(&self, path: &Path) -> Result<(), hound::Error> {
        let spec = hound::WavSpec {
            channels: CHANNELS,
            sample_rate: RATE_HZ,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut file = hound::WavWriter::create(path, spec)?;
        for value in &self.values {
            file.write_sample(*value)?;
        }
        file.finalize()
    }
}

/// A recorder that runs; dropping it ends it. `[any]`
#[derive(Debug)]
pub struct Recorder {
    process: Process,
    reader: JoinHandle<Recording>,
}

impl Recorder {
    /// Starts to record.
    ///
    /// # Errors
    ///
    /// The program that did not start, or the ports that are not there.
    pub fn start(server: &Server) -> io::Result<Self> {
        let started = Instant::now();
        let mut process = match server.kind() {
            Kind::PulseAudio | Kind::PipeWire => parec(server)?,
            Kind::Jack => ffmpeg(server)?,
        };
        let pipe = process.child().stdout.take().expect("the recorder has a pipe");
        let reader = thread::spawn(move || read(pipe, started));
        let recorder = Self { process, reader };
        if server.kind() == Kind::Jack {
            connect(server)?;
        }
        Ok(recorder)
    }

    /// Stops, and gives what was recorded.
    pub fn stop(self) -> Recording {
        let Self { mut process, reader } = self;
        process.signal(Signal::INT);
        // The pipe ends with the process.
        let recording = reader.join().unwrap_or_default();
        drop(process);
        recording
    }
}

fn parec(server: &Server) -> io::Result<Process> {
    let mut command = server.client("parec");
    command.arg("-d").arg(format!("{SINK}.monitor")).arg("--raw");
    command.args(["--format=float32le", "--latency-msec=50"]);
    command.arg(format!("--rate={RATE_HZ}")).arg(format!("--channels={CHANNELS}"));
    Process::start(command.stdout(Stdio::piped()).stderr(Stdio::null()))
}

fn ffmpeg(server: &Server) -> io::Result<Process> {
    let mut command = server.client("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-f", "jack", "-channels", "2", "-i", "recorder"]);
    command.args(["-c:a", "pcm_f32le", "-f", "f32le", "-"]);
    Process::start(command.stdout(Stdio::piped()).stderr(Stdio::null()))
}

fn connect(server: &Server) -> io::Result<()> {
    server.until_says("jack_lsp", &[], "recorder:input_2");
    for channel in 1..=CHANNELS {
        let from = format!("system:monitor_{channel}");
        server.ask("jack_connect", &[&from, &format!("recorder:input_{channel}")])?;
    }
    Ok(())
}

/// Reads floats until the pipe ends.
fn read(mut pipe: impl Read, started: Instant) -> Recording {
    let mut recording = Recording::default();
    let (mut bytes, mut rest) = (vec![0_u8; 1 << 16], Vec::new());
    while let Ok(length) = pipe.read(&mut bytes) {
        if length == 0 {
            break;
        }
        rest.extend_from_slice(&bytes[..length]);
        let (values, left) = rest.as_chunks::<4>();
        recording.values.extend(values.iter().map(|value| f32::from_le_bytes(*value)));
        rest = left.to_vec();
        let frames = recording.values.len() as u64 / u64::from(CHANNELS);
        recording.arrivals.push((frames, started.elapsed()));
    }
    recording
}
