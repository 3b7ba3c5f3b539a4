//! What the source says of itself to the graph: live or not, latency and stream offset.

use driftless_plugin_api::{Latency, Pin, PushSource, PushSourceFlags, Span, Stamps, Status};

use crate::FileSource;
use crate::live::Live;

impl Latency for FileSource {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(self.live.as_ref().map_or(Span::ZERO, Live::latency))
    }
}

impl PushSource for FileSource {
    fn flags(&self, _pin: Pin) -> PushSourceFlags {
        PushSourceFlags::NONE
    }

    fn stamps(&self, _pin: Pin) -> Stamps {
        Stamps::Delivery
    }

    fn stream_offset(&self, _pin: Pin) -> Span {
        self.live.as_ref().map_or(Span::ZERO, Live::offset)
    }

    fn set_stream_offset(&mut self, pin: Pin, offset: Span) -> Status {
        if offset < Span::ZERO {
            return Status::INVALID_ARGUMENT;
        }
        match &mut self.live {
            Some(live) => live.set_offset(offset),
            // Not live it is no push source, so nobody has anything to ask here.
            None => return Status::NO_INTERFACE,
        }
        if offset > self.max_stream_offset(pin) { Status::FALSE } else { Status::OK }
    }

    fn max_stream_offset(&self, _pin: Pin) -> Span {
        self.live.as_ref().map_or(Span::ZERO, |live| self.max_offset.max(live.latency()))
    }
}
