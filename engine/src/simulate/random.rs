//! Numbers that are the same for the same seed, on every machine.

use driftless_plugin_api::Span;

/// A generator of numbers (SplitMix64, after G. Steele, D. Lea and C. Flood, "Fast splittable
/// pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The `number`-th generator of a seed, far from its neighbours.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03));
        Self(random.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// Evenly spread from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly spread from zero to below `most`.
    pub fn below(&mut self, most: Span) -> Span {
        scaled(most, self.unit())
    }

    /// Exponentially spread around `mean`.
    pub fn exponential(&mut self, mean: Span) -> Span {
        scaled(mean, -libm::log(1.0 - self.unit()))
    }

    /// Gaussian, mean 0, deviation 1 (the polar method, G. Marsaglia and T. A. Bray, 1964).
    pub fn gaussian(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * libm::log(square) / square).sqrt();
            }
        }
    }
}

/// `span` times `factor`, rounded.
pub(super) fn scaled(span: Span, factor: f64) -> Span {
    Span::from_nanos((span.nanos() as f64 * factor).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_distributions_have_the_means_and_deviations_they_promise() {
        let mut random = Random::new(1, 2);
        let second = Span::from_secs(1);
        let count = 100_000;
        let mut mean = |draw: &mut dyn FnMut(&mut Random) -> f64| {
            (0..count).map(|_| draw(&mut random)).sum::<f64>() / f64::from(count)
        };
        let means = [
            (mean(&mut |it| it.below(second).secs_f64()), 0.5),
            (mean(&mut |it| it.exponential(second).secs_f64()), 1.0),
            (mean(&mut |it| it.gaussian()), 0.0),
            (mean(&mut |it| it.gaussian().powi(2)), 1.0),
        ];
        for (found, expected) in means {
            assert!((found - expected).abs() < 0.02, "{found} instead of {expected}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_its_neighbour_others() {
        let numbers = |seed, number| {
            let mut random = Random::new(seed, number);
            [random.unit(), random.gaussian(), random.unit()]
        };
        assert_eq!(numbers(1, 0), numbers(1, 0));
        assert_ne!(numbers(1, 0), numbers(2, 0));
        assert_ne!(numbers(1, 0), numbers(1, 1));
    }
}
