//! What the renderer answers when it is asked: latency, clock, tolerance, statistics.

use driftless_plugin_api::{
    Clock, ClockSlave, Latency, Pin, RendererStatistics, Span, Statistics, Status,
};

use super::AudioRenderer;

impl Latency for AudioRenderer {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(match &self.active {
            Some(active) => active.latency,
            None => self.options.latency,
        })
    }
}

impl Clock for AudioRenderer {
    fn offers(&self) -> bool {
        self.options.clock
    }

    fn identity(&self) -> String {
        self.active.as_ref().map(|active| active.device.identity()).unwrap_or_default()
    }
}

impl ClockSlave for AudioRenderer {
    fn tolerance(&self) -> Span {
        self.tolerance
    }

    fn set_tolerance(&mut self, tolerance: Span) -> Status {
        if self.active.is_some() {
            return Status::NOT_STOPPED;
        }
        if !(Span::from_millis(1)..=Span::from_millis(1000)).contains(&tolerance) {
            return Status::INVALID_ARGUMENT;
        }
        self.tolerance = tolerance;
        Status::OK
    }
}

impl RendererStatistics for AudioRenderer {
    fn statistics(&self) -> Statistics {
        let Some(active) = &self.active else { return Statistics::default() };
        let intake = &active.intake;
        let decision = intake.decision();
        Statistics {
            row: decision.map_or(0, |decision| u32::from(decision.row)),
            mode: decision.map_or(0, |decision| decision.mode_mask),
            overruns: intake.overruns(),
            last_buffer: intake.last_block().nanos(),
            capacity: intake.capacity().nanos(),
            ..active.newest.output_buffer().statistics
        }
    }
}
