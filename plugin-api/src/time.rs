//! The four kinds of time, kept apart by type.
//!
//! | type              | counts from                          | who reads it                               |
//! |-------------------|--------------------------------------|--------------------------------------------|
//! | [`HostTime`]      | the executor's start of time         | wake-ups, device callbacks, arrival times  |
//! | [`ReferenceTime`] | the reference clock's own origin     | the graph manager (LS-65)                  |
//! | [`StreamTime`]    | the start of the run                 | time stamps: when a sample is due (LS-66)  |
//! | [`Span`]          | nothing: it is a length              | latencies, stream offsets, errors          |
//!
//! All are nanoseconds in an `i64`, which holds 292 years. Adding two instants does not compile; an
//! instant and a span add up, saturating, because a time from outside may be anything.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// A length of time in nanoseconds; negative means earlier. `[any]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span, which also stands for "never".
    pub const MAX: Self = Self(i64::MAX);

    /// A span of `ns` nanoseconds.
    pub const fn from_nanos(ns: i64) -> Self {
        Self(ns)
    }

    /// A span of `us` microseconds, saturating.
    pub const fn from_micros(us: i64) -> Self {
        Self(us.saturating_mul(1_000))
    }

    /// A span of `ms` milliseconds, saturating.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// A span of `s` whole seconds, saturating.
    pub const fn from_secs(s: i64) -> Self {
        Self(s.saturating_mul(1_000_000_000))
    }

    /// A span of `s` seconds, rounded to the nanosecond and saturating; NaN becomes zero.
    pub fn from_secs_f64(s: f64) -> Self {
        Self((s * 1e9).round() as i64)
    }

    /// The length of `frames` at `rate_hz`, rounded to the nearest nanosecond.
    ///
    /// Derived from the count in one step and never added up, so a day of blocks does not drift
    /// (LS-M20). A rate of zero gives zero.
    pub fn of_frames(frames: i64, rate_hz: u32) -> Self {
        rational(frames, 1_000_000_000, i64::from(rate_hz))
    }

    /// The length in nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The length in seconds.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// The length in milliseconds.
    pub fn millis_f64(self) -> f64 {
        self.0 as f64 * 1e-6
    }

    /// How many whole frames of `rate_hz` this span holds, rounded to the nearest.
    pub fn frames(self, rate_hz: u32) -> i64 {
        rational(self.0, i64::from(rate_hz), 1_000_000_000).0
    }

    /// The span without its sign, saturating.
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

/// `count * numerator / denominator`, rounded to nearest, as a span; zero when the denominator is.
pub(crate) fn rational(count: i64, numerator: i64, denominator: i64) -> Span {
    if denominator == 0 {
        return Span::ZERO;
    }
    // Whole turns of the denominator go without a division of 128 bits, which takes ten times as long.
    let (whole, rest) = (count.div_euclid(denominator), count.rem_euclid(denominator));
    let part = match rest.checked_mul(numerator).and_then(|part| part.checked_mul(2)) {
        Some(twice) if twice <= i64::MAX - denominator => {
            i128::from((twice + denominator).div_euclid(2 * denominator))
        }
        _ => {
            let (product, denominator) =
                (i128::from(rest) * i128::from(numerator), i128::from(denominator));
            (2 * product + denominator).div_euclid(2 * denominator)
        }
    };
    let rounded = i128::from(whole) * i128::from(numerator) + part;
    Span(rounded.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Span {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Span {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// Milliseconds with one digit, or the unit that fits: `467.0 ms`, `12 us`, `3.0 s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if f.sign_plus() && self.0 >= 0 { "+" } else { "" };
        let text = match self.0.unsigned_abs() {
            0 => format!("{sign}0.0 ms"),
            1..1_000 => format!("{sign}{} ns", self.0),
            1_000..100_000 => format!("{sign}{:.1} us", self.0 as f64 * 1e-3),
            100_000..10_000_000_000 => format!("{sign}{:.1} ms", self.millis_f64()),
            _ => format!("{sign}{:.1} s", self.secs_f64()),
        };
        f.pad(&text)
    }
}

macro_rules! instant {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        pub struct $name(i64);

        impl $name {
            /// The origin.
            pub const ZERO: Self = Self(0);
            /// Later than every other instant: "never".
            pub const MAX: Self = Self(i64::MAX);

            /// The instant `ns` nanoseconds after the origin.
            pub const fn from_nanos(ns: i64) -> Self {
                Self(ns)
            }

            /// Nanoseconds since the origin.
            pub const fn nanos(self) -> i64 {
                self.0
            }
        }

        impl Add<Span> for $name {
            type Output = Self;
            fn add(self, span: Span) -> Self {
                Self(self.0.saturating_add(span.0))
            }
        }

        impl Sub<Span> for $name {
            type Output = Self;
            fn sub(self, span: Span) -> Self {
                Self(self.0.saturating_sub(span.0))
            }
        }

        impl Sub for $name {
            type Output = Span;
            fn sub(self, earlier: Self) -> Span {
                Span(self.0.saturating_sub(earlier.0))
            }
        }

        impl AddAssign<Span> for $name {
            fn add_assign(&mut self, span: Span) {
                *self = *self + span;
            }
        }
    };
}

instant! {
    /// An instant of the executor's monotonic time: the operating system's clock when the graph
    /// runs in real time, a number when it runs in virtual time. Only differences mean anything. `[any]`
    HostTime
}

instant! {
    /// A reading of the graph's reference clock. Only differences mean anything (LS-65). `[any]`
    ReferenceTime
}

instant! {
    /// Time since the start of the run: reference time minus the base time (LS-65). A **time stamp**
    /// is the stream time at which a sample is due at its renderer (LS-66). `[any]`
    StreamTime
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LS-M20
    #[test]
    fn a_day_of_ntsc_frames_is_off_by_less_than_one_nanosecond() {
        let frames = 24 * 3600 * 30_000 / 1001;
        let span = rational(frames, 1_001 * 1_000_000_000, 30_000);
        let exact = frames as f64 * 1001.0 / 30.0 * 1e6;
        assert!((span.nanos() as f64 - exact).abs() <= 16.0, "f64 holds 2^46 to 16 ns");
        assert_eq!(span.nanos(), frames * 1001 * 100_000 / 3);
    }

    #[test]
    fn a_span_is_the_nearest_to_the_exact_quotient_or_the_end_of_the_range() {
        let counts = [0, 1, -1, 479, -481, 1 << 40, -(1 << 52), i64::MAX, i64::MIN];
        let numerators = [1, 48_000, 1_000_000_000, 4_294_967_295_000_000_000];
        for (count, numerator, denominator) in counts.into_iter().flat_map(|count| {
            let pairs =
                numerators.into_iter().flat_map(|n| [1, 7, 44_100, 4_294_967_295].map(|d| (n, d)));
            pairs.map(move |(numerator, denominator)| (count, numerator, denominator))
        }) {
            let product = i128::from(count) * i128::from(numerator);
            let exact =
                (2 * product + i128::from(denominator)).div_euclid(2 * i128::from(denominator));
            let exact = exact.clamp(i64::MIN.into(), i64::MAX.into());
            let span = rational(count, numerator, denominator);
            assert_eq!(i128::from(span.nanos()), exact, "{count} * {numerator} / {denominator}");
        }
    }

    #[test]
    fn frames_and_spans_are_inverse_at_every_common_rate() {
        for rate_hz in [8_000, 44_100, 48_000, 192_000, 384_000] {
            for frames in [0, 1, 441, -441, 86_400 * i64::from(rate_hz)] {
                assert_eq!(Span::of_frames(frames, rate_hz).frames(rate_hz), frames);
            }
        }
    }

    #[test]
    fn a_span_is_shown_in_the_unit_that_fits() {
        let shown = |ns| Span::from_nanos(ns).to_string();
        assert_eq!(shown(467_000_000), "467.0 ms");
        assert_eq!(shown(-33_333_333), "-33.3 ms");
        assert_eq!(shown(12_000), "12.0 us");
        assert_eq!(shown(0), "0.0 ms");
        assert_eq!(format!("{:+}", Span::from_millis(33)), "+33.0 ms");
    }
}
