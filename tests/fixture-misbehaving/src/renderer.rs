//! A renderer that takes everything at once.

use driftless_plugin_api::{
    Cue, EventCode, Filter, FilterError, Flow, Host, Marker, MediaPattern, MediaType, Output, Pin,
    ReferenceTime, Renderer, Sample, Settings, Wake,
};

use crate::mischief::{Mischief, common_calls};

/// The filter `fixture.renderer`.
#[derive(Debug)]
pub struct Discard {
    host: Host,
    mischief: Mischief,
    media: Option<MediaType>,
    taken: u64,
}

impl Discard {
    const CUE: Cue = Cue::Done;
}

impl Filter for Discard {
    const ID: &'static str = "fixture.renderer";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self { host, mischief: Mischief::create(settings)?, media: None, taken: 0 })
    }

    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        self.mischief.tempt_surely("media-types");
        vec![self.media.map_or(MediaPattern::Any, Into::into)]
    }

    fn run(&mut self, _: ReferenceTime) -> Result<(), FilterError> {
        self.mischief.tempt("run")
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        self.mischief.tempt_surely("counters");
        vec![("taken", self.taken)]
    }

    common_calls!();
}

impl Renderer for Discard {
    fn receive(&mut self, _: u32, _: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        self.mischief.tempt("receive")?;
        self.taken += 1;
        Ok(Flow::Continue)
    }

    fn mark(&mut self, _: u32, marker: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        self.mischief.tempt("mark")?;
        if marker == Marker::EndOfStream {
            self.host.event(EventCode::COMPLETE, 0, 0, "");
        }
        Ok(())
    }

    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        self.mischief.tempt("step")?;
        Ok(Wake::OnSignal)
    }

    fn ready(&self) -> bool {
        self.mischief.tempt_surely("ready");
        true
    }
}
