//! What the source answers when it is asked: latency, stream offset, clock, category.

use driftless_plugin_api::{
    Clock, IS_SOURCE, Latency, Pin, PinCategory, Pins, PushSource, Span, Stamps, Status,
    StreamControl, When,
};

use super::{AudioCapture, needed_latency};

impl AudioCapture {
    fn latency_now(&self) -> Span {
        match &self.active {
            Some(active) => needed_latency(&self.options, &*active.device),
            None => self.options.latency,
        }
    }
}

impl Latency for AudioCapture {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(self.latency_now())
    }
}

impl PushSource for AudioCapture {
    fn stamps(&self, _pin: Pin) -> Stamps {
        Stamps::Capture
    }

    fn stream_offset(&self, _pin: Pin) -> Span {
        self.stamper.offset.get()
    }

    fn set_stream_offset(&mut self, _pin: Pin, offset: Span) -> Status {
        self.stamper.offset.set(offset, self.latency_now())
    }

    fn max_stream_offset(&self, _pin: Pin) -> Span {
        self.stamper.offset.max(self.latency_now())
    }

    fn set_max_stream_offset(&mut self, _pin: Pin, max: Span) -> Status {
        self.stamper.offset.set_max(max, self.latency_now(), self.connected)
    }
}

impl Clock for AudioCapture {
    fn offers(&self) -> bool {
        self.options.clock
    }

    fn identity(&self) -> String {
        self.active.as_ref().map(|active| active.device.identity()).unwrap_or_default()
    }
}

impl StreamControl for AudioCapture {
    fn start_at(&mut self, _pin: Pin, when: When, cookie: u32) -> Status {
        self.gate.start_at(when, cookie)
    }

    fn stop_at(&mut self, _pin: Pin, when: When, send_extra: bool, cookie: u32) -> Status {
        self.gate.stop_at(when, send_extra, cookie)
    }
}

impl Pins for AudioCapture {
    fn category(&self, _pin: Pin) -> PinCategory {
        PinCategory::Capture
    }

    fn misc_flags(&self) -> u32 {
        IS_SOURCE
    }
}
