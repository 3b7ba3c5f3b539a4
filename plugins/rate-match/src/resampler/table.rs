//! The filter, ready to be read at any fractional position.
//!
//! A Kaiser-windowed sinc. The fraction of a frame is cut into stretches ("phases"); within one,
//! each coefficient is a cubic in the place inside the stretch, fitted in `f64` through the
//! Chebyshev nodes of the stretch.
//!
//! J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (ISCAS
//! 1974); C. W. Farrow, "A continuously variable digital delay element" (ISCAS 1988).

use std::{
    f64::consts::{PI, TAU},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::quality::Design;

/// Powers of the place within a stretch: a cubic has four.
pub(crate) const POWERS: usize = 4;

/// Sixteen coefficients on a cache line.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy)]
struct Line([f32; 16]);

/// Coefficients of one filter.
#[derive(Debug)]
pub(crate) struct Table {
    design: Design,
    taps: usize,
    lines: Vec<Line>,
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
        let width = TAU * (design.stop - design.pass);
        let taps = ((design.attenuation_db - 7.95) / (2.285 * width)).ceil() as usize + 1;
        let taps = taps.next_multiple_of(16);
        let filter = Kaiser::new(&design, taps);
        let mut lines = vec![Line([0.0; 16]); design.phases * POWERS * taps / 16];
        for phase in 0..design.phases {
            for tap in 0..taps {
                let cubic = filter.cubic(phase, design.phases, tap);
                for (power, coefficient) in cubic.into_iter().enumerate() {
                    let at = (phase * POWERS + power) * taps + tap;
                    lines[at / 16].0[at % 16] = coefficient as f32;
                }
            }
        }
        Self { design, taps, lines }
    }

    /// Input frames that one output frame is made from.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// Stretches of the fraction.
    pub fn phases(&self) -> usize {
        self.design.phases
    }

    /// The four rows of coefficients, lowest power first, of one stretch.
    pub fn rows(&self, phase: usize) -> [&[f32]; POWERS] {
        let row = |power: usize| {
            let lines = self.taps / 16;
            let at = (phase * POWERS + power) * lines;
            self.lines[at..at + lines].as_flattened_lines()
        };
        [row(0), row(1), row(2), row(3)]
    }
}

trait Flattened {
    fn as_flattened_lines(&self) -> &[f32];
}

impl Flattened for [Line] {
    #[allow(unsafe_code)] // a line is its sixteen values and nothing else
    fn as_flattened_lines(&self) -> &[f32] {
        // SAFETY: `Line` is `repr(C)` with 64 bytes of values in 64 bytes, so `len` lines are
        // `16 * len` values without padding.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), self.len() * 16) }
    }
}

/// A windowed sinc as a function of time.
struct Kaiser {
    cutoff: f64,
    half: f64,
    beta: f64,
}

impl Kaiser {
    fn new(design: &Design, taps: usize) -> Self {
        Self {
            cutoff: design.pass + design.stop,
            half: taps as f64 / 2.0,
            beta: 0.1102 * (design.attenuation_db - 8.7),
        }
    }

    /// The response `time` input frames from its middle.
    fn at(&self, time: f64) -> f64 {
        let window = (1.0 - (time / self.half).powi(2)).max(0.0).sqrt();
        let x = PI * self.cutoff * time;
        let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
        self.cutoff * sinc * bessel_i0(self.beta * window) / bessel_i0(self.beta)
    }

    /// The cubic, lowest power first, through the response at the Chebyshev nodes of a stretch.
    fn cubic(&self, phase: usize, phases: usize, tap: usize) -> [f64; POWERS] {
        let nodes: [f64; POWERS] =
            std::array::from_fn(|i| 0.5 - 0.5 * ((2 * i + 1) as f64 * PI / 8.0).cos());
        let middle = tap as f64 - (self.half - 1.0);
        let values = nodes.map(|node| self.at(middle - (phase as f64 + node) / phases as f64));
        through(nodes, values)
    }
}

/// Coefficients, lowest power first, of the polynomial through the points (Newton's form, expanded).
fn through<const N: usize>(x: [f64; N], mut y: [f64; N]) -> [f64; N] {
    for order in 1..N {
        for i in (order..N).rev() {
            y[i] = (y[i] - y[i - 1]) / (x[i] - x[i - order]);
        }
    }
    let mut polynomial = [0.0; N];
    for i in (0..N).rev() {
        // times (x - x[i]), plus y[i]
        for power in (1..N).rev() {
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
