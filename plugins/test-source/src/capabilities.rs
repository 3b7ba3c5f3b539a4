//! What the source tells the graph of itself.

use driftless_plugin_api::{
    Clock, IS_SOURCE, Latency, Pin, PinCategory, Pins, PushSource, PushSourceFlags, Span, Stamps,
    Status, StreamControl, When,
};

use crate::TestSource;

impl Latency for TestSource {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(self.setup.latency)
    }
}

impl PushSource for TestSource {
    fn flags(&self, _pin: Pin) -> PushSourceFlags {
        self.setup.flags
    }

    fn stamps(&self, _pin: Pin) -> Stamps {
        self.stamper.stamps()
    }

    fn stream_offset(&self, _pin: Pin) -> Span {
        self.stamper.offset.get()
    }

    fn set_stream_offset(&mut self, _pin: Pin, offset: Span) -> Status {
        self.stamper.offset.set(offset, self.setup.latency)
    }

    fn max_stream_offset(&self, _pin: Pin) -> Span {
        self.stamper.offset.max(self.setup.latency)
    }

    fn set_max_stream_offset(&mut self, _pin: Pin, max: Span) -> Status {
        self.stamper.offset.set_max(max, self.setup.latency, self.connected)
    }
}

impl Clock for TestSource {
    fn offers(&self) -> bool {
        self.setup.offers_clock
    }
}

impl Pins for TestSource {
    fn category(&self, _pin: Pin) -> PinCategory {
        PinCategory::Capture
    }

    fn misc_flags(&self) -> u32 {
        IS_SOURCE
    }
}

impl StreamControl for TestSource {
    fn start_at(&mut self, _pin: Pin, when: When, cookie: u32) -> Status {
        self.gate.start_at(when, cookie)
    }

    fn stop_at(&mut self, _pin: Pin, when: When, send_extra: bool, cookie: u32) -> Status {
        self.gate.stop_at(when, send_extra, cookie)
    }
}
