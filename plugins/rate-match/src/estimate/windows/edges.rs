//! What the edges of the noise say about the line.
//!
//! All readings lie above one line, and below another where the noise has an upper limit too. Every line
//! for which that holds is possible, and the nearer it is to the edge the likelier: where `n` readings
//! are spread over a width `w`, one that leaves a gap of `g` has the likelihood `exp(-n g / w)`. The
//! mean of all slopes by their likelihood is nearer to the true one than the likeliest, the hull's
//! edge under the mean: by a fifth with one edge, by a quarter with two (computed, 200 trials).
//!
//! Sources: E. J. G. Pitman, "The estimation of the location and scale parameters of a continuous
//! population of any given form" (Biometrika 1939); K. Hirano and J. R. Porter, "Asymptotic efficiency in
//! parametric structural models with parameter-dependent support" (Econometrica 2003).

use super::{Estimator, Point};
use crate::estimate::{Hull, hull};

/// Hull vertices looked at in one window.
const CHAIN: usize = 256;
/// Standard error of the slope in widths of the noise over readings and time: computed, 200 trials of
/// 15, 30 and 60 s with uniform noise and one edge. With two it is a little less.
const ERROR: f64 = 6.0;
/// An upper edge so many times wider than the lower one is a tail.
const BLUNT: f64 = 4.0;
/// Readings are whole nanoseconds, seconds.
const LEAST_WIDTH: f64 = 1e-9;

/// Both edges of the noise.
pub(super) struct Edges {
    pub lower: Edge,
    /// Of the points upside down.
    pub upper: Edge,
}

impl Edges {
    pub fn new() -> Self {
        Self { lower: Edge::new(), upper: Edge::new() }
    }

    /// The slope and its standard error over `length` seconds of readings whose mean is at `x`. The
    /// upper edge counts by its sharpness: a long tail says nothing.
    pub fn slope(&self, x: f64, length: f64, estimator: Estimator) -> Option<(f64, f64)> {
        let (lower, upper) = (self.lower.side(x)?, self.upper.side(x));
        let error = |width: f64| ERROR * width / (self.lower.readings * length.max(1e-9));
        let is_sharp = |it: &Side<'_>| lower.width > 0.0 && it.width <= BLUNT * lower.width;
        match upper.filter(|it| is_sharp(it) && estimator != Estimator::LowerHull) {
            None => Some((mean_slope([&lower]), error(lower.width))),
            Some(upper) => {
                let upper = Side { width: upper.width.max(lower.width), is_upper: true, ..upper };
                let both = (lower.width.powi(-2) + upper.width.powi(-2)).powf(-0.5);
                Some((mean_slope([&lower, &upper]), error(both)))
            }
        }
    }
}

/// One edge of the noise, from the newest piece backwards.
pub(super) struct Edge {
    /// Hull from right to left.
    chain: [Point; CHAIN],
    chained: usize,
    pieces: f64,
    readings: f64,
    /// Sum of the pieces' lowest points, each as often as the piece has readings.
    lowest: Point,
}

impl Edge {
    fn new() -> Self {
        Self {
            chain: [Point::default(); CHAIN],
            chained: 0,
            pieces: 0.0,
            readings: 0.0,
            lowest: Point::default(),
        }
    }

    /// Adds the hull of a piece. Which of its points is the lowest is found by a slope that need not
    /// be exact: over one piece it makes no difference.
    pub fn extend(&mut self, hull: &Hull, slope: f64, readings: f64) {
        let height = |v: &Point| v.y - slope * v.x;
        let mut lowest = Point { x: 0.0, y: f64::INFINITY };
        for vertex in hull.vertices().iter().rev() {
            self.chain(*vertex);
            if height(vertex) < height(&lowest) {
                lowest = *vertex;
            }
        }
        self.pieces += 1.0;
        self.readings += readings;
        self.lowest.x += readings * lowest.x;
        self.lowest.y += readings * lowest.y;
    }

    /// Adds a vertex left of (or, where packets were reordered, hardly right of) all others.
    fn chain(&mut self, vertex: Point) {
        while self.chained >= 2
            && hull::turn(vertex, self.chain[self.chained - 1], self.chain[self.chained - 2]) <= 0.0
        {
            self.chained -= 1;
        }
        if self.chained < CHAIN {
            self.chain[self.chained] = vertex;
            self.chained += 1;
        }
    }

    /// What it says of lines over time from `x`.
    fn side(&self, x: f64) -> Option<Side<'_>> {
        let vertices = &self.chain[..self.chained];
        let slope = hull::slope_at(vertices, x)?;
        let width = self.width(slope, self.lowest(slope));
        Some(Side { vertices, x, width, readings: self.readings, is_upper: false })
    }

    /// Height of the edge over `x` = 0, for lines of this slope.
    pub fn lowest(&self, slope: f64) -> f64 {
        let chain = &self.chain[..self.chained];
        chain.iter().map(|v| v.y - slope * v.x).fold(f64::INFINITY, f64::min)
    }

    /// Width of the noise at its edge, as if it were uniform there, with the `lowest` point of all.
    /// The lowest point of each piece is expected the width over its count above the edge; two of
    /// them lie on the line.
    pub fn width(&self, slope: f64, lowest: f64) -> f64 {
        let sum = self.lowest.y - slope * self.lowest.x - lowest * self.readings;
        sum.max(0.0) / (self.pieces - 2.0).max(0.5)
    }
}

/// An edge as a function of the slope of a line: how high the line can lie at `x`.
#[derive(Clone, Copy)]
struct Side<'a> {
    /// From right to left, at least two.
    vertices: &'a [Point],
    x: f64,
    /// Of the noise at this edge, seconds.
    width: f64,
    readings: f64,
    /// The points are upside down, so that slopes are of the other sign.
    is_upper: bool,
}

impl Side<'_> {
    /// The vertex that counts after `passed` others, as slopes grow: its distance from `x`, and its height.
    fn vertex(&self, passed: usize) -> Option<Point> {
        match self.is_upper {
            false => {
                let v = self.vertices.get(self.vertices.len().checked_sub(passed + 1)?)?;
                Some(Point { x: v.x - self.x, y: v.y })
            }
            true => {
                let v = self.vertices.get(passed)?;
                Some(Point { x: self.x - v.x, y: v.y })
            }
        }
    }

    /// Up to which slope that one counts.
    fn until(&self, passed: usize) -> f64 {
        match (self.vertex(passed), self.vertex(passed + 1)) {
            (Some(a), Some(b)) => (b.y - a.y) / (b.x - a.x),
            _ => f64::INFINITY,
        }
    }

    /// By how much the logarithm of the likelihood grows with the slope there.
    fn growth(&self, passed: usize) -> f64 {
        let x = self.vertex(passed).map_or(0.0, |vertex| vertex.x);
        -x * self.readings / self.width.max(LEAST_WIDTH)
    }
}

/// The mean of all slopes by their likelihood. Its logarithm is a chain of straight lines, so that its integrals
/// are sums.
fn mean_slope<const SIDES: usize>(sides: [&Side<'_>; SIDES]) -> f64 {
    let (mut height, mut most, mut likeliest) = (0.0, f64::NEG_INFINITY, 0.0);
    for Stretch { begin, end, growth } in stretches(sides) {
        height += if begin.is_finite() && end.is_finite() { growth * (end - begin) } else { 0.0 };
        if end.is_finite() && height > most {
            (most, likeliest) = (height, end);
        }
    }
    let (mut height, mut mass, mut moment) = (-most, 0.0, 0.0);
    for stretch in stretches(sides) {
        let (part, mean) = stretch.integral(height);
        if part > 0.0 && part.is_finite() {
            mass += part;
            moment += part * (mean - likeliest);
        }
        if stretch.begin.is_finite() {
            height += stretch.growth * (stretch.end - stretch.begin);
        }
    }
    if mass > 0.0 { likeliest + moment / mass } else { likeliest }
}

/// Slopes between which the logarithm of the likelihood is a straight line.
#[derive(Clone, Copy)]
struct Stretch {
    begin: f64,
    end: f64,
    growth: f64,
}

impl Stretch {
    /// The likelihood of all its slopes, and their mean; `height` is the logarithm where it begins, or, where it
    /// has no begin, ends.
    fn integral(&self, height: f64) -> (f64, f64) {
        let Self { begin, end, growth } = *self;
        let first = height.exp();
        if !begin.is_finite() || !end.is_finite() {
            let edge = if begin.is_finite() { begin } else { end };
            return (first / growth.abs(), edge - 1.0 / growth);
        }
        let (width, rise) = (end - begin, growth * (end - begin));
        let last = (height + rise).exp();
        if rise.abs() < 1e-3 {
            return (width * (first + last) / 2.0, (begin + end) / 2.0);
        }
        let part = (last - first) / rise;
        (width * part, begin + width * (last - part) / (rise * part))
    }
}

/// All stretches, by growing slopes.
fn stretches<const SIDES: usize>(sides: [&Side<'_>; SIDES]) -> impl Iterator<Item = Stretch> {
    let (mut passed, mut begin) = ([0; SIDES], f64::NEG_INFINITY);
    std::iter::from_fn(move || {
        if begin == f64::INFINITY {
            return None;
        }
        let ends: [f64; SIDES] = std::array::from_fn(|i| sides[i].until(passed[i]));
        let growth = (0..SIDES).map(|i| sides[i].growth(passed[i])).sum();
        let next = if SIDES > 1 && ends[SIDES - 1] < ends[0] { SIDES - 1 } else { 0 };
        passed[next] += 1;
        // Reordered readings may turn back by a little.
        let end = ends[next].max(begin);
        Some(Stretch { begin: std::mem::replace(&mut begin, end), end, growth })
    })
}
