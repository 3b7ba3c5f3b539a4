//! When frames are due: by the clock of a microphone that is not there, or at another rate than recorded.

use driftless_plugin_api::Span;

/// When frames are due that follow each other a little, or much, faster than nominal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    rate_hz: u32,
    /// Nominal seconds in 10^12 seconds: 10^12 + 10^6 is 1 ppm fast.
    speed: i64,
}

const EXACT: i64 = 1_000_000_000_000;

impl Pace {
    /// Frames that come `speed` times as fast as `rate_hz`.
    pub fn new(rate_hz: u32, speed: f64) -> Self {
        Self { rate_hz, speed: (speed * EXACT as f64).round() as i64 }
    }

    /// How long after the first frame frame number `frame` is due; derived from the count in one step,
    /// so it never drifts (LS-M20).
    pub fn due(self, frame: i64) -> Span {
        let denominator = i128::from(self.rate_hz) * i128::from(self.speed);
        let twice = i128::from(frame).saturating_mul(2_000_000_000 * i128::from(EXACT));
        let nanos = twice.saturating_add(denominator).checked_div_euclid(2 * denominator);
        Span::from_nanos(i64::try_from(nanos.unwrap_or_default()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_at_500_ppm_is_off_by_500_ppm_of_a_day_to_the_nanosecond() {
        let day = 24 * 3600 * 48_000;
        assert_eq!(Pace::new(48_000, 1.0).due(day), Span::from_secs(86_400));
        let fast = Pace::new(48_000, 1.0005).due(day);
        let expected = 86_400.0 / 1.0005;
        assert!((fast.secs_f64() - expected).abs() < 1e-8, "{}", fast.secs_f64());
    }
}
