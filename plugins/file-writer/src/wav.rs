//! A WAV file that is valid after every write: data first, then the header that counts it.

use std::io::{self, Seek, SeekFrom, Write};

use crate::header::{LENGTH, Layout};

/// Frames of silence written in one go.
const SILENCE_FRAMES: u64 = 4096;

/// A WAV file being written, to a file or whatever else can be written and rewound.
///
/// The header counts at most what the file holds, so that a process which is killed leaves a file
/// that opens. After an error the file is as valid as before, and nothing more can be written.
#[derive(Debug)]
pub struct WavWriter<W> {
    sink: W,
    layout: Layout,
    frame_bytes: u64,
    /// Bytes of data in the file; after an error not always whole frames.
    data_bytes: u64,
    /// Frames that the header counts.
    counted_frames: u64,
    /// How many frames the header may lag behind.
    sync_frames: u64,
    encoded: Vec<u8>,
    clipped: u64,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes the header of an empty file to `sink`, which is empty.
    ///
    /// # Errors
    ///
    /// What the sink said; or that a frame is too large for the format.
    pub fn new(mut sink: W, layout: Layout, sync_frames: u64) -> io::Result<Self> {
        let frame_bytes = layout.frame_bytes().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a WAV frame has at most 65535 bytes")
        })?;
        sink.write_all(&layout.header(0))?;
        Ok(Self {
            sink,
            layout,
            frame_bytes: u64::from(frame_bytes),
            data_bytes: 0,
            counted_frames: 0,
            sync_frames,
            encoded: Vec::new(),
            clipped: 0,
        })
    }

    /// Whole frames in the file.
    pub fn frames(&self) -> u64 {
        self.data_bytes / self.frame_bytes
    }

    /// Values that did not fit the encoding.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Appends interleaved frames. `[streaming]`, may block
    ///
    /// # Errors
    ///
    /// What the sink said; the frames before are in the file and the header counts them if it can.
    pub fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.encoded.clear();
        self.clipped += self.layout.encoding.append(values, &mut self.encoded);
        let encoded = std::mem::take(&mut self.encoded);
        let written = self.append(&encoded);
        self.encoded = encoded;
        written?;
        self.sync_if_due()
    }

    /// Appends frames of silence. `[streaming]`, may block
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_silence(&mut self, mut frames: u64) -> io::Result<()> {
        let zeros = vec![0; (frames.min(SILENCE_FRAMES) * self.frame_bytes) as usize];
        while frames > 0 {
            let now = frames.min(SILENCE_FRAMES);
            self.append(&zeros[..(now * self.frame_bytes) as usize])?;
            self.sync_if_due()?;
            frames -= now;
        }
        Ok(())
    }

    fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = match self.sink.write(bytes) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                written => written,
            };
            match written {
                Ok(written) => {
                    self.data_bytes += written as u64;
                    bytes = &bytes[written..];
                }
                Err(error) => {
                    // A full disk still takes a header where one was. If not, the older one holds.
                    let _ = self.sync();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn sync_if_due(&mut self) -> io::Result<()> {
        match self.frames() - self.counted_frames >= self.sync_frames.max(1) {
            true => self.sync(),
            false => Ok(()),
        }
    }

    /// Lets the header count all whole frames in the file. `[streaming]`, may block
    ///
    /// # Errors
    ///
    /// What the sink said; the header counts what it counted before.
    pub fn sync(&mut self) -> io::Result<()> {
        let frames = self.frames();
        if frames != self.counted_frames {
            // One write: a killed process leaves this header or the one before, never a mixture.
            self.sink.seek(SeekFrom::Start(0))?;
            self.sink.write_all(&self.layout.header(frames))?;
            self.sink.seek(SeekFrom::Start(LENGTH as u64 + self.data_bytes))?;
            self.counted_frames = frames;
        }
        Ok(())
    }

    /// Completes the file: RIFF pads chunks to an even length. `[streaming]`, may block
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn finish(mut self) -> io::Result<W> {
        if self.data_bytes % 2 == 1 {
            self.sink.write_all(&[0])?;
        }
        self.sync()?;
        self.sink.flush()?;
        Ok(self.sink)
    }
}

#[cfg(test)]
mod tests;
