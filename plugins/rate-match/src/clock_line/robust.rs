//! Judging a handful of readings of which some may be anywhere.

use crate::estimate::Point;

/// Readings that are judged together, at most.
pub(super) const FEW: usize = 32;
/// And at least: among fewer, two that are far off may be half of all.
pub(super) const FEWEST: usize = 8;
/// A normal distribution's standard deviation over the median of its absolute values.
const SIGMA_OF_MEDIAN: f64 = 1.483;
/// The least that median can be, seconds: readings are whole nanoseconds, callbacks seldom better than this.
pub(super) const LEAST_SCALE_S: f64 = 1e-6;

/// Standard deviation of normal noise whose absolute values have the median `scale`.
pub(super) fn sigma(scale: f64) -> f64 {
    SIGMA_OF_MEDIAN * scale.max(LEAST_SCALE_S)
}

/// The line that most of the points stand at, as (slope, height at 0), and their median distance
/// from it. Up to half of them may be anywhere (repeated medians: A. F. Siegel, "Robust regression
/// using repeated medians", 1982).
pub(super) fn typical(points: &[Point]) -> (Point, f64) {
    let slope = median(points.iter().map(|a| {
        let others = points.iter().filter(|b| b.x != a.x);
        median(others.map(|b| (a.y - b.y) / (a.x - b.x)))
    }));
    let height = median(points.iter().map(|p| p.y - slope * p.x));
    let scale = median(points.iter().map(|p| (p.y - height - slope * p.x).abs()));
    (Point { x: slope, y: height }, scale)
}

/// Of up to [`FEW`] values; 0 of none.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sorted, mut count) = ([0.0; FEW], 0);
    for (place, value) in sorted.iter_mut().zip(values) {
        *place = value;
        count += 1;
    }
    sorted[..count].sort_unstable_by(f64::total_cmp);
    match count {
        0 => 0.0,
        _ => (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0,
    }
}
