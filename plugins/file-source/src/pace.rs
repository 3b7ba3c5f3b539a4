//! The clock of a microphone that is not there.

use driftless_plugin_api::Span;

/// When the frames of a device are captured whose clock is a little off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    rate_hz: u32,
    /// Nominal seconds in 10^12 seconds: 10^12 + 10^6 is 1 ppm fast.
    speed: i64,
}

const EXACT: i64 = 1_000_000_000_000;

impl Pace {
    /// A clock that is `error_ppm` faster than `rate_hz`.
    pub fn new(rate_hz: u32, error_ppm: f64) -> Self {
        Self { rate_hz, speed: EXACT.saturating_add((error_ppm * 1e6).round() as i64) }
    }

    /// How long after the first frame frame number `frame` is captured; derived from the count in
    /// one step, so it never drifts (LS-M20).
    pub fn captured(self, frame: i64) -> Span {
        let numerator = i128::from(frame).saturating_mul(1_000_000_000 * i128::from(EXACT));
        let denominator = i128::from(self.rate_hz) * i128::from(self.speed);
        let nanos = numerator.checked_div(denominator).unwrap_or_default();
        Span::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_at_500_ppm_is_off_by_500_ppm_of_a_day_to_the_nanosecond() {
        let day = 24 * 3600 * 48_000;
        assert_eq!(Pace::new(48_000, 0.0).captured(day), Span::from_secs(86_400));
        let fast = Pace::new(48_000, 500.0).captured(day);
        let expected = 86_400.0 / 1.0005;
        assert!((fast.secs_f64() - expected).abs() < 1e-8, "{}", fast.secs_f64());
    }
}
