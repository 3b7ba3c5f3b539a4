//! One file from its opening to its end.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use driftless_plugin_api::{FilterError, Span, Status};

use crate::header::Layout;
use crate::wav::WavWriter;

/// A file being recorded. All of it may block on the disk.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    layout: Layout,
    sync: Span,
    /// Whether the file was there before, so that it is not ours to remove.
    replaces: bool,
    state: State,
    frames: u64,
    clipped: u64,
}

#[derive(Debug)]
enum State {
    /// Open and untouched: a file that is to be replaced keeps its contents until the first frame.
    Empty(File),
    Begun(WavWriter<File>),
    /// Complete, or as complete as a full disk allows.
    Ended,
}

impl Recording {
    /// Takes the file's name: creates it, or opens the one to be replaced. `[main]`
    ///
    /// # Errors
    ///
    /// Why the file cannot be written, and what would help.
    pub fn open(
        path: &Path,
        layout: Layout,
        overwrite: bool,
        sync: Span,
    ) -> Result<Self, FilterError> {
        let name = path.display();
        if layout.frame_bytes().is_none() {
            return Err(FilterError::new(format!(
                "a frame in a WAV file has at most 65535 bytes; {} channels need more",
                layout.format.channels
            )));
        }
        let replaces = overwrite && path.exists();
        let mut options = OpenOptions::new();
        options.write(true).create(true).create_new(!overwrite);
        let file = options.open(path).map_err(|error| {
            FilterError::new(match error.kind() {
                ErrorKind::AlreadyExists => format!(
                    "{name} exists already; set `overwrite = true` to replace it, or name another \
                     `file`"
                ),
                ErrorKind::NotFound => format!("cannot create {name}: its folder does not exist"),
                _ => format!("cannot create {name}: {error}"),
            })
        })?;
        let state = State::Empty(file);
        Ok(Self { path: path.into(), layout, sync, replaces, state, frames: 0, clipped: 0 })
    }

    /// Whole frames in the file.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Values that did not fit the encoding.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Appends silence, then frames. `[streaming]`
    ///
    /// # Errors
    ///
    /// What is in the file, and why no more can be; it ends here and can be played.
    pub fn write(&mut self, silence_frames: u64, values: &[f32]) -> Result<(), FilterError> {
        self.begin()?;
        let State::Begun(wav) = &mut self.state else { return Err(Status::WRONG_STATE.into()) };
        let written = wav.write_silence(silence_frames).and_then(|()| wav.write(values));
        (self.frames, self.clipped) = (wav.frames(), wav.clipped());
        written.map_err(|error| self.stopped(&error))
    }

    /// Lets the header count all that was written, because a stream has ended and another may follow; a file that
    /// received nothing becomes an empty recording. `[streaming]`
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn settle(&mut self) -> Result<(), FilterError> {
        self.begin()?;
        let State::Begun(wav) = &mut self.state else { return Ok(()) };
        wav.sync().map_err(|error| self.stopped(&error))
    }

    /// Gives the file up: completes it if it was begun, else leaves things as they were. `[main]`
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn close(mut self) -> Result<(), FilterError> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Begun(wav) => wav.finish().map(drop).map_err(|error| self.stopped(&error)),
            State::Empty(_) if !self.replaces => {
                // Nothing came: better no file than one without a header.
                let _ = std::fs::remove_file(&self.path);
                Ok(())
            }
            State::Empty(_) | State::Ended => Ok(()),
        }
    }

    fn begin(&mut self) -> Result<(), FilterError> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Empty(file) => {
                let sync_frames = self.sync.frames(self.layout.format.rate_hz).unsigned_abs();
                let wav = emptied(file)
                    .and_then(|file| WavWriter::new(file, self.layout, sync_frames))
                    .map_err(|error| self.stopped(&error))?;
                self.state = State::Begun(wav);
            }
            state => self.state = state,
        }
        Ok(())
    }

    fn stopped(&mut self, error: &io::Error) -> FilterError {
        self.state = State::Ended;
        let (path, frames) = (self.path.display(), self.frames);
        let length = i64::try_from(frames).unwrap_or(i64::MAX);
        let length = Span::of_frames(length, self.layout.format.rate_hz);
        FilterError::new(match frames {
            0 => format!("cannot write {path}: {error}; nothing of the stream is in it"),
            _ => format!(
                "cannot write {path}: {error}; it holds the first {length} ({frames} frames) and \
                 can be played"
            ),
        })
    }
}

/// Devices and pipes have no length to set.
fn emptied(file: File) -> io::Result<File> {
    if file.metadata()?.len() > 0 {
        file.set_len(0)?;
    }
    Ok(file)
}
