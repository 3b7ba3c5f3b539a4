//! A WAV file of 32-bit floats that is valid at any moment and may grow beyond 4 GiB.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes before the first frame: RIFF, room for ds64, fmt, fact, data.
const HEADER_BYTES: u64 = 12 + 36 + 26 + 12 + 8;

/// The file while it is written.
pub(super) struct Wav {
    file: File,
    rate_hz: u32,
    channels: u16,
    data_bytes: u64,
    /// What the header says.
    told_bytes: u64,
    bytes: Vec<u8>,
}

impl Wav {
    /// Creates, or replaces, the file.
    pub fn create(path: &Path, rate_hz: u32, channels: u16) -> io::Result<Self> {
        let file = File::create(path)?;
        let mut wav =
            Self { file, rate_hz, channels, data_bytes: 0, told_bytes: 0, bytes: Vec::new() };
        wav.file.write_all(&wav.header())?;
        Ok(wav)
    }

    /// Appends values, interleaved.
    pub fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.bytes.clear();
        self.bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        self.file.write_all(&self.bytes)?;
        self.data_bytes += self.bytes.len() as u64;
        let half_a_second = u64::from(self.rate_hz) / 2 * self.frame_bytes();
        if self.data_bytes - self.told_bytes >= half_a_second {
            self.tell()?;
        }
        Ok(())
    }

    /// Brings the header up to date for the last time.
    pub fn finish(&mut self) -> io::Result<()> {
        self.tell()?;
        self.file.flush()
    }

    fn tell(&mut self) -> io::Result<()> {
        self.told_bytes = self.data_bytes;
        let header = self.header();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    fn frame_bytes(&self) -> u64 {
        4 * u64::from(self.channels)
    }

    fn header(&self) -> Vec<u8> {
        let riff_bytes = HEADER_BYTES - 8 + self.told_bytes;
        let frames = self.told_bytes / self.frame_bytes();
        let is_large = riff_bytes > u64::from(u32::MAX);
        let short = |bytes: u64| if is_large { u32::MAX } else { bytes as u32 };
        let mut header = Vec::with_capacity(HEADER_BYTES as usize);
        header.extend(if is_large { b"RF64" } else { b"RIFF" });
        header.extend(short(riff_bytes).to_le_bytes());
        header.extend(b"WAVE");
        header.extend(if is_large { b"ds64" } else { b"JUNK" });
        header.extend(28_u32.to_le_bytes());
        for size in [riff_bytes, self.told_bytes, frames] {
            header.extend(if is_large { size } else { 0 }.to_le_bytes());
        }
        header.extend(0_u32.to_le_bytes());
        self.extend_format(&mut header);
        header.extend(b"fact");
        header.extend(4_u32.to_le_bytes());
        header.extend(short(frames).to_le_bytes());
        header.extend(b"data");
        header.extend(short(self.told_bytes).to_le_bytes());
        header
    }

    fn extend_format(&self, header: &mut Vec<u8>) {
        let frame_bytes = self.frame_bytes() as u32;
        header.extend(b"fmt ");
        header.extend(18_u32.to_le_bytes());
        header.extend(3_u16.to_le_bytes()); // IEEE float
        header.extend(self.channels.to_le_bytes());
        header.extend(self.rate_hz.to_le_bytes());
        header.extend((self.rate_hz * frame_bytes).to_le_bytes());
        header.extend((frame_bytes as u16).to_le_bytes());
        header.extend(32_u16.to_le_bytes());
        header.extend(0_u16.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(told_bytes: u64) -> Wav {
        let file = File::open(std::env::temp_dir()).expect("a folder for temporary files");
        Wav {
            file,
            rate_hz: 48_000,
            channels: 2,
            data_bytes: told_bytes,
            told_bytes,
            bytes: vec![],
        }
    }

    #[test]
    fn the_header_keeps_its_length_when_the_file_outgrows_32_bits() {
        let (small, large) = (wav(4_000_000_000).header(), wav(5_000_000_000).header());
        assert_eq!(small.len() as u64, HEADER_BYTES);
        assert_eq!(large.len() as u64, HEADER_BYTES);
        assert_eq!((&small[..4], &small[12..16]), (&b"RIFF"[..], &b"JUNK"[..]));
        assert_eq!((&large[..4], &large[12..16]), (&b"RF64"[..], &b"ds64"[..]));
        assert_eq!(large[4..8], [0xFF; 4]);
        let riff_bytes = u64::from_le_bytes(large[20..28].try_into().unwrap());
        assert_eq!(riff_bytes, 5_000_000_000 + HEADER_BYTES - 8);
        assert_eq!(u64::from_le_bytes(large[36..44].try_into().unwrap()), 625_000_000);
    }
}
