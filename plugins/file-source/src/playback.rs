//! A file played from where it should begin, once or again and again.

use std::path::{Path, PathBuf};

use driftless_plugin_api::{AudioFormat, FilterError, MediaType, Span, Status};

use crate::audio_file::AudioFile;

/// What is played, and how far it got.
#[derive(Debug)]
pub struct Playback {
    path: PathBuf,
    begin: Span,
    repeats: bool,
    format: AudioFormat,
    file: Option<AudioFile>,
    repeats_done: u64,
    /// Of files that are closed.
    damaged_packets: u64,
    warned: bool,
    warning: Option<String>,
}

impl Playback {
    /// Looks what the file at `path` is, and leaves it closed. `[main]`
    ///
    /// # Errors
    ///
    /// Why it cannot be played.
    pub fn new(path: PathBuf, begin: Span, repeats: bool) -> Result<Self, FilterError> {
        let format = opened(&path, begin)?.format();
        Ok(Self {
            path,
            begin,
            repeats,
            format,
            file: None,
            repeats_done: 0,
            damaged_packets: 0,
            warned: false,
            warning: None,
        })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rate and channels.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Opens the file where it should begin, and counts anew. `[main]`
    ///
    /// # Errors
    ///
    /// Why it cannot be played any more.
    pub fn start(&mut self) -> Result<(), FilterError> {
        (self.repeats_done, self.damaged_packets) = (0, 0);
        (self.warned, self.warning) = (false, None);
        self.open()
    }

    fn open(&mut self) -> Result<(), FilterError> {
        self.close();
        let file = opened(&self.path, self.begin)?;
        if file.format() != self.format {
            return Err(FilterError::new(format!(
                "{} is {} now; it was {} before",
                self.path.display(),
                MediaType::Audio(file.format()),
                MediaType::Audio(self.format)
            )));
        }
        self.file = Some(file);
        Ok(())
    }

    /// Closes the file; the counts stay.
    pub fn close(&mut self) {
        self.damaged_packets += self.file.take().map_or(0, |file| file.damaged_packets());
    }

    /// Fills `values` with whole frames, and returns how many; fewer than fit only at the end.
    /// `[streaming]`, may wait for the disk
    ///
    /// # Errors
    ///
    /// The file cannot be opened again.
    pub fn fill(&mut self, values: &mut [f32]) -> Result<usize, FilterError> {
        let channels = self.format.channels as usize;
        let mut frames = 0;
        while frames * channels < values.len() {
            let file = self.file.as_mut().ok_or(Status::WRONG_STATE)?;
            frames += file.read(&mut values[frames * channels..]);
            if frames * channels < values.len() && !self.begin_again()? {
                break;
            }
        }
        Ok(frames)
    }

    /// At the end of the file: notes if it came early, and starts over if it should.
    fn begin_again(&mut self) -> Result<bool, FilterError> {
        let reason = self.file.as_ref().and_then(AudioFile::ended_early);
        if let (Some(reason), false) = (reason, self.warned) {
            let path = self.path.display();
            self.warning = Some(format!("{path} ends early: {reason}; what is there was played"));
            self.warned = true;
        }
        if self.repeats {
            self.open()?;
            self.repeats_done += 1;
        }
        Ok(self.repeats)
    }

    /// What the user should know, told once.
    pub fn take_warning(&mut self) -> Option<String> {
        self.warning.take()
    }

    /// How often the file began again.
    pub fn repeats_done(&self) -> u64 {
        self.repeats_done
    }

    /// Packets that could not be decoded.
    pub fn damaged_packets(&self) -> u64 {
        self.damaged_packets + self.file.as_ref().map_or(0, AudioFile::damaged_packets)
    }
}

fn opened(path: &Path, begin: Span) -> Result<AudioFile, FilterError> {
    AudioFile::open(path, begin).map_err(|error| FilterError::new(error.to_string()))
}
