//! Units of settings, and numbers written with one.

use std::fmt;

use crate::time::Span;

/// A unit that a setting can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // the names are the units
pub enum Unit {
    Decibels,
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Hertz,
    Kilohertz,
    PartsPerMillion,
    Percent,
    Bytes,
    Kibibytes,
    Mebibytes,
    Gibibytes,
    Frames,
}

/// Units that convert into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Level,
    Time,
    Frequency,
    Ratio,
    Size,
    Frames,
}

impl Unit {
    /// All of them, smallest of a family first.
    pub const ALL: [Self; 16] = [
        Self::Decibels,
        Self::Nanoseconds,
        Self::Microseconds,
        Self::Milliseconds,
        Self::Seconds,
        Self::Minutes,
        Self::Hours,
        Self::Hertz,
        Self::Kilohertz,
        Self::PartsPerMillion,
        Self::Percent,
        Self::Bytes,
        Self::Kibibytes,
        Self::Mebibytes,
        Self::Gibibytes,
        Self::Frames,
    ];

    /// As it is written behind a number.
    pub const fn symbol(self) -> &'static str {
        self.facts().0
    }

    /// Whether this is a unit of time.
    pub fn is_time(self) -> bool {
        self.facts().1 == Family::Time
    }

    /// The unit written `symbol`.
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.symbol() == symbol)
    }

    /// The units that a value in this unit may be written in.
    pub fn family(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |unit| unit.facts().1 == self.facts().1)
    }

    /// `number` of this unit in `other`, or `None` when they measure different things.
    pub fn convert(self, number: f64, other: Self) -> Option<f64> {
        let (_, family, size) = self.facts();
        let (_, other_family, other_size) = other.facts();
        // One division or one multiplication by a whole number: 0.5 s is 500 ms to the last bit.
        (family == other_family).then(|| match size >= other_size {
            true => number * (size / other_size),
            false => number / (other_size / size),
        })
    }

    /// `number` of this unit as a span, or `None` when it is not a unit of time.
    pub fn span(self, number: f64) -> Option<Span> {
        let ns = self.convert(number, Self::Nanoseconds)?;
        Some(Span::from_nanos(ns.round() as i64))
    }

    /// `span` in this unit, or `None` when it is not a unit of time.
    pub fn of_span(self, span: Span) -> Option<f64> {
        Self::Nanoseconds.convert(span.nanos() as f64, self)
    }

    /// Symbol, family, and size in the family's smallest unit.
    const fn facts(self) -> (&'static str, Family, f64) {
        match self {
            Self::Decibels => ("dB", Family::Level, 1.0),
            Self::Nanoseconds => ("ns", Family::Time, 1.0),
            Self::Microseconds => ("us", Family::Time, 1e3),
            Self::Milliseconds => ("ms", Family::Time, 1e6),
            Self::Seconds => ("s", Family::Time, 1e9),
            Self::Minutes => ("min", Family::Time, 60e9),
            Self::Hours => ("h", Family::Time, 3600e9),
            Self::Hertz => ("Hz", Family::Frequency, 1.0),
            Self::Kilohertz => ("kHz", Family::Frequency, 1e3),
            Self::PartsPerMillion => ("ppm", Family::Ratio, 1.0),
            Self::Percent => ("%", Family::Ratio, 1e4),
            Self::Bytes => ("bytes", Family::Size, 1.0),
            Self::Kibibytes => ("KiB", Family::Size, 1024.0),
            Self::Mebibytes => ("MiB", Family::Size, 1_048_576.0),
            Self::Gibibytes => ("GiB", Family::Size, 1_073_741_824.0),
            Self::Frames => ("frames", Family::Frames, 1.0),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol())
    }
}

/// Splits `10 ms` into a finite number and what follows it.
pub fn split(text: &str) -> Option<(f64, &str)> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.')? + 1;
    let number: f64 = text[..end].trim().parse().ok()?;
    number.is_finite().then(|| (number, text[end..].trim()))
}

/// Reads a length of time with its unit: `10 ms`, `0.5 s`.
pub fn time(text: &str) -> Option<Span> {
    let (number, symbol) = split(text)?;
    Unit::from_symbol(symbol)?.span(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_split_however_it_is_spaced() {
        assert_eq!(split("10 ms"), Some((10.0, "ms")));
        assert_eq!(split("-6dB"), Some((-6.0, "dB")));
        assert_eq!(split(" 1e-3 s "), Some((1e-3, "s")));
        assert_eq!(split("48"), Some((48.0, "")));
        assert_eq!(split("ten ms"), None);
        assert_eq!(split("inf dB"), None);
        assert_eq!(split("1e999 s"), None);
    }

    #[test]
    fn units_convert_inside_their_family_only() {
        assert_eq!(Unit::Seconds.convert(0.5, Unit::Milliseconds), Some(500.0));
        assert_eq!(Unit::Milliseconds.convert(33.3, Unit::Seconds), Some(33.3 / 1000.0));
        assert_eq!(Unit::Percent.convert(0.05, Unit::PartsPerMillion), Some(500.0));
        assert_eq!(Unit::Kibibytes.convert(64.0, Unit::Bytes), Some(65_536.0));
        assert_eq!(Unit::Seconds.convert(1.0, Unit::Decibels), None);
    }

    #[test]
    fn a_time_is_read_to_the_nanosecond() {
        assert_eq!(time("33.333333 ms"), Some(Span::from_nanos(33_333_333)));
        assert_eq!(time("1 h"), Some(Span::from_secs(3600)));
        assert_eq!(time("3 dB"), None);
        assert_eq!(time("3"), None);
    }
}
