//! The packets of zita-njbridge, so that its receiver can be played the same tone on the same clock.
//!
//! As its `zita-j2n` 0.4.8 sends them: a head of 20 or 32 bytes, big-endian, and behind it the same
//! whole numbers as RTP has. A stream is described once a second; until then its receiver waits.

use crate::format::Format;

/// The longest packet that its receiver takes, in bytes.
pub const LONGEST: usize = 1500;
/// Bytes before the values.
pub const HEAD: usize = 20;

const DESCRIPTION: u8 = 0;
const VALUES: u8 = 1;
/// The packet begins a period, so its arrival tells the sender's clock.
const TIMED: u8 = 1;

/// What is sent: `frames` in each packet.
pub fn description(format: Format, frames: u32) -> Vec<u8> {
    // The last three tie the stream to a wall clock, which nobody asks for.
    words(head(format, DESCRIPTION, 0), [LONGEST as u32, format.rate_hz, frames, 0, 0, 0])
}

/// The head of a packet whose first frame is `first`.
pub fn data(format: Format, first: u64, frames: u32) -> Vec<u8> {
    let late_us = 0; // since the period began
    words(head(format, VALUES, TIMED), [first as u32, frames, late_us])
}

fn head(format: Format, kind: u8, flags: u8) -> Vec<u8> {
    let encoding = (format.bits / 8 - 2) as u8; // 0 for 16 bits, 1 for 24
    let mut bytes = b"znjb".to_vec();
    bytes.extend([kind, flags, encoding, format.channels as u8]);
    bytes
}

fn words<const N: usize>(mut bytes: Vec<u8>, words: [u32; N]) -> Vec<u8> {
    bytes.extend(words.into_iter().flat_map(u32::to_be_bytes));
    bytes
}
