//! A device without hardware: a sine, captured by a clock with a rate error.
//!
//! Every period's end is derived from its number and from when the device was switched on, and what it
//! holds from the number of its frames; so it does not matter when somebody gets round to it: virtual
//! time and real time give the same samples.

use std::collections::VecDeque;
use std::f64::consts::TAU;

use driftless_plugin_api::{Fate, Host, HostTime, Repeat, SimulatedClock, Span};

use super::{Device, News};
use crate::options::{Options, Tone};
use crate::recorder::Recorder;

/// Timers instead of hardware.
pub(crate) struct VirtualDevice {
    host: Host,
    recorder: Recorder,
    tone: Tone,
    rate_hz: u32,
    channels: usize,
    period_frames: i64,
    /// Counts from when frame 0 was captured.
    clock: SimulatedClock,
    /// Number of the next frame.
    next: i64,
    planned: Option<(HostTime, Fate)>,
    is_gone: bool,
    news: VecDeque<News>,
    values: Vec<f32>,
}

impl VirtualDevice {
    /// One that is switched on now. `[main]`
    pub fn new(options: &Options, host: &Host, recorder: Recorder) -> Self {
        let channels = options.format.channels as usize;
        let mut clock = SimulatedClock::new(options.tone.rate_error_ppm);
        clock.start(host, host.now());
        Self {
            host: host.clone(),
            recorder,
            tone: options.tone,
            rate_hz: options.format.rate_hz,
            channels,
            period_frames: options.block_frames as i64,
            clock,
            next: 0,
            planned: None,
            is_gone: false,
            news: VecDeque::new(),
            values: vec![0.0; options.block_frames * channels],
        }
    }

    /// When the period that is being captured is handed over, and what becomes of it.
    fn plan(&mut self) -> (HostTime, Fate) {
        if let Some(planned) = self.planned {
            return planned;
        }
        let end = Span::of_frames(self.next + self.period_frames, self.rate_hz);
        let complete = self.clock.host_time(&self.host, end);
        let fate = self.host.fate(complete);
        *self.planned.insert((complete + fate.late + fate.delay, fate))
    }

    fn capture(&mut self, seen: HostTime, fate: Fate) {
        self.follow_presence(fate);
        if !self.is_gone {
            let rate_hz = f64::from(self.rate_hz);
            for (frame, number) in self.values.chunks_exact_mut(self.channels).zip(self.next..) {
                frame.fill(self.tone.value(number, rate_hz));
            }
            self.recorder.period(seen, fate.delay, &self.values);
        }
        self.next += self.period_frames;
        self.planned = None;
    }

    /// Goes away and comes back as a sound card does: with a clock that begins anew.
    fn follow_presence(&mut self, fate: Fate) {
        let is_gone = fate.times == 0;
        if std::mem::replace(&mut self.is_gone, is_gone) == is_gone {
            return;
        }
        self.news.push_back(match is_gone {
            true => News::Lost("the simulation took the device away".to_owned()),
            false => {
                self.recorder.change_device();
                News::Back("the simulation gave the device back".to_owned())
            }
        });
    }
}

impl Device for VirtualDevice {
    fn period(&self) -> Span {
        let rate_hz = f64::from(self.rate_hz) * (1.0 + self.tone.rate_error_ppm * 1e-6);
        Span::from_nanos((self.period_frames as f64 * 1e9 / rate_hz).round() as i64)
    }

    fn delay(&self) -> Span {
        self.planned.map_or(Span::ZERO, |(_, fate)| fate.delay.max(Span::ZERO))
    }

    fn identity(&self) -> String {
        String::new()
    }

    fn step(&mut self, now: HostTime) -> HostTime {
        match self.host.repeat_call() {
            Repeat::No => {}
            Repeat::Nothing => return HostTime::MAX,
            Repeat::Now(call) => {
                self.values.resize(call.frames as usize * self.channels, 0.0);
                self.period_frames = i64::from(call.frames);
                self.capture(call.seen, Fate { delay: call.delay, ..Fate::default() });
                return HostTime::MAX;
            }
        }
        loop {
            let (seen, fate) = self.plan();
            if seen > now {
                return seen;
            }
            self.capture(seen, fate);
        }
    }

    fn news(&mut self) -> Option<News> {
        self.news.pop_front()
    }
}

impl Tone {
    fn value(&self, frame: i64, rate_hz: f64) -> f32 {
        // Whole turns are taken off before the sine, or its argument runs out of digits within a day.
        let turns = self.frequency_hz * frame as f64 / rate_hz;
        (self.amplitude * (turns.fract() * TAU).sin()) as f32
    }
}
