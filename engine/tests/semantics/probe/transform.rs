//! A transform.

use super::*;

/// `probe.pass`
pub struct Pass;

impl Filter for Pass {
    const ID: &'static str = "probe.pass";
    fn create(_: &Settings, _: Host) -> Result<Self, FilterError> {
        Ok(Self)
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(AudioFormat { rate_hz: 48_000, channels: 1 }).into()]
    }
}

impl Transform for Pass {
    fn receive(&mut self, _: u32, it: Sample, out: &mut Output<'_>) -> Result<Flow, FilterError> {
        Ok(out.deliver(0, it))
    }
}
