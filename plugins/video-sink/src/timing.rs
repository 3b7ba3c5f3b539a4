//! When a frame is due (LS-66, LS-68), and how late it is.

use driftless_plugin_api::{ClockState, HostTime, Sample, Span, StreamTime};

/// How a screen that shows frames after a `delay` meets their due times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From handing a frame over until it is seen.
    pub delay: Span,
    /// A later frame is worth dropping.
    pub max_lateness: Span,
}

/// What is to be done with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not before this time.
    Wait(HostTime),
    /// Now.
    Present,
    /// Too late: only if there is no newer one.
    Late,
}

impl Timing {
    /// The stream time at which a frame is to be seen; `None` means on arrival, as it has no stamp or
    /// the graph has no clock. `[any]`
    pub fn due(self, clock: &ClockState, sample: &Sample) -> Option<StreamTime> {
        let stamp = sample.start().filter(|_| clock.has_clock())?;
        Some(stamp + clock.presentation_delay())
    }

    /// The stream time at which a frame that is handed over at `now` is seen. `[any]`
    pub fn seen(self, clock: &ClockState, now: HostTime) -> StreamTime {
        clock.stream_time(now) + self.delay
    }

    /// What is to be done at `now` with a frame that is due then. `[any]`
    pub fn verdict(self, clock: &ClockState, due: Option<StreamTime>, now: HostTime) -> Verdict {
        let Some(due) = due else { return Verdict::Present };
        let at = clock.host_time(due - self.delay);
        match self.seen(clock, now) - due {
            _ if at > now => Verdict::Wait(at),
            late if late > self.max_lateness => Verdict::Late,
            _ => Verdict::Present,
        }
    }
}
