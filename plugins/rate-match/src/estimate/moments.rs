//! Least squares by centred moments that can be merged.

use super::Point;

/// What least squares needs to know of a set of points.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    /// Points.
    pub count: f64,
    /// Mean of `x` and `y`.
    pub mean: Point,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Moments {
    /// `count` points that all stand at `point`. `[any]`
    pub fn of(count: f64, point: Point) -> Self {
        Self { count, mean: point, ..Self::default() }
    }

    /// Adds a point. `[any]`
    pub fn add(&mut self, point: Point) {
        self.merge(&Self::of(1.0, point));
    }

    /// Adds all points of `other`. `[any]`
    pub fn merge(&mut self, other: &Self) {
        let count = self.count + other.count;
        if count == 0.0 {
            return;
        }
        let (dx, dy) = (other.mean.x - self.mean.x, other.mean.y - self.mean.y);
        let weight = self.count * other.count / count;
        self.xx += other.xx + dx * dx * weight;
        self.xy += other.xy + dx * dy * weight;
        self.yy += other.yy + dy * dy * weight;
        self.mean.x += dx * other.count / count;
        self.mean.y += dy * other.count / count;
        self.count = count;
    }

    /// Slope of the line of least squares and its standard error; `None` with less than three points. `[any]`
    pub fn line(&self) -> Option<(f64, f64)> {
        if self.count < 3.0 || self.xx <= 0.0 {
            return None;
        }
        let slope = self.xy / self.xx;
        // A handful of points can lie on a line by chance (Student's t has long tails).
        let few = 1.0 + 10.0 / (self.count - 2.0);
        Some((slope, few * self.spread(slope) / self.xx.sqrt()))
    }

    /// Standard deviation around a line of this slope through the mean, seconds. `[any]`
    pub fn spread(&self, slope: f64) -> f64 {
        (self.squares(slope) / (self.count - 2.0).max(1.0)).sqrt()
    }

    /// Sum of the squared distances from that line, seconds squared. `[any]`
    pub fn squares(&self, slope: f64) -> f64 {
        (self.yy - 2.0 * slope * self.xy + slope * slope * self.xx).max(0.0)
    }

    /// Root mean square distance of the points' `x` from their mean, times the root of the count.
    pub fn reach(&self) -> f64 {
        self.xx.sqrt()
    }
}
