//! Times of a live source that counts its own frames.

use driftless_plugin_api::{ClockState, HostTime, Span, StreamOffset, Times};

use crate::pace::Pace;

/// A run of a source that captures at a pace of its own.
#[derive(Debug, Clone)]
pub struct Live {
    pace: Pace,
    latency: Span,
    /// The stream offset.
    pub offset: StreamOffset,
    /// When which frame was captured: the start of this run.
    anchor: Option<(HostTime, i64)>,
    withheld: u64,
}

impl Live {
    /// A source of this pace; `max_offset` is the largest stream offset that it prefers.
    pub fn new(pace: Pace, latency: Span, max_offset: Span) -> Self {
        let offset = StreamOffset::new(max_offset);
        Self { pace, latency, offset, anchor: None, withheld: 0 }
    }

    /// Forgets everything but the stream offset.
    pub fn reset(&mut self) {
        self.offset.restart();
        (self.anchor, self.withheld) = (None, 0);
    }

    /// The run is over; the next one starts a new count.
    pub fn pause(&mut self) {
        self.anchor = None;
    }

    /// Frame number `frame` is captured at `now`, unless the run has started already.
    pub fn start(&mut self, now: HostTime, frame: i64) {
        self.anchor.get_or_insert((now, frame));
    }

    /// From a block's first frame to its delivery.
    pub fn latency(&self) -> Span {
        self.latency
    }

    /// Blocks whose stamps would not have increased.
    pub fn withheld(&self) -> u64 {
        self.withheld
    }

    fn captured(&self, frame: i64) -> HostTime {
        let (since, first) = self.anchor.unwrap_or_default();
        since + self.pace.due(frame - first)
    }

    /// When the block that begins with `frame` is delivered.
    pub fn due(&self, frame: i64) -> HostTime {
        self.captured(frame) + self.latency
    }

    /// Start and stop of the block, delivery-referenced (LS-49), and whether the time line moved;
    /// `None` while stamps would not increase (LS-12, LS-32).
    pub fn times(&mut self, frame: i64, frames: i64, clock: &ClockState) -> Option<(Times, bool)> {
        let (since, _) = self.anchor.unwrap_or_default();
        let stamp = |frame| clock.stream_time_since(self.due(frame), since);
        let Some(times) = self.offset.admit((stamp(frame), stamp(frame + frames))) else {
            self.withheld += 1;
            return None;
        };
        Some((times, self.offset.delivered(times)))
    }
}
