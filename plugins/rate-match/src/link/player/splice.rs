//! Leaving the path for another place in the stream, so that it is heard as little as can be.

use super::Player;
use crate::{
    Aim, ClockTime, Path,
    link::{
        Period, SlaveMethod,
        gaps::{fade, fade_out},
    },
};

/// Weight of one error in their mean.
const MEAN_WEIGHT: f64 = 1.0 / 32.0;

impl Player {
    /// Takes an error that the ratio is not to work off: the step of a clock, one beyond the
    /// tolerance, or, where the play pointer is moved instead of the ratio, a mean beyond half of it.
    /// True when the path was left for that; then playing may have stopped for a while.
    ///
    /// Playing that is late leaves frames out. Playing that is early repeats some within the tolerance,
    /// as far as they are still there; a longer wait is silence.
    pub(super) fn correct(
        &mut self,
        aim: &Aim,
        now: ClockTime,
        frames: usize,
        period: &mut Period,
    ) -> bool {
        let tolerance_s = self.config.tolerance_ns as f64 * 1e-9;
        let is_beyond = aim.error.abs() > tolerance_s;
        let is_step = self.has_stepped && aim.error.abs() > self.config.tuning.step_s;
        self.mean_error += (aim.error - self.mean_error) * MEAN_WEIGHT;
        let is_wanted = match self.config.slave_method {
            SlaveMethod::Resample => is_beyond || is_step,
            SlaveMethod::Skew => is_beyond || is_step || self.mean_error.abs() > tolerance_s / 2.0,
            SlaveMethod::None => false,
        };
        if !is_wanted {
            return false;
        }
        let Some((frame, fraction)) = self.due_position(now) else { return false };
        self.mean_error = 0.0;
        period.resyncs += 1;
        if is_beyond {
            self.controller.start();
        }
        // The old path is faded out, so what it reads has to be there.
        self.conceal(self.fade_frames, period);
        let here = self.path.frame();
        let mut path = self.path;
        path.jump(frame, fraction);
        if aim.error > 0.0 {
            period.dropped_frames += (frame - here).max(0) as usize;
        } else {
            let output_hz = f64::from(self.config.output_rate_hz);
            period.inserted_frames += (-aim.error * output_hz).round() as usize;
        }
        let is_there = match aim.error > 0.0 {
            true => self.needed_end(&path, frames) <= self.intake.history.end(),
            false => !is_beyond && self.is_still_there(frame),
        };
        match is_there {
            true => self.path = path,
            false => self.pause(here),
        }
        true
    }

    /// Can be played once more from `frame` on.
    fn is_still_there(&self, frame: i64) -> bool {
        let history = &self.intake.history;
        let first = frame - self.interpolator.window_frames() as i64 / 2;
        first >= history.oldest() && self.intake.begin.is_some_and(|begin| frame >= begin)
    }

    /// Stops playing until what follows `from` is due.
    pub(super) fn pause(&mut self, from: i64) {
        self.playing = false;
        self.resume = Some(from + 1);
        self.concealed = None;
        self.controller.hold();
    }

    /// Lets the old path fade out over the begin of what is in `out`, which fades in.
    pub(super) fn cross_fade(&mut self, mut old: Path, out: &mut [f32]) {
        let channels = self.config.channels;
        let frames = self.fade_frames.min(out.len() / channels);
        let scratch = &mut self.scratch[..frames * channels];
        self.interpolator.fill_interleaved(&self.intake.history, &mut old, scratch);
        for (i, (new, old)) in
            out.chunks_exact_mut(channels).zip(scratch.chunks_exact(channels)).enumerate()
        {
            let gain = fade(i as i64 + 1, frames as i64);
            for (new, old) in new.iter_mut().zip(old) {
                *new = *new * gain + old * (1.0 - gain);
            }
        }
    }

    /// Prepares what is missing in this period: faded edges, then silence.
    pub(super) fn conceal(&mut self, frames: usize, period: &mut Period) {
        let needed = self.needed_end(&self.path, frames);
        let fade_frames = self.fade_frames as i64;
        period.silence_frames +=
            self.intake.gaps.conceal(&mut self.intake.history, needed + fade_frames);
        let end = self.intake.history.end();
        if needed <= end {
            return;
        }
        self.intake.history.silence_until(needed);
        if self.concealed != Some(end) {
            fade_out(&mut self.intake.history, end, fade_frames);
            self.concealed = Some(end);
        }
        if !self.has_ended() {
            period.underrun_frames += ((needed - end) as usize).min(frames);
        }
    }

    pub(super) fn fade_in(&mut self, out: &mut [f32]) {
        let channels = self.config.channels;
        for frame in out.chunks_exact_mut(channels).take(self.fading_in) {
            let gain =
                fade((self.fade_frames - self.fading_in) as i64 + 1, self.fade_frames as i64);
            frame.iter_mut().for_each(|value| *value *= gain);
            self.fading_in -= 1;
        }
    }
}
