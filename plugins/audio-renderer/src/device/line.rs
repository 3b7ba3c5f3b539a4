//! When a device asks for its periods: callback times, smoothed.

use driftless_plugin_api::{HostTime, Span};
use driftless_rate_match::{Anchor, Timeline};

/// A period that a device asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// When the callback came.
    pub seen: HostTime,
    /// When it should have come, going by all before it.
    pub due: HostTime,
    /// Frames a second, true to nominal.
    pub rate: f64,
}

/// One device's frames against host time. `[device]`
#[derive(Debug)]
pub(crate) struct DeviceLine {
    timeline: Timeline,
    /// Frames asked for so far.
    position: i64,
    /// Host time that the time line counts from.
    origin: HostTime,
}

impl DeviceLine {
    /// The line goes along the earliest callbacks: they can only be late.
    pub fn new(rate_hz: u32) -> Self {
        let timeline = Timeline::new(f64::from(rate_hz), Anchor::Earliest);
        Self { timeline, position: 0, origin: HostTime::ZERO }
    }

    /// Frame 0 is to be counted from `origin` on, where it may have been before a pause.
    pub fn set_origin(&mut self, origin: HostTime) {
        self.origin = origin;
    }

    /// A period of `frames` was asked for at `seen`.
    pub fn ask(&mut self, seen: HostTime, frames: usize) -> Asked {
        self.timeline.observe(self.position, (seen - self.origin).nanos());
        let due = self.origin + Span::from_nanos(self.timeline.time_of(self.position));
        self.position += frames as i64;
        Asked { seen, due, rate: 1.0 + self.timeline.rate_ppm() * 1e-6 }
    }

    /// What was seen so far tells nothing of what comes.
    pub fn forget(&mut self) {
        self.timeline.clear();
    }
}
