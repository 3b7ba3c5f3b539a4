//! A transform that passes everything on.

use driftless_plugin_api::{
    Cue, Filter, FilterError, Flow, Host, Marker, MediaPattern, MediaType, Output, Pin,
    ReferenceTime, Sample, Settings, Transform, Wake,
};

use crate::mischief::{Mischief, common_calls};

/// The filter `fixture.transform`.
#[derive(Debug)]
pub struct Pass {
    mischief: Mischief,
    media: Option<MediaType>,
    passed: u64,
}

impl Pass {
    const CUE: Cue = Cue::Done;
}

impl Filter for Pass {
    const ID: &'static str = "fixture.transform";

    fn create(settings: &Settings, _: Host) -> Result<Self, FilterError> {
        Ok(Self { mischief: Mischief::create(settings)?, media: None, passed: 0 })
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
        vec![("passed", self.passed)]
    }

    common_calls!();
}

impl Transform for Pass {
    fn receive(
        &mut self,
        _: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        self.mischief.tempt("receive")?;
        self.passed += 1;
        Ok(output.deliver(0, sample))
    }

    fn mark(&mut self, _: u32, marker: Marker, output: &mut Output<'_>) -> Result<(), FilterError> {
        self.mischief.tempt("mark")?;
        output.mark_all(marker);
        Ok(())
    }

    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        self.mischief.tempt("step")?;
        Ok(Wake::OnSignal)
    }
}
