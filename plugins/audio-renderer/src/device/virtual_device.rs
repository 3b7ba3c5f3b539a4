//! A device without hardware: timers with a rate error and jitter, recorded or not.
//!
//! Period `n` is heard from stream time `n` periods on, by the device's own clock, and asked for one
//! period before. When it was asked for is computed, never measured, so it does not matter when
//! somebody gets round to it: virtual time and real time give the same samples.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use driftless_plugin_api::{FilterError, HostTime, Span};
use driftless_rate_match::Anchor;

use super::{Device, DeviceLine, News, StreamFormat};
use crate::callback::Callback;
use crate::options::Options;
use crate::recording::Recording;

/// Timers instead of hardware.
pub(crate) struct VirtualDevice {
    rate_hz: u32,
    channels: usize,
    /// Host nanoseconds a period lasts.
    period_ns: f64,
    jitter: Span,
    random: Random,
    line: DeviceLine,
    callback: Option<Callback>,
    /// Host time at which frame 0 is, or would have been, heard; none while paused.
    base: Option<HostTime>,
    /// The next period, and how late it is asked for.
    next: i64,
    late: Span,
    out: Vec<f32>,
    recording: Option<Recording>,
    is_recording_lost: bool,
    is_stand_in: bool,
}

impl VirtualDevice {
    /// One at rest; creates the recording's file. `[main]`
    pub fn new(
        options: &Options,
        format: StreamFormat,
        seed: u64,
        file: Option<&Path>,
    ) -> Result<Self, FilterError> {
        let StreamFormat { rate_hz, channels } = format;
        let recording = match file {
            Some(file) => Some(Recording::create(file, rate_hz, channels).map_err(|cause| {
                FilterError::new(format!("cannot record to `{}`: {cause}", file.display()))
            })?),
            None => None,
        };
        let period_frames = options.period.frames(rate_hz).max(1) as usize;
        let true_rate_hz = f64::from(rate_hz) * (1.0 + options.rate_error_ppm * 1e-6);
        Ok(Self {
            rate_hz,
            channels: channels as usize,
            period_ns: period_frames as f64 * 1e9 / true_rate_hz,
            jitter: options.jitter,
            random: Random(seed),
            line: DeviceLine::new(rate_hz, Anchor::Earliest),
            callback: None,
            base: None,
            next: 0,
            late: Span::ZERO,
            out: vec![0.0; period_frames * channels as usize],
            recording,
            is_recording_lost: false,
            is_stand_in: false,
        })
    }

    /// One that takes the place of a device from `now` on; what it plays is lost. `[streaming]`
    pub fn stand_in(callback: Callback, format: StreamFormat, period: Span, now: HostTime) -> Self {
        let StreamFormat { rate_hz, channels } = format;
        let period_frames = period.frames(rate_hz).max(1) as usize;
        let period = Span::of_frames(period_frames as i64, rate_hz);
        Self {
            rate_hz,
            channels: channels as usize,
            period_ns: period.nanos() as f64,
            jitter: Span::ZERO,
            random: Random(0),
            line: DeviceLine::new(rate_hz, Anchor::Earliest),
            callback: Some(callback),
            base: Some(now + period),
            next: 0,
            late: Span::ZERO,
            out: vec![0.0; period_frames * channels as usize],
            recording: None,
            is_recording_lost: false,
            is_stand_in: true,
        }
    }

    /// Gives the callback to another device.
    pub fn retire(mut self) -> Option<Callback> {
        self.callback.take()
    }

    /// When period `number` should be asked for, counted from the base.
    fn since_base(&self, number: i64) -> Span {
        Span::from_nanos(((number - 1) as f64 * self.period_ns).round() as i64)
    }

    fn play(&mut self, seen: HostTime) {
        let delay = self.delay();
        let Some(callback) = &mut self.callback else { return };
        let asked = self.line.ask(seen, self.out.len() / self.channels);
        callback.period(asked, delay, &mut self.out);
        if self.is_stand_in {
            let lost = (self.out.len() / self.channels) as u64;
            callback.counts().lost_frames.fetch_add(lost, Relaxed);
        }
        if let Some(recording) = &mut self.recording {
            let lost = recording.write(&self.out);
            let counts = callback.counts();
            counts
                .recording_lost_frames
                .fetch_add((lost / self.channels) as u64, std::sync::atomic::Ordering::Relaxed);
        }
        self.next += 1;
        self.late = self.random.below(self.jitter);
    }
}

impl Device for VirtualDevice {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn delay(&self) -> Span {
        Span::from_nanos(self.period_ns.round() as i64)
    }

    fn period(&self) -> Span {
        self.delay()
    }

    fn identity(&self) -> String {
        String::new()
    }

    fn start(&mut self, callback: Callback) -> Result<(), FilterError> {
        self.callback = Some(callback);
        Ok(())
    }

    fn run(&mut self, base: Option<HostTime>, now: HostTime) {
        let base = base.unwrap_or(now - self.since_base(self.next));
        let asked_for = base - self.delay();
        self.line.set_origin(asked_for);
        if let Some(callback) = &mut self.callback {
            callback.set_origin(asked_for);
        }
        self.base = Some(base);
    }

    fn pause(&mut self) {
        self.base = None;
    }

    fn step(&mut self, now: HostTime) -> Option<HostTime> {
        let base = self.base?;
        loop {
            let seen = base + self.since_base(self.next) + self.late;
            if seen > now {
                return Some(seen);
            }
            self.play(seen);
        }
    }

    fn news(&mut self) -> Option<News> {
        let cause = self.recording.as_ref()?.failure()?;
        let first = !std::mem::replace(&mut self.is_recording_lost, true);
        first.then(|| News::Warning(format!("the recording stopped: {cause}")))
    }
}

/// Numbers that are the same for the same seed (SplitMix64, after G. Steele, D. Lea and C. Flood,
/// "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug)]
struct Random(u64);

impl Random {
    /// Evenly distributed from zero to below `most`.
    fn below(&mut self, most: Span) -> Span {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        Span::from_nanos((unit * most.nanos() as f64) as i64)
    }
}
