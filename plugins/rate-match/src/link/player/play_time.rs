//! The times that a player is told, and how fast they pass.

use crate::{ClockTime, glide::Glide};

/// Time constant with which the rate of what is told is followed: this part of the time for which it was told, within
/// these, seconds. A time line is smooth, but real callbacks turn its rate by some millionths of a ppm each time, which
/// would stand 10 dB above everything else.
const SMOOTHING_PART: f64 = 0.06;
const SMOOTHING_S: (f64, f64) = (0.25, 2.0);
/// So many times that is the time constant with which what is missed by it is made up for: it does not swing.
const MISSED: f64 = 4.0;
/// No clock is so far off: a period of a few frames, told of to some microseconds, says so now and then.
const STEEPEST: f64 = 0.05;
/// Time constant with which the doubt of the rate goes away while nothing contradicts it, seconds.
const DOUBT_S: f64 = 0.5;

/// Line of playing times over output frames.
#[derive(Debug)]
pub(super) struct PlayTime {
    rate_hz: f64,
    /// What is further off is a step of the clock, ns.
    step_ns: f64,
    glide: Option<Glide>,
    /// Newest frame and time as they were told.
    told: (i64, i64),
    /// Seconds for which the rate was told.
    told_s: f64,
    /// How far the rate may be off by what was told of late, ppm; at first by as much as a clock may be.
    doubt_ppm: f64,
    shifts: u32,
}

impl PlayTime {
    pub fn new(rate_hz: f64, step_ns: f64, prior_ppm: f64) -> Self {
        Self {
            rate_hz,
            step_ns,
            glide: None,
            told: (0, 0),
            told_s: 0.0,
            doubt_ppm: prior_ppm,
            shifts: 0,
        }
    }

    /// Frame `frame` is played at `time_ns`.
    pub fn observe(&mut self, frame: i64, time_ns: i64) {
        let time = ClockTime::from_ns(time_ns);
        let (frame_before, before_ns) = std::mem::replace(&mut self.told, (frame, time_ns));
        let Some(glide) = self.glide else {
            self.glide = Some(Glide { frame, time, slope: 0.0 });
            return;
        };
        let off_ns = time.since(glide.at(frame, self.rate_hz));
        if off_ns.abs() > self.step_ns {
            // A clock that paused has not changed its rate.
            self.glide = Some(Glide { frame, time, ..glide });
            self.shifts += 1;
            return;
        }
        if frame > frame_before {
            let nominal_ns = (frame - frame_before) as f64 / self.rate_hz * 1e9;
            let slope = time_ns.saturating_sub(before_ns) as f64 / nominal_ns - 1.0;
            self.told_s += nominal_ns * 1e-9;
            let smoothing_s = (SMOOTHING_PART * self.told_s).clamp(SMOOTHING_S.0, SMOOTHING_S.1);
            let wanted = slope + off_ns * 1e-9 / (MISSED * smoothing_s);
            let wanted = wanted.clamp(-STEEPEST, STEEPEST);
            self.glide = Some(glide.bent(frame, self.rate_hz, wanted, smoothing_s));
            let part = 1.0 - (-nominal_ns * 1e-9 / DOUBT_S).exp();
            self.doubt_ppm += ((wanted - glide.slope).abs() * 1e6 - self.doubt_ppm) * part;
        }
    }

    /// When `frame` is played.
    pub fn at(&self, frame: i64) -> ClockTime {
        self.glide.map_or_else(ClockTime::default, |glide| glide.at(frame, self.rate_hz))
    }

    /// How much longer than nominal a frame is.
    pub fn slope(&self) -> f64 {
        self.glide.map_or(0.0, |glide| glide.slope)
    }

    /// How far [`slope`](Self::slope) may be off, by how much it moved of late.
    pub fn doubt_ppm(&self) -> f64 {
        self.doubt_ppm
    }

    /// How often the clock has stepped.
    pub fn shifts(&self) -> u32 {
        self.shifts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    /// What is off while the rate is being followed is made up for, so that who plays at the slope ends where he was told.
    #[test]
    fn who_plays_at_the_slope_is_where_he_was_told() {
        let mut times = PlayTime::new(RATE, 1e6, 200.0);
        let told_ns = |frame: i64| {
            let seconds = frame as f64 / RATE;
            seconds * 1e9 * (1.0 + 50e-6) + 2e3 * (seconds / 3.0).sin() + 5e9
        };
        let mut played_ns = 5e9;
        for period in 0..3_000_i64 {
            let frame = period * 480;
            times.observe(frame, told_ns(frame).round() as i64);
            let off_ns = played_ns - told_ns(frame);
            assert!(period < 500 || off_ns.abs() < 2e3, "{period}: {off_ns} ns");
            let known = times.doubt_ppm() < 2.0;
            assert!(known || period < 400, "{period}: {} ppm", times.doubt_ppm());
            assert!(!known || period > 100, "{period}: who was told of 1 s knows no rate");
            played_ns += 480.0 / RATE * 1e9 * (1.0 + times.slope());
        }
        assert_eq!(times.shifts(), 0);
        times.observe(3_000 * 480, told_ns(3_000 * 480) as i64 + 5_000_000);
        assert_eq!(times.shifts(), 1, "5 ms are a step");
    }

    #[test]
    fn time_runs_forwards_however_short_and_odd_the_periods_are() {
        let mut times = PlayTime::new(RATE, 1e6, 200.0);
        for period in 0..10_000_i64 {
            let exact_ns = period * 8 * 1_000_000 / 48;
            times.observe(period * 8, exact_ns + (period * 7_919 % 1_601 - 800) * 1_000);
            assert!(times.slope().abs() <= STEEPEST, "{period}: {}", times.slope());
        }
    }
}
