//! Where frames are missing, and how the edges of what is missing are made inaudible.
//!
//! The frames around a gap stay as they are. Inside it the last of them are mirrored and faded out,
//! and the first after it faded in the same way; between lies silence.

use crate::History;

const GAPS: usize = 32;

/// A run of missing frames, `begin..end`.
#[derive(Debug, Clone, Copy, Default)]
struct Gap {
    begin: i64,
    end: i64,
}

/// The gaps that are known and not played yet, in no order.
#[derive(Debug)]
pub(super) struct Gaps {
    gaps: [Gap; GAPS],
    count: usize,
    fade_frames: i64,
}

impl Gaps {
    pub fn new(fade_frames: usize) -> Self {
        Self { gaps: [Gap::default(); GAPS], count: 0, fade_frames: fade_frames as i64 }
    }

    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Frames `begin..end` are missing. With too many gaps at once the edges of some stay hard.
    pub fn open(&mut self, begin: i64, end: i64) {
        if let Some(gap) = self.gaps[..self.count].iter_mut().find(|gap| gap.end == begin) {
            gap.end = end;
        } else if self.count < GAPS && begin < end {
            self.gaps[self.count] = Gap { begin, end };
            self.count += 1;
        }
    }

    /// Frames `begin..end` came after all; returns how many of them were missing.
    pub fn fill(&mut self, begin: i64, end: i64) -> usize {
        let mut filled = 0;
        for i in (0..self.count).rev() {
            let Gap { begin: from, end: to } = self.gaps[i];
            let (low, high) = (begin.max(from), end.min(to));
            if low >= high {
                continue;
            }
            filled += (high - low) as usize;
            self.remove(i);
            self.open(from, low);
            self.open(high, to);
        }
        filled
    }

    /// Fades the edges of all gaps that begin before `position` and forgets them; returns their
    /// frames.
    pub fn conceal(&mut self, history: &mut History, position: i64) -> usize {
        let mut silence = 0;
        for i in (0..self.count).rev() {
            let Gap { begin, end } = self.gaps[i];
            if begin < position {
                let fade = self.fade_frames.min((end - begin) / 2);
                fade_out(history, begin, fade);
                fade_in(history, end, fade);
                silence += (end - begin) as usize;
                self.remove(i);
            }
        }
        silence
    }

    fn remove(&mut self, i: usize) {
        self.count -= 1;
        self.gaps[i] = self.gaps[self.count];
    }
}

/// Continues what ends at `end` by its mirror image, faded out over `frames`.
pub(super) fn fade_out(history: &mut History, end: i64, frames: i64) {
    for channel in 0..history.channels() {
        for i in 0..frames {
            let value = history.value(channel, end - 1 - i);
            history.set(channel, end + i, value * fade(frames - i, frames));
        }
    }
}

/// Lets what begins at `begin` be preceded by its mirror image, faded in over `frames`.
fn fade_in(history: &mut History, begin: i64, frames: i64) {
    for channel in 0..history.channels() {
        for i in 0..frames {
            let value = history.value(channel, begin + i);
            history.set(channel, begin - 1 - i, value * fade(frames - i, frames));
        }
    }
}

/// Half a cosine: 0 at `at` = 0, 1 at `at` = `frames` + 1.
pub(super) fn fade(at: i64, frames: i64) -> f32 {
    let x = at as f32 / (frames + 1) as f32;
    0.5 - 0.5 * (std::f32::consts::PI * x).cos()
}
