//! Where in the stream playing begins, and keeping to that place while the clock is being found.

use super::Player;
use crate::{
    Aim, ClockTime, Tuning,
    link::{Against, Period, SlaveMethod},
};

impl Player {
    /// The input position that is due at `now`.
    pub(super) fn due_position(&self, now: ClockTime) -> Option<(i64, f64)> {
        if self.against != Against::Nothing {
            let (frame, fraction) =
                self.intake.source.frame_at(now.plus_ns(-self.delay_ns()), self.anchor())?;
            return Some(match self.config.slave_method {
                SlaveMethod::Resample => (frame, fraction),
                // Whole frames, so that equal rates pass through bit by bit.
                _ => (frame + fraction.round() as i64, 0.0),
            });
        }
        let begin = self.intake.begin?;
        if let (Some(due_ns), None) = (self.intake.begin_due_ns, self.resume) {
            let ahead = now.since(ClockTime::from_ns(due_ns)) * 1e-9 * self.config.input_hz();
            // Whole frames, so that equal rates pass through bit by bit.
            return Some((begin + ahead.round() as i64, 0.0));
        }
        let from = self.resume.unwrap_or(begin);
        let delay_frames = self.delay_ns() * 1e-9 * self.config.input_hz();
        let enough = self.intake.history.end() - from >= delay_frames as i64;
        (enough || self.has_ended()).then_some((from, 0.0))
    }

    /// After a gap, what was due meanwhile is of no use any more. To wait for all of it would be to wait
    /// for ever where the gap is longer than the history, which then has no room for what comes.
    pub(super) fn oldest_to_resume(&self, resume: i64, now: ClockTime) -> i64 {
        match self.due_position(now) {
            Some((due, _)) => resume.max(due - self.interpolator.window_frames() as i64 / 2),
            None => resume,
        }
    }

    /// Begins to play when something is due in this period and it is there.
    pub(super) fn try_start(&mut self, now: ClockTime, frames: usize, period: &mut Period) {
        let Some((frame, fraction)) = self.due_position(now) else { return };
        let Some(begin) = self.resume.or(self.intake.begin) else { return };
        let mut path = self.path;
        path.set_step(self.nominal_step() * self.ratio());
        path.jump(frame, fraction);
        let end = self.needed_end(&path, frames);
        let lookahead = self.interpolator.lookahead_frames() as i64;
        if path.after(frames).frame() + lookahead < begin {
            return;
        }
        let short = end - self.intake.history.end();
        if short > 0 && !self.has_ended() {
            self.wait_for_late(short, frames);
            return;
        }
        self.path = path;
        self.playing = true;
        (self.waited_frames, self.mean_error) = (0, 0.0);
        self.fading_in = if self.resume.is_some() { self.fade_frames } else { 0 };
        self.controller.start();
        period.resyncs += 1;
    }

    /// Data keeps coming too late for the delay asked for: after half a second the delay grows. Where none
    /// comes at all the source is silent, not late.
    fn wait_for_late(&mut self, short_frames: i64, frames: usize) {
        let (blocks, block_frames) = self.intake.blocks;
        self.silent_frames = if blocks == self.blocks { self.silent_frames + frames } else { 0 };
        self.blocks = blocks;
        if self.silent_frames > 2 * block_frames + self.config.output_rate_hz as usize / 4 {
            self.waited_frames = 0;
            return;
        }
        self.waited_frames += frames;
        let rate = self.config.input_hz();
        let far = self.config.capacity_ns as f64;
        let short_ns = short_frames as f64 * 1e9 / rate;
        if self.waited_frames > self.config.output_rate_hz as usize / 2 && short_ns < far {
            self.extra_delay_ns += short_ns;
            self.waited_frames = 0;
        }
    }

    /// A block that is longer than the delay comes when its begin should have been heard already, and its end not yet;
    /// who played on would fall silent once a block, for ever. When that has happened twice in a row, or before anything
    /// was heard, the delay grows by what they were late by, once.
    pub(super) fn make_time_for_blocks(&mut self, now: ClockTime, period: &mut Period) {
        let (blocks, _) = self.intake.blocks;
        if self.against == Against::Nothing || std::mem::replace(&mut self.judged, blocks) == blocks
        {
            return;
        }
        let late_ns = |position: i64| {
            let line_time = self.intake.source.time_ns(position, 0.0, self.anchor())?;
            Some(now.since(line_time) - self.delay_ns())
        };
        let (Some(begin_ns), Some(end_ns)) =
            (late_ns(self.intake.newest), late_ns(self.intake.end()))
        else {
            return;
        };
        let is_too_long = begin_ns > 0.0 && end_ns < 0.0;
        let before_ns =
            std::mem::replace(&mut self.began_late_ns, if is_too_long { begin_ns } else { 0.0 });
        let was_heard = self.playing || self.resume.is_some();
        if !is_too_long || (was_heard && before_ns == 0.0) {
            return;
        }
        let margin_frames = self.period_frames as f64 * self.nominal_step()
            + self.interpolator.lookahead_frames() as f64
            + 2.0;
        self.block_delay_ns +=
            begin_ns.max(before_ns) + margin_frames * 1e9 / self.config.input_hz();
        self.began_late_ns = 0.0;
        self.has_stepped = true;
        period.discontinuities += u32::from(was_heard);
    }

    /// What plays by a private clock was placed by the first few packets. That later ones come earlier
    /// says that those were late, not that the place is wrong: until the clock is found, the place is kept,
    /// and what it is late by is delay. To make up for it would bend all that is heard in the first
    /// seconds, by 0.4 % where a sender begins in a hurry. More than half of the tolerance is too much to
    /// keep: once it has lasted, that is a step. What is less than the delay asked for is no delay to keep either.
    pub(super) fn keep_place(&mut self, aim: Aim, frames: usize) -> Aim {
        let Tuning { placed_ppm, patience_s, .. } = self.config.tuning;
        self.is_found |= aim.ratio_error_ppm < placed_ppm;
        if self.against != Against::PrivateStamps || self.is_found || self.has_stepped {
            return aim;
        }
        let late_ns = self.extra_delay_ns + aim.error * 1e9;
        let is_far = late_ns > self.config.tolerance_ns as f64 / 2.0;
        self.far_frames = if is_far { self.far_frames + frames } else { 0 };
        if self.far_frames as f64 > patience_s * f64::from(self.config.output_rate_hz) {
            (self.extra_delay_ns, self.far_frames, self.has_stepped) = (0.0, 0, true);
            return Aim { error: late_ns * 1e-9, ..aim };
        }
        self.extra_delay_ns = late_ns.max(0.0);
        Aim { error: late_ns.min(0.0) * 1e-9, ..aim }
    }
}
