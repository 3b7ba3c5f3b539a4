//! Loops that steer by the fill of the queue: PipeWire's, and a plain proportional-integral one.

use std::f64::consts::TAU;

/// Makes a ratio from the error of the fill, once a period.
pub trait Loop {
    /// `error_frames`: fill less target. Returns input frames per output frame.
    fn step(&mut self, error_frames: f64) -> f64;
}

/// The delay-locked loop of PipeWire: proportional gain `1.5 w / period`, two one-pole low passes
/// of `1 - exp(-20 w)`, an integrator of `w / 1.5`, with `w = 2 π bandwidth period / rate`; the
/// bandwidth begins at 0.128 Hz and follows the error every three seconds.
pub struct PipeWire {
    period: f64,
    rate: f64,
    bandwidth: f64,
    z: [f64; 3],
    seen: Vec<f64>,
}

impl PipeWire {
    pub fn new(period: f64, rate: f64) -> Self {
        Self { period, rate, bandwidth: 0.128, z: [0.0; 3], seen: Vec::new() }
    }

    fn adapt(&mut self, error: f64) {
        self.seen.push(error);
        if (self.seen.len() as f64) * self.period < 3.0 * self.rate {
            return;
        }
        let n = self.seen.len() as f64;
        let mean = self.seen.iter().sum::<f64>() / n;
        let deviation = (self.seen.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n).sqrt();
        self.bandwidth = ((mean.abs() + deviation) / 1000.0).clamp(0.001, 0.128);
        self.seen.clear();
    }
}

impl Loop for PipeWire {
    fn step(&mut self, error_frames: f64) -> f64 {
        let most = 256f64.max(self.period / 2.0);
        let error = (-error_frames).clamp(-most, most);
        self.adapt(error);
        let w = TAU * self.bandwidth * self.period / self.rate;
        let (w0, w1, w2) = (1.0 - (-20.0 * w).exp(), 1.5 * w / self.period, w / 1.5);
        self.z[0] += w0 * (w1 * error - self.z[0]);
        self.z[1] += w0 * (self.z[0] - self.z[1]);
        self.z[2] += w2 * self.z[1];
        1.0 - (self.z[1] + self.z[2])
    }
}

/// Proportional and integral part of the error, critically damped at 0.05 Hz.
pub struct Pi {
    proportional: f64,
    integral: f64,
    sum: f64,
}

impl Pi {
    pub fn new(period: f64, rate: f64) -> Self {
        let w = TAU * 0.05;
        Self { proportional: 2.0 * w / rate, integral: w * w / rate * period / rate, sum: 0.0 }
    }
}

impl Loop for Pi {
    fn step(&mut self, error_frames: f64) -> f64 {
        self.sum += self.integral * error_frames;
        1.0 + self.proportional * error_frames + self.sum
    }
}
