//! Writes audio to a WAV file, by time stamps and as fast as it can (LS-91, LS-92).
//!
//! | module      | does                                                       |
//! |-------------|------------------------------------------------------------|
//! | `placement` | stamps into frames of silence and frames to crop           |
//! | `encoding`  | values into bytes                                          |
//! | `header`    | the header, RIFF or RF64                                   |
//! | `wav`       | a file that is valid after every write                     |

mod encoding;
mod header;
mod placement;
mod wav;

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use driftless_plugin_api::{
    AudioFormat, EventCode, Filter, FilterError, Flow, Host, Marker, MediaPattern, MediaType,
    Output, Pin, ReferenceTime, Renderer, Sample, Settings, Span, State, Status, Wake,
    export_plugin,
};

use encoding::Encoding;
use header::Layout;
use placement::{Placement, Timeline};
use wav::WavWriter;

/// The filter `driftless.file-writer`.
#[derive(Debug)]
pub struct FileWriter {
    host: Host,
    path: PathBuf,
    encoding: Encoding,
    overwrite: bool,
    sync: Span,
    tolerance: Span,
    longest_gap: Span,
    format: Option<AudioFormat>,
    recording: Option<Recording>,
    counts: Counts,
}

/// A file that is open.
#[derive(Debug)]
struct Recording {
    /// Taken by the first frame: a file that is replaced keeps its contents until then.
    empty: Option<File>,
    /// Whether the file was there before, so that it is not ours to remove.
    replaces: bool,
    wav: Option<WavWriter<File>>,
    timeline: Timeline,
    ended: bool,
    completed: bool,
}

#[derive(Debug, Default)]
struct Counts {
    frames: u64,
    silence_frames: u64,
    cropped_frames: u64,
    jumps: u64,
    clipped: u64,
}

impl FileWriter {
    fn failed(&self, doing: &str, error: &io::Error) -> FilterError {
        FilterError::new(format!("cannot {doing} {}: {error}", self.path.display()))
    }

    fn open(&self) -> Result<Recording, FilterError> {
        let format = self.format.ok_or(Status::NOT_CONNECTED)?;
        let layout = Layout { format, encoding: self.encoding };
        if layout.frame_bytes().is_none() {
            let channels = format.channels;
            return Err(FilterError::new(format!(
                "a WAV frame has at most 65535 bytes; {channels} channels need more"
            )));
        }
        let replaces = self.overwrite && self.path.exists();
        let mut options = OpenOptions::new();
        options.write(true).create(true).create_new(!self.overwrite);
        let file = options.open(&self.path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => FilterError::new(format!(
                "{} exists already; set `overwrite = true` to replace it, or name another `file`",
                self.path.display()
            )),
            ErrorKind::NotFound => FilterError::new(format!(
                "cannot create {}: its folder does not exist",
                self.path.display()
            )),
            _ => self.failed("create", &error),
        })?;
        let timeline = Timeline::new(format.rate_hz, self.tolerance, self.longest_gap);
        let (empty, wav) = (Some(file), None);
        Ok(Recording { empty, replaces, wav, timeline, ended: false, completed: false })
    }

    /// The file, begun if it was not.
    fn begun(&mut self) -> Result<&mut WavWriter<File>, FilterError> {
        let format = self.format.ok_or(Status::NOT_CONNECTED)?;
        let recording = self.recording.as_mut().ok_or(Status::WRONG_STATE)?;
        if let Some(file) = recording.empty.take() {
            let layout = Layout { format, encoding: self.encoding };
            let sync_frames = self.sync.frames(format.rate_hz).unsigned_abs();
            let wav = emptied(file).and_then(|file| WavWriter::new(file, layout, sync_frames));
            let path = self.path.display();
            recording.wav = Some(
                wav.map_err(|error| FilterError::new(format!("cannot write {path}: {error}")))?,
            );
        }
        recording.wav.as_mut().ok_or_else(|| FilterError::from(Status::WRONG_STATE))
    }

    fn place(&mut self, sample: &Sample, frames: u64) -> Result<Placement, FilterError> {
        let recording = self.recording.as_mut().ok_or(Status::WRONG_STATE)?;
        let placement = recording.timeline.place(sample.start(), sample.discontinuity(), frames);
        if placement.jump {
            self.counts.jumps += 1;
            let text = format!(
                "the stamps jump by more than {}; {} goes on without a gap",
                self.longest_gap,
                self.path.display()
            );
            self.host.event(EventCode::WARNING, 0, 0, &text);
        }
        self.counts.silence_frames += placement.silence_frames;
        self.counts.cropped_frames += placement.skip_frames;
        Ok(placement)
    }

    fn write(&mut self, sample: &Sample, channels: usize) -> Result<(), FilterError> {
        let values = sample.values();
        let placement = self.place(sample, (values.len() / channels) as u64)?;
        let rest = &values[placement.skip_frames as usize * channels..];
        let wav = self.begun()?;
        let written = wav.write_silence(placement.silence_frames).and_then(|()| wav.write(rest));
        (self.counts.frames, self.counts.clipped) = (wav.frames(), wav.clipped());
        written.map_err(|error| self.stopped(&error))
    }

    /// What to say when the file cannot grow any more.
    fn stopped(&mut self, error: &io::Error) -> FilterError {
        let frames = self.counts.frames;
        let rate_hz = self.format.map_or(0, |format| format.rate_hz);
        if let Some(recording) = &mut self.recording {
            recording.wav = None;
        }
        let length = Span::of_frames(frames.try_into().unwrap_or(i64::MAX), rate_hz);
        FilterError::new(format!(
            "cannot write {}: {error}; it holds the first {length} ({frames} frames) and can be \
             played",
            self.path.display()
        ))
    }

    /// Ends the file, and reports once it is complete.
    fn finish(&mut self) -> Result<(), FilterError> {
        let wav = self.recording.as_mut().and_then(|recording| recording.wav.take());
        match wav.map(WavWriter::finish) {
            Some(Err(error)) => Err(self.stopped(&error)),
            _ => Ok(()),
        }
    }

    /// LS-113: once per stream, not while paused.
    fn complete_if_running(&mut self, running: bool) {
        if let Some(recording) = &mut self.recording
            && running
            && recording.ended
            && !recording.completed
        {
            recording.completed = true;
            self.host.event(EventCode::COMPLETE, 0, 0, "");
        }
    }
}

/// Devices and pipes have no length to set.
fn emptied(file: File) -> io::Result<File> {
    if file.metadata()?.len() > 0 {
        file.set_len(0)?;
    }
    Ok(file)
}

impl Filter for FileWriter {
    const ID: &'static str = "driftless.file-writer";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let encoding = settings.text("encoding")?;
        Ok(Self {
            host,
            path: PathBuf::from(settings.text("file")?),
            encoding: Encoding::named(encoding).ok_or(Status::INVALID_ARGUMENT)?,
            overwrite: settings.boolean("overwrite")?,
            sync: settings.time("sync")?,
            tolerance: settings.time("tolerance")?,
            longest_gap: settings.time("longest-gap")?,
            format: None,
            recording: None,
            counts: Counts::default(),
        })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaPattern::AUDIO]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        match media {
            MediaType::Audio(format) => self.format = Some(format),
            _ => {
                let text = format!("a WAV file takes audio, not {media}");
                return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
            }
        }
        Ok(())
    }

    fn disconnect(&mut self, _pin: Pin) {
        self.format = None;
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        self.recording = Some(self.open()?);
        self.counts = Counts::default();
        Ok(())
    }

    fn run(&mut self, _base: ReferenceTime) -> Result<(), FilterError> {
        self.complete_if_running(true);
        Ok(())
    }

    fn deactivate(&mut self) {
        if let Err(error) = self.finish() {
            self.host.event(EventCode::WARNING, 0, 0, &error.text);
        }
        if let Some(Recording { empty: Some(_), replaces: false, .. }) = self.recording.take() {
            // Nothing came: better no file than one without a header.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let Counts { frames, silence_frames, cropped_frames, jumps, clipped } = self.counts;
        vec![
            ("frames", frames),
            ("silence-frames", silence_frames),
            ("cropped-frames", cropped_frames),
            ("jumps", jumps),
            ("clipped-values", clipped),
        ]
    }
}

impl Renderer for FileWriter {
    fn receive(
        &mut self,
        _input: u32,
        sample: Sample,
        _output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        let format = self.format.ok_or(Status::NOT_CONNECTED)?;
        if let Some(media) = sample.new_media()
            && media != MediaType::Audio(format)
        {
            let text = format!(
                "the stream changed to {media}, but {} is {}",
                self.path.display(),
                MediaType::Audio(format)
            );
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        }
        self.write(&sample, format.channels.max(1) as usize)?;
        Ok(Flow::Continue)
    }

    fn mark(
        &mut self,
        _input: u32,
        marker: Marker,
        _output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        match marker {
            Marker::EndOfStream => {
                self.begun()?;
                self.finish()?;
                if let Some(recording) = &mut self.recording {
                    recording.ended = true;
                }
                self.complete_if_running(self.host.clock().state() == State::Running);
            }
            // Stamps start again; what was written stays (LS-115, LS-116).
            Marker::EndFlush | Marker::NewSegment { .. } => {
                if let Some(recording) = &mut self.recording {
                    recording.timeline.restart();
                }
            }
            Marker::BeginFlush => {}
        }
        Ok(())
    }

    fn step(&mut self, _output: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(Wake::OnSignal)
    }

    /// A file needs no cue (LS-M6), so it takes nothing before the graph runs.
    fn ready(&self) -> bool {
        self.host.clock().state() == State::Running
    }
}

export_plugin! {
    renderer(FileWriter),
}

#[cfg(test)]
mod tests;
