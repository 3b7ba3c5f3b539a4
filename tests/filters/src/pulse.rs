//! A live source.

use super::*;

/// `test.pulse`
pub(crate) struct Pulse {
    host: Host,
    latency: Span,
    offset: Span,
    count: i64,
    panics_at: i64,
    loses_device_at: i64,
    /// Before which sample the latency changes, and what it becomes.
    change: (i64, Span),
    /// How much faster than host time its clock runs, if it offers one.
    clock_ppm: Option<f64>,
    sent: i64,
    next: Option<HostTime>,
    fresh: bool,
}

impl Filter for Pulse {
    const ID: &'static str = "test.pulse";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            host,
            latency: settings.time("latency")?,
            offset: Span::ZERO,
            count: settings.integer("count")?,
            panics_at: settings.integer("panics-at")?,
            loses_device_at: settings.integer("loses-device-at")?,
            change: (settings.integer("changes-at")?, settings.time("becomes")?),
            clock_ppm: match settings.boolean("clock")? {
                true => Some(settings.number("rate-error")?),
                false => None,
            },
            sent: 0,
            next: None,
            fresh: true,
        })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(FORMAT).into()]
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn run(&mut self, _: ReferenceTime) -> Result<(), FilterError> {
        (self.next, self.fresh) = (None, true);
        Ok(())
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
    fn clock(&mut self) -> Option<&mut dyn Clock> {
        Some(self)
    }
}

impl Clock for Pulse {
    fn offers(&self) -> bool {
        self.clock_ppm.is_some()
    }
    fn identity(&self) -> String {
        String::new()
    }
}

impl Pulse {
    fn publish_clock(&self, now: HostTime) {
        if let Some(ppm) = self.clock_ppm {
            let rate = 1.0 + ppm * 1e-6;
            let since = (now - HostTime::ZERO).nanos();
            let reference = since + (since as f64 * ppm * 1e-6).round() as i64;
            let reference = ReferenceTime::from_nanos(reference);
            self.host.publish_clock(ClockReading { host: now, reference, rate });
        }
    }
}

impl Latency for Pulse {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Ok(self.latency)
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
        let now = output.now();
        self.publish_clock(now);
        let due = *self.next.get_or_insert(now);
        if due > now {
            return Ok(Wake::At(due));
        }
        if self.sent + 1 == self.change.0 {
            // A longer buffer: what would have been delivered now is so later.
            let more = self.change.1 - std::mem::replace(&mut self.latency, self.change.1);
            self.change.0 = 0;
            self.host.event(EventCode::LATENCY_CHANGED, 0, 0, "");
            let later = due + more.max(Span::ZERO);
            self.next = Some(later);
            return Ok(Wake::At(later));
        }
        self.sent += 1;
        if self.sent == self.loses_device_at {
            self.host.event(EventCode::DEVICE_LOST, 0, 0, "unplugged");
        }
        assert!(self.sent != self.panics_at, "asked to panic");
        let mut sample = self.host.audio_sample(BLOCK, 1).ok_or(Status::FAIL)?;
        sample.bytes_mut().ok_or(Status::FAIL)?.fill(0);
        // Delivered now, so captured `latency` ago: a delivery-referenced stamp is now.
        let start = self.host.clock().stream_time(due) + self.offset;
        sample.set_times(Some(start), Some(start + PERIOD));
        sample.set_discontinuity(std::mem::take(&mut self.fresh));
        output.deliver(0, sample);
        if self.sent == self.count {
            return Ok(Wake::Ended);
        }
        self.next = Some(due + PERIOD);
        Ok(Wake::At(due + PERIOD))
    }
}
