//! The wait-free ring between the streaming thread and the device thread.
//!
//! Two rings side by side: interleaved frames, and a [`Mark`] for each block that says how many
//! frames it has and when they are due. Frames go in before their mark and a mark comes out before
//! its frames, so that whoever sees a mark finds its frames.

use ringbuf::{
    HeapCons, HeapProd, HeapRb,
    traits::{Consumer, Observer, Producer, Split},
};

/// What is known of one block of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Frames of this block that are in the ring.
    pub frames: usize,
    /// Frames that were lost before this block because the ring was full.
    pub lost_frames: usize,
    /// When the first frame of the block, before any loss inside it, is due.
    pub due_ns: Option<i64>,
    /// When the block arrived. A reading of the master time line.
    pub arrived_ns: i64,
    /// The block does not follow the one before it.
    pub discontinuity: bool,
    /// All that came before this mark is to be forgotten.
    pub flush: bool,
    /// The block is to be forgotten when a pause begins before it is played (LS-11).
    pub goes_stale: bool,
    /// A pause began before this block.
    pub pause: bool,
}

pub(crate) struct RingWriter {
    values: HeapProd<f32>,
    marks: HeapProd<Mark>,
    channels: usize,
}

pub(crate) struct RingReader {
    values: HeapCons<f32>,
    marks: HeapCons<Mark>,
    channels: usize,
}

/// A ring for `capacity_frames` frames and as many marks as blocks of 16 frames would need. `[main]`
pub(crate) fn ring(channels: usize, capacity_frames: usize) -> (RingWriter, RingReader) {
    let (value_in, value_out) = HeapRb::new(channels * capacity_frames).split();
    let (mark_in, mark_out) = HeapRb::new(capacity_frames / 16 + 16).split();
    (
        RingWriter { values: value_in, marks: mark_in, channels },
        RingReader { values: value_out, marks: mark_out, channels },
    )
}

impl RingWriter {
    /// Frames that can be pushed now. `[streaming]`
    pub fn room_frames(&self) -> usize {
        if self.marks.is_full() { 0 } else { self.values.vacant_len() / self.channels }
    }

    /// Pushes as many whole frames as there is room for; `mark.frames` is set here. `[streaming]`
    ///
    /// Returns the frames that went in, or `None` when there was no room for the mark.
    pub fn push(&mut self, frames: &[f32], mut mark: Mark) -> Option<usize> {
        if self.marks.is_full() {
            return None;
        }
        let values = frames.len().min(self.values.vacant_len());
        mark.frames = values / self.channels;
        self.values.push_slice(&frames[..mark.frames * self.channels]);
        let pushed = self.marks.try_push(mark).is_ok();
        debug_assert!(pushed, "the only producer saw room for a mark");
        Some(mark.frames)
    }
}

impl RingReader {
    /// The next block, whose frames are then taken with [`pop`](Self::pop). `[device]`
    pub fn mark(&mut self) -> Option<Mark> {
        self.marks.try_pop()
    }

    /// Hands the next `frames` frames to `take`, in one or two pieces. `[device]`
    pub fn pop(&mut self, frames: usize, mut take: impl FnMut(&[f32])) {
        let values = frames * self.channels;
        let (first, second) = self.values.as_slices();
        let head = values.min(first.len());
        take(&first[..head]);
        let tail = (values - head).min(second.len());
        take(&second[..tail]);
        self.values.skip(head + tail);
    }

    /// Forgets the next `frames` frames. `[device]`
    pub fn skip(&mut self, frames: usize) {
        self.values.skip(frames * self.channels);
    }

    /// Frames in the ring. `[device]`
    pub fn fill_frames(&self) -> usize {
        self.values.occupied_len() / self.channels
    }
}
