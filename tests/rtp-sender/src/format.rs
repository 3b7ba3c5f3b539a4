//! L16 and L24, big-endian whole numbers (RFC 3551, RFC 3190).

use std::fmt;
use std::str::FromStr;

/// What packets hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Bits of a value: 16 or 24.
    pub bits: u32,
    /// Frames per second.
    pub rate_hz: u32,
    /// Values per frame.
    pub channels: u32,
}

impl Format {
    /// Bytes of a frame.
    pub const fn frame_bytes(self) -> usize {
        self.bits as usize / 8 * self.channels as usize
    }

    /// Appends `value`, full scale ±1.0, rounded to the nearest step and clipped.
    ///
    /// `dither` is added before rounding, in steps; zero for none.
    pub fn append(self, value: f64, dither: f64, bytes: &mut Vec<u8>) {
        let full_scale = f64::from(1_u32 << (self.bits - 1));
        let whole = (value * full_scale + dither).round().clamp(-full_scale, full_scale - 1.0);
        let at = 4 - self.bits as usize / 8;
        bytes.extend_from_slice(&(whole as i32).to_be_bytes()[at..]);
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "L{}/{}/{}", self.bits, self.rate_hz, self.channels)
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let mut parts = text.split('/');
            let bits = match parts.next()? {
                "L16" => 16,
                "L24" => 24,
                _ => return None,
            };
            let rate_hz =
                parts.next()?.parse().ok().filter(|rate| (1_000..=768_000).contains(rate))?;
            let channels = parts.next().map_or(Some(1), |channels| channels.parse().ok())?;
            let good = (1..=64).contains(&channels) && parts.next().is_none();
            good.then_some(Self { bits, rate_hz, channels })
        };
        read().ok_or_else(|| "expected L16 or L24, rate and channels: L24/48000/2".to_owned())
    }
}
