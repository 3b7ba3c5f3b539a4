//! A line through one window.

use super::{Estimator, Fit, Moments, Piece, Point};
use crate::estimate::{Hull, hull};

/// The means of a few dozen pieces scatter by so much more or less by chance.
const BY_CHANCE: f64 = 1.25;
/// Fewer pieces say little of the noise at its edge.
const HULL_PIECES: f64 = 10.0;
/// No estimate is better than this, seconds a second; keeps rounding from splitting hairs.
pub(super) const FLOOR: f64 = 0.01e-6;
/// Hull vertices looked at in one window.
const CHAIN: usize = 256;

/// Pieces from the newest backwards, summed up.
pub(super) struct Window {
    estimator: Estimator,
    /// About the slope, by which the lowest point of each piece is found.
    slope: f64,
    moments: Moments,
    /// Of the means of the pieces.
    means: Moments,
    pieces: f64,
    /// `None` where only least squares are asked for.
    edges: Option<Edges>,
    newest: f64,
    oldest: f64,
}

impl Window {
    /// An empty one, where the slope is known to be about `slope`.
    pub fn new(estimator: Estimator, slope: f64) -> Self {
        Self {
            estimator,
            slope,
            moments: Moments::default(),
            means: Moments::default(),
            pieces: 0.0,
            edges: (estimator != Estimator::LeastSquares).then(Edges::new),
            newest: f64::NEG_INFINITY,
            oldest: f64::INFINITY,
        }
    }

    /// Seconds from the oldest to the newest reading.
    pub fn length(&self) -> f64 {
        self.newest - self.oldest
    }

    /// Readings in it.
    pub fn readings(&self) -> f64 {
        self.moments.count
    }

    /// Adds the piece before all others.
    pub fn extend(&mut self, piece: &Piece) {
        let Moments { count, mean, .. } = piece.moments;
        if count == 0.0 {
            return;
        }
        self.pieces += 1.0;
        self.oldest = self.oldest.min(piece.begin);
        self.newest = self.newest.max(piece.end);
        self.moments.merge(&piece.moments);
        self.means.merge(&Moments::of(count, mean));
        if let Some(Edges { lower, upper }) = &mut self.edges {
            lower.extend(&piece.hull, self.slope, count);
            upper.extend(&piece.upper, -self.slope, count);
        }
    }

    /// The line through it; `None` where there are too few readings.
    pub fn fit(&self) -> Option<Fit> {
        let (line, line_error) = self.moments.line()?;
        let edges = self.edges.as_ref().filter(|_| self.pieces >= HULL_PIECES);
        let hull = edges.and_then(|edges| self.by_edges(edges));
        let by_hull = match self.estimator {
            Estimator::LeastSquares => None,
            Estimator::LowerHull => hull,
            Estimator::Best => hull.filter(|(_, error)| *error < 0.7 * line_error),
        };
        let (slope, error) = by_hull.unwrap_or((line, line_error));
        let spread = self.moments.spread(slope);
        let Moments { count, mean, .. } = self.moments;
        let alike = self.likeness(slope, spread);
        let (edge, width) = self.edges.as_ref().map_or((0.0, 0.0), |Edges { lower, .. }| {
            let lowest = lower.lowest(slope);
            (lowest - (mean.y - slope * mean.x), lower.width(slope, lowest))
        });
        let error = alike * error;
        Some(Fit {
            slope,
            slope_error: (error * error + FLOOR * FLOOR).sqrt(),
            mean,
            edge,
            mean_error: alike * spread / count.sqrt(),
            edge_error: alike * 2.0 * width / count,
            spread,
            length: self.length(),
            by_hull: by_hull.is_some(),
        })
    }

    /// By how much errors are larger than those of as many readings that know nothing of each other.
    ///
    /// A machine that is busy for a second makes all readings of that second late. Then the means of
    /// the pieces scatter more than the scatter within them explains (batch means: R. W. Conway,
    /// "Some tactical problems in digital simulation", 1963).
    fn likeness(&self, slope: f64, spread: f64) -> f64 {
        if self.pieces < 4.0 || spread == 0.0 {
            return 1.0;
        }
        let scatter = self.means.squares(slope) / (self.pieces - 2.0);
        (scatter.sqrt() / spread / BY_CHANCE).max(1.0)
    }

    /// The slopes of both edges, each with its weight: a long tail weighs nothing.
    fn by_edges(&self, edges: &Edges) -> Option<(f64, f64)> {
        let Moments { mean, .. } = self.moments;
        let (lower, lower_error) = edges.lower.slope(mean.x, self.length())?;
        let Some((upper, upper_error)) = edges.upper.slope(mean.x, self.length()) else {
            return Some((lower, lower_error));
        };
        if self.estimator == Estimator::LowerHull
            || upper_error > 4.0 * lower_error
            || lower_error == 0.0
        {
            return Some((lower, lower_error));
        }
        let (a, b) = (lower_error.powi(-2), upper_error.max(lower_error).powi(-2));
        Some(((a * lower - b * upper) / (a + b), 1.0 / (a + b).sqrt()))
    }
}

/// Both edges of the noise.
struct Edges {
    lower: Edge,
    upper: Edge,
}

impl Edges {
    fn new() -> Self {
        Self { lower: Edge::new(), upper: Edge::new() }
    }
}

/// One edge of the noise, from the newest piece backwards.
struct Edge {
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
    fn extend(&mut self, hull: &Hull, slope: f64, readings: f64) {
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

    /// Slope of the edge and its standard error over `length` seconds.
    fn slope(&self, x: f64, length: f64) -> Option<(f64, f64)> {
        let slope = hull::slope_at(&self.chain[..self.chained], x)?;
        let width = self.width(slope, self.lowest(slope));
        // 6: computed, 200 trials of 15, 30 and 60 s with uniform noise.
        Some((slope, 6.0 * width / (self.readings * length.max(1e-9))))
    }

    fn lowest(&self, slope: f64) -> f64 {
        let chain = &self.chain[..self.chained];
        chain.iter().map(|v| v.y - slope * v.x).fold(f64::INFINITY, f64::min)
    }

    /// Width of the noise at its edge, as if it were uniform there, with the `lowest` point of all.
    /// The lowest point of each piece is expected the width over its count above the edge; two of
    /// them lie on the line.
    fn width(&self, slope: f64, lowest: f64) -> f64 {
        let sum = self.lowest.y - slope * self.lowest.x - lowest * self.readings;
        sum.max(0.0) / (self.pieces - 2.0).max(0.5)
    }
}
