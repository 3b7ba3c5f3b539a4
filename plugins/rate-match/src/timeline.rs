//! The smooth, monotonic time line of a device or a source.

use crate::clock_line::{Anchor, ClockLine, LineConfig};
use crate::controller::Tuning;
use crate::glide::Glide;

/// Beyond this the time line jumps instead of gliding, whatever the reason, ns.
const JUMP_NS: f64 = 5e6;
/// So long all callbacks must be late alike for the device to have lost time: busy machines are late
/// for some tenths of a second, and then catch up.
const PATIENCE_NS: f64 = 0.5e9;
/// Time constant with which its slope follows the estimate: this part of the time it has been learned from, within
/// these, seconds. What is heard of the estimate's moves stays below 20 ppm a second by that.
const SMOOTHING_PART: f64 = 0.18;
const SMOOTHING_S: (f64, f64) = (0.25, 2.0);
/// Until then it is brought to its place as quickly as does not swing, seconds.
const FOUND_S: f64 = 5.0;
/// Later it follows the place so slowly that this is the error that stays, seconds rms,
const NEAR_S: f64 = 8e-6;
/// but with this time constant at least, seconds.
const SLOWEST_S: f64 = 600.0;
/// An error of more than so many times that is no such noise. It goes away with this time constant at most, seconds,
const FAR: f64 = 5.0;
const SETTLE_S: f64 = 10.0;
/// no steeper than this, seconds a second, or than so many standard errors of the slope.
const SETTLE: f64 = 15e-6;
const SETTLE_ERRORS: f64 = 6.0;

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
    glide: Option<Glide>,
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
        Self { line, rate_hz, glide: None, anchor, step_ns: Tuning::default().step_s * 1e9 }
    }

    /// Frame `position_frames` was seen at `observed_ns`. `[any]`
    pub fn observe(&mut self, position_frames: i64, observed_ns: i64) {
        let shifts = self.line.shifts();
        self.line.observe(position_frames, observed_ns);
        let has_stepped = self.line.shifts() != shifts;
        let Some(line_time) = self.line.time_ns(position_frames, 0.0, self.anchor) else { return };
        let jump_ns = if has_stepped { self.step_ns } else { JUMP_NS };
        let slope = self.line.slope_ppm() * 1e-6;
        let off_ns = |glide: &Glide| line_time.since(glide.at(position_frames, self.rate_hz));
        self.glide = Some(match self.glide.filter(|glide| off_ns(glide).abs() <= jump_ns) {
            Some(glide) => {
                let wanted = slope + self.pull(off_ns(&glide) * 1e-9);
                glide.bent(position_frames, self.rate_hz, wanted, self.smoothing_s())
            }
            None => Glide { frame: position_frames, time: line_time, slope },
        });
    }

    /// Slope that brings the time line's error down.
    ///
    /// While the window grows by its own length, its line moves by about its standard error. Who follows with a time
    /// constant is off by that error times the root of constant over length, and wanders by as much over
    /// the constant: the longest that keeps it near is the one that is heard least.
    fn pull(&self, off_s: f64) -> f64 {
        let (quickest_s, length_s) = (2.0 * self.smoothing_s(), self.length_s());
        let constant_s = match length_s < FOUND_S {
            true => quickest_s,
            false => length_s * (NEAR_S / self.line.height_error()).powi(2),
        };
        let constant_s = constant_s.clamp(quickest_s, SLOWEST_S);
        let near_s = off_s.clamp(-FAR * NEAR_S, FAR * NEAR_S);
        let most = SETTLE.max(SETTLE_ERRORS * 1e-6 * self.line.slope_error_ppm());
        near_s / constant_s + ((off_s - near_s) / constant_s.min(SETTLE_S)).clamp(-most, most)
    }

    fn smoothing_s(&self) -> f64 {
        (SMOOTHING_PART * self.length_s()).clamp(SMOOTHING_S.0, SMOOTHING_S.1)
    }

    /// Seconds that the line was learned from.
    fn length_s(&self) -> f64 {
        self.line.fit().map_or(0.0, |fit| fit.length)
    }

    /// Steps to where the line is by now instead of gliding there: for when nobody listens yet. Of the first
    /// observations those that are far off are left out from here on, however few there are. `[any]`
    pub fn align(&mut self, position_frames: i64) {
        self.line.judge();
        if let Some(time) = self.line.time_ns(position_frames, 0.0, self.anchor) {
            let slope = self.line.slope_ppm() * 1e-6;
            self.glide = Some(Glide { frame: position_frames, time, slope });
        }
    }

    /// When the frame at `position_frames` is, ns; 0 before the first observation. `[any]`
    pub fn time_of(&self, position_frames: i64) -> i64 {
        self.glide.map_or(0, |glide| glide.at(position_frames, self.rate_hz).ns)
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
        self.glide = None;
    }
}

#[cfg(test)]
mod tests;
