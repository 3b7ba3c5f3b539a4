//! The smart tee: a capture stream untouched, and a preview made of it (LS-97).

use driftless_plugin_api::{
    Filter, FilterError, Flow, Host, Marker, MediaPattern, MediaType, Output, Pin, PinCategory,
    Pins, Sample, Settings, Transform,
};

use crate::branches::Branches;

/// Number of the output whose samples lose their stamps: a preview always comes a little late, and a
/// stamp would have it dropped for that (LS-95).
const PREVIEW: u32 = 1;

/// The filter `driftless.smart-tee`.
#[derive(Debug)]
pub struct SmartTee {
    branches: Branches,
}

impl Filter for SmartTee {
    const ID: &'static str = "driftless.smart-tee";

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

    fn activate(&mut self) -> Result<(), FilterError> {
        self.branches.open();
        Ok(())
    }

    fn pins(&mut self) -> Option<&mut dyn Pins> {
        Some(self)
    }
}

impl Transform for SmartTee {
    fn receive(
        &mut self,
        _input: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        Ok(self.branches.deliver(sample, output, |pin, share| {
            if pin == PREVIEW {
                share.set_times(None, None);
            }
        }))
    }

    fn mark(
        &mut self,
        _input: u32,
        marker: Marker,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        self.branches.mark(marker, output);
        Ok(())
    }
}

impl Pins for SmartTee {
    fn category(&self, pin: Pin) -> PinCategory {
        match pin {
            Pin::Output(PREVIEW) => PinCategory::Preview,
            Pin::Output(_) => PinCategory::Capture,
            Pin::Input(_) => PinCategory::Other,
        }
    }

    fn misc_flags(&self) -> u32 {
        0
    }
}
