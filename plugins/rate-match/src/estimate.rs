//! Estimators of the rate of a clock from noisy readings.
//!
//! A reading is a point: `x`, how much time has passed by the count of frames, and `y`, how much
//! later than that it was seen, both in seconds. The slope of `y` over `x` is the error of the
//! clock's rate, the height of the line its delay. What noise is on `y` decides what is best:
//!
//! | estimator        | best for                                     | its error after `T` seconds, `N` readings |
//! |------------------|----------------------------------------------|-------------------------------------------|
//! | [`Moments::line`]| noise to both sides (Gaussian)               | `σ √(12/N) / T`                           |
//! | mean slope of the lines that fit by the edge of [`Hull`] | noise with a sharp edge to one side (a network, a late callback) or both | about `6 w / (N T)`, `w` the noise's width at the edge; a fifth more by [`Hull::slope_at`] alone |
//!
//! Both are summaries that merge, so a window of any length is made from pieces.
//!
//! Sources: least squares after Gauss; the merging of centred moments after T. F. Chan, G. H. Golub
//! and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
//! (1979); the lower convex hull as clock-skew estimator after S. B. Moon, P. Skelly and D. Towsley,
//! "Estimation and removal of clock skew from network delay measurements" (INFOCOM 1999).

mod hull;
mod moments;
mod windows;

pub use hull::Hull;
pub use moments::Moments;
pub use windows::{Fit, Windows};

/// One reading of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Time by the count of frames, seconds.
    pub x: f64,
    /// How much later than `x` it was seen, seconds.
    pub y: f64,
}

/// Which estimator to trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Estimator {
    /// Whichever promises the smaller error for the noise that is seen.
    #[default]
    Best,
    /// Always least squares.
    LeastSquares,
    /// Always the lower hull.
    LowerHull,
}

#[cfg(test)]
mod tests;
