//! What a device has buffered, from what the sound system says at each callback.
//!
//! It jitters: by up to 13 ms under PulseAudio. Stamps must not, so the mean of the first callbacks is
//! kept, until the mean stays elsewhere.

use driftless_plugin_api::Span;

/// Callbacks that the first mean is made from.
pub(super) const FIRST: f64 = 50.0;
/// Callbacks over which the later mean runs.
const LATER: f64 = 1024.0;
/// How far that mean may be off, ns.
const ELSEWHERE_NS: f64 = 5e6;

/// Keeps one delay for as long as it holds. `[device]`
#[derive(Debug, Default)]
pub(super) struct Delay {
    count: f64,
    mean_ns: f64,
    kept_ns: f64,
}

impl Delay {
    /// The sound system says that a period's first frame is `told` old, zero where it does not know.
    /// Returns how old its last frame is, which is a `period` less.
    pub fn smooth(&mut self, told: Span, period: Span) -> Span {
        self.count += 1.0;
        let told_ns = (told - period).nanos().max(0) as f64;
        self.mean_ns += (told_ns - self.mean_ns) / self.count.min(LATER);
        let is_elsewhere = (self.mean_ns - self.kept_ns).abs() > ELSEWHERE_NS;
        if self.count <= FIRST || is_elsewhere {
            self.kept_ns = self.mean_ns;
        }
        Span::from_nanos(self.kept_ns as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jittering_delay_is_kept_still_and_a_new_one_is_adopted() {
        let (mut delay, period) = (Delay::default(), Span::from_millis(10));
        let told = |n: i64, ms: i64| Span::from_millis(ms) + Span::from_micros(n * 7_919 % 13_000);
        for n in 0..50 {
            delay.smooth(told(n, 20), period);
        }
        let kept = delay.smooth(told(50, 20), period);
        assert!((kept - Span::from_micros(16_500)).abs() < Span::from_millis(1), "{kept}");
        for n in 0..10_000 {
            assert_eq!(delay.smooth(told(n, 20), period), kept);
        }
        for n in 0..10_000 {
            delay.smooth(told(n, 60), period);
        }
        assert!(delay.smooth(told(0, 60), period) > Span::from_millis(50));
        assert_eq!(Delay::default().smooth(Span::ZERO, period), Span::ZERO);
    }
}
