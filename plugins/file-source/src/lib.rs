//! Plays an audio file, as fast as it is taken, or live at a pace of its own.
//!
//! | module       | does                                                  |
//! |--------------|-------------------------------------------------------|
//! | `audio_file` | files of all kinds into frames                        |
//! | `pace`       | when a live source would have captured a frame        |
//! | `live`       | time stamps of a live source                          |
//!
//! Not live, its stamps count frames from 0 and it waits for room downstream, so that renderers cue.
//! With `pace` it is a push source that stands in for a microphone: its clock may be off, and frames
//! that are not taken in time are not its business.

mod audio_file;
mod live;
mod pace;

use std::path::PathBuf;

use driftless_plugin_api::{
    AudioFormat, Cue, EventCode, Filter, FilterError, Flow, Host, Latency, Marker, MediaPattern,
    MediaType, Output, Pin, PushSource, PushSourceFlags, ReferenceTime, Sample, Settings, Source,
    Span, Stamps, Status, StreamTime, Wake, export_plugin,
};

use audio_file::AudioFile;
use live::Live;
use pace::Pace;

/// Its only pin.
const OUT: u32 = 0;

/// The filter `driftless.file-source`.
#[derive(Debug)]
pub struct FileSource {
    host: Host,
    path: PathBuf,
    begin: Span,
    repeats: bool,
    block: Span,
    max_offset: Span,
    format: AudioFormat,
    /// Open while active.
    file: Option<AudioFile>,
    live: Option<Live>,
    /// Frames delivered since activation.
    position: i64,
    /// The next sample does not follow the last one.
    gap: bool,
    announced: bool,
    ended: bool,
    warned: bool,
    repeats_done: u64,
    damaged_packets: u64,
}

impl FileSource {
    fn open(&self) -> Result<AudioFile, FilterError> {
        let file = AudioFile::open(&self.path, self.begin);
        let file = file.map_err(|error| FilterError::new(error.to_string()))?;
        match file.format() == self.format || self.format.rate_hz == 0 {
            true => Ok(file),
            false => Err(FilterError::new(format!(
                "{} is {} now; it was {} before",
                self.path.display(),
                MediaType::Audio(file.format()),
                MediaType::Audio(self.format)
            ))),
        }
    }

    fn block_frames(&self) -> usize {
        self.block.frames(self.format.rate_hz).clamp(1, 1 << 20) as usize
    }

    /// The next block of the file, unless it has ended.
    fn block(&mut self) -> Result<Option<Sample>, FilterError> {
        let channels = self.format.channels as usize;
        let sample = self.host.audio_sample(self.block_frames(), self.format.channels);
        let mut sample =
            sample.ok_or_else(|| FilterError::new("a block is larger than any buffer"))?;
        let host = self.host.clone();
        let values = sample
            .values_mut(&host)
            .ok_or_else(|| FilterError::new("a block is larger than any buffer"))?;
        let frames = self.fill(values)?;
        sample.truncate(frames * channels * size_of::<f32>());
        Ok((frames > 0).then_some(sample))
    }

    fn fill(&mut self, values: &mut [f32]) -> Result<usize, FilterError> {
        let channels = self.format.channels as usize;
        let mut frames = 0;
        while frames * channels < values.len() {
            let file = self.file.as_mut().ok_or(Status::WRONG_STATE)?;
            let read = file.read(&mut values[frames * channels..]);
            frames += read;
            if frames * channels < values.len() && !self.begin_again()? {
                break;
            }
        }
        Ok(frames)
    }

    /// At the end of the file: says if it came early, and starts over if it should.
    fn begin_again(&mut self) -> Result<bool, FilterError> {
        if let Some(file) = &self.file {
            self.damaged_packets += file.damaged_packets();
            if let (Some(reason), false) = (file.ended_early(), self.warned) {
                self.warned = true;
                let text = format!(
                    "{} ends early: {reason}; what is there was played",
                    self.path.display()
                );
                self.host.event(EventCode::WARNING, 0, 0, &text);
            }
        }
        if self.repeats {
            self.file = Some(self.open()?);
            self.repeats_done += 1;
        }
        Ok(self.repeats)
    }

    fn deliver(
        &mut self,
        mut sample: Sample,
        times: (StreamTime, StreamTime),
        output: &mut Output<'_>,
    ) -> Flow {
        let frames = (sample.values().len() / self.format.channels as usize) as i64;
        sample.set_times(Some(times.0), Some(times.1));
        sample.set_media_times(Some((self.position, self.position + frames)));
        sample.set_discontinuity(std::mem::take(&mut self.gap));
        if !std::mem::replace(&mut self.announced, true) {
            output.mark(OUT, Marker::LIVE_SEGMENT);
        }
        self.position += frames;
        output.deliver(OUT, sample)
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Wake {
        if !std::mem::replace(&mut self.ended, true) {
            output.mark(OUT, Marker::EndOfStream);
        }
        Wake::Ended
    }

    /// One block a step; the engine steps again while there is room.
    fn step_waiting(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let start = self.position;
        let Some(sample) = self.block()? else { return Ok(self.finish(output)) };
        let frames = (sample.values().len() / self.format.channels as usize) as i64;
        let at = |frame| StreamTime::ZERO + Span::of_frames(frame, self.format.rate_hz);
        let times = (at(start), at(start + frames));
        match self.deliver(sample, times, output) {
            Flow::Continue => Ok(Wake::At(output.now())),
            Flow::Stop => Ok(Wake::OnSignal),
        }
    }

    /// All blocks that are due.
    fn step_live(&mut self, mut live: Live, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        live.start(output.now(), self.position);
        let wake = loop {
            let due = live.due(self.position);
            if due > output.now() {
                break Wake::At(due);
            }
            let Some(sample) = self.block()? else { break self.finish(output) };
            let frames = (sample.values().len() / self.format.channels as usize) as i64;
            match live.times(self.position, frames, &self.host.clock()) {
                Some((times, moved)) => {
                    self.gap |= moved;
                    // A live source goes on whether or not it is heard (LS-6).
                    self.deliver(sample, times, output);
                }
                None => {
                    self.position += frames;
                    self.gap = true;
                }
            }
        };
        self.live = Some(live);
        Ok(wake)
    }
}

impl Filter for FileSource {
    const ID: &'static str = "driftless.file-source";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let mut source = Self {
            host,
            path: PathBuf::from(settings.text("file")?),
            begin: settings.time("start")?,
            repeats: settings.boolean("loop")?,
            block: settings.time("block")?,
            max_offset: settings.time("max-offset")?,
            format: AudioFormat { rate_hz: 0, channels: 0 },
            file: None,
            live: None,
            position: 0,
            gap: true,
            announced: false,
            ended: false,
            warned: false,
            repeats_done: 0,
            damaged_packets: 0,
        };
        source.format = source.open()?.format();
        if settings.boolean("pace")? {
            let (latency, block) = (settings.time("latency")?, source.block);
            if latency < block {
                let text = format!(
                    "`latency` is {latency}, less than the `block` of {block}: a block cannot be \
                     delivered before its last frame was captured"
                );
                return Err(FilterError::with(Status::INVALID_ARGUMENT, text));
            }
            let pace = Pace::new(source.format.rate_hz, settings.number("rate-error")?);
            source.live = Some(Live::new(pace, latency));
        }
        Ok(source)
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(self.format).into()]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let own = MediaType::Audio(self.format);
        match media == own {
            true => Ok(()),
            false => {
                let text = format!("{} is {own}, not {media}", self.path.display());
                Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text))
            }
        }
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        self.file = Some(self.open()?);
        (self.position, self.repeats_done, self.damaged_packets) = (0, 0, 0);
        (self.gap, self.announced) = (true, false);
        (self.ended, self.warned) = (false, false);
        if let Some(live) = &mut self.live {
            live.reset();
        }
        Ok(())
    }

    fn run(&mut self, _base: ReferenceTime) -> Result<(), FilterError> {
        if let Some(live) = &mut self.live {
            live.pause();
            self.gap = true;
        }
        Ok(())
    }

    fn deactivate(&mut self) {
        self.file = None;
    }

    fn cue(&self) -> Cue {
        if self.live.is_some() { Cue::CantCue } else { Cue::Done }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let damaged = self.file.as_ref().map_or(0, AudioFile::damaged_packets);
        let mut counters = vec![
            ("frames", self.position.unsigned_abs()),
            ("repeats", self.repeats_done),
            ("damaged-packets", self.damaged_packets.max(damaged)),
        ];
        counters.extend(self.live.as_ref().map(|live| ("withheld", live.withheld())));
        counters
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        Some(self)
    }
}

impl Source for FileSource {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.ended {
            return Ok(Wake::Ended);
        }
        match self.live.clone() {
            Some(live) => self.step_live(live, output),
            None => self.step_waiting(output),
        }
    }
}

impl Latency for FileSource {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(self.live.as_ref().map_or(Span::ZERO, Live::latency))
    }
}

impl PushSource for FileSource {
    fn flags(&self, _pin: Pin) -> PushSourceFlags {
        if self.live.is_some() { PushSourceFlags::NONE } else { PushSourceFlags::NOT_LIVE }
    }

    fn stamps(&self, _pin: Pin) -> Stamps {
        Stamps::Delivery
    }

    fn stream_offset(&self, _pin: Pin) -> Span {
        self.live.as_ref().map_or(Span::ZERO, Live::offset)
    }

    fn set_stream_offset(&mut self, pin: Pin, offset: Span) -> Status {
        if offset < Span::ZERO {
            return Status::INVALID_ARGUMENT;
        }
        match &mut self.live {
            Some(live) => live.set_offset(offset),
            // It waits for its renderers; nothing is to be made up for (LS-29).
            None if offset == Span::ZERO => return Status::OK,
            None => return Status::NOT_IMPLEMENTED,
        }
        if offset > self.max_stream_offset(pin) { Status::FALSE } else { Status::OK }
    }

    fn max_stream_offset(&self, _pin: Pin) -> Span {
        self.live.as_ref().map_or(Span::ZERO, |live| self.max_offset.max(live.latency()))
    }
}

export_plugin! {
    source(FileSource),
}

#[cfg(test)]
mod tests;
