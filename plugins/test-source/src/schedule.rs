//! When each sample is captured and delivered, in host time.

use driftless_plugin_api::{HostTime, Span};
use fastrand::Rng;

use crate::hardware::HardwareClock;

/// From one start, or resume, to the next pause.
///
/// Positions are given as nominal time: the time of a frame by the source's own count. Every instant
/// is derived from the position in one step, so nothing adds up (LS-M20).
#[derive(Debug)]
pub struct Schedule {
    hardware: HardwareClock,
    latency: Span,
    jitter: Span,
    random: Rng,
    /// Position of the run's first frame, and when it was captured.
    first: (Span, HostTime),
    due: HostTime,
}

impl Schedule {
    /// A run whose first frame, at `position`, is captured at `at`.
    pub fn start(
        hardware: HardwareClock,
        (latency, jitter): (Span, Span),
        random: Rng,
        position: Span,
        at: HostTime,
    ) -> Self {
        let first = (position, at);
        let mut schedule =
            Self { hardware, latency, jitter, random, first, due: HostTime::from_nanos(i64::MIN) };
        schedule.plan(position);
        schedule
    }

    /// When the frame at `position` is captured.
    pub fn captured(&self, position: Span) -> HostTime {
        self.first.1 + self.hardware.in_host_time(position - self.first.0)
    }

    /// When the sample planned last is delivered.
    pub const fn due(&self) -> HostTime {
        self.due
    }

    /// Plans the delivery of the sample that begins at `position`: its latency after it was captured, some
    /// random jitter later, and never before the one planned last.
    pub fn plan(&mut self, position: Span) {
        let jitter = Span::from_nanos(self.random.i64(0..=self.jitter.nanos().max(0)));
        let due = self.captured(position) + self.latency + jitter;
        self.due = due.max(self.due);
    }
}
