//! A library that needs a function which nobody has. Opened lazily, it would end the process at the
//! first call; opened at once, it is refused.
#![allow(unsafe_code)] // a function from elsewhere

use driftless_plugin_api::{
    Filter, FilterError, Flow, Host, Marker, MediaType, Output, Pin, Renderer, Sample, Settings,
    Wake, export_plugin,
};

unsafe extern "C" {
    fn driftless_function_that_nobody_has();
}

/// The filter `fixture.undefined-symbol`.
#[derive(Debug)]
pub struct Undefined;

impl Filter for Undefined {
    const ID: &'static str = "fixture.undefined-symbol";

    fn create(_: &Settings, _: Host) -> Result<Self, FilterError> {
        // SAFETY: never reached, because the library cannot be opened.
        unsafe { driftless_function_that_nobody_has() };
        Ok(Self)
    }

    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
}

impl Renderer for Undefined {
    fn receive(&mut self, _: u32, _: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        Ok(Flow::Continue)
    }

    fn mark(&mut self, _: u32, _: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        Ok(())
    }

    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(Wake::OnSignal)
    }
}

export_plugin! {
    renderer(Undefined),
}
