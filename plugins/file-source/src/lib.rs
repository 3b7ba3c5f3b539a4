//! Plays an audio file, as fast as it is taken, or live at a pace of its own.
//!
//! | module        | does                                                 |
//! |---------------|------------------------------------------------------|
//! | `audio_file`  | files of all kinds into frames                       |
//! | `playback`    | where to begin, and again and again                  |
//! | `pace`        | when a frame is due                                  |
//! | `live`        | time stamps of a live source                         |
//! | `push_source` | what it says of itself to the graph                  |
//!
//! Not live, its stamps count frames from 0 and it waits for room downstream, so that renderers cue. It
//! can be played faster or slower then (LS-116).
//! With `pace` it is a push source that stands in for a microphone: its clock may be off, and frames
//! that are not taken in time are not its business.

mod audio_file;
mod live;
mod pace;
mod playback;
mod push_source;

use std::path::PathBuf;

use driftless_plugin_api::{
    Cue, EventCode, Filter, FilterError, Flow, Host, Latency, Marker, MediaPattern, MediaType,
    Output, Pin, PushSource, ReferenceTime, Sample, Settings, Source, State, Status, StreamTime,
    Wake, export_plugin,
};

use live::Live;
use pace::Pace;
use playback::Playback;

/// Its only pin.
const OUT: u32 = 0;

/// The filter `driftless.file-source`.
#[derive(Debug)]
pub struct FileSource {
    host: Host,
    playback: Playback,
    block_frames: usize,
    segment: Marker,
    /// Of what is not live.
    pace: Pace,
    live: Option<Live>,
    /// Frames delivered since activation.
    position: i64,
    /// The next sample does not follow the last one.
    gap: bool,
    announced: bool,
    ended: bool,
}

/// A block of the file, and how many frames it has.
struct Block {
    sample: Sample,
    frames: i64,
}

impl FileSource {
    /// The next block, unless the file has ended.
    fn block(&mut self) -> Result<Option<Block>, FilterError> {
        let too_large = || FilterError::new("a `block` of this file is larger than any buffer");
        let channels = self.playback.format().channels;
        let mut sample =
            self.host.audio_sample(self.block_frames, channels).ok_or_else(too_large)?;
        let values = sample.values_mut(&self.host).ok_or_else(too_large)?;
        let frames = self.playback.fill(values)?;
        if let Some(text) = self.playback.take_warning() {
            self.host.event(EventCode::WARNING, 0, 0, &text);
        }
        sample.truncate(frames * channels as usize * size_of::<f32>());
        Ok((frames > 0).then_some(Block { sample, frames: frames as i64 }))
    }

    fn deliver(
        &mut self,
        Block { mut sample, frames }: Block,
        (start, stop): (StreamTime, StreamTime),
        output: &mut Output<'_>,
    ) -> Flow {
        sample.set_times(Some(start), Some(stop));
        sample.set_media_times(Some((self.position, self.position + frames)));
        sample.set_discontinuity(std::mem::take(&mut self.gap));
        if !std::mem::replace(&mut self.announced, true) {
            output.mark(OUT, self.segment);
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
        let Some(block) = self.block()? else { return Ok(self.finish(output)) };
        let at = |frame| StreamTime::ZERO + self.pace.due(frame);
        let times = (at(self.position), at(self.position + block.frames));
        match self.deliver(block, times, output) {
            Flow::Continue => Ok(Wake::At(output.now())),
            Flow::Stop => Ok(Wake::OnSignal),
        }
    }

    /// All blocks that are due.
    fn step_live(&mut self, live: &mut Live, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.host.clock().state() != State::Running {
            return Ok(Wake::OnSignal); // LS-7
        }
        live.start(output.now(), self.position);
        loop {
            let due = live.due(self.position);
            if due > output.now() {
                return Ok(Wake::At(due));
            }
            let Some(block) = self.block()? else { return Ok(self.finish(output)) };
            match live.times(self.position, block.frames, &self.host.clock()) {
                Some((times, moved)) => {
                    self.gap |= moved;
                    // A live source goes on whether or not it is heard (LS-6).
                    self.deliver(block, times, output);
                }
                None => {
                    self.position += block.frames;
                    self.gap = true;
                }
            }
        }
    }
}

/// The live half, if the settings ask for it.
fn live(settings: &Settings, rate_hz: u32) -> Result<Option<Live>, FilterError> {
    if !settings.boolean("pace")? {
        return Ok(None);
    }
    let rate = settings.number("playback-rate")?;
    if rate != 1.0 {
        let text = format!(
            "`playback-rate` is {rate}; with `pace` it can only be 1, since what is live plays as it comes"
        );
        return Err(FilterError::with(Status::INVALID_ARGUMENT, text));
    }
    let (latency, block) = (settings.time("latency")?, settings.time("block")?);
    if latency < block {
        let text = format!(
            "`latency` is {latency}, less than the `block` of {block}: a block cannot be delivered \
             before its last frame was captured"
        );
        return Err(FilterError::with(Status::INVALID_ARGUMENT, text));
    }
    let pace = Pace::new(rate_hz, 1.0 + settings.number("rate-error")? * 1e-6);
    Ok(Some(Live::new(pace, latency, settings.time("max-offset")?)))
}

impl Filter for FileSource {
    const ID: &'static str = "driftless.file-source";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let path = PathBuf::from(settings.text("file")?);
        let start = settings.time("start")?;
        let playback = Playback::new(path, start, settings.boolean("loop")?)?;
        let rate_hz = playback.format().rate_hz;
        let block_frames = settings.time("block")?.frames(rate_hz).max(1);
        let (live, rate) = (live(settings, rate_hz)?, settings.number("playback-rate")?);
        let segment = match &live {
            Some(_) => Marker::LIVE_SEGMENT,
            None => {
                Marker::NewSegment { start: StreamTime::ZERO + start, stop: StreamTime::MAX, rate }
            }
        };
        Ok(Self {
            host,
            playback,
            block_frames: usize::try_from(block_frames).map_err(|_| Status::INVALID_ARGUMENT)?,
            segment,
            pace: Pace::new(rate_hz, rate),
            live,
            position: 0,
            gap: true,
            announced: false,
            ended: false,
        })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(self.playback.format()).into()]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let own = MediaType::Audio(self.playback.format());
        match media == own {
            true => Ok(()),
            false => {
                let text = format!("{} is {own}, not {media}", self.playback.path().display());
                Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text))
            }
        }
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        self.playback.start()?;
        self.position = 0;
        (self.gap, self.announced, self.ended) = (true, false, false);
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
        self.playback.close();
    }

    fn cue(&self) -> Cue {
        if self.live.is_some() { Cue::CantCue } else { Cue::Done }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let mut counters = vec![
            ("frames", self.position.unsigned_abs()),
            ("repeats", self.playback.repeats_done()),
            ("damaged-packets", self.playback.damaged_packets()),
        ];
        counters.extend(self.live.as_ref().map(|live| ("withheld", live.withheld())));
        counters
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        self.live.is_some().then_some(self as &mut dyn PushSource)
    }
}

impl Source for FileSource {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.ended {
            return Ok(Wake::Ended);
        }
        match self.live.take() {
            Some(mut live) => {
                let wake = self.step_live(&mut live, output);
                self.live = Some(live);
                wake
            }
            None => self.step_waiting(output),
        }
    }
}

export_plugin! {
    source(FileSource),
}

#[cfg(test)]
mod tests;
