//! The plain tee: the same on every output.

use driftless_plugin_api::{
    Filter, FilterError, Flow, Host, MediaPattern, MediaType, Output, Pin, Sample, Settings,
    Transform,
};

use crate::branches::Branches;

/// The filter `driftless.tee`.
#[derive(Debug)]
pub struct Tee {
    branches: Branches,
}

impl Filter for Tee {
    const ID: &'static str = "driftless.tee";

    fn create(_settings: &Settings, _host: Host) -> Result<Self, FilterError> {
        Ok(Self { branches: Branches::default() })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        self.branches.media_types()
    }

    fn connect(&mut self, pin: Pin, media: MediaType) -> Result<(), FilterError> {
        self.branches.connect(pin, media)
    }

    fn disconnect(&mut self, pin: Pin) {
        self.branches.disconnect(pin);
    }
}

impl Transform for Tee {
    fn receive(
        &mut self,
        _input: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        Ok(self.branches.deliver(sample, output, |_, _| true))
    }
}
