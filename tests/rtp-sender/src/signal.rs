//! What is heard: the value of any frame, from its number alone.

use std::f64::consts::TAU;
use std::path::Path;

/// A signal, the same on all channels but for files.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// A sine that begins at 0.
    Sine {
        /// Frequency in thousandths of a hertz.
        millihertz: u64,
        /// Peak, full scale 1.0.
        amplitude: f64,
    },
    /// A millisecond of 1 kHz at the start of every second.
    Ticks {
        /// Peak, full scale 1.0.
        amplitude: f64,
    },
    /// A recording, again and again.
    Recording {
        /// Interleaved values.
        values: Vec<f32>,
        /// Values per frame.
        channels: usize,
    },
}

impl Signal {
    /// Reads a WAV file, and says at which rate it was recorded, and with how many channels.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub fn read(path: &Path) -> Result<(Self, u32, u32), String> {
        let failed = |error: hound::Error| format!("cannot read {}: {error}", path.display());
        let reader = hound::WavReader::open(path).map_err(failed)?;
        let spec = reader.spec();
        let values: Result<Vec<f32>, _> = match spec.sample_format {
            hound::SampleFormat::Float => reader.into_samples::<f32>().collect(),
            hound::SampleFormat::Int => {
                let step = 1.0 / (1_u64 << (spec.bits_per_sample - 1)) as f32;
                reader.into_samples::<i32>().map(|v| v.map(|v| v as f32 * step)).collect()
            }
        };
        let channels = usize::from(spec.channels);
        let recording = Self::Recording { values: values.map_err(failed)?, channels };
        Ok((recording, spec.sample_rate, u32::from(spec.channels)))
    }

    /// The value of frame `frame` on `channel` at `rate_hz`.
    ///
    /// The phase of a sine is reduced in whole numbers, so it is as exact after a year as at first.
    pub fn value(&self, frame: u64, channel: usize, rate_hz: u32) -> f64 {
        match self {
            Self::Sine { millihertz, amplitude } => {
                amplitude * sine(u128::from(frame) * u128::from(*millihertz), rate_hz)
            }
            Self::Ticks { amplitude } => {
                let within = frame % u64::from(rate_hz);
                match within < u64::from(rate_hz / 1000) {
                    true => amplitude * sine(u128::from(within) * 1_000_000, rate_hz),
                    false => 0.0,
                }
            }
            Self::Recording { values, channels } => {
                let frames = (values.len() / channels).max(1) as u64;
                let at = (frame % frames) as usize * channels + channel.min(channels - 1);
                values.get(at).copied().map_or(0.0, f64::from)
            }
        }
    }
}

/// The sine at so many thousandths of a turn times the rate.
fn sine(milliturns: u128, rate_hz: u32) -> f64 {
    let turn = u128::from(rate_hz) * 1000;
    (TAU * ((milliturns % turn) as f64 / turn as f64)).sin()
}
