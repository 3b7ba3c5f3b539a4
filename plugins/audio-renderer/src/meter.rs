//! From periods to statistics (LS-88 to LS-90).

use driftless_plugin_api::{Span, Statistics};
use driftless_rate_match::{Period, Phase};

/// Adds up what the player says about its periods. `[device]`
#[derive(Debug, Default)]
pub(crate) struct Meter {
    statistics: Statistics,
    /// Device frames since the first sample was there to be played.
    waited_frames: i64,
    waiting: bool,
    was_locked: bool,
    was_short: bool,
    started: bool,
}

/// What a period was played with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Played {
    /// Frames of the period, and the device's rate.
    pub frames: usize,
    pub device_rate_hz: u32,
    /// The stream's rate.
    pub rate_hz: u32,
    /// Whether the rate is matched at all.
    pub following: bool,
}

impl Meter {
    /// Adds a period.
    pub fn add(&mut self, period: &Period, played: Played) {
        let playing = matches!(period.phase, Phase::Acquire | Phase::Track);
        let locked = playing && (period.locked || !played.following);
        self.wait(period, played, locked);
        self.count(period, played.rate_hz);
        if playing {
            self.statistics.present(Span::from_nanos(period.error_ns));
        }
        let statistics = &mut self.statistics;
        statistics.locked = u32::from(locked);
        statistics.ppm = period.ratio_ppm;
        let rate_hz = f64::from(played.rate_hz);
        statistics.slave_rate = (rate_hz * (1.0 + period.ratio_ppm * 1e-6)).round() as u32;
        statistics.rate_hz = played.rate_hz;
        statistics.fill = Span::of_frames(period.fill_frames as i64, played.rate_hz).nanos();
        let inserted = Span::of_frames(statistics.inserted_frames as i64, played.rate_hz);
        let [error, dropped] = [statistics.error_now, statistics.drop_write].map(Span::from_nanos);
        statistics.accumulated_error = (error + dropped - inserted).nanos();
    }

    /// Measures the time until the first lock, and lets the sums begin there.
    fn wait(&mut self, period: &Period, played: Played, locked: bool) {
        self.waiting |= period.fill_frames > 0 || locked;
        if locked && !self.was_locked {
            self.was_locked = true;
            let waited = Span::of_frames(self.waited_frames, played.device_rate_hz);
            self.statistics.locked_after = waited.nanos();
            self.restart_sums();
        } else if !self.was_locked {
            self.statistics.locked_after = -1;
        }
        if self.waiting {
            self.waited_frames += played.frames as i64;
        }
    }

    fn restart_sums(&mut self) {
        let statistics = &mut self.statistics;
        statistics.presented = 0;
        (statistics.error_sum, statistics.error_square_sum) = (0.0, 0.0);
        (statistics.error_max, statistics.error_highest, statistics.error_lowest) = (0, 0, 0);
    }

    fn count(&mut self, period: &Period, rate_hz: u32) {
        let statistics = &mut self.statistics;
        let short = period.underrun_frames > 0;
        // The first start is none over.
        let again = if self.started { u64::from(period.resyncs) } else { 0 };
        self.started |= period.resyncs > 0 && matches!(period.phase, Phase::Acquire | Phase::Track);
        // Saturating: a stamp may be any number, and with it how much lies between two of them.
        let add = |sum: &mut u64, frames: usize| *sum = sum.saturating_add(frames as u64);
        let dropped = [period.dropped_frames, period.late_frames, period.cropped_frames];
        dropped.into_iter().for_each(|frames| add(&mut statistics.dropped_frames, frames));
        let inserted = [period.inserted_frames, period.silence_frames];
        inserted.into_iter().for_each(|frames| add(&mut statistics.inserted_frames, frames));
        add(&mut statistics.concealed_frames, period.underrun_frames);
        statistics.underruns += u64::from(short);
        statistics.resyncs += again;
        statistics.discontinuities += u64::from(period.discontinuities);
        statistics.breaks += again + u64::from(short && !self.was_short);
        let longer = |sum: i64, frames: usize| {
            (Span::from_nanos(sum) + Span::of_frames(frames as i64, rate_hz)).nanos()
        };
        statistics.silence = longer(statistics.silence, period.silence_frames);
        statistics.drop_write = longer(statistics.drop_write, period.dropped_frames);
        self.was_short = short;
    }

    /// What was measured so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Tells the device's delay.
    pub fn set_device_delay(&mut self, delay: Span) {
        self.statistics.device_delay = delay.nanos();
    }
}
