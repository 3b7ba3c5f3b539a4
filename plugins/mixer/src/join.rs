//! The filter: samples in whenever they come, blocks out by the graph's clock.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use driftless_plugin_api::{
    AudioFormat, ClockState, EventCode, Filter, FilterError, Flow, Host, HostTime, IS_SOURCE,
    Latency, Marker, MediaPattern, MediaType, Output, Pin, Pins, PushSource, PushSourceFlags,
    ReferenceTime, Sample, Settings, Span, State, Status, StreamTime, Transform, Wake,
};

use crate::input::{Input, News, Setup, audio_format};
use crate::kind::{Frames, Kind};
use crate::options::{Options, Policy};
use crate::schedule::Schedule;

/// What the resampler looks ahead at most, with some to spare, frames.
const LOOKAHEAD_FRAMES: i64 = 128;
/// How late a segment may be woken.
const LATENESS: Span = Span::from_millis(5);
/// The only output.
const OUT: u32 = 0;

/// Joins its inputs to one stream; `K` says how.
#[derive(Debug)]
pub struct Join<K> {
    host: Host,
    options: Options,
    inputs: BTreeMap<u32, AudioFormat>,
    active: Option<Active>,
    kind: PhantomData<K>,
}

/// What there is from activation to deactivation.
struct Active {
    inputs: Vec<Input>,
    /// The first output channel of each input.
    first: Vec<usize>,
    schedule: Schedule,
    format: AudioFormat,
    block_frames: usize,
    /// A block of one input. All have the same, which so stays in the processor's nearest cache.
    block: Vec<f32>,
    patience: Span,
    announced: bool,
    /// The next block waits for an input.
    is_held_back: bool,
    ended: bool,
    /// Downstream wants no more (LS-111).
    stopped: bool,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    blocks: u64,
    held_back: u64,
}

impl std::fmt::Debug for Active {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Active").field("inputs", &self.inputs.len()).finish_non_exhaustive()
    }
}

impl<K: Kind> Join<K> {
    /// Channels of each input, by place.
    fn channels(&self) -> Vec<u32> {
        self.inputs.values().map(|format| format.channels).collect()
    }

    /// What leaves, as far as the inputs say it.
    fn format(&self) -> Option<AudioFormat> {
        let first = self.inputs.values().next()?;
        let or = |asked: u32, found: u32| if asked == 0 { found } else { asked };
        let channels = or(self.options.channels, K::channels(&self.channels()));
        Some(AudioFormat { rate_hz: or(self.options.rate_hz, first.rate_hz), channels })
    }

    /// What `latency` asks for, and no less than a block, the resampler and a late wake-up take.
    fn base_latency(&self) -> Span {
        let rate_hz = self.format().map_or(48_000, |format| format.rate_hz);
        let lookahead = Span::of_frames(LOOKAHEAD_FRAMES, rate_hz);
        self.options.latency.max(self.options.period + lookahead + LATENESS)
    }

    /// How long blocks may wait for inputs with that policy; none where no input has it.
    fn patience(&self) -> Result<Span, FilterError> {
        for number in self.inputs.keys() {
            if self.options.policy(*number)? == Policy::Wait {
                return Ok(self.options.patience);
            }
        }
        Ok(Span::ZERO)
    }

    fn make_input(
        &self,
        number: u32,
        format: AudioFormat,
        rate_hz: u32,
        frames: usize,
    ) -> Result<Input, FilterError> {
        let setup = Setup {
            number,
            format,
            factor: self.options.factor(number)?,
            policy: self.options.policy(number)?,
            output_rate_hz: rate_hz,
            block_frames: frames,
            latency: self.base_latency() + self.options.patience,
            quality: self.options.quality,
        };
        Ok(Input::new(setup, self.host.clone()))
    }
}

impl<K: Kind> Filter for Join<K> {
    const ID: &'static str = K::ID;

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let options = Options::read(settings, K::channels_asked(settings)?)?;
        Ok(Self { host, options, inputs: BTreeMap::new(), active: None, kind: PhantomData })
    }

    fn media_types(&self, pin: Pin) -> Vec<MediaPattern> {
        let known = match pin {
            Pin::Input(_) => None,
            Pin::Output(_) => self.format().map(|format| MediaType::Audio(format).into()),
        };
        vec![known.unwrap_or(MediaPattern::AUDIO)]
    }

    fn connect(&mut self, pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let format = audio_format(media)?;
        match (pin, self.format()) {
            (Pin::Input(number), _) => drop(self.inputs.insert(number, format)),
            (Pin::Output(_), Some(made)) if made == format => {}
            (Pin::Output(_), made) => {
                let made = made.map_or_else(
                    || "nothing yet".to_owned(),
                    |made| MediaType::Audio(made).to_string(),
                );
                let text = format!("the inputs and settings make {made} here, not {media}");
                return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
            }
        }
        Ok(())
    }

    fn disconnect(&mut self, pin: Pin) {
        if let Pin::Input(number) = pin {
            self.inputs.remove(&number);
        }
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        let format = self.format().ok_or_else(|| FilterError::new("no input is connected"))?;
        let block_frames = self.options.period.frames(format.rate_hz).max(1) as usize;
        let channels = self.channels();
        let make = |(number, input): (&u32, &AudioFormat)| {
            self.make_input(*number, *input, format.rate_hz, block_frames)
        };
        let inputs: Vec<Input> = self.inputs.iter().map(make).collect::<Result<_, _>>()?;
        let largest = inputs.iter().map(Input::block_values).max().unwrap_or(0);
        self.active = Some(Active {
            inputs,
            first: (0..channels.len()).map(|number| K::first_channel(&channels, number)).collect(),
            schedule: Schedule::new(format.rate_hz, block_frames as i64, self.base_latency()),
            format,
            block_frames,
            block: vec![0.0; largest],
            patience: self.patience()?,
            announced: false,
            is_held_back: false,
            ended: false,
            stopped: false,
            counts: Counts::default(),
        });
        Ok(())
    }

    fn run(&mut self, _base: ReferenceTime) -> Result<(), FilterError> {
        if let Some(active) = &mut self.active {
            active.stopped = false;
        }
        Ok(())
    }

    fn pause(&mut self) {
        if let Some(active) = &mut self.active {
            active.schedule.interrupt();
            active.inputs.iter_mut().for_each(Input::pause);
        }
    }

    fn deactivate(&mut self) {
        self.active = None;
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let Some(active) = &self.active else { return Vec::new() };
        let sum = |count: fn(&crate::input::Counts) -> u64| {
            active.inputs.iter().map(|input| count(&input.counts())).sum()
        };
        vec![
            ("blocks", active.counts.blocks),
            ("blocks held back", active.counts.held_back),
            ("late blocks of inputs", sum(|counts| counts.late_blocks)),
            ("frames concealed", sum(|counts| counts.concealed_frames)),
            ("frames too late", sum(|counts| counts.dropped_frames)),
            ("frames without room", sum(|counts| counts.overrun_frames)),
        ]
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        Some(self)
    }

    fn pins(&mut self) -> Option<&mut dyn Pins> {
        Some(self)
    }
}

impl<K: Kind> Transform for Join<K> {
    fn receive(
        &mut self,
        input: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        let Some(active) = &mut self.active else { return Ok(Flow::Stop) };
        let clock = self.host.clock();
        let arrived = active.schedule.master(&clock, output.now());
        if let Some(input) = active.input(input) {
            input.take(&sample, &clock, arrived)?;
        }
        Ok(if active.stopped { Flow::Stop } else { Flow::Continue })
    }

    /// An input that is ahead waits, with its source where that can.
    fn ready(&self, input: u32) -> bool {
        let Some(active) = &self.active else { return true };
        active.place(input).is_none_or(|at| active.inputs[at].has_room())
    }

    /// Markers are an input's own business: the others go on.
    fn mark(&mut self, input: u32, marker: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        let Some(input) = self.active.as_mut().and_then(|active| active.input(input)) else {
            return Ok(());
        };
        match marker {
            Marker::EndOfStream => input.end(),
            Marker::BeginFlush => input.flush(),
            Marker::EndFlush => {}
            Marker::NewSegment { rate, .. } => input.new_segment(rate),
        }
        Ok(())
    }

    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let Some(active) = &mut self.active else { return Ok(Wake::OnSignal) };
        let clock = self.host.clock();
        if clock.state() != State::Running {
            return Ok(Wake::OnSignal);
        }
        loop {
            if active.is_over() {
                return Ok(active.end(output));
            }
            if let Some(at) = active.not_before(&clock, output.now()) {
                return Ok(Wake::At(at));
            }
            active.make_block::<K>(&self.host, &clock, output)?;
        }
    }
}

impl Active {
    fn input(&mut self, number: u32) -> Option<&mut Input> {
        let at = self.place(number)?;
        self.inputs.get_mut(at)
    }

    /// Where the input is; they were made in the order of their numbers.
    fn place(&self, number: u32) -> Option<usize> {
        self.inputs.binary_search_by_key(&number, |input| input.setup().number).ok()
    }

    fn is_over(&self) -> bool {
        self.stopped || self.inputs.iter().all(Input::is_drained)
    }

    fn end(&mut self, output: &mut Output<'_>) -> Wake {
        if !std::mem::replace(&mut self.ended, true) {
            output.mark(OUT, Marker::EndOfStream);
        }
        Wake::OnSignal
    }

    /// When to look again, if the next block is not to be made at `now`.
    fn not_before(&mut self, clock: &ClockState, now: HostTime) -> Option<HostTime> {
        let due = self.schedule.due(clock, now);
        if now < due {
            return Some(due);
        }
        let stop = self.schedule.stop();
        let lacks = |input: &Input| input.setup().policy == Policy::Wait && !input.is_ready(stop);
        let latest = due + self.patience;
        let waits = now < latest && self.inputs.iter().any(lacks);
        self.counts.held_back += u64::from(waits && !self.is_held_back);
        self.is_held_back = waits;
        waits.then_some(latest)
    }

    fn make_block<K: Kind>(
        &mut self,
        host: &Host,
        clock: &ClockState,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        if !std::mem::replace(&mut self.announced, true) {
            output.mark(OUT, Marker::LIVE_SEGMENT);
        }
        let (start, stop, frame) =
            (self.schedule.start(), self.schedule.stop(), self.schedule.frame());
        let channels = self.format.channels as usize;
        let too_large = || FilterError::new("a block of this period and format is too large");
        let mut sample =
            host.audio_sample(self.block_frames, self.format.channels).ok_or_else(too_large)?;
        let values = sample.values_mut(host).ok_or_else(too_large)?;
        values.fill(0.0);
        for (input, first) in self.inputs.iter_mut().zip(&self.first) {
            let Setup { number, factor, format, .. } = *input.setup();
            let block = &mut self.block[..input.block_values()];
            let (is_heard, news) = input.play(start, block);
            if is_heard {
                let from = Frames { values: block, channels: format.channels as usize };
                K::add(from, factor, values, channels, *first);
            }
            tell(host, number, news, start);
        }
        let times = clock.has_clock().then_some((start, stop));
        sample.set_times(times.map(|(start, _)| start), times.map(|(_, stop)| stop));
        sample.set_media_times(Some((frame, frame + self.block_frames as i64)));
        sample.set_discontinuity(self.schedule.advance());
        self.counts.blocks += 1;
        self.stopped = output.deliver(OUT, sample) == Flow::Stop;
        Ok(())
    }
}

/// One event when an input begins to be late, one when it is back; never one a block.
#[cold]
fn post(host: &Host, number: u32, code: EventCode, text: &str) {
    host.event(code, i64::from(number), 0, &format!("input {number} {text}"));
}

fn tell(host: &Host, number: u32, news: News, start: StreamTime) {
    match news {
        News::None => {}
        News::Late => {
            let at = (start - StreamTime::ZERO).secs_f64();
            post(host, number, EventCode::STARVATION, &format!("was too late for {at:.3} s"));
        }
        News::Back => post(host, number, EventCode::QUALITY_CHANGE, "has been in time again"),
    }
}

impl<K: Kind> Latency for Join<K> {
    /// What is made at its latest.
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(self.base_latency() + self.patience().map_err(|error| error.status)?)
    }
}

impl<K: Kind> PushSource for Join<K> {
    /// It runs on the graph's clock and says nothing else: whoever plays it on another matches rates.
    fn flags(&self, _pin: Pin) -> PushSourceFlags {
        PushSourceFlags::NONE
    }

    fn stream_offset(&self, _pin: Pin) -> Span {
        Span::ZERO
    }

    /// The sources behind the inputs have offsets of their own (LS-40).
    fn set_stream_offset(&mut self, _pin: Pin, _offset: Span) -> Status {
        Status::NOT_IMPLEMENTED
    }

    fn max_stream_offset(&self, _pin: Pin) -> Span {
        Span::ZERO
    }
}

impl<K: Kind> Pins for Join<K> {
    /// Behind its queues it is a source that sets its own pace, whatever feeds them.
    fn misc_flags(&self) -> u32 {
        IS_SOURCE
    }
}
