//! The live source.

use super::*;

/// A live source: a sample about every 10 ms, sometimes a flush, perhaps an end.
pub struct Live {
    probe: Probe,
    source: u64,
    count: u64,
    flush_percent: u64,
    latency: Span,
    stamps: Stamps,
    offset: StreamOffset,
    jitter: Random,
    number: u64,
    begun_at: u64,
    /// When the next sample is captured; none yet in this run.
    next: Option<HostTime>,
    /// The next sample does not follow.
    broken: bool,
}

impl Filter for Live {
    const ID: &'static str = "probe.live";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let jitter = Random(host.seed());
        Ok(Self {
            source: settings.integer("source")? as u64,
            count: settings.integer("count")? as u64,
            flush_percent: settings.integer("flush-percent")? as u64,
            latency: settings.time("latency")?,
            stamps: Stamps::named(settings.text("stamps")?).unwrap_or_default(),
            offset: StreamOffset::new(Span::from_secs(5)),
            probe: Probe::new(settings, host)?,
            jitter,
            number: 0,
            begun_at: 0,
            next: None,
            broken: true,
        })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(FORMAT).into()]
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn activate(&mut self) -> Result<(), FilterError> {
        self.probe.change("activate", What::Activate)?;
        self.begun_at = self.number; // a run of its own, with numbers that go on
        self.offset.restart();
        Ok(())
    }
    fn run(&mut self, base: ReferenceTime) -> Result<(), FilterError> {
        (self.next, self.broken) = (None, true);
        self.probe.change("run", What::Run(base.nanos()))
    }
    fn pause(&mut self) {
        let _ = self.probe.change("pause", What::Pause);
    }
    fn deactivate(&mut self) {
        let _ = self.probe.change("deactivate", What::Deactivate);
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

impl Latency for Live {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Ok(self.latency)
    }
}

impl PushSource for Live {
    fn stamps(&self, _: Pin) -> Stamps {
        self.stamps
    }
    fn stream_offset(&self, _: Pin) -> Span {
        self.offset.get()
    }
    fn set_stream_offset(&mut self, _: Pin, offset: Span) -> Status {
        self.offset.set(offset, self.latency)
    }
    fn max_stream_offset(&self, _: Pin) -> Span {
        self.offset.max(self.latency)
    }
}

impl Source for Live {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        // What is delivered first was captured when the run began (LS-11).
        let captured = *self.next.get_or_insert(output.now());
        let due = captured + self.latency;
        if due > output.now() {
            return Ok(Wake::At(due));
        }
        self.probe.call("step")?;
        if self.number - self.begun_at == self.count {
            return Ok(Wake::Ended);
        }
        if self.jitter.percent(self.flush_percent) {
            self.probe.note(What::Flushes(self.source, self.number));
            output.mark_all(Marker::BeginFlush);
            output.mark_all(Marker::EndFlush);
        }
        let next = captured + PERIOD + Span::from_nanos(self.jitter.below(2_000_000) as i64);
        self.next = Some(next);
        let clock = self.probe.host.clock();
        let start = clock.stream_time(if self.stamps == Stamps::Capture { captured } else { due });
        let Some((start, stop)) = self.offset.admit((start, start + PERIOD)) else {
            self.broken = true;
            return Ok(Wake::At(next + self.latency));
        };
        let jumped = self.offset.delivered((start, stop));
        self.number += 1;
        let (source, life) = (self.source, self.probe.host.seed());
        let label = Label { source, life, number: self.number, captured: captured.nanos() };
        let mut sample = self.probe.sample(label, start)?;
        sample.set_flags(sample.flags().with(SampleFlags::FLUSH_ON_PAUSE, true));
        sample.set_discontinuity(std::mem::take(&mut self.broken) || jumped);
        deliver(sample, output);
        Ok(Wake::At(next + self.latency))
    }
}
