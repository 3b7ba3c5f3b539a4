//! Which samples are missing.

use driftless_plugin_api::Span;

/// Gaps of `length`, one after every `every`; none if either is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropouts {
    /// From the start of one to the start of the next.
    pub every: Span,
    /// How long each is.
    pub length: Span,
}

impl Dropouts {
    /// Whether a sample that begins at `position` is missing. The first gap comes after the first `every`.
    pub const fn takes(self, position: Span) -> bool {
        let (every, position) = (self.every.nanos(), position.nanos());
        every > 0 && position >= every && position % every < self.length.nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_begin_within_a_gap_are_missing() {
        let ms = Span::from_millis;
        let dropouts = Dropouts { every: ms(100), length: ms(25) };
        let missing: Vec<_> = (0..30).filter(|n| dropouts.takes(ms(n * 10))).collect();
        assert_eq!(missing, [10, 11, 12, 20, 21, 22]);
        assert!(!Dropouts { every: ms(0), ..dropouts }.takes(ms(100)));
        assert!(!Dropouts { length: ms(0), ..dropouts }.takes(ms(100)));
    }
}
