//! A device without hardware: a sine, captured by a clock with a rate error.
//!
//! Every period's end is derived from its number and from when the device was switched on, and what it
//! holds from the number of its frames; so it does not matter when somebody gets round to it: virtual
//! time and real time give the same samples.

use std::f64::consts::TAU;

use driftless_plugin_api::{HostTime, Span};

use super::Device;
use crate::options::{Options, Tone};
use crate::recorder::Recorder;

/// Timers instead of hardware.
pub(crate) struct VirtualDevice {
    recorder: Recorder,
    tone: Tone,
    rate_hz: f64,
    channels: usize,
    period_frames: i64,
    /// When frame 0 was captured.
    origin: HostTime,
    values: Vec<f32>,
}

impl VirtualDevice {
    /// One that is switched on at `now`. `[main]`
    pub fn new(options: &Options, now: HostTime, recorder: Recorder) -> Self {
        let channels = options.format.channels as usize;
        Self {
            recorder,
            tone: options.tone,
            rate_hz: f64::from(options.format.rate_hz),
            channels,
            period_frames: options.block_frames as i64,
            origin: now,
            values: vec![0.0; options.block_frames * channels],
        }
    }

    /// Host nanoseconds from frame to frame.
    fn frame_ns(&self) -> f64 {
        1e9 / (self.rate_hz * (1.0 + self.tone.rate_error_ppm * 1e-6))
    }

    /// When frame number `frame` is captured.
    fn instant(&self, frame: i64) -> HostTime {
        self.origin + Span::from_nanos((frame as f64 * self.frame_ns()).round() as i64)
    }

    /// When the period that is being captured is complete.
    fn due(&self) -> HostTime {
        self.instant(self.recorder.position() + self.period_frames)
    }

    fn capture(&mut self, seen: HostTime) {
        let first = self.recorder.position();
        for (frame, number) in self.values.chunks_exact_mut(self.channels).zip(first..) {
            frame.fill(self.tone.value(number, self.rate_hz));
        }
        self.recorder.period(seen, Span::ZERO, &self.values);
    }
}

impl Device for VirtualDevice {
    fn period(&self) -> Span {
        Span::from_nanos((self.period_frames as f64 * self.frame_ns()).round() as i64)
    }

    fn delay(&self) -> Span {
        Span::ZERO
    }

    fn identity(&self) -> String {
        String::new()
    }

    fn step(&mut self, now: HostTime) -> HostTime {
        while self.due() <= now {
            self.capture(self.due());
        }
        self.due()
    }
}

impl Tone {
    fn value(&self, frame: i64, rate_hz: f64) -> f32 {
        // Whole turns are taken off before the sine, or its argument runs out of digits within a day.
        let turns = self.frequency_hz * frame as f64 / rate_hz;
        (self.amplitude * (turns.fract() * TAU).sin()) as f32
    }
}
