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

mod edges;
mod window;

use super::{Estimator, Hull, Moments, Point};
use window::{FLOOR, Window};

/// Pieces of each length; two of them are merged when there is one more.
const SAME_LENGTH: usize = 4;
/// Each level holds pieces twice as long as the one below.
const LEVELS: usize = 14;
/// Standard errors by which two windows may differ and still agree.
const AGREEMENT: f64 = 5.0;
/// The same for a hull, whose errors have longer tails than Gauss's.
const HULL_AGREEMENT: f64 = 9.0;
/// Noise is expected to move by twice its width, but not by more than this, seconds.
const CREEP: f64 = 100e-6;
/// Fewer readings say little of their own noise.
const READINGS: f64 = 32.0;

#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    moments: Moments,
    /// Where its readings begin and end.
    begin: f64,
    end: f64,
    hull: Hull,
    /// Hull of the points upside down: noise that has an upper limit has a second edge.
    upper: Hull,
}

impl Piece {
    fn add(&mut self, point: Point, estimator: Estimator) {
        let is_first = self.moments.count == 0.0;
        self.begin = if is_first { point.x } else { self.begin.min(point.x) };
        self.end = if is_first { point.x } else { self.end.max(point.x) };
        self.moments.add(point);
        if estimator != Estimator::LeastSquares {
            self.hull.add(point);
            self.upper.add(flipped(point));
        }
    }

    fn merge(&mut self, newer: &Self) {
        self.begin = self.begin.min(newer.begin);
        self.end = self.end.max(newer.end);
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
    /// How far below that the line through the earliest readings lies, seconds; 0 where only least
    /// squares are asked for.
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

impl Fit {
    /// Whether its error is as small as any is taken for: more readings like these say nothing new.
    pub fn is_exact(&self) -> bool {
        self.slope_error < 2.0 * FLOOR
    }
}

/// Readings in pieces, the newest short, the oldest long.
#[derive(Debug, Clone)]
pub struct Windows {
    /// Each with pieces twice as long as the one before. Boxed: some 40 KiB.
    levels: Box<[Level]>,
    newest: Piece,
    newest_begin: f64,
    /// In all pieces.
    readings: f64,
    piece_length: f64,
    estimator: Estimator,
    /// Of the last fit: by it the lowest point of each piece is found.
    slope: f64,
}

/// Pieces of one length, oldest first.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    pieces: [Piece; SAME_LENGTH + 1],
    count: usize,
}

impl Level {
    /// Adds a piece; where there are too many then, the two oldest become one and go.
    fn push(&mut self, piece: Piece) -> Option<Piece> {
        self.pieces[self.count] = piece;
        self.count += 1;
        if self.count <= SAME_LENGTH {
            return None;
        }
        let [mut oldest, twin, ..] = self.pieces;
        oldest.merge(&twin);
        self.pieces.copy_within(2..self.count, 0);
        self.count -= 2;
        Some(oldest)
    }
}

impl Windows {
    /// Windows whose shortest piece is `piece_length` seconds; the longest window has some
    /// 60,000 times that. `[main]`
    pub fn new(piece_length: f64, estimator: Estimator) -> Self {
        Self {
            levels: vec![Level::default(); LEVELS].into(),
            newest: Piece::default(),
            newest_begin: f64::NEG_INFINITY,
            readings: 0.0,
            piece_length,
            estimator,
            slope: 0.0,
        }
    }

    /// Forgets all readings. `[any]`
    pub fn clear(&mut self) {
        self.levels.iter_mut().for_each(|level| level.count = 0);
        self.newest = Piece::default();
        self.newest_begin = f64::NEG_INFINITY;
        (self.readings, self.slope) = (0.0, 0.0);
    }

    /// Readings held.
    pub fn readings(&self) -> f64 {
        self.readings
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
        self.newest.add(point, self.estimator);
        self.readings += 1.0;
        complete
    }

    fn complete(&mut self) {
        let mut piece = std::mem::take(&mut self.newest);
        for level in self.levels.iter_mut() {
            match level.push(piece) {
                Some(longer) => piece = longer,
                None => return,
            }
        }
        // The oldest of the highest level has outgrown it.
        self.readings -= piece.moments.count;
    }

    /// The best line now; `None` before there are three readings at different times. `[any]`
    pub fn fit(&mut self) -> Option<Fit> {
        let fit = self.longest_that_agrees()?;
        self.slope = fit.slope;
        Some(fit)
    }

    fn longest_that_agrees(&self) -> Option<Fit> {
        let mut window = Window::new(self.estimator, self.slope);
        let mut chosen: Option<Fit> = None;
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut tried = 0.0;
        let older = self.levels.iter().flat_map(|level| level.pieces[..level.count].iter().rev());
        let mut pieces = std::iter::once(&self.newest).chain(older).peekable();
        while let Some(piece) = pieces.next() {
            window.extend(piece);
            // A window hardly longer than the last one has nothing to say, unless it is the longest: its last
            // fifth would lower the error of a line by a third.
            let is_worth_it = window.length() >= 1.25 * tried || pieces.peek().is_none();
            if !is_worth_it || (window.readings() < READINGS && tried > 0.0) {
                continue;
            }
            let Some(fit) = window.fit() else { continue };
            if window.readings() < READINGS {
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
