//! The lower convex hull of a set of points.

use super::Point;

/// Vertices kept. A hull of `n` random points has about `ln n` of them.
const VERTICES: usize = 16;

/// Lower convex hull, from left to right, of bounded size: where it is full, the vertex goes that
/// is missed least.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Hull {
    vertices: [Point; VERTICES],
    count: usize,
}

impl Hull {
    /// The vertices, from left to right.
    pub fn vertices(&self) -> &[Point] {
        &self.vertices[..self.count]
    }

    /// Adds a point, wherever it lies. `[any]`
    pub fn add(&mut self, point: Point) {
        let at = self.vertices().partition_point(|v| v.x < point.x);
        if self.covers(at, point) {
            return;
        }
        if self.count == VERTICES {
            self.thin();
            return self.add(point);
        }
        self.vertices.copy_within(at..self.count, at + 1);
        self.vertices[at] = point;
        self.count += 1;
        self.settle_right(at);
        self.settle_left(at);
    }

    /// Adds all points of `other`. `[any]`
    pub fn merge(&mut self, other: &Self) {
        for vertex in other.vertices() {
            self.add(*vertex);
        }
    }

    /// Slope of the edge under `x`: of all lines below every point, the one with the least mean
    /// distance to points whose mean is `x`. `None` with less than two vertices. `[any]`
    pub fn slope_at(&self, x: f64) -> Option<f64> {
        slope_at(self.vertices(), x)
    }

    /// Lowest height of the points above a line of this slope through the origin. `[any]`
    pub fn lowest(&self, slope: f64) -> f64 {
        self.vertices().iter().map(|v| v.y - slope * v.x).fold(f64::INFINITY, f64::min)
    }

    /// Does the hull already run below `point`, which would stand at `at`?
    fn covers(&self, at: usize, point: Point) -> bool {
        let v = &self.vertices;
        if at < self.count && v[at].x == point.x && v[at].y <= point.y {
            return true;
        }
        at > 0 && at < self.count && turn(v[at - 1], point, v[at]) <= 0.0
    }

    /// Removes vertices right of `at` that are no longer on the hull.
    fn settle_right(&mut self, at: usize) {
        while at + 1 < self.count {
            let v = &self.vertices;
            let twin = v[at + 1].x == v[at].x;
            if !twin && (at + 2 >= self.count || turn(v[at], v[at + 1], v[at + 2]) > 0.0) {
                break;
            }
            self.remove(at + 1);
        }
    }

    /// Removes vertices left of `at` that are no longer on the hull.
    fn settle_left(&mut self, mut at: usize) {
        while at >= 2
            && turn(self.vertices[at - 2], self.vertices[at - 1], self.vertices[at]) <= 0.0
        {
            self.remove(at - 1);
            at -= 1;
        }
    }

    /// Removes the inner vertex that lies least below its neighbours' line.
    fn thin(&mut self) {
        let v = self.vertices;
        let missed = |i: &usize| turn(v[i - 1], v[*i], v[i + 1]);
        let least = (1..self.count - 1).min_by(|a, b| missed(a).total_cmp(&missed(b)));
        if let Some(at) = least {
            self.remove(at);
        }
    }

    fn remove(&mut self, at: usize) {
        self.vertices.copy_within(at + 1..self.count, at);
        self.count -= 1;
    }
}

/// Slope of the edge of a hull, sorted either way, that is under `x`.
pub(super) fn slope_at(vertices: &[Point], x: f64) -> Option<f64> {
    let edges = || vertices.windows(2);
    let is_under = |edge: &&[Point]| outside(edge, x) == 0.0;
    let nearest = || edges().min_by(|a, b| outside(a, x).total_cmp(&outside(b, x)));
    let edge = edges().find(is_under).or_else(nearest)?;
    let run = edge[1].x - edge[0].x;
    (run != 0.0).then(|| (edge[1].y - edge[0].y) / run)
}

/// How far `x` lies outside of an edge.
fn outside(edge: &[Point], x: f64) -> f64 {
    let (left, right) = (edge[0].x.min(edge[1].x), edge[0].x.max(edge[1].x));
    (left - x).max(x - right).max(0.0)
}

/// Positive when the way from `a` over `b` to `c` turns left, upwards.
pub(super) fn turn(a: Point, b: Point, c: Point) -> f64 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}
