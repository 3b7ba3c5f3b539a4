use std::cell::RefCell;
use std::io::Cursor;
use std::rc::Rc;

use driftless_plugin_api::AudioFormat;

use super::*;
use crate::encoding::Encoding;

fn layout(encoding: Encoding, channels: u32) -> Layout {
    Layout { format: AudioFormat { rate_hz: 48_000, channels }, encoding }
}

fn ramp(values: usize) -> Vec<f32> {
    (0..values).map(|n| (n as f32 / values as f32) - 0.5).collect()
}

fn read_back(bytes: &[u8]) -> (hound::WavSpec, Vec<f32>) {
    let reader = hound::WavReader::new(Cursor::new(bytes)).expect("hound opens it");
    let spec = reader.spec();
    let full_scale = (1_u32 << (spec.bits_per_sample - 1)) as f32;
    let values = match spec.sample_format {
        hound::SampleFormat::Float => {
            reader.into_samples::<f32>().collect::<Result<_, _>>().unwrap()
        }
        hound::SampleFormat::Int => {
            let values = reader.into_samples::<i32>().map(|v| v.unwrap() as f32 / full_scale);
            values.collect()
        }
    };
    (spec, values)
}

/// hound is a reader by others.
#[test]
fn hound_reads_what_was_written_in_every_encoding_and_number_of_channels() {
    for encoding in [Encoding::Float32, Encoding::Pcm24, Encoding::Pcm16] {
        for channels in [1, 2, 3, 8] {
            let values = ramp(channels as usize * 101);
            let mut wav =
                WavWriter::new(Cursor::new(Vec::new()), layout(encoding, channels), 48).unwrap();
            wav.write(&values).unwrap();
            let bytes = wav.finish().unwrap().into_inner();
            assert_eq!(bytes.len() % 2, 0, "chunks are padded");
            let (spec, read) = read_back(&bytes);
            assert_eq!((spec.channels, spec.sample_rate), (channels as u16, 48_000));
            assert_eq!(read.len(), values.len());
            let step = match encoding {
                Encoding::Float32 => 0.0,
                _ => 0.5 / (1_u32 << (encoding.bytes() * 8 - 1)) as f32,
            };
            for (read, written) in read.iter().zip(&values) {
                assert!((read - written).abs() <= step, "{encoding:?}: {read} for {written}");
            }
        }
    }
}

/// Keeps what the file looked like after each write, as a killed process would leave it.
#[derive(Clone, Default)]
struct Snapshots {
    file: Rc<RefCell<Cursor<Vec<u8>>>>,
    taken: Rc<RefCell<Vec<Vec<u8>>>>,
}

impl Write for Snapshots {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A file system may write less than it was given.
        let some = bytes.len().min(7 + bytes.len() / 2).max(LENGTH.min(bytes.len()));
        let written = self.file.borrow_mut().write(&bytes[..some])?;
        self.taken.borrow_mut().push(self.file.borrow().get_ref().clone());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Snapshots {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.borrow_mut().seek(to)
    }
}

#[test]
fn a_process_killed_after_any_write_leaves_a_file_that_opens_and_lacks_at_most_sync() {
    let sink = Snapshots::default();
    let (sync_frames, block) = (480, ramp(2 * 100));
    let mut wav =
        WavWriter::new(sink.clone(), layout(Encoding::Pcm24, 2), sync_frames as u64).unwrap();
    for _ in 0..30 {
        wav.write(&block).unwrap();
    }
    wav.write_silence(1000).unwrap();
    wav.finish().unwrap();
    let taken = sink.taken.borrow();
    assert!(taken.len() > 60, "{} snapshots", taken.len());
    for bytes in taken.iter() {
        let (_, values) = read_back(bytes);
        let present = (bytes.len() - LENGTH) / 6;
        let missing = present - values.len() / 2;
        // What is written in one go may come on top: a block, or a piece of silence.
        assert!(missing <= sync_frames + 1000, "{missing} of {present} frames are missing");
    }
    assert_eq!(read_back(taken.last().unwrap()).1.len(), 2 * 4000);
}

/// A file that keeps only its header and forgets the rest.
struct Sparse {
    header: Vec<u8>,
    at: u64,
    length: u64,
}

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (at, byte) in (self.at as usize..LENGTH).zip(bytes) {
            self.header[at] = *byte;
        }
        self.at += bytes.len() as u64;
        self.length = self.length.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if let SeekFrom::Start(at) = to {
            self.at = at;
        }
        Ok(self.at)
    }
}

/// LS-92: EBU Tech 3306
#[test]
fn a_file_above_4_gib_is_rf64_and_counts_all_of_it() {
    let sink = Sparse { header: vec![0; LENGTH], at: 0, length: 0 };
    let layout = layout(Encoding::Float32, 64);
    let mut wav = WavWriter::new(sink, layout, 1 << 20).unwrap();
    let frames = (5_u64 << 30) / 256; // 5 GiB of 64 channels
    wav.write_silence(frames).unwrap();
    let sink = wav.finish().unwrap();
    assert_eq!(sink.length, LENGTH as u64 + (5 << 30));
    assert_eq!(sink.header, layout.header(frames));
    assert_eq!(&sink.header[..4], b"RF64");
}

/// A disk that has room for so many bytes.
struct Full {
    file: Cursor<Vec<u8>>,
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.saturating_sub(self.file.position() as usize);
        match room.min(bytes.len()) {
            0 => Err(io::ErrorKind::StorageFull.into()),
            some => self.file.write(&bytes[..some]),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Full {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn a_full_disk_is_an_error_and_every_whole_frame_before_it_can_be_read() {
    let room = LENGTH + 1001; // 166 frames of 6 bytes and a piece of the next
    let sink = Full { file: Cursor::new(Vec::new()), room };
    let mut wav = WavWriter::new(sink, layout(Encoding::Pcm24, 2), 48_000).unwrap();
    let values = ramp(2 * 100);
    wav.write(&values).unwrap();
    let error = wav.write(&values).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(wav.frames(), 166);
    let (_, read) = read_back(wav.sink.file.get_ref());
    assert_eq!(read.len(), 2 * 166);
}
