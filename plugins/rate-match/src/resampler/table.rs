//! The filter, ready to be read at any fractional position.
//!
//! A Kaiser-windowed sinc. The fraction of a frame is cut into stretches ("phases"); within one,
//! each coefficient is a polynomial in the place inside the stretch, fitted in `f64` through the
//! Chebyshev nodes of the stretch.
//!
//! J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (ISCAS
//! 1974); C. W. Farrow, "A continuously variable digital delay element" (ISCAS 1988).

use std::{
    f64::consts::PI,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::{kernel::Rows, quality::Design};
use crate::aligned::Aligned;

/// Taps whose powers lie side by side.
pub(crate) const BLOCK: usize = 16;

/// Coefficients of one filter.
#[derive(Debug)]
pub(crate) struct Table {
    design: Design,
    half: usize,
    taps: usize,
    elements: Elements,
}

/// For each stretch its taps in blocks; for each block a row of each power, lowest power first.
#[derive(Debug)]
enum Elements {
    Single(Aligned<f32>),
    Double(Aligned<f64>),
}

/// The rows as the kernels take them.
pub(crate) enum Coefficients<'a> {
    Single(Rows<'a, f32>),
    Double(Rows<'a, f64>),
}

static CACHE: Mutex<Vec<Weak<Table>>> = Mutex::new(Vec::new());

impl Table {
    /// The table for `design`, shared by all that use the same. `[main]`
    pub fn get(design: Design) -> Arc<Self> {
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|table| table.strong_count() > 0);
        let known = cache.iter().filter_map(Weak::upgrade).find(|table| table.design == design);
        known.unwrap_or_else(|| {
            let table = Arc::new(Self::new(design));
            cache.push(Arc::downgrade(&table));
            table
        })
    }

    fn new(design: Design) -> Self {
        let half = design.half_taps();
        // Vectors take whole blocks; what fills them up lies in the past, where it costs no lag.
        let taps = (2 * half).next_multiple_of(BLOCK);
        let filter = Kaiser::new(&design, half, taps - half - 1);
        let mut values = vec![0.0; design.phases * design.powers * taps];
        for phase in 0..design.phases {
            for tap in 0..taps {
                let block = (phase * taps + tap / BLOCK * BLOCK) * design.powers;
                let polynomial = filter.polynomial(&design, phase, tap);
                for (power, coefficient) in polynomial.into_iter().enumerate() {
                    values[block + power * BLOCK + tap % BLOCK] = coefficient;
                }
            }
        }
        let elements = if design.double {
            Elements::Double(Aligned::of(&values))
        } else {
            let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
            Elements::Single(Aligned::of(&values))
        };
        Self { design, half, taps, elements }
    }

    /// Input frames that one output frame is made from.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// Input frames after the position that are among them.
    pub fn half(&self) -> usize {
        self.half
    }

    /// The rows, in single or double precision.
    pub fn coefficients(&self) -> Coefficients<'_> {
        let Design { phases, powers, .. } = self.design;
        let taps = self.taps;
        match &self.elements {
            Elements::Single(elements) => Coefficients::Single(Rows {
                elements: elements.get(),
                phases,
                taps,
                half: self.half,
                powers,
            }),
            Elements::Double(elements) => Coefficients::Double(Rows {
                elements: elements.get(),
                phases,
                taps,
                half: self.half,
                powers,
            }),
        }
    }
}

/// A windowed sinc as a function of time.
struct Kaiser {
    cutoff: f64,
    half: f64,
    /// Taps before the middle.
    before: f64,
    beta: f64,
}

impl Kaiser {
    fn new(design: &Design, half: usize, before: usize) -> Self {
        Self {
            cutoff: design.pass + design.stop,
            half: half as f64,
            before: before as f64,
            // Taps are rounded up; what that gains goes into the attenuation.
            beta: 0.1102 * (design.attenuation_with(2 * half) - 8.7),
        }
    }

    /// The response `time` input frames from its middle.
    fn at(&self, time: f64) -> f64 {
        if time.abs() > self.half {
            return 0.0;
        }
        let window = (1.0 - (time / self.half).powi(2)).max(0.0).sqrt();
        let x = PI * self.cutoff * time;
        let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
        self.cutoff * sinc * bessel_i0(self.beta * window) / bessel_i0(self.beta)
    }

    /// The polynomial, lowest power first, through the response at the Chebyshev nodes of a stretch.
    fn polynomial(&self, design: &Design, phase: usize, tap: usize) -> Vec<f64> {
        let turn = PI / (2 * design.powers) as f64;
        let node = |i: usize| 0.5 - 0.5 * ((2 * i + 1) as f64 * turn).cos();
        let nodes: Vec<f64> = (0..design.powers).map(node).collect();
        let middle = tap as f64 - self.before;
        let time = |node: &f64| middle - (phase as f64 + node) / design.phases as f64;
        let values = nodes.iter().map(|node| self.at(time(node))).collect();
        through(&nodes, values)
    }
}

/// Coefficients, lowest power first, of the polynomial through the points (Newton's form, expanded).
fn through(x: &[f64], mut y: Vec<f64>) -> Vec<f64> {
    let count = x.len();
    for order in 1..count {
        for i in (order..count).rev() {
            y[i] = (y[i] - y[i - 1]) / (x[i] - x[i - order]);
        }
    }
    let mut polynomial = vec![0.0; count];
    for i in (0..count).rev() {
        // times (x - x[i]), plus y[i]
        for power in (1..count).rev() {
            polynomial[power] = polynomial[power - 1] - x[i] * polynomial[power];
        }
        polynomial[0] = y[i] - x[i] * polynomial[0];
    }
    polynomial
}

/// Modified Bessel function of the first kind, order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..200 {
        term *= (x / f64::from(2 * k)).powi(2);
        sum += term;
    }
    sum
}
