//! Noise for tests, the same for the same seed.

/// SplitMix64 (G. Steele, D. Lea and C. Flood, 2014).
#[derive(Debug)]
pub struct Noise(pub u64);

impl Noise {
    /// Evenly from 0 to below 1.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal, of standard deviation 1 (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Exponential, of mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// A callback's lateness as it is on a desktop, seconds: a core of 30 µs, and one in fifty that is
    /// milliseconds late.
    pub fn late_s(&mut self) -> f64 {
        let tail = if self.uniform() < 0.02 { 2e-3 * self.exponential() } else { 0.0 };
        30e-6 * self.normal() + tail
    }
}
