//! What the source says of itself to the graph: latency, flags and stream offset.

use driftless_plugin_api::{Latency, Pin, PushSource, PushSourceFlags, Span, Status};

use crate::RtpSource;

impl Latency for RtpSource {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(self.latency)
    }
}

impl PushSource for RtpSource {
    fn flags(&self, _pin: Pin) -> PushSourceFlags {
        PushSourceFlags::PRIVATE_CLOCK
    }

    fn stream_offset(&self, _pin: Pin) -> Span {
        self.stamper.offset.get()
    }

    fn set_stream_offset(&mut self, _pin: Pin, offset: Span) -> Status {
        self.stamper.offset.set(offset, self.latency)
    }

    fn max_stream_offset(&self, _pin: Pin) -> Span {
        self.stamper.offset.max(self.latency)
    }
}
