//! Times finer than a nanosecond.

/// A time in nanoseconds with its fraction: a billionth of a second is not fine enough for a
/// ratio, and a float cannot hold a day of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClockTime {
    /// Whole nanoseconds.
    pub ns: i64,
    /// The rest, 0 to below 1.
    pub fraction_ns: f64,
}

impl ClockTime {
    /// A time of whole nanoseconds.
    pub fn from_ns(ns: i64) -> Self {
        Self { ns, fraction_ns: 0.0 }
    }

    /// This time and `ns` more, or the last one there is.
    pub fn plus_ns(self, ns: f64) -> Self {
        let sum = self.fraction_ns + ns;
        let whole = sum.floor();
        Self { ns: self.ns.saturating_add(whole as i64), fraction_ns: sum - whole }
    }

    /// Nanoseconds from `earlier` to this.
    pub fn since(self, earlier: Self) -> f64 {
        self.ns.saturating_sub(earlier.ns) as f64 + (self.fraction_ns - earlier.fraction_ns)
    }
}
