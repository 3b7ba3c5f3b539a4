//! What is sent, as files, and what of it is heard.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use driftless_test_analysis::{speech, tone};
use driftless_test_servers::{RATE_HZ, Recording};

use crate::case::Case;
use crate::figures::Figures;

/// The tone: no whole number of its periods fits a packet or a device period.
pub const TONE_HZ: f64 = 997.0;

/// Faults count from so long after the start of the tone, or from the lock that a player reports.
const FAULTS_FROM_S: f64 = 5.0;
/// Frequency and THD+N are those from here on, or from a third of a shorter case on: not each player
/// says when it has locked.
const SETTLED_AFTER_S: f64 = 20.0;

/// The reference is the server's clock: the null sinks of PulseAudio and PipeWire and jackd's dummy
/// driver count periods of the system's monotonic clock, as the senders do.
pub fn hear_tone(figures: Figures, case: Case, recording: &Recording, seconds: u64) -> Figures {
    let values = recording.channel(0);
    let rate = f64::from(RATE_HZ);
    let locked_s = figures.reported.as_ref().and_then(|it| it.locked_after_s).unwrap_or(0.0);
    let from = |from_s: f64| {
        let settle = (locked_s.max(from_s) * rate) as usize;
        tone::analyse(&values, RATE_HZ, TONE_HZ, settle).map(|tone| (settle, tone))
    };
    let settled_s = SETTLED_AFTER_S.min(seconds as f64 / 3.0);
    let (Some((_, whole)), Some((settle, settled))) =
        (from(FAULTS_FROM_S.min(settled_s)), from(settled_s))
    else {
        return figures;
    };
    // From the first fault until the last one's end.
    let first = whole.faults.first().map(|fault| fault.at);
    let last = whole.faults.last().map(|fault| fault.end());
    let recovered = first.zip(last).map(|(first, last)| (last - first) as f64 / rate);
    Figures {
        ppm_off: Some(settled.ppm - f64::from(case.ppm())),
        thd_n_db: Some(settled.thd_n_db),
        measured_s: (settled.heard.len() - settle) as f64 / rate,
        recovered_after_s: recovered.filter(|_| case.stops()),
        faults: whole.faults,
        ..figures
    }
}

/// Median time from tick to tick heard, of a sender that sent its first `sent_after` the recorder's start.
pub fn hear_ticks(figures: Figures, recording: &Recording, sent_after: Duration) -> Figures {
    let values = recording.channel(0);
    let (mut delays_ms, mut at) = (Vec::new(), 0);
    while let Some(next) = values[at..].iter().position(|value| value.abs() > 0.1) {
        let heard = recording.time_of((at + next) as u64).unwrap_or_default();
        // Which of them it is, nobody can tell.
        delays_ms.push((heard.as_secs_f64() - sent_after.as_secs_f64()).rem_euclid(1.0) * 1e3);
        at = (at + next + RATE_HZ as usize / 2).min(values.len());
    }
    delays_ms.sort_by(f64::total_cmp);
    Figures { delay_ms: delays_ms.get(delays_ms.len() / 2).copied(), ..figures }
}

/// Speech is looked for in parts of a tenth of a second: shorter than a syllable, and so short that a
/// rate that is still being found does not make them unlike.
const PART_FRAMES: usize = RATE_HZ as usize / 10;
/// How far from its place: the delay may still be on its way to what was asked for.
const REACH_FRAMES: usize = RATE_HZ as usize / 2;

/// Looks for each part of what [`speak`] left in `folder`.
pub fn hear_speech(figures: Figures, folder: &Path, recording: &Recording) -> io::Result<Figures> {
    let file = hound::WavReader::open(speech_file(folder)).map_err(io::Error::other)?;
    let values: Result<Vec<i16>, _> = file.into_samples().step_by(2).collect();
    let values = values.map_err(io::Error::other)?;
    let original: Vec<f32> = values.into_iter().map(|value| f32::from(value) / 32_768.0).collect();
    let parts = speech::parts(&original, &recording.channel(0), PART_FRAMES, REACH_FRAMES);
    let missing = parts.iter().filter(|part| !part.is_heard());
    let missing = missing.map(|part| part.at as f64 / f64::from(RATE_HZ)).collect();
    Ok(Figures { speech: Some((parts.len(), missing)), ..figures })
}

/// Numbers from one on, each different, and a little shorter than the case.
pub fn speak(folder: &Path, seconds: u64) -> io::Result<PathBuf> {
    let (spoken, path) = (folder.join("spoken.wav"), speech_file(folder));
    let numbers: Vec<String> = (1..=seconds * 2).map(|n| n.to_string()).collect();
    let mut espeak = Command::new("espeak-ng");
    succeed(espeak.arg("-w").arg(&spoken).arg(numbers.join(", ")))?;
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-nostdin", "-y", "-i"]).arg(&spoken);
    ffmpeg.arg("-t").arg((seconds.saturating_sub(5)).to_string());
    ffmpeg.arg("-ar").arg(RATE_HZ.to_string()).args(["-ac", "2", "-c:a", "pcm_s16le"]);
    succeed(ffmpeg.arg(&path))?;
    Ok(path)
}

fn speech_file(folder: &Path) -> PathBuf {
    folder.join("speech.wav")
}

/// The tone, as a file.
pub fn write_tone(path: &Path, seconds: u64) -> Result<(), hound::Error> {
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
