//! Cuts blocks of one length from periods of any.

use driftless_plugin_api::HostTime;

use crate::ring::{Mark, RingReader};

/// Frames in a row, and when they were captured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    /// Number of the first frame, and of the first one behind.
    pub frames: (i64, i64),
    /// When these were captured.
    pub captured: (HostTime, HostTime),
    /// Interleaved.
    pub values: &'a [f32],
}

/// Takes periods and gives blocks. `[streaming]`
pub(crate) struct Cutter {
    reader: RingReader,
    block_frames: usize,
    /// What is left of the period that is being cut.
    rest: Option<Mark>,
    /// Frames captured before this are left out, until the first one is taken.
    not_before: Option<HostTime>,
    /// The block that is being filled: its frames, when they were captured, their values.
    frames: (i64, i64),
    captured: (HostTime, HostTime),
    values: Vec<f32>,
    /// The block was given; its place is free.
    given: bool,
}

impl Cutter {
    /// One for blocks of `block_frames`. `[main]`
    pub fn new(reader: RingReader, block_frames: usize) -> Self {
        Self {
            reader,
            block_frames,
            rest: None,
            not_before: None,
            frames: (0, 0),
            captured: (HostTime::ZERO, HostTime::ZERO),
            values: Vec::new(),
            given: true,
        }
    }

    /// Begins anew, with the first frame captured at `instant` or later; what is older is forgotten.
    pub fn begin(&mut self, instant: HostTime) {
        self.not_before = Some(instant);
        self.given = true;
    }

    /// The next block, once all of its frames are there. Before a gap in the count it is shorter.
    pub fn next(&mut self) -> Option<Block<'_>> {
        if std::mem::take(&mut self.given) {
            self.values.clear();
            self.frames.0 = self.frames.1;
        }
        while self.filled() < self.block_frames {
            let mut mark = self.rest.take().or_else(|| self.reader.mark())?;
            if self.filled() > 0 && mark.first != self.frames.1 {
                self.rest = Some(mark);
                break;
            }
            self.leave_out_stale(&mut mark);
            self.fill(mark);
        }
        self.given = true;
        Some(Block { frames: self.frames, captured: self.captured, values: &self.values })
    }

    fn filled(&self) -> usize {
        (self.frames.1 - self.frames.0) as usize
    }

    fn leave_out_stale(&mut self, mark: &mut Mark) {
        let Some(instant) = self.not_before else { return };
        let stale = mark.frames_before(instant);
        self.reader.skip(stale);
        mark.shorten(stale);
        if mark.frames > 0 {
            self.not_before = None;
        }
    }

    /// Takes what the block needs from a period, and keeps the rest of it.
    fn fill(&mut self, mut mark: Mark) {
        if self.filled() == 0 {
            self.frames = (mark.first, mark.first);
            self.captured.0 = mark.instant(mark.first);
        }
        let frames = mark.frames.min(self.block_frames - self.filled());
        self.reader.take(frames, &mut self.values);
        mark.shorten(frames);
        self.frames.1 = mark.first;
        self.captured.1 = mark.instant(mark.first);
        self.rest = (mark.frames > 0).then_some(mark);
    }
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::Span;
    use proptest::prelude::*;

    use super::*;
    use crate::ring::{RingWriter, ring};

    const FRAME: Span = Span::from_micros(10);

    fn at(frame: i64) -> HostTime {
        HostTime::ZERO + Span::from_nanos(frame * FRAME.nanos())
    }

    /// Frames whose value is their number.
    fn push(writer: &mut RingWriter, first: i64, frames: usize) {
        let values: Vec<_> = (first..).take(frames).map(|number| number as f32).collect();
        let (end, frame_ns) = (at(first + frames as i64), FRAME.nanos() as f64);
        assert!(writer.push(&values, Mark { first, frames, end, frame_ns }));
    }

    fn blocks(cutter: &mut Cutter) -> Vec<(i64, i64)> {
        let mut blocks = Vec::new();
        while let Some(Block { frames, captured, values }) = cutter.next() {
            assert_eq!(captured, (at(frames.0), at(frames.1)));
            let numbers: Vec<_> = (frames.0..frames.1).map(|number| number as f32).collect();
            assert_eq!(values, numbers);
            blocks.push(frames);
        }
        blocks
    }

    #[test]
    fn a_block_before_a_gap_is_shorter_and_the_next_begins_behind_it() {
        let (mut writer, reader) = ring(1, 1000);
        let mut cutter = Cutter::new(reader, 10);
        push(&mut writer, 0, 14);
        push(&mut writer, 20, 12);
        assert_eq!(blocks(&mut cutter), [(0, 10), (10, 14), (20, 30)]);
        push(&mut writer, 32, 8);
        assert_eq!(blocks(&mut cutter), [(30, 40)]);
    }

    /// LS-11
    #[test]
    fn a_new_beginning_forgets_what_was_captured_before_it() {
        let (mut writer, reader) = ring(1, 1000);
        let mut cutter = Cutter::new(reader, 10);
        push(&mut writer, 0, 14);
        assert_eq!(blocks(&mut cutter), [(0, 10)]);
        push(&mut writer, 14, 30);
        cutter.begin(at(37));
        push(&mut writer, 44, 10);
        assert_eq!(blocks(&mut cutter), [(37, 47)]);
    }

    proptest! {
        #[test]
        fn periods_of_any_length_become_blocks_of_one(
            periods in proptest::collection::vec(1_usize..50, 1..20),
            block in 1_usize..40,
        ) {
            let (mut writer, reader) = ring(1, 1000);
            let mut cutter = Cutter::new(reader, block);
            let (mut first, mut cut) = (0, Vec::new());
            for frames in periods {
                push(&mut writer, first, frames);
                first += frames as i64;
                cut.extend(blocks(&mut cutter));
            }
            let block = block as i64;
            let whole: Vec<_> = (0..first / block).map(|n| (n * block, (n + 1) * block)).collect();
            prop_assert_eq!(cut, whole);
        }
    }
}
