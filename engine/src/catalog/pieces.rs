//! A file read in a few pieces, however many places of it are looked at.
//!
//! The headers of a library are some forty small reads at three places of the file. Each of them through the
//! kernel is most of what a scan of hundreds of libraries takes that were read lately.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of a piece; all pieces begin at multiples of it.
const PIECE: usize = 16 << 10;

/// A file of known length, with the pieces that were read so far.
#[derive(Debug)]
pub(super) struct Pieces {
    file: File,
    length: u64,
    at: u64,
    pieces: Vec<(u64, Vec<u8>)>,
}

impl Pieces {
    /// Nothing of it is read yet; its begin and its end, where the headers are, are asked for.
    pub(super) fn new(file: File, length: u64) -> Self {
        let piece = PIECE as u64;
        let last = length.saturating_sub(piece) / piece * piece;
        ask_for(&file, 0, piece);
        ask_for(&file, last, length - last);
        Self { file, length, at: 0, pieces: Vec::new() }
    }

    /// The piece at `begin`, shorter where the file ends.
    fn piece(&mut self, begin: u64) -> io::Result<&[u8]> {
        if let Some(known) = self.pieces.iter().position(|(at, _)| *at == begin) {
            return Ok(&self.pieces[known].1);
        }
        let mut piece = Vec::with_capacity(PIECE);
        self.file.seek(SeekFrom::Start(begin))?;
        self.file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        self.pieces.push((begin, piece));
        Ok(self.pieces.last().map_or(&[], |(_, piece)| piece))
    }
}

/// Has the disk read a part of the file while others are waited for: several at once take hardly longer than
/// one.
#[cfg(target_os = "linux")]
fn ask_for(file: &File, at: u64, length: u64) {
    use rustix::fs::{Advice, fadvise};
    // Advice that is not taken costs time only.
    let _ = fadvise(file, at, std::num::NonZeroU64::new(length), Advice::WillNeed);
}

#[cfg(not(target_os = "linux"))]
fn ask_for(_: &File, _: u64, _: u64) {}

impl Seek for Pieces {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl Read for Pieces {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = if to.len() >= PIECE {
            self.file.seek(SeekFrom::Start(self.at))?;
            self.file.read(to)?
        } else {
            let skipped = (self.at % PIECE as u64) as usize;
            let piece = self.piece(self.at - skipped as u64)?;
            let mut rest = piece.get(skipped..).unwrap_or_default();
            rest.read(to)?
        };
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_place_of_the_file_is_read_as_from_the_file_itself() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..3 * PIECE + 100).map(|n| ((n * n) >> 3) as u8).collect();
        std::fs::write(&path, &bytes).expect("a file in it");
        let file = File::open(&path).expect("it was just written");
        let mut pieces = Pieces::new(file, bytes.len() as u64);
        let end = bytes.len();
        for (at, length) in
            [(0, 16), (PIECE - 3, 7), (end - 5, 5), (PIECE, 2 * PIECE), (5, PIECE - 1), (end, 0)]
        {
            let mut read = vec![0; length];
            pieces.seek(SeekFrom::Start(at as u64)).expect("any place can be looked for");
            pieces.read_exact(&mut read).expect("it is in the file");
            assert_eq!(read, bytes[at..at + length], "{length} bytes at {at}");
        }
        assert_eq!(pieces.seek(SeekFrom::End(0)).ok(), Some(end as u64));
        assert_eq!(pieces.read(&mut [0; 8]).ok(), Some(0), "behind the end there is nothing");
    }
}
