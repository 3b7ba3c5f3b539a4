//! The end of a link that takes audio in.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{Against, LinkConfig, shared::Shared};
use crate::ring::{Mark, Ring, RingWriter};

/// Takes blocks of audio; lives on the streaming thread. Wait-free, never allocates.
pub struct Writer {
    ring: RingWriter,
    shared: Arc<Shared>,
    channels: usize,
    capacity_frames: usize,
    /// Frames lost since the last mark.
    lost_frames: usize,
    /// A flush, a pause or a discontinuity that found no room is told with the next block.
    flush: bool,
    pause: bool,
    discontinuity: bool,
    goes_stale: bool,
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Frames that are in the queue now.
    pub frames: usize,
    /// Frames that found no room (overrun). Their time passes in silence.
    pub lost_frames: usize,
}

impl Writer {
    pub(super) fn new(config: &LinkConfig, ring: RingWriter, shared: Arc<Shared>) -> Self {
        let capacity_frames = ring.room_frames();
        Self {
            ring,
            shared,
            channels: config.channels,
            capacity_frames,
            lost_frames: 0,
            flush: false,
            pause: false,
            discontinuity: false,
            goes_stale: false,
        }
    }

    /// Queues a block. `[streaming]`
    ///
    /// | argument        | meaning                                                                 |
    /// |-----------------|-------------------------------------------------------------------------|
    /// | `frames`        | interleaved, full scale is ±1.0; a rest that is no whole frame is ignored |
    /// | `due_ns`        | when the first frame is due, if it is stamped: a reading of the master time line, or of the private clock with [`Against::PrivateStamps`] |
    /// | `arrived_ns`    | when the block was complete, a reading of the master time line         |
    /// | `discontinuity` | the block does not follow the one before it                            |
    ///
    /// What finds no room is lost, and counted; a source that can wait asks
    /// [`room_frames`](Self::room_frames) first. A player to which blocks come that are longer than its delay
    /// makes the delay longer ([`Period::delay_ns`](super::Period::delay_ns)).
    pub fn write(
        &mut self,
        frames: &[f32],
        due_ns: Option<i64>,
        arrived_ns: i64,
        discontinuity: bool,
    ) -> Written {
        let count = frames.len() / self.channels;
        let mark = Mark {
            frames: 0,
            lost_frames: self.lost_frames,
            due_ns,
            arrived_ns,
            discontinuity: discontinuity || self.discontinuity,
            flush: self.flush,
            goes_stale: self.goes_stale,
            pause: self.pause,
            ring: Ring::default(),
        };
        let pushed = self.ring.push(&frames[..count * self.channels], mark);
        let written =
            Written { frames: pushed.unwrap_or(0), lost_frames: count - pushed.unwrap_or(0) };
        if pushed.is_some() {
            (self.lost_frames, self.discontinuity) = (0, false);
            (self.flush, self.pause) = (false, false);
        } else {
            self.discontinuity |= discontinuity;
        }
        self.lost_frames += written.lost_frames;
        written
    }

    /// Says whether the blocks from now on are forgotten when a pause begins before they are played, as
    /// a live source wants it (LS-11). `[streaming]`
    pub fn set_goes_stale(&mut self, goes_stale: bool) {
        self.goes_stale = goes_stale;
    }

    /// A pause begins: what is queued and goes stale is not played, and where it would have been is
    /// silence; all else stays. Takes effect in the player's next period. `[streaming]`
    pub fn pause(&mut self) {
        // One that is still to be told covers this one.
        if !self.pause {
            self.shared.pause();
        }
        self.pause = true;
        self.write(&[], None, 0, false);
    }

    /// Forgets all that is queued; what comes next starts a new segment, and the ratio is found
    /// anew (LS-87). Takes effect in the player's next period. `[streaming]`
    pub fn flush(&mut self) {
        self.lost_frames = 0;
        // One that is still to be told covers this one.
        if !self.flush {
            self.shared.flush();
        }
        self.flush = true;
        self.shared.ended.store(false, Relaxed);
        self.write(&[], None, 0, false);
    }

    /// No more will come: the player drains what is queued. A flush takes it back. `[streaming]`
    pub fn end(&mut self) {
        self.shared.ended.store(true, Relaxed);
    }

    /// Frames of the longest block that can be written: of a longer one the rest is always lost. `[any]`
    pub fn capacity_frames(&self) -> usize {
        self.capacity_frames
    }

    /// Frames that can be written now. `[streaming]`
    pub fn room_frames(&self) -> usize {
        self.ring.room_frames()
    }

    /// Frames queued and not played yet. `[streaming]`
    pub fn fill_frames(&self) -> usize {
        self.capacity_frames - self.ring.room_frames() + self.shared.waiting_frames()
    }

    /// Matches against something else from the player's next period on. `[any]`
    pub fn set_against(&self, against: Against) {
        self.shared.set_against(against);
    }

    /// Changes the target delay; the position moves there as after any other error. `[any]`
    pub fn set_target_delay_ns(&self, delay_ns: i64) {
        self.shared.set_target_delay_ns(delay_ns);
    }
}
