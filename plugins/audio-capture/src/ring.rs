//! The wait-free ring from the device's thread to the streaming thread.
//!
//! Two rings side by side: interleaved frames, and a [`Mark`] for each period. Frames go in before
//! their mark and a mark comes out before its frames, so that whoever sees a mark finds its frames.

use driftless_plugin_api::{HostTime, Span};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// What is known of one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    /// Number of its first frame.
    pub first: i64,
    /// Its length.
    pub frames: usize,
    /// When its end was captured.
    pub end: HostTime,
    /// Host time from frame to frame.
    pub frame_ns: f64,
}

impl Mark {
    /// When frame number `frame` was captured.
    pub fn instant(&self, frame: i64) -> HostTime {
        let before_end = (self.end_frame() - frame) as f64 * self.frame_ns;
        self.end - Span::from_nanos(before_end.round() as i64)
    }

    /// Number of the first frame behind it.
    pub fn end_frame(&self) -> i64 {
        self.first + self.frames as i64
    }

    /// Its frames that were captured before `instant`.
    pub fn frames_before(&self, instant: HostTime) -> usize {
        let before_ns = instant.nanos().saturating_sub(self.instant(self.first).nanos());
        // Half a nanosecond less: instants are rounded, and rounding must not cost a frame.
        let before = ((before_ns as f64 - 0.5) / self.frame_ns).ceil();
        (before.max(0.0) as usize).min(self.frames)
    }

    /// Leaves out the first `frames`.
    pub fn shorten(&mut self, frames: usize) {
        self.first += frames as i64;
        self.frames -= frames;
    }
}

/// The device's end.
pub(crate) struct RingWriter {
    values: HeapProd<f32>,
    marks: HeapProd<Mark>,
}

/// The streaming thread's end.
pub(crate) struct RingReader {
    values: HeapCons<f32>,
    marks: HeapCons<Mark>,
    channels: usize,
}

/// A ring for `capacity_frames` frames, and as many marks as periods of 16 frames would need. `[main]`
pub(crate) fn ring(channels: usize, capacity_frames: usize) -> (RingWriter, RingReader) {
    let (value_in, value_out) = HeapRb::new(channels * capacity_frames).split();
    let (mark_in, mark_out) = HeapRb::new(capacity_frames / 16 + 16).split();
    let writer = RingWriter { values: value_in, marks: mark_in };
    (writer, RingReader { values: value_out, marks: mark_out, channels })
}

impl RingWriter {
    /// Puts a whole period in, or nothing of it; returns whether there was room. `[device]`
    pub fn push(&mut self, values: &[f32], mark: Mark) -> bool {
        let fits = !self.marks.is_full() && values.len() <= self.values.vacant_len();
        if fits {
            self.values.push_slice(values);
        }
        fits && self.marks.try_push(mark).is_ok()
    }
}

impl RingReader {
    /// The next period, whose frames are then taken. `[streaming]`
    pub fn mark(&mut self) -> Option<Mark> {
        self.marks.try_pop()
    }

    /// Appends the next `frames` frames to `block`. `[streaming]`
    pub fn take(&mut self, frames: usize, block: &mut Vec<f32>) {
        let from = block.len();
        block.resize(from + frames * self.channels, 0.0);
        self.values.pop_slice(&mut block[from..]);
    }

    /// Forgets the next `frames` frames. `[streaming]`
    pub fn skip(&mut self, frames: usize) {
        self.values.skip(frames * self.channels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(first: i64, frames: usize) -> Mark {
        Mark { first, frames, end: HostTime::from_nanos(1_000), frame_ns: 10.0 }
    }

    #[test]
    fn a_period_that_does_not_fit_is_left_out_whole() {
        let (mut writer, mut reader) = ring(2, 4);
        assert!(writer.push(&[1.0; 6], mark(0, 3)));
        assert!(!writer.push(&[2.0; 4], mark(3, 2)));
        assert!(writer.push(&[3.0; 2], mark(5, 1)));
        let mut block = Vec::new();
        assert_eq!(reader.mark().map(|mark| mark.first), Some(0));
        reader.skip(1);
        reader.take(2, &mut block);
        assert_eq!(reader.mark().map(|mark| mark.first), Some(5));
        reader.take(1, &mut block);
        assert_eq!(block, [1.0, 1.0, 1.0, 1.0, 3.0, 3.0]);
        assert_eq!(reader.mark(), None);
    }

    #[test]
    fn frames_before_an_instant_are_counted_to_the_frame() {
        let mark = mark(7, 20); // frame 7 was captured at 800 ns
        for (instant, before) in [(0, 0), (800, 0), (801, 1), (810, 1), (811, 2), (5_000, 20)] {
            assert_eq!(mark.frames_before(HostTime::from_nanos(instant)), before, "{instant} ns");
        }
    }
}
