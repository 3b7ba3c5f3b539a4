//! The header of a WAV file, always of the same length, so that it can be rewritten in place.
//!
//! Up to 4 GiB it is RIFF with a `JUNK` chunk in front; above, the same bytes become RF64 and the
//! `JUNK` becomes `ds64`, which holds the sizes in 64 bits (EBU Tech 3306, "MBWF / RF64"). Nothing
//! that was written has to move.

use driftless_plugin_api::AudioFormat;

use crate::encoding::Encoding;

/// Bytes of a header.
pub const LENGTH: usize = 12 + (8 + DS64) + (8 + FORMAT) + (8 + FACT) + 8;

const DS64: usize = 28; // three sizes of 64 bits and the length of an empty table
const FORMAT: usize = 40; // WAVEFORMATEXTENSIBLE
const FACT: usize = 4;

/// What is stored in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Rate and channels.
    pub format: AudioFormat,
    /// How values are stored.
    pub encoding: Encoding,
}

impl Layout {
    /// Bytes of one frame; `None` above what the header can say (65,535).
    pub fn frame_bytes(self) -> Option<u16> {
        self.format.channels.checked_mul(self.encoding.bytes())?.try_into().ok()
    }

    /// The header of a file that holds `frames` frames. `[any]`
    pub fn header(self, frames: u64) -> [u8; LENGTH] {
        let frame_bytes = self.frame_bytes().unwrap_or(u16::MAX);
        let data = frames.saturating_mul(u64::from(frame_bytes));
        let riff = (LENGTH as u64 - 8).saturating_add(data).saturating_add(data & 1);
        let small = u32::try_from(riff).is_ok();
        let size = |bytes: u64| if small { bytes as u32 } else { u32::MAX };

        let mut header = Header { bytes: [0; LENGTH], at: 0 };
        header.put(if small { b"RIFF" } else { b"RF64" });
        header.put(&size(riff).to_le_bytes());
        header.put(b"WAVE");
        header.chunk(if small { b"JUNK" } else { b"ds64" }, DS64 as u32);
        for number in if small { [0; 3] } else { [riff, data, frames] } {
            header.put(&number.to_le_bytes());
        }
        header.put(&[0; 4]);
        header.chunk(b"fmt ", FORMAT as u32);
        self.put_format(&mut header, frame_bytes);
        header.chunk(b"fact", FACT as u32);
        header.put(&size(frames).to_le_bytes());
        header.chunk(b"data", size(data));
        header.bytes
    }

    fn put_format(self, header: &mut Header, frame_bytes: u16) {
        let AudioFormat { rate_hz, channels } = self.format;
        let bits = self.encoding.bytes() as u16 * 8;
        header.put(&0xFFFE_u16.to_le_bytes()); // WAVE_FORMAT_EXTENSIBLE
        header.put(&(channels as u16).to_le_bytes());
        header.put(&rate_hz.to_le_bytes());
        header.put(&rate_hz.saturating_mul(u32::from(frame_bytes)).to_le_bytes());
        header.put(&frame_bytes.to_le_bytes());
        header.put(&bits.to_le_bytes());
        header.put(&22_u16.to_le_bytes());
        header.put(&bits.to_le_bytes());
        header.put(&speakers(channels).to_le_bytes());
        header.put(match self.encoding {
            Encoding::Float32 => &[3, 0],
            Encoding::Pcm24 | Encoding::Pcm16 => &[1, 0],
        });
        // The rest of KSDATAFORMAT_SUBTYPE_PCM and …_IEEE_FLOAT.
        header.put(b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71");
    }
}

/// Front centre, or front left and right; otherwise channels that belong to no loudspeaker.
fn speakers(channels: u32) -> u32 {
    match channels {
        1 => 0x4,
        2 => 0x3,
        _ => 0,
    }
}

struct Header {
    bytes: [u8; LENGTH],
    at: usize,
}

impl Header {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        self.bytes[self.at..end].copy_from_slice(bytes);
        self.at = end;
    }

    fn chunk(&mut self, name: &[u8; 4], size: u32) {
        self.put(name);
        self.put(&size.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        format: AudioFormat { rate_hz: 48_000, channels: 2 },
        encoding: Encoding::Float32,
    };

    fn u64_at(bytes: &[u8], at: usize) -> u64 {
        u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
    }

    fn u32_at(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    /// The last size that RIFF can say is 2^32 - 1; the next frame makes it RF64.
    #[test]
    fn the_header_becomes_rf64_with_the_first_frame_that_riff_cannot_count() {
        let largest = (u64::from(u32::MAX) - (LENGTH as u64 - 8)) / 8;
        let header = LAYOUT.header(largest);
        assert_eq!((&header[..4], &header[12..16]), (&b"RIFF"[..], &b"JUNK"[..]));
        assert_eq!(u64::from(u32_at(&header, LENGTH - 4)), largest * 8);

        let frames = largest + 1;
        let header = LAYOUT.header(frames);
        assert_eq!((&header[..4], &header[12..16]), (&b"RF64"[..], &b"ds64"[..]));
        assert_eq!(u32_at(&header, 4), u32::MAX);
        assert_eq!(u32_at(&header, LENGTH - 4), u32::MAX);
        assert_eq!(u64_at(&header, 20), LENGTH as u64 - 8 + frames * 8, "size of the file");
        assert_eq!(u64_at(&header, 28), frames * 8, "size of the data");
        assert_eq!(u64_at(&header, 36), frames, "frames");
    }

    #[test]
    fn a_frame_too_large_for_the_header_is_noticed() {
        let format = AudioFormat { rate_hz: 48_000, channels: 20_000 };
        assert_eq!(Layout { format, ..LAYOUT }.frame_bytes(), None);
    }
}
