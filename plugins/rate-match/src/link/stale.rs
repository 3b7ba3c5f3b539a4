//! What goes stale when a pause begins (LS-11): runs of frames in the history.

use std::ops::Range;

use super::gaps::Gaps;
use crate::{History, ring::Mark};

/// Runs that are told apart. A stream changes rarely from frames that go stale to others and back; with
/// more changes than this in one queue the oldest run is played.
const RUNS: usize = 8;

/// Which frames of the history go stale, and how far the pauses are carried out.
#[derive(Debug, Default)]
pub(super) struct Stale {
    /// Empty ones are free.
    runs: [Range<i64>; RUNS],
    newest: usize,
    /// The newest block goes stale.
    newest_does: bool,
    /// One past the newest frame that stays.
    kept_end: Option<i64>,
    /// Blocks up to the next mark of a pause are looked through.
    pausing: bool,
    /// Pauses done.
    pauses: u32,
}

impl Stale {
    /// Forgets the segment; pauses go on.
    pub fn clear(&mut self) {
        (self.runs, self.kept_end, self.newest_does) = (Default::default(), None, false);
    }

    /// A block was placed in the history.
    pub fn note(&mut self, mark: &Mark, position: i64) {
        let end = position + mark.frames as i64;
        self.newest_does = mark.goes_stale;
        if !mark.goes_stale {
            self.kept_end = self.kept_end.max(Some(end));
        } else if self.runs[self.newest].end == position {
            self.runs[self.newest].end = end;
        } else {
            self.newest = (self.newest + 1) % RUNS;
            self.runs[self.newest] = position..end;
        }
    }

    /// Whether a pause has begun that is not being carried out yet.
    pub fn is_due(&self, pauses: u32) -> bool {
        !self.pausing && pauses != self.pauses
    }

    /// A pause has begun: what goes stale in the history from position `heard` on is silence now.
    pub fn begin(&mut self, history: &mut History, gaps: &mut Gaps, heard: i64) {
        self.pausing = true;
        for run in &mut self.runs {
            let begin = run.start.max(heard);
            if begin < run.end {
                history.silence(begin, run.end);
                gaps.open(begin, run.end);
            }
            *run = 0..0;
        }
    }

    /// The mark of the pause has come.
    pub fn end(&mut self) {
        self.pausing = false;
        self.pauses = self.pauses.wrapping_add(1);
    }

    /// Whether a block that came before the pause is left out: its time passes in silence.
    pub fn leaves_out(&mut self, mark: &Mark) -> bool {
        let out = self.pausing && mark.goes_stale;
        self.newest_does |= out;
        out
    }

    /// Whether the newest goes stale and nothing that stays is at or behind position `heard`.
    pub fn is_all(&self, heard: i64) -> bool {
        self.newest_does && self.kept_end.is_none_or(|end| end <= heard)
    }
}
