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

use super::{kernel::Rows, quality::Design};

/// Powers of the place within a stretch: a cubic has four.
pub(crate) const POWERS: usize = 4;

/// Coefficients of one filter.
#[derive(Debug)]
pub(crate) struct Table {
    design: Design,
    taps: usize,
    elements: Elements,
}

/// For each stretch `POWERS` rows, lowest power first, of `taps` elements.
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

/// Elements that begin on a cache line.
#[derive(Debug)]
struct Aligned<E> {
    elements: Vec<E>,
    begin: usize,
}

impl<E: Copy + Default> Aligned<E> {
    fn new(source: impl ExactSizeIterator<Item = E>) -> Self {
        let count = source.len();
        let mut elements = vec![E::default(); count + LINE];
        // No line to be found, as under an interpreter, costs time only.
        let begin = elements.as_ptr().align_offset(LINE).min(LINE);
        for (element, value) in elements[begin..].iter_mut().zip(source) {
            *element = value;
        }
        elements.truncate(begin + count);
        Self { elements, begin }
    }

    fn get(&self) -> &[E] {
        &self.elements[self.begin..]
    }
}

/// Bytes of a cache line.
const LINE: usize = 64;

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
        let mut values = vec![0.0; design.phases * POWERS * taps];
        for phase in 0..design.phases {
            for tap in 0..taps {
                let cubic = filter.cubic(phase, design.phases, tap);
                for (power, coefficient) in cubic.into_iter().enumerate() {
                    values[(phase * POWERS + power) * taps + tap] = coefficient;
                }
            }
        }
        let values = values.into_iter();
        let elements = if design.double {
            Elements::Double(Aligned::new(values))
        } else {
            Elements::Single(Aligned::new(values.map(|value| value as f32)))
        };
        Self { design, taps, elements }
    }

    /// Input frames that one output frame is made from.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// The rows, in single or double precision.
    pub fn coefficients(&self) -> Coefficients<'_> {
        let (phases, taps) = (self.design.phases, self.taps);
        match &self.elements {
            Elements::Single(elements) => {
                Coefficients::Single(Rows { elements: elements.get(), phases, taps })
            }
            Elements::Double(elements) => {
                Coefficients::Double(Rows { elements: elements.get(), phases, taps })
            }
        }
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
        let width = TAU * (design.stop - design.pass);
        let attenuation_db = 7.95 + 2.285 * width * (taps - 1) as f64;
        Self {
            cutoff: design.pass + design.stop,
            half: taps as f64 / 2.0,
            // Taps are rounded up; what that gains goes into the attenuation.
            beta: 0.1102 * (attenuation_db - 8.7),
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
