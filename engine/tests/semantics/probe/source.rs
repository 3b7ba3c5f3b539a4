//! Sources.

use super::*;

const BLOCK: Span = Span::from_millis(10);

fn audio(rate_hz: u32) -> MediaType {
    MediaType::Audio(AudioFormat { rate_hz, channels: 1 })
}

/// `probe.teller`
pub struct Teller {
    host: Host,
    name: String,
    latency: Span,
    offers: bool,
    crystal: String,
    flags: PushSourceFlags,
    cue: Cue,
    gap: Span,
    rate: f64,
    count: i64,
    rates: Vec<u32>,
    declines: Vec<u32>,
    flushes_at: i64,
    fails_in: String,
    answer: Status,
    offsets: [Span; 2],
    sent: i64,
    due: Option<HostTime>,
}

impl Filter for Teller {
    const ID: &'static str = "probe.teller";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let words = settings.words("flags")?.iter();
        let flags = words.filter_map(|word| PushSourceFlags::named(word));
        Ok(Self {
            host,
            name: settings.text("as")?.to_owned(),
            latency: settings.time("latency")?,
            offers: settings.boolean("clock")?,
            crystal: settings.text("crystal")?.to_owned(),
            flags: flags.fold(PushSourceFlags::NONE, PushSourceFlags::union),
            cue: if settings.text("cue")? == "done" { Cue::Done } else { Cue::CantCue },
            gap: settings.time("gap")?,
            rate: settings.number("rate")?,
            count: settings.integer("count")?,
            rates: rates(settings, "offers")?,
            declines: rates(settings, "declines")?,
            flushes_at: settings.integer("flushes-at")?,
            fails_in: settings.text("fails-in")?.to_owned(),
            answer: match settings.text("answers")? {
                "false" => Status::FALSE,
                "refuses" => Status::INVALID_ARGUMENT,
                _ => Status::OK,
            },
            offsets: [Span::ZERO; 2],
            sent: 0,
            due: None,
        })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        self.rates.iter().map(|rate| audio(*rate).into()).collect()
    }
    fn connect(&mut self, _: Pin, media: MediaType) -> Result<(), FilterError> {
        if self.declines.iter().any(|rate| audio(*rate) == media) {
            note(&self.name, format!("declines {media}"));
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, "not this one"));
        }
        note(&self.name, format!("connected with {media}"));
        Ok(())
    }
    fn disconnect(&mut self, pin: Pin) {
        note(&self.name, format!("disconnected {pin:?}"));
    }
    fn activate(&mut self) -> Result<(), FilterError> {
        self.enter("activate")?;
        note(&self.name, "activated");
        if self.offers {
            let host = self.host.now();
            let reference = ReferenceTime::from_nanos(host.nanos());
            self.host.publish_clock(ClockReading { host, reference, rate: 1.0 });
        }
        (self.sent, self.due) = (0, None);
        Ok(())
    }
    fn run(&mut self, base: ReferenceTime) -> Result<(), FilterError> {
        self.enter("run")?;
        let lead = base - self.host.clock().reference_time(self.host.now());
        note(&self.name, format!("runs in {lead}"));
        if self.fails_in == "second-run" {
            self.fails_in = "run".to_owned();
        }
        self.due = None;
        Ok(())
    }
    fn pause(&mut self) {
        note(&self.name, "pauses");
    }
    fn deactivate(&mut self) {
        note(&self.name, "deactivated");
    }
    fn cue(&self) -> Cue {
        self.cue
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
    fn stream_control(&mut self) -> Option<&mut dyn StreamControl> {
        Some(self)
    }
    fn quality_control(&mut self) -> Option<&mut dyn QualityControl> {
        Some(self)
    }
}

impl Teller {
    fn enter(&self, state: &str) -> Result<(), FilterError> {
        if self.fails_in == state { Err(FilterError::new("as it was told")) } else { Ok(()) }
    }
}

impl QualityControl for Teller {
    fn notify(&mut self, pin: Pin, quality: Quality) -> Status {
        let Quality { pressure, proportion, late, .. } = quality;
        note(&self.name, format!("{pin:?} {pressure:?} {proportion} {late}"));
        Status::OK
    }
}

impl Latency for Teller {
    fn latency(&self, pin: Pin) -> Result<Span, Status> {
        Ok(self.latency + Span::from_millis(if pin == Pin::Output(1) { 30 } else { 0 }))
    }
}

impl Clock for Teller {
    fn offers(&self) -> bool {
        self.offers
    }
    fn identity(&self) -> String {
        self.crystal.clone()
    }
}

impl PushSource for Teller {
    fn flags(&self, _: Pin) -> PushSourceFlags {
        self.flags
    }
    fn stream_offset(&self, pin: Pin) -> Span {
        self.offsets[(pin == Pin::Output(1)) as usize]
    }
    fn set_stream_offset(&mut self, pin: Pin, offset: Span) -> Status {
        let clock = self.host.clock();
        let own = match (clock.has_clock(), clock.is_own_clock()) {
            (false, _) => "none",
            (true, true) => "own",
            (true, false) => "another's",
        };
        let pin = (pin == Pin::Output(1)) as usize;
        note(&self.name, format!("offset {pin} is {offset}, clock {own}, {:?}", clock.state()));
        if self.answer.is_success() {
            self.offsets[pin] = offset;
        }
        self.answer
    }
    fn max_stream_offset(&self, _: Pin) -> Span {
        Span::from_secs(5)
    }
    fn set_max_stream_offset(&mut self, _: Pin, max: Span) -> Status {
        note(&self.name, format!("no offset above {max}"));
        Status::OK
    }
}

impl StreamControl for Teller {
    fn start_at(&mut self, pin: Pin, when: When, cookie: u32) -> Status {
        note(&self.name, format!("start {pin:?} {when:?} {cookie}"));
        self.host.event(EventCode::LATENCY_CHANGED, i64::from(pin.to_raw()), 0, "");
        Status::OK
    }
    fn stop_at(&mut self, pin: Pin, when: When, send_extra: bool, cookie: u32) -> Status {
        note(&self.name, format!("stop {pin:?} {when:?} {send_extra} {cookie}"));
        Status::INVALID_ARGUMENT
    }
}

impl Source for Teller {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let now = output.now();
        let due = *self.due.get_or_insert(now);
        if due > now {
            return Ok(Wake::At(due));
        }
        if self.sent == 10 {
            self.enter("step")?;
        }
        if self.sent == self.count {
            return Ok(Wake::Ended);
        }
        if self.sent == 0 && self.rate != 0.0 {
            let (start, stop) = (StreamTime::ZERO, StreamTime::MAX);
            output.mark_all(Marker::NewSegment { start, stop, rate: self.rate });
        }
        self.sent += 1;
        if self.sent == self.flushes_at {
            output.mark_all(Marker::BeginFlush);
        }
        for pin in 0..output.pins() {
            let mut sample = self.host.audio_sample(480, 1).ok_or(Status::FAIL)?;
            let start = self.host.clock().stream_time(due) + self.offsets[usize::from(pin == 1)];
            sample.set_times(Some(start), Some(start + BLOCK));
            output.deliver(pin, sample);
        }
        if self.sent == self.flushes_at {
            output.mark_all(Marker::EndFlush);
        }
        let gap = if self.sent == 50 { self.gap } else { Span::ZERO };
        self.due = Some(due + BLOCK + gap);
        Ok(Wake::At(due + BLOCK + gap))
    }
}

/// `probe.shy`: what it has it shows once, and then it fails whatever it is asked.
pub struct Shy {
    host: Host,
    shown: bool,
}

impl Filter for Shy {
    const ID: &'static str = "probe.shy";
    fn create(_: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self { host, shown: false })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![audio(48_000).into()]
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn cue(&self) -> Cue {
        Cue::CantCue
    }
    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }
    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        (!std::mem::replace(&mut self.shown, true)).then_some(self)
    }
    fn clock(&mut self) -> Option<&mut dyn Clock> {
        Some(self)
    }
}

impl Latency for Shy {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Err(Status::NOT_IMPLEMENTED)
    }
}

impl Clock for Shy {
    fn offers(&self) -> bool {
        true
    }
}

impl PushSource for Shy {
    fn flags(&self, _: Pin) -> PushSourceFlags {
        unreachable!("it is asked for its push source once only")
    }
    fn stamps(&self, _: Pin) -> Stamps {
        unreachable!("likewise")
    }
    fn stream_offset(&self, _: Pin) -> Span {
        unreachable!("likewise")
    }
    fn set_stream_offset(&mut self, _: Pin, _: Span) -> Status {
        unreachable!("likewise")
    }
    fn max_stream_offset(&self, _: Pin) -> Span {
        unreachable!("likewise")
    }
}

impl Source for Shy {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let sample = self.host.audio_sample(480, 1).ok_or(Status::FAIL)?;
        output.deliver(0, sample);
        Ok(Wake::At(output.now() + BLOCK))
    }
}
