//! The device's delay, from what the sound system says at each callback.
//!
//! It jitters, by up to 13 ms under PulseAudio, and a delay that wanders would be heard as a change
//! of rate. So the median of the first callbacks is kept, until the median stays elsewhere.

use driftless_plugin_api::Span;

/// Callbacks that a median is made from.
const WINDOW: usize = 64;
/// How far a later median may be off.
const ELSEWHERE: Span = Span::from_millis(5);
/// Medians in a row that must be, for the delay to be taken to have changed.
const STAYS: u32 = 3;

/// Keeps one delay for as long as it holds. `[device]`
#[derive(Debug)]
pub(super) struct Delay {
    told: [Span; WINDOW],
    count: usize,
    kept: Option<Span>,
    elsewhere: u32,
}

impl Delay {
    pub fn new() -> Self {
        Self { told: [Span::ZERO; WINDOW], count: 0, kept: None, elsewhere: 0 }
    }

    /// The period is heard `told` after it should have been asked for.
    pub fn hear(&mut self, told: Span) {
        self.told[self.count] = told;
        self.count += 1;
        if self.count == WINDOW {
            self.look();
        }
    }

    /// A window is full.
    fn look(&mut self) {
        let median = self.median();
        let kept = *self.kept.get_or_insert(median);
        let off = median - kept;
        self.elsewhere =
            if off > ELSEWHERE || kept - median > ELSEWHERE { self.elsewhere + 1 } else { 0 };
        if self.elsewhere >= STAYS {
            self.kept = Some(median);
            self.elsewhere = 0;
        }
        self.count = 0;
    }

    /// What was heard so far is enough.
    pub fn keep(&mut self) {
        if self.kept.is_none() && self.count > 0 {
            self.kept = Some(self.median());
            self.count = 0;
        }
    }

    /// What was heard so far tells nothing of what comes.
    pub fn forget(&mut self) {
        *self = Self::new();
    }

    /// The delay, zero when nothing was heard.
    pub fn get(&mut self) -> Span {
        self.kept.unwrap_or_else(|| self.median())
    }

    fn median(&mut self) -> Span {
        let told = &mut self.told[..self.count];
        told.sort_unstable(); // in place: the order in which they came does not matter
        told.get(told.len() / 2).copied().unwrap_or(Span::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jittering_delay_is_kept_still_and_a_new_one_is_adopted() {
        let mut delay = Delay::new();
        let told = |n: i64, ms: i64| Span::from_millis(ms) + Span::from_micros(n * 7_919 % 13_000);
        (0..50).for_each(|n| delay.hear(told(n, 20)));
        delay.keep();
        let kept = delay.get();
        assert!((kept - Span::from_micros(26_500)).abs() < Span::from_millis(2), "{kept}");
        for n in 0..10_000 {
            delay.hear(told(n, 20));
            assert_eq!(delay.get(), kept);
        }
        (0..300).for_each(|n| delay.hear(told(n, 60)));
        assert!(delay.get() > Span::from_millis(60));
    }

    #[test]
    fn a_few_wild_callbacks_change_nothing() {
        let mut delay = Delay::new();
        for n in 0..1_000 {
            delay.hear(Span::from_millis(if n % 5 == 0 { 90 } else { 21 }));
        }
        assert_eq!(delay.get(), Span::from_millis(21));
    }
}
