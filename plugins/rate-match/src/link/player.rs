//! The end of a link that plays.

mod play_time;
mod splice;
mod start;

use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{
    Against, LinkConfig, Period, SlaveMethod,
    intake::{Intake, Taken},
    shared::Shared,
};
use crate::{
    Aim, Anchor, ClockTime, Controller, History, Interpolator, Path, Phase, ring::RingReader,
};
use play_time::PlayTime;

/// Frames filled at once; a longer period is filled in pieces.
const PIECE_FRAMES: usize = 512;

/// Plays what the writer writes, on the device's clock; lives on the device thread. Wait-free,
/// never allocates, frees, locks or asks the system for anything.
pub struct Player {
    shared: Arc<Shared>,
    config: LinkConfig,
    against: Against,
    intake: Intake,
    interpolator: Interpolator,
    controller: Controller,
    /// Line of playing times over output frames.
    device: PlayTime,
    played_frames: i64,
    path: Path,
    playing: bool,
    /// Position from which on input is to be heard; what lies before was heard or never came.
    resume: Option<i64>,
    /// Concealed up to here, because nothing had come.
    concealed: Option<i64>,
    /// Delay beyond the asked for, because data comes too late for that or came late at first, ns.
    extra_delay_ns: f64,
    /// And because blocks are longer than that, ns.
    block_delay_ns: f64,
    /// Was the source's rate known once, by `placed_ppm`?
    is_found: bool,
    /// Output frames for which the place was later than may be kept as delay.
    far_frames: usize,
    /// Output frames for which there was nothing to play although data came.
    waited_frames: usize,
    /// Output frames since the newest block, and how many blocks there were by then.
    silent_frames: usize,
    blocks: u64,
    /// Blocks that were looked at for when they came, and by how much the last of them began too late, ns.
    judged: u64,
    began_late_ns: f64,
    /// Frames of the device's period.
    period_frames: usize,
    /// Of the last pieces, seconds; for [`SlaveMethod::Skew`].
    mean_error: f64,
    /// Steps of both clocks so far, and whether there was one in this period.
    steps: u32,
    has_stepped: bool,
    fade_frames: usize,
    /// Output frames still to be faded in.
    fading_in: usize,
    scratch: Vec<f32>,
}

impl Player {
    pub(super) fn new(
        config: &LinkConfig,
        capacity_frames: usize,
        ring: RingReader,
        shared: Arc<Shared>,
    ) -> Self {
        let (input_hz, output_hz) = (config.input_hz(), f64::from(config.output_rate_hz));
        let interpolator = Interpolator::new(input_hz, output_hz, config.quality);
        let window = interpolator.window_frames() + 64;
        let piece_frames = (PIECE_FRAMES as f64 * input_hz / output_hz) as usize;
        let least_frames = 2 * piece_frames + 2 * window;
        let history = History::new(config.channels, capacity_frames + least_frames, window)
            .growing(least_frames);
        // What a clock that steps back within the tolerance has played once more.
        let again_frames = (config.tolerance_ns as f64 * 1e-9 * input_hz) as usize + window;
        let fade_frames = (config.tuning.fade_s * output_hz).ceil() as usize;
        Self {
            shared,
            config: *config,
            against: config.against,
            intake: Intake::new(ring, history, again_frames, input_hz, config.tuning),
            interpolator,
            controller: Controller::new(config.tuning),
            device: PlayTime::new(output_hz, config.tuning.step_s * 1e9, config.tuning.prior_ppm),
            played_frames: 0,
            path: Path::new(0, 0.0, input_hz / output_hz),
            playing: false,
            resume: None,
            concealed: None,
            extra_delay_ns: 0.0,
            block_delay_ns: 0.0,
            is_found: false,
            far_frames: 0,
            waited_frames: 0,
            silent_frames: 0,
            blocks: 0,
            judged: 0,
            began_late_ns: 0.0,
            period_frames: 0,
            mean_error: 0.0,
            steps: 0,
            has_stepped: false,
            fade_frames,
            fading_in: 0,
            scratch: vec![0.0; fade_frames * config.channels],
        }
    }

    /// Fills `out`, one period. `[device]`
    ///
    /// | argument  | meaning                                                                     |
    /// |-----------|-----------------------------------------------------------------------------|
    /// | `out`     | interleaved, any number of frames; every value is overwritten               |
    /// | `play_ns` | master time at which the device plays the first frame of `out`, smoothed by a [`Timeline`](crate::Timeline) |
    pub fn fill(&mut self, out: &mut [f32], play_ns: i64) -> Period {
        let mut period = Period::default();
        self.device.observe(self.played_frames, play_ns);
        self.period_frames = out.len() / self.config.channels;
        self.adopt_against();
        for piece in out.chunks_mut(PIECE_FRAMES * self.config.channels) {
            self.fill_piece(piece, &mut period);
        }
        self.report(&mut period);
        period
    }

    fn fill_piece(&mut self, out: &mut [f32], period: &mut Period) {
        let frames = out.len() / self.config.channels;
        let now = self.device_time(0);
        self.take(now, period);
        self.make_time_for_blocks(now, period);
        if !self.playing {
            self.try_start(now, frames, period);
        }
        if self.playing {
            self.play(out, now, period);
        } else {
            out.fill(0.0);
        }
        self.played_frames += frames as i64;
    }

    /// Matches against something else from the next period on. `[any]`
    pub fn set_against(&self, against: Against) {
        self.shared.set_against(against);
    }

    /// Changes the target delay; the position moves there as after any other error. `[any]`
    pub fn set_target_delay_ns(&self, delay_ns: i64) {
        self.shared.set_target_delay_ns(delay_ns);
    }

    /// The master time line has stepped by `by_ns`: what arrives from now on is read so much later. `[device]`
    ///
    /// A device that is the master steps it when it loses time or gains some. The arrivals say so as well; but
    /// where they jitter by more than the step, that is taken for a change of rate for many seconds.
    pub fn step_master(&mut self, by_ns: i64) {
        if matches!(self.against, Against::PrivateStamps | Against::Arrivals) {
            self.intake.source.shift_by(by_ns as f64 * 1e-9);
        }
    }

    /// Input frames that must have come after the position that is heard: the resampler's delay.
    /// The alignment accounts for it; it only has to be there in time (LS-M16).
    pub fn lookahead_frames(&self) -> usize {
        self.interpolator.lookahead_frames()
    }

    /// The input position, whole frames and a fraction, that the next output frame shows. `[device]`
    pub fn position(&self) -> (i64, f64) {
        (self.path.frame(), self.path.fraction())
    }

    fn adopt_against(&mut self) {
        let against = self.shared.against();
        if against != self.against {
            self.against = against;
            self.intake.source.clear();
            self.controller.reset();
        }
    }

    fn take(&mut self, now: ClockTime, period: &mut Period) {
        loop {
            let needed = match self.playing {
                true => Some(self.oldest_needed()),
                false => {
                    // Who has not begun keeps all, unless it is too late for all that there is room for.
                    let begin = self.intake.begin.filter(|_| self.intake.is_full());
                    let oldest = self.resume.or(begin);
                    oldest.map(|oldest| self.oldest_to_resume(oldest, now))
                }
            };
            let starved = !self.playing;
            match self.intake.take(&self.shared, self.against, needed, starved, period) {
                Taken::Blocks => break,
                Taken::Restart => self.restart(period),
            }
        }
        self.count_steps(period);
    }

    fn count_steps(&mut self, period: &mut Period) {
        let steps = self.intake.source.shifts().wrapping_add(self.device.shifts());
        let new = steps.wrapping_sub(self.steps);
        period.discontinuities += new;
        (self.steps, self.has_stepped) = (steps, new > 0);
    }

    fn restart(&mut self, period: &mut Period) {
        self.intake.restart();
        self.controller.reset();
        self.path.set_step(self.nominal_step());
        (self.playing, self.resume, self.concealed) = (false, None, None);
        (self.extra_delay_ns, self.block_delay_ns, self.is_found) = (0.0, 0.0, false);
        (self.waited_frames, self.far_frames, self.began_late_ns) = (0, 0, 0.0);
        period.resyncs += 1;
    }

    fn oldest_needed(&self) -> i64 {
        self.path.frame() - self.interpolator.window_frames() as i64 / 2
    }

    fn nominal_step(&self) -> f64 {
        self.config.input_hz() / f64::from(self.config.output_rate_hz)
    }

    /// When the device plays the frame that is `ahead` frames from the next one.
    fn device_time(&self, ahead: usize) -> ClockTime {
        let frames = self.played_frames + ahead as i64;
        self.device.at(frames)
    }

    /// From the source's line to the due time, ns.
    fn delay_ns(&self) -> f64 {
        let target = match self.against {
            Against::Stamps => 0.0,
            _ => self.shared.target_delay_ns() as f64,
        };
        target + self.extra_delay_ns + self.block_delay_ns
    }

    fn anchor(&self) -> Anchor {
        match self.against {
            Against::PrivateStamps => Anchor::Earliest,
            _ => Anchor::Mean,
        }
    }

    fn has_ended(&self) -> bool {
        self.shared.ended.load(Relaxed) && self.intake.is_empty()
    }

    /// One past the last input frame that `frames` output frames from here need.
    fn needed_end(&self, path: &Path, frames: usize) -> i64 {
        path.after(frames).frame() + self.interpolator.lookahead_frames() as i64 + 2
    }

    fn play(&mut self, out: &mut [f32], now: ClockTime, period: &mut Period) {
        let frames = out.len() / self.config.channels;
        let before = self.path;
        let mut aim = self.aim(now).map(|aim| self.keep_place(aim, frames));
        period.error_ns =
            aim.map_or_else(|| self.unmatched_error_ns(now), |aim| (aim.error * 1e9) as i64);
        let has_jumped = aim.is_some_and(|aim| self.correct(&aim, now, frames, period));
        if has_jumped {
            aim = self.aim(now);
        }
        if self.playing {
            self.steer(aim, now, frames);
            self.conceal(frames, period);
            self.render(out, aim.is_none() || self.config.slave_method != SlaveMethod::Resample);
        } else {
            out.fill(0.0);
        }
        if has_jumped {
            self.cross_fade(before, out);
        }
        self.fade_in(out);
    }

    /// Bends the path of the next `frames` frames towards where it should be.
    fn steer(&mut self, aim: Option<Aim>, now: ClockTime, frames: usize) {
        let Some(aim) = aim.filter(|_| self.config.slave_method == SlaveMethod::Resample) else {
            return self.path.set_step(self.nominal_step());
        };
        let seconds = self.device_time(frames).since(now) * 1e-9;
        self.controller.step(&aim, seconds);
        self.path.ramp_to(self.nominal_step() * self.ratio(), frames);
    }

    /// Input time per output time: what the controller makes of the source, in the device's seconds.
    fn ratio(&self) -> f64 {
        (1.0 + self.controller.ratio_ppm() * 1e-6) * (1.0 + self.device.slope())
    }

    fn aim(&self, now: ClockTime) -> Option<Aim> {
        if self.against == Against::Nothing {
            return None;
        }
        let source = &self.intake.source;
        let due = source.time_ns(self.path.frame(), self.path.fraction(), self.anchor())?;
        let due = due.plus_ns(self.delay_ns());
        let ratio = 1.0 / (1.0 + source.slope_ppm() * 1e-6);
        Some(Aim {
            error: now.since(due) * 1e-9,
            error_error: source.height_error(),
            ratio_ppm: (ratio - 1.0) * 1e6,
            ratio_error_ppm: source.slope_error_ppm(),
        })
    }

    /// How late this plays by its stamps, which nobody corrects; 0 where there are none.
    fn unmatched_error_ns(&self, now: ClockTime) -> i64 {
        let due = self.intake.due(self.path.frame(), self.path.fraction());
        due.map_or(0, |due| now.since(due) as i64)
    }

    fn render(&mut self, out: &mut [f32], may_pass: bool) {
        let end = self.intake.history.end() + self.fade_frames as i64;
        if may_pass && self.path.is_whole() {
            self.intake.history.read_interleaved(self.path.frame(), out);
            self.path = self.path.after(out.len() / self.config.channels);
        } else {
            self.interpolator.fill_interleaved(&self.intake.history, &mut self.path, out);
        }
        if self.path.frame() >= end && !self.has_ended() {
            self.pause(self.intake.history.end() - 1);
        }
    }

    fn report(&mut self, period: &mut Period) {
        let read = self.playing.then(|| self.path.frame());
        self.intake.publish(&self.shared, read);
        period.phase = if self.playing || self.resume.is_some() {
            self.controller.phase()
        } else {
            Phase::StartOver
        };
        let knows_device = self.device.doubt_ppm() < self.config.tuning.locked_ppm;
        period.locked = self.playing && self.controller.is_locked() && knows_device;
        period.ratio_ppm = (self.ratio() - 1.0) * 1e6;
        period.delay_ns = self.delay_ns() as i64;
        period.ratio_error_ppm = self.intake.source.slope_error_ppm();
        period.fill_frames = self.intake.ring_frames() + self.shared.waiting_frames();
        period.drained = self.has_ended() && self.path.frame() >= self.intake.history.end();
    }
}
