//! Time stamps: the instant of capture in stream time, and the stream offset.

use driftless_plugin_api::{ClockState, HostTime, Span, StreamOffset, StreamTime, Times};

use crate::cutter::Block;

/// A block that starts so far from where the one before it stopped does not follow it.
const BREAK: Span = Span::from_millis(1);

/// Makes the stamps of the output pin.
#[derive(Debug)]
pub(crate) struct Stamper {
    rate_hz: u32,
    /// The stream offset.
    pub offset: StreamOffset,
    /// Without a clock: frame number and its time by the source's own count.
    anchor: Option<(i64, StreamTime)>,
    /// Where the newest block that was delivered ended, before the offset.
    captured_until: StreamTime,
}

impl Stamper {
    /// Stamps without an offset yet. `[main]`
    pub fn new(rate_hz: u32, max_offset: Span) -> Self {
        let offset = StreamOffset::new(max_offset);
        Self { rate_hz, offset, anchor: None, captured_until: StreamTime::ZERO }
    }

    /// A stream starts from its beginning.
    pub fn restart(&mut self) {
        (self.captured_until, self.anchor) = (StreamTime::ZERO, None);
        self.offset.restart();
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

    /// A sample is delivered with `times`, captured until `until`. Returns whether it follows the one
    /// before it.
    pub fn deliver(&mut self, times: Times, until: StreamTime) -> bool {
        let follows = self.offset.last().is_some_and(|(_, stop)| (times.0 - stop).abs() < BREAK);
        self.captured_until = until;
        !self.offset.delivered(times) && follows
    }
}
