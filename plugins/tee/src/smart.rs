//! The smart tee: a capture stream untouched, and a preview made of it (LS-97).

use driftless_plugin_api::{
    Filter, FilterError, Flow, Gate, Host, MediaPattern, MediaType, Output, Pin, PinCategory, Pins,
    Sample, Settings, Status, StreamControl, Transform, When,
};

use crate::branches::Branches;

/// Number of the output whose samples lose their stamps: a preview always comes a little late, and a
/// stamp would have it dropped for that (LS-95).
const PREVIEW: u32 = 1;

/// The filter `driftless.smart-tee`.
#[derive(Debug)]
pub struct SmartTee {
    branches: Branches,
    control: Control,
}

/// Starting and stopping `capture` and `preview` (LS-99).
#[derive(Debug)]
struct Control {
    host: Host,
    gates: [Gate; 2],
    /// An output missed samples, so its next one does not follow.
    broken: [bool; 2],
}

impl Control {
    fn gate(&mut self, pin: Pin) -> Option<&mut Gate> {
        match pin {
            Pin::Output(number) => self.gates.get_mut(number as usize),
            Pin::Input(_) => None,
        }
    }

    /// Whether a sample goes through this output now, with what its stop or start made of it.
    fn admit(&mut self, pin: u32, sample: &mut Sample) -> bool {
        if pin == PREVIEW {
            sample.set_times(None, None);
        }
        let at = pin as usize;
        let Some(gate) = self.gates.get_mut(at) else { return true };
        let passes = gate.passes(sample.times().ok());
        gate.tell(&self.host, Pin::Output(pin));
        if let Some(broken) = self.broken.get_mut(at) {
            let broken = std::mem::replace(broken, !passes);
            sample.set_discontinuity(sample.discontinuity() || broken);
        }
        passes
    }
}

impl Filter for SmartTee {
    const ID: &'static str = "driftless.smart-tee";

    fn create(_settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let gates = [Gate::new(PinCategory::Capture), Gate::new(PinCategory::Preview)];
        let control = Control { host, gates, broken: [false; 2] };
        Ok(Self { branches: Branches::default(), control })
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
        self.control.broken = [false; 2];
        Ok(())
    }

    fn stream_control(&mut self) -> Option<&mut dyn StreamControl> {
        Some(self)
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
        Ok(self.branches.deliver(sample, output, |pin, share| self.control.admit(pin, share)))
    }
}

impl StreamControl for SmartTee {
    fn start_at(&mut self, pin: Pin, when: When, cookie: u32) -> Status {
        self.control.gate(pin).map_or(Status::INVALID_ARGUMENT, |gate| gate.start_at(when, cookie))
    }

    fn stop_at(&mut self, pin: Pin, when: When, send_extra: bool, cookie: u32) -> Status {
        let gate = self.control.gate(pin);
        gate.map_or(Status::INVALID_ARGUMENT, |gate| gate.stop_at(when, send_extra, cookie))
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
