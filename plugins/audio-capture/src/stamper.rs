//! Time stamps: the instant of capture in stream time, the stream offset, and that time runs forwards.

use driftless_plugin_api::{ClockState, HostTime, Span, Status, StreamTime};

use crate::cutter::Block;

/// Start and stop of a sample, in stream time.
pub(crate) type Times = (StreamTime, StreamTime);

/// A block that starts so far from where the one before it stopped does not follow it.
const BREAK: Span = Span::from_millis(1);

/// Makes the stamps of the output pin.
#[derive(Debug)]
pub(crate) struct Stamper {
    rate_hz: u32,
    offset: Span,
    max_offset: Span,
    /// Without a clock: frame number and its time by the source's own count.
    anchor: Option<(i64, StreamTime)>,
    /// Where the newest block that was delivered ended, before the offset.
    captured_until: StreamTime,
    /// Times of the newest block that was delivered, offset included.
    last: Option<Times>,
    /// The offset changed since then.
    is_offset_new: bool,
}

impl Stamper {
    /// Stamps without an offset yet. `[main]`
    pub fn new(rate_hz: u32, max_offset: Span) -> Self {
        Self {
            rate_hz,
            offset: Span::ZERO,
            max_offset,
            anchor: None,
            captured_until: StreamTime::ZERO,
            last: None,
            is_offset_new: false,
        }
    }

    /// The stream offset in force.
    pub const fn offset(&self) -> Span {
        self.offset
    }

    /// The largest stream offset that was asked for.
    pub const fn max_offset(&self) -> Span {
        self.max_offset
    }

    /// Sets the stream offset (LS-30).
    pub fn set_offset(&mut self, offset: Span) {
        self.is_offset_new |= offset != self.offset;
        self.offset = offset;
    }

    /// Sets the largest stream offset; on a connected pin it can only become smaller (LS-33).
    pub fn set_max_offset(&mut self, max: Span, connected: bool) -> Status {
        if max < self.offset || max < Span::ZERO {
            return Status::INVALID_ARGUMENT;
        }
        if connected && max > self.max_offset {
            return Status::FALSE;
        }
        self.max_offset = max;
        Status::OK
    }

    /// A stream starts from its beginning.
    pub fn restart(&mut self) {
        (self.captured_until, self.last) = (StreamTime::ZERO, None);
        (self.anchor, self.is_offset_new) = (None, false);
    }

    /// A run starts at `now`; returns when its first frame may be captured: never before what was
    /// captured last, so that stamps go on increasing (LS-12), nor before stream time 0.
    pub fn begin(&mut self, clock: &ClockState, now: HostTime) -> HostTime {
        self.anchor = None;
        match clock.has_clock() {
            true => now.max(clock.host_time(self.captured_until)),
            false => now,
        }
    }

    /// Times of a block, before the offset. `[streaming]`
    pub fn capture_times(&mut self, clock: &ClockState, block: &Block<'_>) -> Times {
        let (first, end) = block.frames;
        if clock.has_clock() {
            let (start, stop) = block.captured;
            return (clock.stream_time(start), clock.stream_time(stop));
        }
        // Without a clock a live source has nothing but its own count (LS-64).
        let (from, time) = *self.anchor.get_or_insert((first, self.captured_until));
        let of = |frame| time + Span::of_frames(frame - from, self.rate_hz);
        (of(first), of(end))
    }

    /// The times with the offset (LS-31, LS-35); `None` when a sample with them must be withheld,
    /// because stamps strictly increase (LS-12), and go on behind the last sample when the offset became
    /// smaller (LS-32).
    pub fn admit(&self, (start, stop): Times) -> Option<Times> {
        let times = (start + self.offset, stop + self.offset);
        let is_behind = self.last.is_none_or(|(last_start, last_stop)| match self.is_offset_new {
            true => times.0 >= last_stop,
            false => times.0 > last_start,
        });
        is_behind.then_some(times)
    }

    /// A sample is delivered with `times`, captured until `until`. Returns whether it follows the one
    /// before it.
    pub fn deliver(&mut self, times: Times, until: StreamTime) -> bool {
        let follows = self.last.is_some_and(|(_, stop)| (times.0 - stop).abs() < BREAK);
        (self.last, self.captured_until) = (Some(times), until);
        !std::mem::take(&mut self.is_offset_new) && follows
    }
}
