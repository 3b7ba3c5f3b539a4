//! Writes audio to a WAV file, by time stamps and as fast as it can (LS-91, LS-92).
//!
//! | module      | does                                                    |
//! |-------------|---------------------------------------------------------|
//! | `placement` | stamps into frames of silence and frames to crop        |
//! | `recording` | the file from its opening to its end                    |
//! | `wav`       | a file that is valid after every write                  |
//! | `header`    | its header, RIFF or RF64                                |
//! | `encoding`  | values into bytes                                       |

mod encoding;
mod header;
mod placement;
mod recording;
mod wav;

use std::path::PathBuf;

use driftless_plugin_api::{
    AudioFormat, EventCode, Filter, FilterError, Flow, Host, Marker, MediaPattern, MediaType,
    Output, Pin, ReferenceTime, Renderer, Sample, SampleFlags, Settings, Span, State, Status, Wake,
    export_plugin,
};

use encoding::Encoding;
use header::Layout;
use placement::{Placement, Timeline};
use recording::Recording;

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
    active: Option<Active>,
    counts: Counts,
}

/// What is there between activation and deactivation.
#[derive(Debug)]
struct Active {
    format: AudioFormat,
    recording: Recording,
    timeline: Timeline,
    /// Between the two ends of a flush nothing is taken (LS-115).
    flushing: bool,
    ended: bool,
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
    fn place(&mut self, sample: &Sample, frames: u64) -> Result<Placement, FilterError> {
        let active = self.active.as_mut().ok_or(Status::WRONG_STATE)?;
        let placement = active.timeline.place(sample.start(), sample.discontinuity(), frames);
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
        let rest = values.get(placement.skip_frames as usize * channels..).unwrap_or_default();
        let recording = &mut self.active.as_mut().ok_or(Status::WRONG_STATE)?.recording;
        let written = recording.write(placement.silence_frames, rest);
        (self.counts.frames, self.counts.clipped) = (recording.frames(), recording.clipped());
        written
    }

    /// The file has one format.
    fn check_media(&self, sample: &Sample, format: AudioFormat) -> Result<(), FilterError> {
        match sample.new_media() {
            Some(media) if media != MediaType::Audio(format) => {
                let own = MediaType::Audio(format);
                let path = self.path.display();
                let text = format!("the stream changed to {media}, but {path} is {own}");
                Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text))
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), FilterError> {
        if let Some(active) = &mut self.active {
            active.recording.settle()?;
            active.ended = true;
        }
        self.complete(self.host.clock().state());
        Ok(())
    }

    /// Reports the end of the stream: when it comes, again with every run, and never while paused
    /// (LS-113).
    fn complete(&self, state: State) {
        if state == State::Running && self.active.as_ref().is_some_and(|active| active.ended) {
            self.host.event(EventCode::COMPLETE, 0, 0, "");
        }
    }
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
            active: None,
            counts: Counts::default(),
        })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaPattern::AUDIO]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let MediaType::Audio(format) = media else {
            let text = format!("a WAV file takes audio, not {media}");
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        };
        self.format = Some(format);
        Ok(())
    }

    fn disconnect(&mut self, _pin: Pin) {
        self.format = None;
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        let format = self.format.ok_or(Status::NOT_CONNECTED)?;
        let layout = Layout { format, encoding: self.encoding };
        let recording = Recording::open(&self.path, layout, self.overwrite, self.sync)?;
        let timeline = Timeline::new(format.rate_hz, self.tolerance, self.longest_gap);
        self.active = Some(Active { format, recording, timeline, flushing: false, ended: false });
        self.counts = Counts::default();
        Ok(())
    }

    fn run(&mut self, _base: ReferenceTime) -> Result<(), FilterError> {
        self.complete(State::Running);
        Ok(())
    }

    fn deactivate(&mut self) {
        let closed = self.active.take().map(|active| active.recording.close());
        if let Some(Err(error)) = closed {
            self.host.event(EventCode::WARNING, 0, 0, &error.text);
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
        let Active { format, flushing, .. } = *self.active.as_ref().ok_or(Status::WRONG_STATE)?;
        if flushing {
            return Ok(Flow::Stop);
        }
        self.check_media(&sample, format)?;
        if !sample.flags().contains(SampleFlags::PREROLL) {
            self.write(&sample, format.channels.max(1) as usize)?;
        }
        Ok(Flow::Continue)
    }

    fn mark(
        &mut self,
        _input: u32,
        marker: Marker,
        _output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        match marker {
            Marker::EndOfStream => return self.end(),
            // At another rate the stamps are not as far apart as the frames (LS-116).
            Marker::NewSegment { rate, .. } if rate != 1.0 => {
                let path = self.path.display();
                let text = format!("{path} is recorded at rate 1, and the stream plays at {rate}");
                return Err(FilterError::with(Status::INVALID_ARGUMENT, text));
            }
            _ => {}
        }
        if let Some(active) = &mut self.active {
            active.flushing = marker == Marker::BeginFlush;
            active.ended &= !active.flushing; // what follows a flush is new, and so is its end
            if !active.flushing {
                active.timeline.restart(); // stamps start again; what was written stays
            }
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
