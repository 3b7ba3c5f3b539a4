//! A line through one window.

use super::{Estimator, Fit, Moments, Piece, edges::Edges};

/// The means of a few dozen pieces scatter by so much more or less by chance.
const BY_CHANCE: f64 = 1.25;
/// Fewer pieces say little of the noise at its edge.
const HULL_PIECES: f64 = 10.0;
/// No estimate is better than this, seconds a second; keeps rounding from splitting hairs.
pub(super) const FLOOR: f64 = 0.01e-6;

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
        let hull =
            edges.and_then(|it| it.slope(self.moments.mean.x, self.length(), self.estimator));
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
}
