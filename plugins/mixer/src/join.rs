//! The filter: what is connected, its states, and samples in whenever they come.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use driftless_plugin_api::{
    AudioFormat, Filter, FilterError, Flow, Host, IS_SOURCE, Latency, Marker, MediaPattern,
    MediaType, Output, Pin, Pins, PushSource, PushSourceFlags, Sample, Settings, Span, State,
    Status, Transform, Wake,
};

use crate::active::Active;
use crate::input::{Input, Setup, audio_format};
use crate::kind::Kind;
use crate::options::{Options, Policy};

/// What the resampler looks ahead at most, with some to spare, frames.
const LOOKAHEAD_FRAMES: i64 = 128;
/// How late a segment may be woken.
const LATENESS: Span = Span::from_millis(5);

/// Joins its inputs to one stream; `K` says how.
#[derive(Debug)]
pub struct Join<K> {
    host: Host,
    options: Options,
    /// The inputs that are connected.
    inputs: BTreeMap<u32, AudioFormat>,
    /// What the output is connected with: it stays so, whichever inputs come and go.
    output: Option<AudioFormat>,
    active: Option<Active>,
    kind: PhantomData<K>,
}

impl<K: Kind> Join<K> {
    /// What leaves: what was agreed on, or else what inputs and settings make.
    fn format(&self) -> Option<AudioFormat> {
        self.agreed().or_else(|| {
            let first = self.inputs.values().next()?;
            let inputs: Vec<u32> = self.inputs.values().map(|format| format.channels).collect();
            let rate_hz = or(self.options.rate_hz, first.rate_hz);
            Some(AudioFormat { rate_hz, channels: self.made_channels(&inputs) })
        })
    }

    /// The format of an output that is connected, or of blocks that are being made.
    fn agreed(&self) -> Option<AudioFormat> {
        self.active.as_ref().map(Active::format).or(self.output)
    }

    /// Channels that the settings, or else inputs with these channels, make.
    fn made_channels(&self, inputs: &[u32]) -> u32 {
        or(self.options.channels, K::channels(inputs))
    }

    /// Whether input `number` fits into the output that there is.
    fn check_room(&self, number: u32, format: AudioFormat) -> Result<(), FilterError> {
        let Some(AudioFormat { channels: has, .. }) = self.agreed() else { return Ok(()) };
        let made_with = |channels: u32| {
            let mut inputs: BTreeMap<u32, u32> = match &self.active {
                Some(active) => active.channels().collect(),
                None => self.inputs.iter().map(|(number, it)| (*number, it.channels)).collect(),
            };
            inputs.insert(number, channels);
            self.made_channels(&inputs.into_values().collect::<Vec<_>>())
        };
        let needs = made_with(format.channels);
        if needs <= has {
            return Ok(());
        }
        let fitting = (1..format.channels).rev().find(|channels| made_with(*channels) <= has);
        let fits = fitting.map_or("none".to_owned(), |most| format!("one with at most {most}"));
        let text = format!(
            "the output is connected with {has} channels already, and {} at input {number} would make it {needs}; of \
             further inputs it takes {fits}",
            MediaType::Audio(format)
        );
        Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text))
    }

    /// An input that is added while the graph is active has its place from now on.
    fn connect_input(&mut self, number: u32, format: AudioFormat) -> Result<(), FilterError> {
        self.check_room(number, format)?;
        if let Some(mut active) = self.active.take() {
            let made = self.make_input(number, format, &active);
            let added = made.and_then(|input| active.add::<K>(input));
            self.active = Some(active);
            added?;
        }
        self.inputs.insert(number, format);
        self.be_patient()
    }

    fn disconnect_input(&mut self, number: u32) {
        self.inputs.remove(&number);
        if let Some(input) = self.active.as_mut().and_then(|active| active.input(number)) {
            input.leave();
        }
        // Its settings were read before.
        let _ = self.be_patient();
    }

    /// Blocks wait as long as the latency says that is told.
    fn be_patient(&mut self) -> Result<(), FilterError> {
        let patience = self.patience()?;
        if let Some(active) = &mut self.active {
            active.patience = patience;
        }
        Ok(())
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
        active: &Active,
    ) -> Result<Input, FilterError> {
        let setup = Setup {
            number,
            format,
            factor: self.options.factor(number)?,
            policy: self.options.policy(number)?,
            output_rate_hz: active.format().rate_hz,
            block_frames: active.block_frames(),
            latency: self.base_latency() + self.options.patience,
            quality: self.options.quality,
        };
        Ok(Input::new(setup, self.host.clone()))
    }
}

/// What is asked for; 0 asks for what was found.
fn or(asked: u32, found: u32) -> u32 {
    if asked == 0 { found } else { asked }
}

impl<K: Kind> Filter for Join<K> {
    const ID: &'static str = K::ID;

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let options = Options::read(settings, K::channels_asked(settings)?)?;
        let inputs = BTreeMap::new();
        Ok(Self { host, options, inputs, output: None, active: None, kind: PhantomData })
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
            (Pin::Input(number), _) => return self.connect_input(number, format),
            (Pin::Output(_), Some(made)) if made == format => self.output = Some(format),
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
        match pin {
            Pin::Input(number) => self.disconnect_input(number),
            Pin::Output(_) => self.output = None,
        }
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        let format = self.format().ok_or_else(|| FilterError::new("no input is connected"))?;
        let block_frames = self.options.period.frames(format.rate_hz).max(1) as usize;
        let mut active = Active::new(format, block_frames, self.base_latency());
        for (number, input) in &self.inputs {
            active.add::<K>(self.make_input(*number, *input, &active)?)?;
        }
        active.patience = self.patience()?;
        self.active = Some(active);
        Ok(())
    }

    fn pause(&mut self) {
        if let Some(active) = &mut self.active {
            active.pause();
        }
    }

    fn deactivate(&mut self) {
        self.active = None;
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        self.active.as_ref().map(Active::counters).unwrap_or_default()
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
        let arrived = active.master(&clock, output.now());
        if let Some(input) = active.input(input) {
            input.take(&sample, &clock, arrived)?;
        }
        Ok(Flow::Continue)
    }

    /// An input that is ahead waits, with its source where that can.
    fn ready(&self, input: u32) -> bool {
        self.active.as_ref().is_none_or(|active| active.has_room(input))
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
        active.step::<K>(&self.host, &clock, output)
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
