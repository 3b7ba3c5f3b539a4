//! When each sample is captured and delivered, in host time.

use driftless_plugin_api::{Host, HostTime, SimulatedClock, Span};
use fastrand::Rng;

/// From one start, or resume, to the next pause.
///
/// Positions are given as nominal time: the time of a frame by the source's own count. Every instant
/// is derived from the position in one step, so nothing adds up (LS-M20).
#[derive(Debug)]
pub struct Schedule {
    hardware: SimulatedClock,
    latency: Span,
    jitter: Span,
    random: Rng,
    /// Position of the run's first frame, from when on the clock counts.
    first: Span,
    due: HostTime,
    lost: bool,
}

impl Schedule {
    /// A run whose first frame, at `position`, is captured at `at`, by a clock with that rate error.
    pub fn start(
        host: &Host,
        rate_error_ppm: f64,
        (latency, jitter): (Span, Span),
        random: Rng,
        position: Span,
        at: HostTime,
    ) -> Self {
        let mut hardware = SimulatedClock::new(rate_error_ppm);
        hardware.start(host, at);
        let due = HostTime::from_nanos(i64::MIN);
        let mut schedule =
            Self { hardware, latency, jitter, random, first: position, due, lost: false };
        schedule.plan(host, position);
        schedule
    }

    /// When the frame at `position` is captured.
    pub fn captured(&mut self, host: &Host, position: Span) -> HostTime {
        self.hardware.host_time(host, position - self.first)
    }

    /// When the sample planned last is delivered.
    pub const fn due(&self) -> HostTime {
        self.due
    }

    /// Whether the sample planned last gets lost on its way.
    pub const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Plans the delivery of the sample that begins at `position`: its latency after it was captured, some
    /// random jitter later, and never before the one planned last.
    pub fn plan(&mut self, host: &Host, position: Span) {
        let jitter = Span::from_nanos(self.random.i64(0..=self.jitter.nanos().max(0)));
        let nominal = self.captured(host, position) + self.latency;
        let fate = host.fate(nominal);
        self.lost = fate.times == 0;
        self.due = (nominal + jitter + fate.late + fate.delay).max(self.due);
    }
}
