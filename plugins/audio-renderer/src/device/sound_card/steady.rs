//! The device's delay and its period, from what the sound system says at each callback.
//!
//! Both jitter, the delay by up to 13 ms under PulseAudio, and a delay that wanders would be heard as a
//! change of rate. A server that stood still asks once for all it missed, and a period that grew for
//! that would make the whole graph wait longer for ever. So what is typical of the first callbacks is
//! kept, until what is typical stays elsewhere.

use driftless_plugin_api::Span;

/// Callbacks that are looked at together.
const WINDOW: usize = 64;
/// How far the typical one of later callbacks may be off.
const ELSEWHERE: Span = Span::from_millis(5);
/// How often in a row it must be, to be taken to have changed.
const STAYS: u32 = 3;

/// Keeps one time, of some that jitter, for as long as it holds. `[device]`
#[derive(Debug)]
pub(super) struct Steady {
    /// Which is the typical one: so many of a hundred are no longer.
    percent: usize,
    told: [Span; WINDOW],
    count: usize,
    kept: Option<Span>,
    elsewhere: u32,
}

impl Steady {
    /// The median.
    pub fn middle() -> Self {
        Self { percent: 50, told: [Span::ZERO; WINDOW], count: 0, kept: None, elsewhere: 0 }
    }

    /// What is seldom exceeded.
    pub fn longest() -> Self {
        Self { percent: 90, ..Self::middle() }
    }

    /// Of one callback.
    pub fn hear(&mut self, told: Span) {
        self.told[self.count] = told;
        self.count += 1;
        if self.count == WINDOW {
            self.look();
        }
    }

    /// A window is full.
    fn look(&mut self) {
        let typical = self.typical();
        let kept = *self.kept.get_or_insert(typical);
        let off = typical - kept;
        self.elsewhere = if off > ELSEWHERE || -off > ELSEWHERE { self.elsewhere + 1 } else { 0 };
        if self.elsewhere >= STAYS {
            self.kept = Some(typical);
            self.elsewhere = 0;
        }
        self.count = 0;
    }

    /// What was heard so far is enough.
    pub fn keep(&mut self) {
        if self.kept.is_none() && self.count > 0 {
            self.kept = Some(self.typical());
            self.count = 0;
        }
    }

    /// What was heard so far tells nothing of what comes.
    pub fn forget(&mut self) {
        *self = Self { percent: self.percent, ..Self::middle() };
    }

    /// The time that is kept, zero when nothing was heard.
    pub fn get(&mut self) -> Span {
        self.kept.unwrap_or_else(|| self.typical())
    }

    fn typical(&mut self) -> Span {
        let told = &mut self.told[..self.count];
        told.sort_unstable(); // in place: the order in which they came does not matter
        told.get(told.len() * self.percent / 100).copied().unwrap_or(Span::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jittering_delay_is_kept_still_and_a_new_one_is_adopted() {
        let mut delay = Steady::middle();
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
        let mut delay = Steady::middle();
        for n in 0..1_000 {
            delay.hear(Span::from_millis(if n % 5 == 0 { 90 } else { 21 }));
        }
        assert_eq!(delay.get(), Span::from_millis(21));
    }

    #[test]
    fn what_a_server_asks_for_after_it_stood_still_is_no_longer_period() {
        let mut period = Steady::longest();
        for n in 0..1_000 {
            period.hear(Span::from_millis(if n % 60 == 0 { 75 } else { 20 + n % 2 * 5 }));
        }
        assert_eq!(period.get(), Span::from_millis(25));
    }
}
