//! A live source.

use driftless_plugin_api::{
    AudioFormat, Cue, Filter, FilterError, Host, HostTime, Latency, MediaPattern, MediaType,
    Output, Pin, PushSource, ReferenceTime, Settings, Source, Span, Status, Wake,
};

use crate::mischief::{Mischief, common_calls};

const FORMAT: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 1 };
const FRAMES: usize = 480;
const PERIOD: Span = Span::from_millis(10);

/// The filter `fixture.source`.
#[derive(Debug)]
pub struct Pulse {
    host: Host,
    mischief: Mischief,
    media: Option<MediaType>,
    offset: Span,
    count: i64,
    sent: i64,
    next: Option<HostTime>,
}

impl Pulse {
    const CUE: Cue = Cue::CantCue;
}

impl Filter for Pulse {
    const ID: &'static str = "fixture.source";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let (mischief, count) = (Mischief::create(settings)?, settings.integer("count")?);
        Ok(Self { host, mischief, media: None, offset: Span::ZERO, count, sent: 0, next: None })
    }

    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        self.mischief.tempt_surely("media-types");
        vec![MediaType::Audio(FORMAT).into()]
    }

    fn run(&mut self, _: ReferenceTime) -> Result<(), FilterError> {
        self.next = None;
        self.mischief.tempt("run")
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        self.mischief.tempt_surely("counters");
        vec![("sent", self.sent.unsigned_abs())]
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        Some(self)
    }

    common_calls!();
}

impl Latency for Pulse {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Ok(Span::ZERO)
    }
}

impl PushSource for Pulse {
    fn stream_offset(&self, _: Pin) -> Span {
        self.offset
    }

    fn set_stream_offset(&mut self, _: Pin, offset: Span) -> Status {
        self.offset = offset;
        Status::OK
    }

    fn max_stream_offset(&self, _: Pin) -> Span {
        Span::from_secs(5)
    }
}

impl Source for Pulse {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let due = *self.next.get_or_insert(output.now());
        if due > output.now() {
            return Ok(Wake::At(due));
        }
        self.mischief.tempt("step")?;
        let mut sample = self.host.audio_sample(FRAMES, 1).ok_or(Status::FAIL)?;
        let start = self.host.clock().stream_time(due) + self.offset;
        sample.set_times(Some(start), Some(start + PERIOD));
        sample.set_discontinuity(self.sent == 0);
        output.deliver(0, sample);
        self.sent += 1;
        if self.sent == self.count {
            return Ok(Wake::Ended);
        }
        self.next = Some(due + PERIOD);
        Ok(Wake::At(due + PERIOD))
    }
}
