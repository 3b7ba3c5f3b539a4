//! Readings that stay away from the line: has the clock stepped, or are they only late?
//!
//! After a step all readings lie on a line beside the old one, with its slope. A machine that is busy,
//! or catches up with what it missed, makes readings late as well, but each by another time.

use super::robust::{FEW, median};

/// After so many times the patience it is a step, whatever the readings say.
const AT_LAST: f64 = 4.0;

/// Readings in a row that lie to one side, away from the line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Away {
    /// Distances of the latest from the line, seconds, in no order.
    latest: [f64; FEW],
    count: usize,
    begin: f64,
    end: f64,
}

impl Away {
    /// Adds a reading that lies `off` seconds from the line. One to the other side begins anew.
    pub fn add(&mut self, x: f64, off: f64) {
        if self.count == 0 || (off > 0.0) != (self.latest[0] > 0.0) {
            (self.count, self.begin) = (0, x);
        }
        self.latest[self.count % FEW] = off;
        self.count += 1;
        self.end = x;
    }

    /// By how much the clock has stepped, seconds: what `run` readings over `patience` seconds say, if
    /// half of the latest lie within `alike` seconds of their median.
    pub fn step(&self, run: usize, patience: f64, alike: f64) -> Option<f64> {
        let lasted = self.end - self.begin;
        if self.count < run || lasted < patience {
            return None;
        }
        let latest = &self.latest[..self.count.min(FEW)];
        let step = median(latest.iter().copied());
        let agree = median(latest.iter().map(|off| (off - step).abs())) <= alike;
        (agree || lasted >= AT_LAST * patience).then_some(step)
    }
}
