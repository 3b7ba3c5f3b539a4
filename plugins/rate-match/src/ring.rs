//! The wait-free ring between the streaming thread and the device thread.
//!
//! Two rings side by side: interleaved frames, and a [`Mark`] for each block that says how many
//! frames it has and when they are due. Frames go in before their mark and a mark comes out before
//! its frames, so that whoever sees a mark finds its frames.
//!
//! A ring writes to other memory each time, once around, so one with room for seconds is never in the
//! processor's caches though it mostly holds one block. Therefore frames have two rings: a near one, of
//! a few pages, and a far one for blocks that find no room in that. Together they hold what one would.

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
    /// Which ring its frames are in; set by [`RingWriter::push`].
    pub ring: Ring,
}

/// A ring of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ring {
    #[default]
    Near,
    Far,
}

/// Frames in the near ring: two blocks of 10 ms at 48 kHz.
const NEAR_FRAMES: usize = 1024;

pub(crate) struct RingWriter {
    near: HeapProd<f32>,
    far: HeapProd<f32>,
    marks: HeapProd<Mark>,
    channels: usize,
}

pub(crate) struct RingReader {
    near: HeapCons<f32>,
    far: HeapCons<f32>,
    marks: HeapCons<Mark>,
    /// Where the frames of the newest mark are.
    ring: Ring,
    channels: usize,
}

/// A ring for `capacity_frames` frames and as many marks as blocks of 16 frames would need. `[main]`
pub(crate) fn ring(channels: usize, capacity_frames: usize) -> (RingWriter, RingReader) {
    let (near_in, near_out) = HeapRb::new(channels * NEAR_FRAMES.min(capacity_frames)).split();
    let (far_in, far_out) = HeapRb::new(channels * capacity_frames).split();
    let (mark_in, mark_out) = HeapRb::new(capacity_frames / 16 + 16).split();
    (
        RingWriter { near: near_in, far: far_in, marks: mark_in, channels },
        RingReader { near: near_out, far: far_out, marks: mark_out, ring: Ring::Near, channels },
    )
}

impl RingWriter {
    /// Frames that can be pushed now. `[streaming]`
    pub fn room_frames(&self) -> usize {
        if self.marks.is_full() { 0 } else { self.room_values() / self.channels }
    }

    fn room_values(&self) -> usize {
        self.far.vacant_len().saturating_sub(self.near.occupied_len())
    }

    /// Pushes as many whole frames as there is room for; `mark.frames` and `mark.ring` are set here.
    /// `[streaming]`
    ///
    /// Returns the frames that went in, or `None` when there was no room for the mark.
    pub fn push(&mut self, frames: &[f32], mut mark: Mark) -> Option<usize> {
        if self.marks.is_full() {
            return None;
        }
        mark.frames = frames.len().min(self.room_values()) / self.channels;
        let frames = &frames[..mark.frames * self.channels];
        let (ring, values) = match frames.len() <= self.near.vacant_len() {
            true => (Ring::Near, &mut self.near),
            false => (Ring::Far, &mut self.far),
        };
        mark.ring = ring;
        values.push_slice(frames);
        let pushed = self.marks.try_push(mark).is_ok();
        debug_assert!(pushed, "the only producer saw room for a mark");
        Some(mark.frames)
    }
}

impl RingReader {
    /// The next block, whose frames are to be taken before the next mark is. `[device]`
    pub fn mark(&mut self) -> Option<Mark> {
        let mark = self.marks.try_pop()?;
        self.ring = mark.ring;
        Some(mark)
    }

    fn values(&mut self) -> &mut HeapCons<f32> {
        match self.ring {
            Ring::Near => &mut self.near,
            Ring::Far => &mut self.far,
        }
    }

    /// Hands the next `frames` frames of the block to `take`, in one or two pieces. `[device]`
    pub fn pop(&mut self, frames: usize, mut take: impl FnMut(&[f32])) {
        let values = frames * self.channels;
        let ring = self.values();
        let (first, second) = ring.as_slices();
        let head = values.min(first.len());
        take(&first[..head]);
        let tail = (values - head).min(second.len());
        take(&second[..tail]);
        ring.skip(head + tail);
    }

    /// Forgets the next `frames` frames of the block. `[device]`
    pub fn skip(&mut self, frames: usize) {
        let values = frames * self.channels;
        self.values().skip(values);
    }

    /// Frames in both rings. `[device]`
    pub fn fill_frames(&self) -> usize {
        (self.near.occupied_len() + self.far.occupied_len()) / self.channels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Noise;

    #[test]
    fn two_rings_hold_what_one_would_and_give_it_back_in_order() {
        const CHANNELS: usize = 2;
        const CAPACITY: usize = 3_000;
        let (mut writer, mut reader) = ring(CHANNELS, CAPACITY);
        let mut noise = Noise(1);
        let (mut written, mut read, mut far) = (0usize, 0usize, 0);
        let mark = Mark {
            frames: 0,
            lost_frames: 0,
            due_ns: None,
            arrived_ns: 0,
            discontinuity: false,
            flush: false,
            goes_stale: false,
            pause: false,
            ring: Ring::Near,
        };
        for _ in 0..2_000 {
            let frames = 1 + (noise.uniform() * 1_500.0) as usize;
            let values: Vec<f32> =
                (0..frames * CHANNELS).map(|i| (written * CHANNELS + i) as f32).collect();
            let room = CAPACITY - (written - read);
            assert_eq!(writer.room_frames(), room);
            if room > 0 {
                let pushed = writer.push(&values, mark).unwrap();
                assert_eq!(pushed, frames.min(room), "as much as one ring would have room for");
                written += pushed;
            }
            while noise.uniform() < 0.45 {
                let Some(mark) = reader.mark() else { break };
                far += usize::from(mark.ring == Ring::Far);
                let skipped = mark.frames / 3;
                reader.skip(skipped);
                let mut next = (read + skipped) * CHANNELS;
                reader.pop(mark.frames - skipped, |piece| {
                    for value in piece {
                        assert_eq!(*value, next as f32);
                        next += 1;
                    }
                });
                read += mark.frames;
                assert_eq!(reader.fill_frames(), written - read);
            }
        }
        assert!(far > 100, "both rings were used");
    }
}
