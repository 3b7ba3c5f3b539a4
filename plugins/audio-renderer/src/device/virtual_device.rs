//! A device without hardware: timers with a rate error and jitter, recorded or not.
//!
//! Period `n` is heard from stream time `n` periods on, by the device's own clock, and asked for one
//! period before. When it was asked for is computed, never measured, so it does not matter when
//! somebody gets round to it: virtual time and real time give the same samples.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use driftless_plugin_api::{
    Called, Fate, FilterError, Host, HostTime, Repeat, SimulatedClock, Span,
};

use super::{Asked, Device, DeviceLine, News, StreamFormat};
use crate::callback::Callback;
use crate::options::Options;
use crate::recording::Recording;

/// Timers instead of hardware.
pub(crate) struct VirtualDevice {
    host: Host,
    rate_hz: u32,
    channels: usize,
    period_frames: i64,
    /// How long a period lasts without what the host makes of it.
    period: Span,
    /// Counts from the moment at which frame 0 is, or would have been, heard.
    clock: SimulatedClock,
    jitter: Span,
    random: Random,
    line: DeviceLine,
    callback: Option<Callback>,
    running: bool,
    /// The next period, and when it is asked for.
    next: i64,
    planned: Option<Planned>,
    /// What comes to the device's delay.
    extra_delay: Span,
    presence: Presence,
    xruns: u64,
    news: VecDeque<News>,
    out: Vec<f32>,
    recording: Option<Recording>,
    is_recording_lost: bool,
}

/// When a period is asked for.
#[derive(Debug, Clone, Copy)]
struct Planned {
    seen: HostTime,
    fate: Fate,
}

/// Whether what is played is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Here,
    /// A simulation has taken the device away for a while.
    Gone,
    /// It keeps the place of a sound card that is gone.
    StandIn,
}

impl VirtualDevice {
    /// One at rest; creates the recording's file. `[main]`
    pub fn new(
        options: &Options,
        format: StreamFormat,
        host: &Host,
        file: Option<&Path>,
    ) -> Result<Self, FilterError> {
        let StreamFormat { rate_hz, channels } = format;
        let recording = match file {
            Some(file) => Some(Recording::create(file, rate_hz, channels).map_err(|cause| {
                FilterError::new(format!("cannot record to `{}`: {cause}", file.display()))
            })?),
            None => None,
        };
        let own = Self::at_rest(format, options.period, options.rate_error_ppm, host);
        Ok(Self { jitter: options.jitter, random: Random(host.seed()), recording, ..own })
    }

    /// One that takes the place of a device from `now` on; what it plays is lost. `[streaming]`
    pub fn stand_in(callback: Callback, format: StreamFormat, period: Span, now: HostTime) -> Self {
        let mut own = Self::at_rest(format, period, 0.0, callback.host());
        own.clock.start(&own.host, now + own.period);
        Self { callback: Some(callback), running: true, presence: Presence::StandIn, ..own }
    }

    fn at_rest(format: StreamFormat, period: Span, rate_error_ppm: f64, host: &Host) -> Self {
        let StreamFormat { rate_hz, channels } = format;
        let period_frames = period.frames(rate_hz).max(1);
        let true_rate_hz = f64::from(rate_hz) * (1.0 + rate_error_ppm * 1e-6);
        let period_ns = (period_frames as f64 * 1e9 / true_rate_hz).round() as i64;
        Self {
            host: host.clone(),
            rate_hz,
            channels: channels as usize,
            period_frames,
            period: Span::from_nanos(period_ns),
            clock: SimulatedClock::new(rate_error_ppm),
            jitter: Span::ZERO,
            random: Random(0),
            line: DeviceLine::new(rate_hz),
            callback: None,
            running: false,
            next: 0,
            planned: None,
            extra_delay: Span::ZERO,
            presence: Presence::Here,
            xruns: 0,
            news: VecDeque::new(),
            out: vec![0.0; period_frames as usize * channels as usize],
            recording: None,
            is_recording_lost: false,
        }
    }

    /// Gives the callback to another device.
    pub fn retire(mut self) -> Option<Callback> {
        self.callback.take()
    }

    /// From when frame 0 is heard until period `number` is asked for, by the device's clock.
    fn position(&self, number: i64) -> Span {
        Span::of_frames((number - 1) * self.period_frames, self.rate_hz)
    }

    /// When the next period is asked for.
    fn plan(&mut self) -> Planned {
        if let Some(planned) = self.planned {
            return planned;
        }
        let nominal = self.clock.host_time(&self.host, self.position(self.next));
        let fate = self.host.fate(nominal);
        let late = if self.next == 0 { Span::ZERO } else { self.random.below(self.jitter) };
        *self.planned.insert(Planned { seen: nominal + late + fate.late, fate })
    }

    fn play(&mut self, Planned { seen, fate }: Planned) {
        self.extra_delay = fate.delay;
        self.follow_presence(fate);
        // What is asked for after it should have been heard is not heard any more.
        let is_missed = fate.late > self.delay();
        self.xruns += u64::from(is_missed);
        let delay = self.delay();
        let Some(callback) = &mut self.callback else { return };
        let frames = self.out.len() / self.channels;
        let asked = self.line.ask(seen, frames);
        if self.presence == Presence::StandIn {
            let Asked { seen, due, rate } = asked;
            self.host.called(Called { seen, due, rate, delay, frames: frames as u32 });
        }
        callback.period(asked, delay, &mut self.out);
        self.let_hear(is_missed);
        self.next += 1;
        self.planned = None;
    }

    /// Does what a sound card did whose place it takes, or what stood in for that.
    fn repeat(&mut self, call: Called) {
        let Called { seen, due, rate, delay, frames } = call;
        if frames == 0 {
            return self.change_presence(match self.presence {
                Presence::Here => Presence::Gone,
                _ => Presence::Here,
            });
        }
        let Some(callback) = &mut self.callback else { return };
        self.out.resize(frames as usize * self.channels, 0.0);
        callback.period(Asked { seen, due, rate }, delay, &mut self.out);
        self.let_hear(false);
    }

    /// What was played is heard, and recorded, if the device is there and it was not missed.
    fn let_hear(&mut self, is_missed: bool) {
        let Some(callback) = &self.callback else { return };
        let counts = callback.counts();
        if is_missed || self.presence != Presence::Here {
            let lost = (self.out.len() / self.channels) as u64;
            counts.lost_frames.fetch_add(lost, Relaxed);
            self.out.fill(0.0);
        }
        if let Some(recording) = &mut self.recording {
            let lost = recording.write(&self.out);
            counts.recording_lost_frames.fetch_add((lost / self.channels) as u64, Relaxed);
        }
    }

    fn follow_presence(&mut self, fate: Fate) {
        let presence = match (fate.times, self.presence) {
            (_, Presence::StandIn) => return,
            (0, _) => Presence::Gone,
            _ => Presence::Here,
        };
        if presence != self.presence {
            self.change_presence(presence);
        }
    }

    /// Goes away or comes back as a sound card does: with a clock that begins anew.
    fn change_presence(&mut self, presence: Presence) {
        self.presence = presence;
        self.line.forget();
        let Some(callback) = &mut self.callback else { return };
        callback.change_device();
        self.news.push_back(match presence {
            Presence::Gone => News::Lost("the simulation took the device away".to_owned()),
            _ => {
                callback.counts().device_restarts.fetch_add(1, Relaxed);
                News::Back("the simulation gave the device back".to_owned())
            }
        });
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
        (self.period + self.extra_delay).max(Span::ZERO)
    }

    fn period(&self) -> Span {
        self.period
    }

    fn identity(&self) -> String {
        String::new()
    }

    fn start(&mut self, callback: Callback) -> Result<(), FilterError> {
        self.callback = Some(callback);
        Ok(())
    }

    fn run(&mut self, base: Option<HostTime>, now: HostTime) {
        let base = base.unwrap_or_else(|| {
            self.clock.start(&self.host, now);
            self.clock.host_time(&self.host, Span::ZERO - self.position(self.next))
        });
        self.clock.start(&self.host, base);
        self.planned = None;
        let asked_for = base - self.period;
        self.line.set_origin(asked_for);
        if let Some(callback) = &mut self.callback {
            callback.set_origin(asked_for);
        }
        self.running = true;
    }

    fn pause(&mut self) {
        self.running = false;
    }

    fn step(&mut self, now: HostTime) -> Option<HostTime> {
        if !self.running {
            return None;
        }
        match self.host.repeat_call() {
            Repeat::No => {}
            Repeat::Nothing => return None,
            Repeat::Now(call) => {
                self.repeat(call);
                return None;
            }
        }
        loop {
            let planned = self.plan();
            if planned.seen > now {
                return Some(planned.seen);
            }
            self.play(planned);
        }
    }

    fn xruns(&self) -> u64 {
        self.xruns
    }

    fn news(&mut self) -> Option<News> {
        if let Some(news) = self.news.pop_front() {
            return Some(news);
        }
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
