//! Times of a live source that counts its own frames.

use driftless_plugin_api::{ClockState, HostTime, Span, StreamTime};

use crate::pace::Pace;

/// A run of a source that captures at a pace of its own.
#[derive(Debug, Clone)]
pub struct Live {
    pace: Pace,
    latency: Span,
    offset: Span,
    /// When which frame was captured: the start of this run.
    anchor: Option<(HostTime, i64)>,
    last: Option<StreamTime>,
    offset_changed: bool,
    withheld: u64,
}

impl Live {
    pub fn new(pace: Pace, latency: Span) -> Self {
        let (offset, offset_changed) = (Span::ZERO, false);
        Self { pace, latency, offset, anchor: None, last: None, offset_changed, withheld: 0 }
    }

    /// Forgets everything but the stream offset.
    pub fn reset(&mut self) {
        let offset = self.offset;
        *self = Self { offset, ..Self::new(self.pace, self.latency) };
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

    pub fn offset(&self) -> Span {
        self.offset
    }

    /// What is added to every stamp from the next one on (LS-31).
    pub fn set_offset(&mut self, offset: Span) {
        self.offset_changed |= self.offset != offset;
        self.offset = offset;
    }

    /// Blocks whose stamps would not have increased.
    pub fn withheld(&self) -> u64 {
        self.withheld
    }

    fn captured(&self, frame: i64) -> HostTime {
        let (since, first) = self.anchor.unwrap_or_default();
        since + self.pace.captured(frame - first)
    }

    /// When the block that begins with `frame` is delivered.
    pub fn due(&self, frame: i64) -> HostTime {
        self.captured(frame) + self.latency
    }

    /// Start and stop of the block, delivery-referenced (LS-49), and whether the time line moved;
    /// `None` while stamps would not increase (LS-12, LS-32).
    pub fn times(
        &mut self,
        frame: i64,
        frames: i64,
        clock: &ClockState,
    ) -> Option<((StreamTime, StreamTime), bool)> {
        let (since, _) = self.anchor.unwrap_or_default();
        let stamp = |frame| {
            let due = self.due(frame);
            let stream_time = match clock.has_clock() {
                true => clock.stream_time(due),
                false => StreamTime::ZERO + (due - since), // LS-64
            };
            stream_time + self.offset
        };
        let times = (stamp(frame), stamp(frame + frames));
        if self.last.is_some_and(|last| times.0 <= last) {
            self.withheld += 1;
            return None;
        }
        self.last = Some(times.0);
        Some((times, std::mem::take(&mut self.offset_changed)))
    }
}
