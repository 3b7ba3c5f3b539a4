//! A live source with one fault.

use driftless_plugin_api::{
    AudioFormat, Cue, Filter, FilterError, Host, HostTime, Latency, MediaPattern, MediaType,
    Output, Pin, PushSource, Settings, Source, Span, State, Status, StreamTime, Wake,
};

const FORMAT: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 1 };
const FRAMES: usize = 480;
const PERIOD: Span = Span::from_millis(10);
const MAX_OFFSET: Span = Span::from_secs(2);

/// The filter `faulty.source`.
#[derive(Debug)]
pub struct FaultySource {
    host: Host,
    fault: String,
    connected: bool,
    activations: u32,
    offset: Span,
    next: Option<HostTime>,
    resumed: bool,
    last: Option<StreamTime>,
    broken: bool,
    sent: u64,
}

impl FaultySource {
    fn has(&self, fault: &str) -> bool {
        self.fault == fault
    }

    fn stamp(&mut self, due: HostTime) -> StreamTime {
        let offset = if self.has("subtracts-offset") { -self.offset } else { self.offset };
        let stamp = self.host.clock().stream_time(due) + offset;
        match self.last {
            None if self.has("repeats-a-stamp") => stamp + PERIOD,
            Some(last) if self.resumed && self.has("stale-after-pause") => {
                last + Span::from_millis(1)
            }
            _ => stamp,
        }
    }

    fn send(&mut self, due: HostTime, output: &mut Output<'_>) -> Result<(), FilterError> {
        let stamp = self.stamp(due);
        self.resumed = false;
        let repeats = self.sent == 1 && self.has("repeats-a-stamp");
        if self.last.is_some_and(|last| stamp <= last) && !repeats {
            self.broken = true;
            return Ok(());
        }
        let mut sample = self.host.audio_sample(FRAMES, 1).ok_or(Status::FAIL)?;
        sample.values_mut(&self.host).ok_or(Status::FAIL)?.fill(0.0);
        sample.set_times(Some(stamp), Some(stamp + PERIOD));
        sample.set_discontinuity(std::mem::take(&mut self.broken));
        self.last = Some(stamp);
        self.sent += 1;
        output.deliver(0, sample);
        Ok(())
    }
}

impl Filter for FaultySource {
    const ID: &'static str = "faulty.source";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            host,
            fault: settings.text("fault")?.to_owned(),
            connected: false,
            activations: 0,
            offset: Span::ZERO,
            next: None,
            resumed: false,
            last: None,
            broken: true,
            sent: 0,
        })
    }

    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(FORMAT).into()]
    }

    fn connect(&mut self, _: Pin, media: MediaType) -> Result<(), FilterError> {
        if media != MediaType::Audio(FORMAT) {
            return Err(Status::TYPE_NOT_ACCEPTED.into());
        }
        self.connected = true;
        Ok(())
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        assert!(self.connected || !self.has("unconnected-panics"), "nobody connected it");
        self.activations += 1;
        if self.activations > 1 && self.has("second-activation-fails") {
            return Err(FilterError::new("once is enough"));
        }
        if self.has("leaks") {
            std::mem::forget(vec![0_u8; 1000]);
        }
        if self.has("leaves-a-file") {
            std::mem::forget(std::fs::File::open(std::env::temp_dir()));
        }
        if self.has("leaves-a-thread") {
            std::thread::spawn(|| {
                loop {
                    std::thread::park();
                }
            });
        }
        (self.last, self.broken, self.sent) = (None, true, 0);
        Ok(())
    }

    fn pause(&mut self) {
        (self.next, self.resumed, self.broken) = (None, true, true);
    }

    fn deactivate(&mut self) {
        self.next = None;
    }

    fn cue(&self) -> Cue {
        Cue::CantCue
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        Some(self)
    }
}

impl Latency for FaultySource {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Ok(if self.has("latency-differs") { Span::from_millis(9) } else { PERIOD })
    }
}

impl PushSource for FaultySource {
    fn stream_offset(&self, _: Pin) -> Span {
        self.offset
    }

    fn set_stream_offset(&mut self, _: Pin, offset: Span) -> Status {
        if offset < Span::ZERO {
            return Status::INVALID_ARGUMENT;
        }
        self.broken |= offset != self.offset && !self.has("offset-unmarked");
        self.offset = offset;
        let beyond = offset > MAX_OFFSET && !self.has("offset-limit-unsaid");
        if beyond { Status::FALSE } else { Status::OK }
    }

    fn max_stream_offset(&self, _: Pin) -> Span {
        MAX_OFFSET
    }

    fn set_max_stream_offset(&mut self, _: Pin, max: Span) -> Status {
        if max < self.offset && !self.has("offset-room-taken") {
            return Status::INVALID_ARGUMENT;
        }
        Status::OK
    }
}

impl Source for FaultySource {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        assert!(!self.has("panics"), "asked to panic");
        if self.host.clock().state() != State::Running {
            if self.has("delivers-in-pause") {
                let sample = self.host.audio_sample(FRAMES, 1).ok_or(Status::FAIL)?;
                output.deliver(0, sample);
            }
            return Ok(Wake::OnSignal);
        }
        let mut due = *self.next.get_or_insert(output.now() + PERIOD);
        while due <= output.now() {
            self.send(due, output)?;
            due += PERIOD;
        }
        self.next = Some(due);
        Ok(Wake::At(due))
    }
}
