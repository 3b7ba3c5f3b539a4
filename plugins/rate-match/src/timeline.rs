//! The smooth, monotonic time line of a device or a source.

use crate::clock_line::{Anchor, ClockLine, ClockTime, LineConfig};
use crate::controller::Tuning;

/// Beyond this the time line jumps instead of gliding, whatever the reason, ns.
const JUMP_NS: f64 = 5e6;
/// So long all callbacks must be late alike for the device to have lost time: busy machines are late
/// for some tenths of a second, and then catch up.
const PATIENCE_NS: f64 = 0.5e9;
/// Time constant with which it glides to the estimate, seconds.
const GLIDE_S: f64 = 1.0;
/// How much steeper it may always be, seconds a second.
const WANDER: f64 = 0.02e-6;
/// An error below this may stay for as long as that takes, seconds.
const NEAR_S: f64 = 15e-6;
/// While its slope is less well known than this, the first seconds, it may be much steeper, seconds a
/// second. Longer, and it turns faster than a controller that tracks already can follow.
const LITTLE_KNOWN: f64 = 20e-6;
/// Time constant with which an error then goes away, seconds,
const FIND_S: f64 = 3.0;
/// and later, when it may be no steeper than `SETTLE`, seconds and seconds a second.
const SETTLE_S: f64 = 10.0;
const SETTLE: f64 = 15e-6;

/// Turns frame positions into times, from noisy observations. `[any]`
///
/// Observations may be late (a callback that had to wait), come in bursts or jitter to both sides.
/// What comes out is continuous, with a slope that changes by little: callback times themselves are
/// never used (LS-M15). Only when the clock itself has stepped, by more than [`Tuning::step_s`], it
/// steps as well, half a second later: what was lost is lost, and to glide there would be heard.
///
/// For the player it says when the device plays the next frame:
///
/// ```
/// # use driftless_rate_match::{Anchor, Timeline};
/// let mut device = Timeline::new(48_000.0, Anchor::Earliest);
/// let (mut position, latency_ns) = (0, 10_000_000);
/// for callback in 0..100 {
///     let now_ns = callback * 10_000_000 + 1_000 * (callback % 7); // late now and then
///     device.observe(position, now_ns + latency_ns);
///     let play_ns = device.time_of(position); // for `Player::fill`
///     position += 480;
///     # assert!((play_ns - callback * 10_000_000 - latency_ns).abs() < 20_000);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Timeline {
    line: ClockLine,
    rate_hz: f64,
    /// (position, its time) where the present stretch begins, and its slope.
    stretch: Option<(i64, ClockTime, f64)>,
    anchor: Anchor,
    /// A step below this is glided over, ns.
    step_ns: f64,
}

impl Timeline {
    /// A time line of a clock with this nominal rate, frames a second, along the earliest
    /// observations or through their middle. `[main]`
    pub fn new(rate_hz: f64, anchor: Anchor) -> Self {
        let line = ClockLine::new(LineConfig {
            rate_hz,
            patience_ns: PATIENCE_NS,
            ..LineConfig::default()
        });
        Self { line, rate_hz, stretch: None, anchor, step_ns: Tuning::default().step_s * 1e9 }
    }

    /// Frame `position_frames` was seen at `observed_ns`. `[any]`
    pub fn observe(&mut self, position_frames: i64, observed_ns: i64) {
        let shifts = self.line.shifts();
        self.line.observe(position_frames, observed_ns);
        let has_stepped = self.line.shifts() != shifts;
        let Some(line_time) = self.line.time_ns(position_frames, 0.0, self.anchor) else { return };
        let slope = self.line.slope_ppm() * 1e-6;
        let here = self.at(position_frames).unwrap_or(line_time);
        let off = line_time.since(here);
        let jump_ns = if has_stepped { self.step_ns } else { JUMP_NS };
        self.stretch = Some(if off.abs() > jump_ns {
            (position_frames, line_time, slope)
        } else {
            (position_frames, here, slope + self.glide(off * 1e-9))
        });
    }

    /// Slope that brings the time line's error down: quick while little is known, then so slow that
    /// it is not heard, and only for an error that is more than the line's own.
    fn glide(&self, off_s: f64) -> f64 {
        let unknown = 1e-6 * self.line.slope_error_ppm();
        let near = NEAR_S.max(2.0 * self.line.height_error());
        let certain = (off_s.abs() - near).max(0.0);
        let far = (off_s.abs() - self.step_ns * 1e-9).max(0.0) / FIND_S;
        let settle = match unknown > LITTLE_KNOWN {
            true => 2.0 * unknown + certain / FIND_S,
            false => 0.3 * unknown + (certain / SETTLE_S).min(SETTLE) + far,
        };
        let most = WANDER + settle;
        (off_s / GLIDE_S).clamp(-most, most)
    }

    /// Steps to where the line is by now instead of gliding there: for when nobody listens yet. Of the first
    /// observations those that are far off are left out from here on, however few there are. `[any]`
    pub fn align(&mut self, position_frames: i64) {
        self.line.judge();
        if let Some(time) = self.line.time_ns(position_frames, 0.0, self.anchor) {
            self.stretch = Some((position_frames, time, self.line.slope_ppm() * 1e-6));
        }
    }

    /// When the frame at `position_frames` is, ns; 0 before the first observation. `[any]`
    pub fn time_of(&self, position_frames: i64) -> i64 {
        self.at(position_frames).map_or(0, |time| time.ns)
    }

    /// How much faster than nominal the clock runs, ppm.
    pub fn rate_ppm(&self) -> f64 {
        let slope = self.line.slope_ppm() * 1e-6;
        (1.0 / (1.0 + slope) - 1.0) * 1e6
    }

    /// Standard error of [`rate_ppm`](Self::rate_ppm).
    pub fn rate_error_ppm(&self) -> f64 {
        self.line.slope_error_ppm()
    }

    /// How often the line had to be moved because all observations stayed away from it.
    pub fn shifts(&self) -> u32 {
        self.line.shifts()
    }

    /// Forgets everything: another device, or one that was started again. `[any]`
    pub fn clear(&mut self) {
        self.line.clear();
        self.stretch = None;
    }

    fn at(&self, position_frames: i64) -> Option<ClockTime> {
        let (from, time, slope) = self.stretch?;
        let seconds = (position_frames - from) as f64 / self.rate_hz;
        Some(time.plus_ns(seconds * (1.0 + slope) * 1e9))
    }
}

#[cfg(test)]
mod tests;
