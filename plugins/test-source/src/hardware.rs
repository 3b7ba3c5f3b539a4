//! The source's hardware clock: host time, somewhat faster or slower.

use driftless_plugin_api::{ClockReading, HostTime, ReferenceTime, Span};

/// A clock that is `rate_error_ppm` faster than host time. Its origin is set once and stays, so that it
/// runs on while the source is paused or stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardwareClock {
    rate_error_ppm: f64,
    origin: Option<HostTime>,
}

impl HardwareClock {
    /// A clock that has not been switched on yet.
    pub const fn new(rate_error_ppm: f64) -> Self {
        Self { rate_error_ppm, origin: None }
    }

    /// What the clock shows at host time `now`; the first time it is asked, it shows 0. `[any]`
    pub fn read(&mut self, now: HostTime) -> ClockReading {
        let host = now - *self.origin.get_or_insert(now);
        let error = self.rate_error_ppm * 1e-6;
        ClockReading {
            host: now,
            reference: ReferenceTime::ZERO + host + scaled(host, error),
            rate: 1.0 + error,
        }
    }

    /// How long `span` of this clock takes in host time. `[any]`
    pub fn in_host_time(&self, span: Span) -> Span {
        let error = self.rate_error_ppm * 1e-6;
        span + scaled(span, -error / (1.0 + error))
    }
}

/// The small difference that the rate error makes; adding it to the span keeps all of its digits.
fn scaled(span: Span, error: f64) -> Span {
    Span::from_nanos((span.nanos() as f64 * error).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_500_ppm_fast_gains_half_a_millisecond_a_second_and_takes_as_much_less_host_time() {
        let mut clock = HardwareClock::new(500.0);
        let start = HostTime::from_nanos(77);
        assert_eq!(clock.read(start).reference, ReferenceTime::ZERO);
        let second = clock.read(start + Span::from_secs(1));
        assert_eq!(second.reference.nanos(), 1_000_500_000);
        assert_eq!(second.rate, 1.0005);
        assert_eq!(clock.in_host_time(Span::from_nanos(1_000_500_000)), Span::from_secs(1));
    }

    #[test]
    fn a_day_of_the_clock_and_back_is_off_by_no_more_than_rounding() {
        for ppm in [-20_000.0, -451.0, 0.0, 0.01, 500.0] {
            let mut clock = HardwareClock::new(ppm);
            clock.read(HostTime::ZERO);
            let day = Span::from_secs(86_400);
            let shown = clock.read(HostTime::ZERO + day).reference - ReferenceTime::ZERO;
            assert!((clock.in_host_time(shown) - day).nanos().abs() <= 1, "{ppm} ppm");
        }
    }
}
