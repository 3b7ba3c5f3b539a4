//! Uncompressed audio as RTP carries it: L16 and L24 (RFC 3551, RFC 3190).

use std::fmt;
use std::str::FromStr;

use driftless_plugin_api::{AudioFormat, MediaType};

/// Most channels that make sense in one packet.
const MOST_CHANNELS: u32 = 64;
/// Rates beyond are mistakes.
const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// How a value is stored, big-endian, in two's complement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Two bytes.
    L16,
    /// Three bytes.
    L24,
}

/// What the payload of a packet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Format {
    /// How a value is stored.
    pub encoding: Encoding,
    /// Frames per second; also ticks per second of the RTP time stamps.
    pub rate_hz: u32,
    /// Values per frame.
    pub channels: u32,
}

impl Format {
    /// The format of a payload type that needs no description (RFC 3551, table 4).
    pub fn of_static(payload_type: u8) -> Option<Self> {
        let channels = match payload_type {
            10 => 2,
            11 => 1,
            _ => return None,
        };
        Some(Self { encoding: Encoding::L16, rate_hz: 44_100, channels })
    }

    /// Bytes of one frame.
    pub const fn frame_bytes(self) -> usize {
        let value = match self.encoding {
            Encoding::L16 => 2,
            Encoding::L24 => 3,
        };
        value * self.channels as usize
    }

    /// The media type of what comes out.
    pub const fn media(self) -> MediaType {
        MediaType::Audio(AudioFormat { rate_hz: self.rate_hz, channels: self.channels })
    }

    /// Writes the values of `payload` to `values`, as far as both reach. `[any]`
    pub fn decode(self, payload: &[u8], values: &mut [f32]) {
        match self.encoding {
            Encoding::L16 => {
                for (value, bytes) in values.iter_mut().zip(payload.as_chunks::<2>().0) {
                    *value = f32::from(i16::from_be_bytes(*bytes)) / 32_768.0;
                }
            }
            Encoding::L24 => {
                for (value, [high, middle, low]) in
                    values.iter_mut().zip(payload.as_chunks::<3>().0)
                {
                    // In the upper three bytes the sign is where i32 has it; f32 holds 24 bits.
                    let whole = i32::from_be_bytes([*high, *middle, *low, 0]);
                    *value = whole as f32 / 2_147_483_648.0;
                }
            }
        }
    }
}

/// As SDP writes it after `rtpmap`: `L24/48000/2`.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}/{}", self.encoding, self.rate_hz, self.channels)
    }
}

/// A text is no format that can be received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError {
    /// The text.
    pub found: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no format that can be received; expected L16 or L24, a rate from {} to {} Hz \
             and 1 to {MOST_CHANNELS} channels, such as `L24/48000/2`",
            self.found,
            RATES_HZ.start(),
            RATES_HZ.end()
        )
    }
}

impl std::error::Error for FormatError {}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let read = || {
            let mut parts = text.trim().split('/');
            let encoding = match parts.next()?.to_ascii_uppercase().as_str() {
                "L16" => Encoding::L16,
                "L24" => Encoding::L24,
                _ => return None,
            };
            let rate_hz = parts.next()?.parse().ok().filter(|rate| RATES_HZ.contains(rate))?;
            // RFC 8866: one channel where none are named.
            let channels = parts.next().map_or(Some(1), |channels| channels.parse().ok())?;
            let good = (1..=MOST_CHANNELS).contains(&channels) && parts.next().is_none();
            good.then_some(Self { encoding, rate_hz, channels })
        };
        read().ok_or_else(|| FormatError { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_range_decode_exactly() {
        let format = |text: &str| text.parse::<Format>().unwrap();
        let mut values = [9.0; 4];
        format("L24/48000/4")
            .decode(&[0x7F, 0xFF, 0xFF, 0x80, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF], &mut values);
        let step = 1.0 / 8_388_608.0;
        assert_eq!(values, [1.0 - step, -1.0, step, -step]);
        format("L16/44100/4").decode(&[0x7F, 0xFF, 0x80, 0, 0, 1, 0xFF, 0xFF], &mut values);
        let step = 1.0 / 32_768.0;
        assert_eq!(values, [1.0 - step, -1.0, step, -step]);
    }

    #[test]
    fn a_format_is_read_as_sdp_writes_it_and_nonsense_is_refused_with_an_example() {
        assert_eq!("L24/48000/2".parse::<Format>().unwrap().to_string(), "L24/48000/2");
        assert_eq!("l16/44100".parse::<Format>().unwrap().channels, 1);
        for text in ["", "L24", "L20/48000/2", "L24/0/2", "L24/48000/0", "L24/48000/2/1", "L16/x"] {
            let error = text.parse::<Format>().unwrap_err().to_string();
            assert!(error.contains("L24/48000/2"), "{error}");
        }
    }
}
