//! From two clock lines to a ratio that changes only smoothly.
//!
//! The lines say where the reading position should be and how fast it should move. The controller
//! brings the true position there: a velocity that is fed forward, a correction in proportion to the
//! position's error, and a limit on how quickly the ratio may slew. There is no integrator, hence
//! nothing to wind up and no overshoot to wait for.

mod tuning;

pub use tuning::Tuning;

/// Where the matching stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing plays; the next frames set the position anew.
    #[default]
    StartOver,
    /// Plays, and the ratio moves quickly towards the clocks'.
    Acquire,
    /// Plays, and the ratio moves so slowly that nobody hears it.
    Track,
    /// There are no frames to play; the ratio is kept.
    Hold,
}

/// What the clock lines ask for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Aim {
    /// Time of playing less due time, seconds; positive is late.
    pub error: f64,
    /// Standard error of that.
    pub error_error: f64,
    /// Ratio that keeps the error as it is, ppm off nominal.
    pub ratio_ppm: f64,
    /// Standard error of that.
    pub ratio_error_ppm: f64,
}

/// Makes the ratio. All in virtual time: it is told how long a step is.
#[derive(Debug, Clone)]
pub struct Controller {
    tuning: Tuning,
    phase: Phase,
    /// Ratio asked for, after the first low pass.
    wanted_ppm: f64,
    ratio_ppm: f64,
    locked: bool,
}

impl Controller {
    /// A controller that knows nothing yet. `[main]`
    pub fn new(tuning: Tuning) -> Self {
        Self { tuning, phase: Phase::StartOver, wanted_ppm: 0.0, ratio_ppm: 0.0, locked: false }
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The ratio as it is now: input frames per output frame, ppm off nominal.
    pub fn ratio_ppm(&self) -> f64 {
        self.ratio_ppm
    }

    /// Is the ratio within the tuning's `locked_ppm` of the true one, as far as one can know, and has
    /// it arrived there?
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Forgets the ratio: after a flush, a new segment, another format or clock (LS-87). `[device]`
    pub fn reset(&mut self) {
        *self = Self::new(self.tuning);
    }

    /// Nothing to play: keeps the ratio and waits (LS-87). `[device]`
    pub fn hold(&mut self) {
        self.phase = Phase::Hold;
    }

    /// The position was set anew; the ratio stays, and may move quickly again. `[device]`
    pub fn start(&mut self) {
        self.phase = Phase::Acquire;
    }

    /// Goes on for `seconds`; the ratio at their end is returned, ppm. `[device]`
    pub fn step(&mut self, aim: &Aim, seconds: f64) -> f64 {
        self.settle(aim);
        let wanted = aim.ratio_ppm + self.correction_ppm(aim);
        let limit = self.slew_ppm() * seconds;
        let smoothing_s = match self.phase {
            Phase::Track => self.smoothing_s((wanted - self.ratio_ppm).abs()),
            _ => self.tuning.acquire_smoothing_s,
        };
        // Two low passes, so that the ratio's slope has no corners either.
        let part = 1.0 - (-seconds / smoothing_s).exp();
        self.wanted_ppm += (wanted - self.wanted_ppm) * part;
        let change = ((self.wanted_ppm - self.ratio_ppm) * part).clamp(-limit, limit);
        self.ratio_ppm =
            (self.ratio_ppm + change).clamp(-self.tuning.limit_ppm, self.tuning.limit_ppm);
        self.ratio_ppm
    }

    /// Between acquire and track there is a gap, so that noise does not toggle.
    fn settle(&mut self, aim: &Aim) {
        let t = &self.tuning;
        let off_ppm = (aim.ratio_ppm - self.ratio_ppm).abs();
        let off_s = aim.error.abs();
        let near = off_ppm < t.track_ppm.max(4.0 * aim.ratio_error_ppm)
            && off_s < t.track_error_s.max(4.0 * aim.error_error);
        let far = off_ppm > t.lost_ppm + 4.0 * aim.ratio_error_ppm
            || off_s > t.lost_error_s.max(16.0 * aim.error_error);
        self.phase = match self.phase {
            Phase::Track if far => Phase::Acquire,
            Phase::Track => Phase::Track,
            _ if near && aim.ratio_error_ppm < t.found_ppm => Phase::Track,
            _ => Phase::Acquire,
        };
        // Once locked it takes more to doubt it.
        let most_ppm = if self.locked { 5.0 * t.locked_ppm } else { t.locked_ppm };
        self.locked =
            self.phase == Phase::Track && aim.ratio_error_ppm < t.locked_ppm && off_ppm < most_ppm;
    }

    /// Far from the ratio that is wanted haste is heard less than being wrong.
    fn smoothing_s(&self, off_ppm: f64) -> f64 {
        let t = &self.tuning;
        t.ratio_smoothing_s * (t.calm_ppm / off_ppm.max(1e-9)).clamp(0.2, 1.0)
    }

    fn slew_ppm(&self) -> f64 {
        match self.phase {
            Phase::Track => self.tuning.track_slew_ppm_s,
            _ => self.tuning.acquire_slew_ppm_s,
        }
    }

    fn unhurried_ppm(&self, aim: &Aim) -> f64 {
        let t = &self.tuning;
        t.unhurried_ppm.max(aim.error.abs() / t.unhurried_s * 1e6)
    }

    /// A part of the error each second; of what may be noise only so much that it stays inaudible.
    fn correction_ppm(&self, aim: &Aim) -> f64 {
        let t = &self.tuning;
        let noise = 3.0 * aim.error_error;
        let certain = (aim.error.abs() - noise).max(0.0).copysign(aim.error);
        let doubtful = aim.error - certain;
        let quick =
            if self.phase == Phase::Track { t.correction_s } else { t.acquire_correction_s };
        let slow = (aim.error_error * 1e6 / t.wander_ppm).max(quick);
        let wanted = (certain / quick + doubtful / slow) * 1e6;
        let beyond = (certain.abs() - t.gentle_error_s).max(0.0);
        let gentle = t.wander_ppm + beyond / t.gentle_correction_s * 1e6;
        // Not faster than the slew limit can bring to rest on time.
        let brake = (2.0 * self.slew_ppm() * 1e6 * aim.error.abs()).sqrt() * 0.7;
        let most = match self.phase {
            // An error that is older than the estimate may stay a while: nobody hears it.
            Phase::Track => brake.min(gentle + 0.2 * aim.ratio_error_ppm),
            _ if aim.ratio_error_ppm > t.locked_ppm => brake.min(self.unhurried_ppm(aim)),
            _ => brake,
        };
        wanted.clamp(-most, most)
    }
}

#[cfg(test)]
mod tests;
