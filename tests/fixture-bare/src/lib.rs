//! Filters that do nothing: what a graph of them costs is what the engine costs.

use driftless_plugin_api::{
    AudioFormat, Cue, EventCode, Filter, FilterError, Flow, Host, Marker, MediaPattern, MediaType,
    Output, Pin, ReferenceTime, Renderer, Sample, Settings, Source, State, Transform, Wake,
    export_plugin,
};

const FORMAT: MediaType = MediaType::Audio(AudioFormat { rate_hz: 48_000, channels: 2 });

/// The filter `bare.source`.
#[derive(Debug)]
pub struct BareSource {
    host: Host,
    samples: i64,
    frames: usize,
    done: i64,
}

impl Filter for BareSource {
    const ID: &'static str = "bare.source";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let (samples, frames) = (settings.integer("samples")?, settings.integer("frames")?);
        Ok(Self { host, samples, frames: frames as usize, done: 0 })
    }

    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![FORMAT.into()]
    }

    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
}

impl Source for BareSource {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.done == self.samples {
            output.mark(0, Marker::EndOfStream);
            return Ok(Wake::Ended);
        }
        self.done += 1;
        let sample = self.host.audio_sample(self.frames, 2);
        output.deliver(0, sample.ok_or_else(|| FilterError::new("the block is too large"))?);
        Ok(Wake::At(output.now()))
    }
}

/// The filter `bare.pass`.
#[derive(Debug)]
pub struct BarePass {
    media: MediaPattern,
}

impl Filter for BarePass {
    const ID: &'static str = "bare.pass";

    fn create(_: &Settings, _: Host) -> Result<Self, FilterError> {
        Ok(Self { media: MediaPattern::AUDIO })
    }

    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![self.media]
    }

    fn connect(&mut self, _: Pin, media: MediaType) -> Result<(), FilterError> {
        self.media = media.into();
        Ok(())
    }
}

impl Transform for BarePass {
    fn receive(
        &mut self,
        _: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        Ok(output.deliver(0, sample))
    }
}

/// The filter `bare.end`.
#[derive(Debug)]
pub struct BareEnd {
    host: Host,
    received: u64,
    ended: bool,
}

impl BareEnd {
    /// Not while paused, and again with every run (LS-113).
    fn tell_end(&self) {
        if self.ended {
            self.host.event(EventCode::COMPLETE, 0, 0, "");
        }
    }
}

impl Filter for BareEnd {
    const ID: &'static str = "bare.end";

    fn create(_: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self { host, received: 0, ended: false })
    }

    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }

    fn cue(&self) -> Cue {
        Cue::Done
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        self.ended = false;
        Ok(())
    }

    fn run(&mut self, _: ReferenceTime) -> Result<(), FilterError> {
        self.tell_end();
        Ok(())
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("received", self.received)]
    }
}

impl Renderer for BareEnd {
    fn receive(&mut self, _: u32, _: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        self.received += 1;
        Ok(Flow::Continue)
    }

    fn mark(&mut self, _: u32, marker: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        self.ended |= marker == Marker::EndOfStream;
        if self.host.clock().state() == State::Running {
            self.tell_end();
        }
        Ok(())
    }

    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(Wake::OnSignal)
    }
}

export_plugin! {
    source(BareSource),
    transform(BarePass),
    renderer(BareEnd),
}
