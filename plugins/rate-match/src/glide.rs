//! A line of time over frames that is bent, never broken.

use crate::ClockTime;

/// Where a clock is by now, and how fast it goes: a frame, its time, and how much longer than nominal the frames from
/// there on are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glide {
    pub frame: i64,
    pub time: ClockTime,
    pub slope: f64,
}

impl Glide {
    /// When `frame` is, at `rate_hz` nominal.
    pub fn at(&self, frame: i64, rate_hz: f64) -> ClockTime {
        self.time.plus_ns((frame - self.frame) as f64 / rate_hz * (1.0 + self.slope) * 1e9)
    }

    /// Goes on to `frame`, and from there with a slope that is nearer to `wanted`: as near as a low pass of
    /// `smoothing_s` comes in that time.
    pub fn bent(&self, frame: i64, rate_hz: f64, wanted: f64, smoothing_s: f64) -> Self {
        let passed_s = (frame - self.frame) as f64 / rate_hz;
        let part = 1.0 - (-passed_s / smoothing_s).exp();
        let slope = self.slope + (wanted - self.slope) * part;
        Self { frame, time: self.at(frame, rate_hz), slope }
    }
}
