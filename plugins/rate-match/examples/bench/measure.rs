//! What is asked, and what a trace says about it.

use std::fmt;

use crate::simulate::Trace;

/// A limit, and from when on it holds, seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Asked {
    /// Ratio within so many ppm of the true one, always.
    Ratio(f64, f64),
    /// The same of the mean of every second.
    Second(f64, f64),
    /// Ratio around the true one, ppm rms.
    Wander(f64, f64),
    /// Delay within so many ms of what it should be.
    Delay(f64, f64),
    /// Frames lost, for whatever reason.
    Lost(f64, f64),
    /// Times the position was set anew.
    Resyncs(f64, f64),
    /// Change of the ratio, ppm a second, over half a second.
    Slew(f64, f64),
    /// A tone of 1 kHz above all else, dB, in every second.
    Tone(f64, f64),
    /// Silence is exactly the lost frames.
    Silence,
    /// Cropped is exactly what came twice.
    Cropped,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio(limit, from) => write!(f, "ratio ±{limit} ppm after {from} s"),
            Self::Second(limit, from) => write!(f, "1 s mean ±{limit} ppm after {from} s"),
            Self::Wander(limit, from) => write!(f, "wander {limit} ppm rms after {from} s"),
            Self::Delay(limit, from) => write!(f, "delay ±{limit} ms after {from} s"),
            Self::Lost(limit, _) => write!(f, "{limit} frames lost"),
            Self::Resyncs(limit, from) => write!(f, "{limit} discontinuity after {from} s"),
            Self::Slew(limit, from) => write!(f, "slew {limit} ppm/s after {from} s"),
            Self::Tone(limit, from) => write!(f, "tone {limit} dB after {from} s"),
            Self::Silence => write!(f, "silence of the lost frames"),
            Self::Cropped => write!(f, "duplicates cropped"),
        }
    }
}

/// What was reached; the larger the value the worse.
pub struct Reached {
    pub value: f64,
    pub met: bool,
    unit: &'static str,
    sign: f64,
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} {}", self.value * self.sign, self.unit)
    }
}

/// What `trace` reached; nothing where it cannot be said.
pub fn reach(asked: &Asked, trace: &Trace) -> Option<Reached> {
    let (value, limit, unit) = match *asked {
        Asked::Ratio(limit, from) => {
            (worst(trace, from, |p| p.ratio_ppm - p.true_ppm), limit, "ppm")
        }
        Asked::Second(limit, from) => (worst_mean(trace, from), limit, "ppm"),
        Asked::Wander(limit, from) => (rms(trace, from), limit, "ppm"),
        Asked::Delay(limit, from) => (worst(trace, from, |p| p.delay_error_ms), limit, "ms"),
        Asked::Lost(limit, _) => (trace.lost_frames as f64, limit, "frames"),
        Asked::Resyncs(limit, from) => (f64::from(trace.events_after(from)?), limit, ""),
        Asked::Slew(limit, from) => (slew(trace, from), limit, "ppm/s"),
        Asked::Tone(limit, from) => {
            let seconds = trace.tone_db.iter().filter(|(t, _)| *t >= from).map(|(_, db)| *db);
            (-seconds.reduce(f64::min)?, -limit, "dB")
        }
        Asked::Silence => (trace.silence_off? as f64, 0.0, "frames off"),
        Asked::Cropped => (trace.cropped_off? as f64, 0.0, "frames off"),
    };
    let sign = if matches!(asked, Asked::Tone(..)) { -1.0 } else { 1.0 };
    Some(Reached { value, met: value <= limit, unit, sign })
}

fn worst(trace: &Trace, from: f64, of: impl Fn(&crate::simulate::Point) -> f64) -> f64 {
    let after = trace.points.iter().filter(|p| p.t >= from && p.playing);
    after.map(|p| of(p).abs()).fold(0.0, f64::max)
}

fn worst_mean(trace: &Trace, from: f64) -> f64 {
    let after: Vec<f64> =
        trace.points.iter().filter(|p| p.t >= from).map(|p| p.ratio_ppm - p.true_ppm).collect();
    let means = after.windows(100).map(|second| (second.iter().sum::<f64>() / 100.0).abs());
    means.fold(0.0, f64::max)
}

fn rms(trace: &Trace, from: f64) -> f64 {
    let squares: Vec<f64> = trace
        .points
        .iter()
        .filter(|p| p.t >= from)
        .map(|p| (p.ratio_ppm - p.true_ppm).powi(2))
        .collect();
    (squares.iter().sum::<f64>() / squares.len().max(1) as f64).sqrt()
}

fn slew(trace: &Trace, from: f64) -> f64 {
    let after: Vec<f64> =
        trace.points.iter().filter(|p| p.t >= from).map(|p| p.ratio_ppm).collect();
    after.windows(51).map(|w| (w[50] - w[0]).abs() / 0.5).fold(0.0, f64::max)
}

/// How far a tone of about `frequency` (cycles per frame) stands above the rest, dB. Its amplitude
/// and phase may move like a polynomial of the fifth order: that is the clock, not noise.
pub fn tone_db(values: &[f32], frequency: f64) -> f64 {
    const ORDER: usize = 6;
    const N: usize = 2 * ORDER;
    let columns = |i: usize| -> [f64; N] {
        let x = 2.0 * i as f64 / values.len() as f64 - 1.0;
        let (sin, cos) = (std::f64::consts::TAU * (frequency * i as f64).fract()).sin_cos();
        // Chebyshev polynomials: T(k+1) = 2 x T(k) - T(k-1).
        let mut t = [1.0, x, 0.0, 0.0, 0.0, 0.0];
        for k in 2..ORDER {
            t[k] = 2.0 * x * t[k - 1] - t[k - 2];
        }
        std::array::from_fn(|j| t[j / 2] * if j % 2 == 0 { cos } else { sin })
    };
    let mut a = [[0.0; N + 1]; N];
    for (i, y) in values.iter().enumerate() {
        let c = columns(i);
        for j in 0..N {
            for k in 0..N {
                a[j][k] += c[j] * c[k];
            }
            a[j][N] += c[j] * f64::from(*y);
        }
    }
    let solution = solve(a);
    let (mut signal, mut noise) = (0.0, 0.0);
    for (i, y) in values.iter().enumerate() {
        let fit: f64 = columns(i).iter().zip(&solution).map(|(c, s)| c * s).sum();
        signal += fit * fit;
        noise += (f64::from(*y) - fit).powi(2);
    }
    10.0 * (signal / noise.max(1e-30)).log10()
}

/// Gauss's elimination; the matrix is positive definite.
fn solve<const N: usize, const M: usize>(mut a: [[f64; M]; N]) -> [f64; N] {
    for j in 0..N {
        for i in j + 1..N {
            let (factor, pivot) = (a[i][j] / a[j][j], a[j]);
            for (value, above) in a[i].iter_mut().zip(pivot) {
                *value -= factor * above;
            }
        }
    }
    let mut x = [0.0; N];
    for j in (0..N).rev() {
        let known: f64 = (j + 1..N).map(|k| a[j][k] * x[k]).sum();
        x[j] = (a[j][M - 1] - known) / a[j][j];
    }
    x
}
