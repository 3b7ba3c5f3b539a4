//! Positions on the sender's time line into time stamps.

use driftless_plugin_api::{Span, StreamOffset, StreamTime};

/// Stamps on the graph's time line that follow the sender's clock.
///
/// A time line starts `latency` after the arrival of its first packet, so a stamp says when the
/// sample is to be delivered (LS-49); from there the sender's frames are counted.
#[derive(Debug, Clone)]
pub struct Stamper {
    rate_hz: u32,
    latency: Span,
    /// The stream offset.
    pub offset: StreamOffset,
    /// Stream time of position 0, without the offset.
    origin: StreamTime,
}

/// When a sample is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Its first frame.
    pub start: StreamTime,
    /// One past its last.
    pub stop: StreamTime,
    /// The time line of the stamps is broken here.
    pub discontinuity: bool,
}

impl Stamper {
    /// Stamps for frames at `rate_hz`; no offset yet.
    pub fn new(rate_hz: u32, latency: Span, max_offset: Span) -> Self {
        let offset = StreamOffset::new(max_offset);
        Self { rate_hz, latency, offset, origin: StreamTime::ZERO }
    }

    /// Starts a time line with a packet that arrived at stream time `arrival`.
    pub fn begin(&mut self, arrival: StreamTime) {
        self.origin = arrival + self.latency;
    }

    /// The stamp of `frames` frames at `position`; `None` while it would not come after the last one
    /// (LS-12): the offset has become smaller (LS-32), or a new time line begins before the old one
    /// ended. Better to lose what overlaps than to be late from then on.
    pub fn stamp(&mut self, position: i64, frames: u32) -> Option<Stamp> {
        let after = |frames| self.origin + Span::of_frames(frames, self.rate_hz);
        let (start, end) = (after(position), after(position.saturating_add(i64::from(frames))));
        let times = self.offset.admit((start, end))?;
        let discontinuity = self.offset.delivered(times);
        Some(Stamp { start: times.0, stop: times.1, discontinuity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> StreamTime {
        StreamTime::ZERO + Span::from_millis(ms)
    }

    fn starts(stamper: &mut Stamper, positions: std::ops::Range<i64>) -> Vec<Option<StreamTime>> {
        let stamps = positions.map(|position| stamper.stamp(position * 48, 48));
        stamps.map(|stamp| stamp.map(|stamp| stamp.start)).collect()
    }

    /// LS-49, LS-31, LS-35
    #[test]
    fn a_stamp_is_arrival_plus_latency_plus_the_frames_counted_plus_the_offset() {
        let mut stamper = Stamper::new(48_000, Span::from_millis(40), Span::ZERO);
        stamper.offset.set(Span::from_millis(300), Span::ZERO);
        stamper.begin(at(1000));
        assert_eq!(starts(&mut stamper, 0..3), [Some(at(1340)), Some(at(1341)), Some(at(1342))]);
    }

    /// LS-32
    #[test]
    fn after_a_smaller_offset_samples_are_withheld_until_their_stamps_increase() {
        let mut stamper = Stamper::new(48_000, Span::ZERO, Span::ZERO);
        stamper.offset.set(Span::from_millis(2), Span::ZERO);
        stamper.begin(at(0));
        starts(&mut stamper, 0..2);
        stamper.offset.set(Span::ZERO, Span::ZERO);
        assert_eq!(starts(&mut stamper, 2..4), [None, None]);
        let stamp = stamper.stamp(4 * 48, 48).unwrap();
        assert_eq!((stamp.start, stamp.discontinuity), (at(4), true));
    }

    /// LS-12, LS-50
    #[test]
    fn a_new_time_line_is_as_long_after_its_arrival_as_the_old_one_and_never_runs_backwards() {
        let mut stamper = Stamper::new(48_000, Span::from_millis(40), Span::ZERO);
        stamper.begin(at(0));
        starts(&mut stamper, 0..12);
        stamper.begin(at(10));
        assert_eq!(starts(&mut stamper, 0..3), [None, None, Some(at(52))]);
        stamper.begin(at(500));
        assert_eq!(starts(&mut stamper, 0..1), [Some(at(540))]);
    }
}
