//! What the source says of itself to the graph: live or not, latency and stream offset.

use driftless_plugin_api::{Latency, Pin, PushSource, Span, Status};

use crate::FileSource;
use crate::live::Live;

impl Latency for FileSource {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(self.live.as_ref().map_or(Span::ZERO, Live::latency))
    }
}

impl PushSource for FileSource {
    fn stream_offset(&self, _pin: Pin) -> Span {
        self.live.as_ref().map_or(Span::ZERO, |live| live.offset.get())
    }

    fn set_stream_offset(&mut self, _pin: Pin, offset: Span) -> Status {
        // Not live it is no push source, so nobody has anything to ask here.
        let Some(live) = &mut self.live else { return Status::NO_INTERFACE };
        live.offset.set(offset, live.latency())
    }

    fn max_stream_offset(&self, _pin: Pin) -> Span {
        self.live.as_ref().map_or(Span::ZERO, |live| live.offset.max(live.latency()))
    }
}
