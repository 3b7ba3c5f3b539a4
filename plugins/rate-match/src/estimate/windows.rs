//! One estimate from windows of every length.
//!
//! A long window averages noise away, a short one follows a clock that changes. The window is
//! therefore chosen anew each time: from the newest points backwards, as long as its estimate
//! agrees with those of all shorter windows, each within its own error.
//!
//! Sources: O. V. Lepski, "On a problem of adaptive estimation in Gaussian white noise" (1990);
//! V. Katkovnik, "A new method for varying adaptive bandwidth selection" (1999), the intersection
//! of confidence intervals. The pieces grow in age as in M. Datar, A. Gionis, P. Indyk and R.
//! Motwani, "Maintaining stream statistics over sliding windows" (2002).

use super::{Estimator, Hull, Moments, Point, hull};

/// Pieces of each length; two of them are merged when there is one more.
const SAME_LENGTH: usize = 4;
/// Each level holds pieces twice as long as the one below.
const LEVELS: usize = 14;
const PIECES: usize = SAME_LENGTH * LEVELS + 1;
/// Standard errors by which two windows may differ and still agree.
const AGREEMENT: f64 = 5.0;
/// The same for a hull, whose errors have longer tails than Gauss's.
const HULL_AGREEMENT: f64 = 9.0;
/// The means of a few dozen pieces scatter by so much more or less by chance.
const BY_CHANCE: f64 = 1.25;
/// Noise is expected to move by twice its width, but not by more than this, seconds.
const CREEP: f64 = 100e-6;
/// Fewer readings say little of their own noise.
const READINGS: f64 = 32.0;
/// Fewer pieces say little of the noise at its edge.
const HULL_PIECES: usize = 10;
/// No estimate is better than this, seconds a second; keeps rounding from splitting hairs.
const FLOOR: f64 = 0.01e-6;
/// Hull vertices looked at in one window.
const CHAIN: usize = 256;

#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    moments: Moments,
    hull: Hull,
    /// Hull of the points upside down: noise that has an upper limit has a second edge.
    upper: Hull,
    level: usize,
}

impl Piece {
    fn add(&mut self, point: Point) {
        self.moments.add(point);
        self.hull.add(point);
        self.upper.add(flipped(point));
    }

    fn merge(&mut self, newer: &Self) {
        self.moments.merge(&newer.moments);
        self.hull.merge(&newer.hull);
        self.upper.merge(&newer.upper);
    }
}

/// A line through what was seen, and how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Error of the clock's rate, seconds a second.
    pub slope: f64,
    /// Standard error of the slope.
    pub slope_error: f64,
    /// A point on the line through the middle of the readings.
    pub mean: Point,
    /// How far below that the line through the earliest readings lies, seconds.
    pub edge: f64,
    /// Standard error of the mean's height, seconds.
    pub mean_error: f64,
    /// The same of the edge.
    pub edge_error: f64,
    /// Standard deviation of the readings around the line, seconds.
    pub spread: f64,
    /// Length of the window, seconds.
    pub length: f64,
    /// Was the hull better than least squares?
    pub by_hull: bool,
}

/// Readings in pieces, the newest short, the oldest long.
#[derive(Debug, Clone)]
pub struct Windows {
    /// Oldest first.
    pieces: [Piece; PIECES],
    count: usize,
    newest: Piece,
    newest_begin: f64,
    piece_length: f64,
    estimator: Estimator,
}

impl Windows {
    /// Windows whose shortest piece is `piece_length` seconds; the longest window has some
    /// 60,000 times that. `[main]`
    pub fn new(piece_length: f64, estimator: Estimator) -> Self {
        Self {
            pieces: [Piece::default(); PIECES],
            count: 0,
            newest: Piece::default(),
            newest_begin: f64::NEG_INFINITY,
            piece_length,
            estimator,
        }
    }

    /// Forgets all readings. `[any]`
    pub fn clear(&mut self) {
        self.count = 0;
        self.newest = Piece::default();
        self.newest_begin = f64::NEG_INFINITY;
    }

    /// Readings held.
    pub fn readings(&self) -> f64 {
        self.newest.moments.count
            + self.pieces[..self.count].iter().map(|p| p.moments.count).sum::<f64>()
    }

    /// Adds a reading; true when a piece was completed by it, so that a new fit is worth its time. `[any]`
    pub fn add(&mut self, point: Point) -> bool {
        if self.newest.moments.count == 0.0 {
            self.newest_begin = point.x;
        }
        let complete = point.x >= self.newest_begin + self.piece_length;
        if complete {
            self.complete();
            self.newest_begin = point.x;
        }
        self.newest.add(point);
        complete
    }

    fn complete(&mut self) {
        self.pieces[self.count] = std::mem::take(&mut self.newest);
        self.count += 1;
        for level in 0..LEVELS {
            let same = |p: &Piece| p.level == level;
            if self.pieces[..self.count].iter().filter(|p| same(p)).count() <= SAME_LENGTH {
                return;
            }
            // Levels only grow with age, so the first of this level is followed by its twin.
            let Some(at) = self.pieces[..self.count].iter().position(same) else { return };
            let twin = self.pieces[at + 1];
            self.pieces[at].merge(&twin);
            self.pieces[at].level += 1;
            self.remove(at + 1);
        }
        // The oldest of the highest level has outgrown it.
        self.remove(0);
    }

    fn remove(&mut self, at: usize) {
        self.pieces.copy_within(at + 1..self.count, at);
        self.count -= 1;
    }

    /// The best line now; `None` before there are three readings at different times. `[any]`
    pub fn fit(&self) -> Option<Fit> {
        let mut window = Window::new(self.estimator);
        let mut chosen: Option<Fit> = None;
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut tried = 0.0;
        for piece in std::iter::once(&self.newest).chain(self.pieces[..self.count].iter().rev()) {
            window.extend(piece);
            // A window hardly longer than the last one has nothing to say.
            if window.length() < 1.25 * tried || (window.moments.count < READINGS && tried > 0.0) {
                continue;
            }
            let Some(fit) = window.fit() else { continue };
            if window.moments.count < READINGS {
                chosen = Some(fit);
                continue;
            }
            tried = fit.length;
            let agreement = if fit.by_hull { HULL_AGREEMENT } else { AGREEMENT };
            let margin = agreement * fit.slope_error + creep(&fit);
            low = low.max(fit.slope - margin);
            high = high.min(fit.slope + margin);
            if low > high {
                break;
            }
            if chosen.is_none_or(|best| fit.slope_error <= best.slope_error) {
                chosen = Some(fit);
            }
        }
        chosen
    }
}

/// What a rate may seem to change by when the noise moves as a whole and stays there: a processor
/// that sleeps deeper answers later for as long as it does.
fn creep(fit: &Fit) -> f64 {
    CREEP.min(2.0 * fit.spread) / fit.length.max(1e-9)
}

fn flipped(point: Point) -> Point {
    Point { y: -point.y, ..point }
}

/// One edge of the noise, from the newest piece backwards.
struct Edge {
    /// Hull from right to left.
    chain: [Point; CHAIN],
    chained: usize,
    /// Hull and readings of each piece.
    pieces: [(Hull, f64); PIECES],
    count: usize,
}

/// Pieces from the newest backwards, summed up.
struct Window {
    estimator: Estimator,
    moments: Moments,
    lower: Edge,
    upper: Edge,
    /// Count and mean of each piece.
    means: [(f64, Point); PIECES],
    pieces: usize,
    newest: f64,
    oldest: f64,
}

impl Edge {
    fn new() -> Self {
        Self {
            chain: [Point::default(); CHAIN],
            chained: 0,
            pieces: [(Hull::default(), 0.0); PIECES],
            count: 0,
        }
    }

    fn extend(&mut self, hull: &Hull, readings: f64) {
        for vertex in hull.vertices().iter().rev() {
            self.chain(*vertex);
        }
        self.pieces[self.count] = (*hull, readings);
        self.count += 1;
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

    /// Slope of the edge and its standard error, of `readings` readings in `length` seconds.
    fn slope(&self, x: f64, readings: f64, length: f64) -> Option<(f64, f64)> {
        let slope = hull::slope_at(&self.chain[..self.chained], x)?;
        // 6: computed, 200 trials of 15, 30 and 60 s with uniform noise.
        Some((slope, 6.0 * self.width(slope) / (readings * length.max(1e-9))))
    }

    fn lowest(&self, slope: f64) -> f64 {
        let chain = &self.chain[..self.chained];
        chain.iter().map(|v| v.y - slope * v.x).fold(f64::INFINITY, f64::min)
    }

    /// Width of the noise at its edge, as if it were uniform there. The lowest point of each piece
    /// is expected the width over its count above the edge; two of them lie on the line.
    fn width(&self, slope: f64) -> f64 {
        let lowest = self.lowest(slope);
        let pieces = &self.pieces[..self.count];
        let sum: f64 =
            pieces.iter().map(|(hull, count)| (hull.lowest(slope) - lowest) * count).sum();
        sum / (self.count as f64 - 2.0).max(0.5)
    }
}

impl Window {
    fn new(estimator: Estimator) -> Self {
        Self {
            estimator,
            moments: Moments::default(),
            lower: Edge::new(),
            upper: Edge::new(),
            means: [(0.0, Point::default()); PIECES],
            pieces: 0,
            newest: f64::NEG_INFINITY,
            oldest: f64::INFINITY,
        }
    }

    fn length(&self) -> f64 {
        self.newest - self.oldest
    }

    fn extend(&mut self, piece: &Piece) {
        if piece.moments.count == 0.0 {
            return;
        }
        self.moments.merge(&piece.moments);
        self.means[self.pieces] = (piece.moments.count, piece.moments.mean);
        self.pieces += 1;
        for vertex in piece.hull.vertices() {
            self.newest = self.newest.max(vertex.x);
            self.oldest = self.oldest.min(vertex.x);
        }
        self.lower.extend(&piece.hull, piece.moments.count);
        self.upper.extend(&piece.upper, piece.moments.count);
    }

    fn fit(&self) -> Option<Fit> {
        let (line, line_error) = self.moments.line()?;
        let by_hull = match (self.estimator, self.by_edges()) {
            (Estimator::LeastSquares, _) | (_, None) => None,
            (Estimator::LowerHull, hull) => hull.filter(|_| self.lower.count >= HULL_PIECES),
            (Estimator::Best, hull) => hull
                .filter(|(_, error)| self.lower.count >= HULL_PIECES && *error < 0.7 * line_error),
        };
        let (slope, error) = by_hull.unwrap_or((line, line_error));
        let spread = self.moments.spread(slope);
        let count = self.moments.count;
        let mean = self.moments.mean;
        let alike = self.likeness(slope, spread);
        Some(Fit {
            slope,
            slope_error: (alike * error).hypot(FLOOR),
            mean,
            edge: self.lower.lowest(slope) - (mean.y - slope * mean.x),
            mean_error: alike * spread / count.sqrt(),
            edge_error: alike * 2.0 * self.lower.width(slope) / count,
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
        let pieces = &self.means[..self.pieces];
        if pieces.len() < 4 || spread == 0.0 {
            return 1.0;
        }
        let Moments { mean, .. } = self.moments;
        let off =
            |(count, at): &(f64, Point)| count * (at.y - mean.y - slope * (at.x - mean.x)).powi(2);
        let scatter = pieces.iter().map(off).sum::<f64>() / (pieces.len() as f64 - 2.0);
        (scatter.sqrt() / spread / BY_CHANCE).max(1.0)
    }

    /// The slopes of both edges, each with its weight: a long tail weighs nothing.
    fn by_edges(&self) -> Option<(f64, f64)> {
        let Moments { mean, count, .. } = self.moments;
        let (lower, lower_error) = self.lower.slope(mean.x, count, self.length())?;
        let Some((upper, upper_error)) = self.upper.slope(mean.x, count, self.length()) else {
            return Some((lower, lower_error));
        };
        if self.estimator == Estimator::LowerHull
            || upper_error > 4.0 * lower_error
            || lower_error == 0.0
        {
            return Some((lower, lower_error));
        }
        let (a, b) = (lower_error.powi(-2), upper_error.max(lower_error).powi(-2));
        Some(((a * lower - b * upper) / (a + b), (a + b).powf(-0.5)))
    }
}
