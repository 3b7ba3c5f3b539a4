//! What a renderer's statistics were over time, in bounded memory.

use driftless_plugin_api::{HostTime, Statistics};

/// One record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When.
    pub at: HostTime,
    /// Error of the newest presentation, ns; positive is late.
    pub error_ns: i64,
    /// Rate of the clock that is followed, against the renderer's own.
    pub ppm: f64,
    /// Queued media, ns.
    pub fill_ns: i64,
}

/// Points kept; when they are used up, every second one goes and the rest stand for twice as long.
const POINTS: usize = 4096;

/// Statistics over time, and what can only be known over time: mean and deviation of the rate.
#[derive(Debug, Clone)]
pub struct Recorder {
    points: Vec<Point>,
    every: u64,
    seen: u64,
    latest: Statistics,
    locked: u64,
    ppm_mean: f64,
    ppm_square_sum: f64,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            points: Vec::with_capacity(POINTS),
            every: 1,
            seen: 0,
            latest: Statistics::default(),
            locked: 0,
            ppm_mean: 0.0,
            ppm_square_sum: 0.0,
        }
    }
}

impl Recorder {
    /// Forgets everything, for a new run (LS-89).
    pub fn clear(&mut self) {
        *self = Self { points: std::mem::take(&mut self.points), ..Self::default() };
        self.points.clear();
    }

    /// Adds a record. Allocates nothing.
    pub fn record(&mut self, at: HostTime, statistics: &Statistics) {
        self.latest = *statistics;
        if statistics.locked != 0 {
            self.average(statistics.ppm);
        }
        if self.seen.is_multiple_of(self.every) {
            self.make_room();
            let Statistics { error_now, ppm, fill, .. } = *statistics;
            self.points.push(Point { at, error_ns: error_now, ppm, fill_ns: fill });
        }
        self.seen += 1;
    }

    /// Mean and sum of squares in one pass, without loss of digits (Welford, Technometrics 1962).
    fn average(&mut self, ppm: f64) {
        self.locked += 1;
        let before = ppm - self.ppm_mean;
        self.ppm_mean += before / self.locked as f64;
        self.ppm_square_sum += before * (ppm - self.ppm_mean);
    }

    fn make_room(&mut self) {
        if self.points.len() < POINTS {
            return;
        }
        let mut index = 0;
        self.points.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.every *= 2;
    }

    /// The records, oldest first.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The newest statistics.
    pub fn latest(&self) -> &Statistics {
        &self.latest
    }

    /// Mean of the rate while locked, ppm.
    pub fn ppm_mean(&self) -> f64 {
        self.ppm_mean
    }

    /// Standard deviation of the rate while locked, ppm.
    pub fn ppm_deviation(&self) -> f64 {
        match self.locked {
            0 | 1 => 0.0,
            n => (self.ppm_square_sum / (n - 1) as f64).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::Span;

    use super::*;

    #[test]
    fn a_week_of_records_fits_and_still_spans_the_whole_week() {
        let mut recorder = Recorder::default();
        let records = 7 * 24 * 3600 * 10;
        for n in 0..records {
            let at = HostTime::ZERO + Span::from_millis(100 * n);
            recorder.record(at, &Statistics { locked: 1, ppm: 5.0, ..Statistics::default() });
        }
        assert!(recorder.points.len() <= POINTS && recorder.points.capacity() == POINTS);
        let last = recorder.points().last().unwrap().at - HostTime::ZERO;
        assert!(last > Span::from_secs(7 * 24 * 3600 - 3600), "the last point is at {last}");
        assert_eq!((recorder.ppm_mean(), recorder.ppm_deviation()), (5.0, 0.0));
    }
}
