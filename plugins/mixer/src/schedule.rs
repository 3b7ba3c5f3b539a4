//! Which block is next, what it is stamped, and when it is made.

use driftless_plugin_api::{ClockState, HostTime, Span, StreamTime};

/// A schedule that is further behind than this goes on with the present: nobody plays what is that late.
const TOO_LATE: Span = Span::from_secs(1);

/// Counts blocks on the graph's clock; without one, on host time since the first step.
#[derive(Debug)]
pub(crate) struct Schedule {
    rate_hz: u32,
    frames: i64,
    /// From a block's stamp until it is made.
    delay: Span,
    /// Blocks made.
    block: i64,
    /// Host time of stream time 0 where there is no clock.
    origin: Option<HostTime>,
    /// The next block does not follow the one before it.
    broken: bool,
}

impl Schedule {
    /// Blocks of `frames` frames, each made `delay` after its stamp.
    pub fn new(rate_hz: u32, frames: i64, delay: Span) -> Self {
        Self { rate_hz, frames, delay, block: 0, origin: None, broken: true }
    }

    /// Master time of host time `at`: what stamps and arrivals are compared in.
    pub fn master(&mut self, clock: &ClockState, at: HostTime) -> StreamTime {
        clock.stream_time_since(at, *self.origin.get_or_insert(at))
    }

    fn host_time(&self, clock: &ClockState, at: StreamTime) -> HostTime {
        match self.origin {
            Some(origin) if !clock.has_clock() => origin + (at - StreamTime::ZERO),
            _ => clock.host_time(at),
        }
    }

    /// Number of the first frame of the next block.
    pub fn frame(&self) -> i64 {
        self.block * self.frames
    }

    /// Stamp of the next block.
    pub fn start(&self) -> StreamTime {
        StreamTime::ZERO + Span::of_frames(self.frame(), self.rate_hz)
    }

    /// Where the next block ends.
    pub fn stop(&self) -> StreamTime {
        StreamTime::ZERO + Span::of_frames(self.frame() + self.frames, self.rate_hz)
    }

    /// Host time at which the next block is to be made, seen from `now`.
    pub fn due(&mut self, clock: &ClockState, now: HostTime) -> HostTime {
        if self.behind(clock, now) > TOO_LATE {
            self.catch_up(clock, now);
        }
        self.host_time(clock, self.start() + self.delay)
    }

    fn behind(&mut self, clock: &ClockState, now: HostTime) -> Span {
        self.master(clock, now) - self.start() - self.delay
    }

    /// Goes on with the present: what should have been made meanwhile is not made any more.
    pub fn catch_up(&mut self, clock: &ClockState, now: HostTime) {
        let behind = self.behind(clock, now);
        self.block += (behind.frames(self.rate_hz) / self.frames).max(0);
        self.broken = true;
    }

    /// The next block is made; returns whether it does not follow the one before it.
    pub fn advance(&mut self) -> bool {
        self.block += 1;
        std::mem::replace(&mut self.broken, false)
    }

    /// Nothing was made for a while.
    pub fn interrupt(&mut self) {
        self.broken = true;
        self.origin = None;
    }
}
