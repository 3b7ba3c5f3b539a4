//! The filters.

use std::collections::{BTreeSet, VecDeque};
use std::sync::OnceLock;

use driftless_engine::Catalog;
use driftless_plugin_api::*;

use super::{Label, Random, What, note};

const DESCRIPTOR: &str = include_str!("plugin.toml");

/// A catalog of these filters; always the same one, so that what is planned twice is the same too.
pub fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(fill)
}

fn fill() -> Catalog {
    let mut catalog = Catalog::default();
    let registration = Registration::new(DESCRIPTOR)
        .source::<Live>()
        .source::<File>()
        .transform::<Pass>()
        .renderer::<Show>();
    catalog.embed(registration).expect("the descriptor is good");
    catalog
}

const FORMAT: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 1 };
const BLOCK: usize = 480;
const PERIOD: Span = Span::from_millis(10);

/// What all of them have: a name, a journal, and a moment to fail.
struct Probe {
    host: Host,
    run: String,
    name: String,
    /// What fails: the name of a call.
    fails_in: String,
    /// Calls of it that go well before.
    good: i64,
    panics: bool,
}

impl Probe {
    fn new(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            host,
            run: settings.text("run")?.to_owned(),
            name: settings.text("name")?.to_owned(),
            fails_in: settings.text("fails-in")?.to_owned(),
            good: settings.integer("good")?,
            panics: settings.boolean("panics")?,
        })
    }

    fn note(&self, what: What) {
        note(&self.run, self.host.now(), (&self.name, self.host.seed()), what);
    }

    /// Fails here, if that is what it is to do.
    fn call(&mut self, name: &str) -> Result<(), FilterError> {
        if self.fails_in != name {
            return Ok(());
        }
        self.good -= 1;
        if self.good >= 0 {
            return Ok(());
        }
        self.note(What::Fails);
        assert!(!self.panics, "told to panic in {name}");
        Err(FilterError::new(format!("told to fail in {name}")))
    }

    fn change(&mut self, name: &str, what: What) -> Result<(), FilterError> {
        self.note(what);
        self.call(name)
    }

    fn mark(&self, pin: u32, marker: Marker) {
        self.note(match marker {
            Marker::EndOfStream => What::EndOfStream(pin),
            Marker::BeginFlush => What::BeginFlush(pin),
            Marker::EndFlush => What::EndFlush(pin),
            Marker::NewSegment { .. } => What::NewSegment(pin),
        });
    }

    fn sample(&self, label: Label, start: StreamTime) -> Result<Sample, FilterError> {
        let mut sample = self.host.audio_sample(BLOCK, 1).ok_or(Status::FAIL)?;
        sample.set_times(Some(start), Some(start + PERIOD));
        let bytes = sample.bytes_mut().ok_or(Status::FAIL)?;
        let words = [label.source, label.life, label.number, label.captured as u64];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        self.note(What::Makes(label));
        Ok(sample)
    }
}

fn label(sample: &Sample) -> Label {
    let mut words =
        sample.bytes().chunks_exact(8).map(|it| u64::from_le_bytes(it.try_into().unwrap()));
    let mut next = || words.next().unwrap_or_default();
    Label { source: next(), life: next(), number: next(), captured: next() as i64 }
}

/// A live source: a sample about every 10 ms, sometimes a flush, perhaps an end.
pub struct Live {
    probe: Probe,
    source: u64,
    count: u64,
    flush_percent: u64,
    jitter: Random,
    number: u64,
    begun_at: u64,
    next: Option<HostTime>,
}

impl Filter for Live {
    const ID: &'static str = "probe.live";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let jitter = Random(host.seed());
        Ok(Self {
            source: settings.integer("source")? as u64,
            count: settings.integer("count")? as u64,
            flush_percent: settings.integer("flush-percent")? as u64,
            probe: Probe::new(settings, host)?,
            jitter,
            number: 0,
            begun_at: 0,
            next: None,
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
        Ok(())
    }
    fn run(&mut self, _: ReferenceTime) -> Result<(), FilterError> {
        self.next = None;
        self.probe.change("run", What::Run)
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
        Ok(Span::from_millis(5))
    }
}

impl PushSource for Live {
    fn flags(&self, _: Pin) -> PushSourceFlags {
        PushSourceFlags::NONE
    }
    fn stamps(&self, _: Pin) -> Stamps {
        Stamps::Delivery
    }
    fn stream_offset(&self, _: Pin) -> Span {
        Span::ZERO
    }
    fn set_stream_offset(&mut self, _: Pin, _: Span) -> Status {
        Status::OK
    }
    fn max_stream_offset(&self, _: Pin) -> Span {
        Span::from_secs(5)
    }
}

impl Source for Live {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let now = output.now();
        let due = *self.next.get_or_insert(now);
        if due > now {
            return Ok(Wake::At(due));
        }
        self.probe.call("step")?;
        if self.number - self.begun_at == self.count {
            return Ok(Wake::Ended);
        }
        if self.jitter.percent(self.flush_percent) {
            self.probe.note(What::Flushes);
            output.mark_all(Marker::BeginFlush);
            output.mark_all(Marker::EndFlush);
        }
        self.number += 1;
        let (source, life) = (self.source, self.probe.host.seed());
        let label = Label { source, life, number: self.number, captured: now.nanos() };
        let mut sample = self.probe.sample(label, self.probe.host.clock().stream_time(now))?;
        sample.set_flags(sample.flags().with(SampleFlags::FLUSH_ON_PAUSE, true));
        deliver(sample, output);
        let next = now + PERIOD + Span::from_nanos(self.jitter.below(2_000_000) as i64);
        self.next = Some(next);
        Ok(Wake::At(next))
    }
}

fn deliver(sample: Sample, output: &mut Output<'_>) {
    for pin in 0..output.pins() {
        output.deliver(pin, sample.share());
    }
}

/// A source that is not live: `count` samples, as fast as they are taken.
pub struct File {
    probe: Probe,
    source: u64,
    count: u64,
    number: u64,
    begun_at: u64,
}

impl Filter for File {
    const ID: &'static str = "probe.file";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            source: settings.integer("source")? as u64,
            count: settings.integer("count")? as u64,
            probe: Probe::new(settings, host)?,
            number: 0,
            begun_at: 0,
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
        self.begun_at = self.number; // likewise
        Ok(())
    }
    fn run(&mut self, _: ReferenceTime) -> Result<(), FilterError> {
        self.probe.change("run", What::Run)
    }
    fn pause(&mut self) {
        let _ = self.probe.change("pause", What::Pause);
    }
    fn deactivate(&mut self) {
        let _ = self.probe.change("deactivate", What::Deactivate);
    }
}

impl Source for File {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        self.probe.call("step")?;
        let done = self.number - self.begun_at;
        if done == self.count {
            return Ok(Wake::Ended);
        }
        self.number += 1;
        let start = StreamTime::ZERO + Span::of_frames(done as i64 * BLOCK as i64, FORMAT.rate_hz);
        let captured = output.now().nanos();
        let (source, life) = (self.source, self.probe.host.seed());
        let label = Label { source, life, number: self.number, captured };
        deliver(self.probe.sample(label, start)?, output);
        Ok(Wake::At(output.now()))
    }
}

/// Passes everything from all inputs to all outputs, perhaps after holding it for a while.
pub struct Pass {
    probe: Probe,
    holds: Span,
    held: VecDeque<(HostTime, Sample)>,
    connected: BTreeSet<u32>,
    ended: BTreeSet<u32>,
}

impl Filter for Pass {
    const ID: &'static str = "probe.pass";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            holds: settings.time("holds")?,
            probe: Probe::new(settings, host)?,
            held: VecDeque::new(),
            connected: BTreeSet::new(),
            ended: BTreeSet::new(),
        })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(FORMAT).into()]
    }
    fn connect(&mut self, pin: Pin, _: MediaType) -> Result<(), FilterError> {
        if let Pin::Input(number) = pin {
            self.connected.insert(number);
        }
        Ok(())
    }
    fn disconnect(&mut self, pin: Pin) {
        if let Pin::Input(number) = pin {
            self.connected.remove(&number);
        }
    }
    fn activate(&mut self) -> Result<(), FilterError> {
        self.probe.change("activate", What::Activate)
    }
    fn run(&mut self, _: ReferenceTime) -> Result<(), FilterError> {
        self.probe.change("run", What::Run)
    }
    fn pause(&mut self) {
        self.held.retain(|(_, it)| !it.flags().contains(SampleFlags::FLUSH_ON_PAUSE));
        let _ = self.probe.change("pause", What::Pause);
    }
    fn deactivate(&mut self) {
        self.held.clear();
        self.ended.clear();
        let _ = self.probe.change("deactivate", What::Deactivate);
    }
    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }
}

impl Latency for Pass {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Ok(self.holds)
    }
}

impl Pass {
    fn let_go(&mut self, until: HostTime, output: &mut Output<'_>) {
        while self.held.front().is_some_and(|(at, _)| *at <= until) {
            if let Some((_, sample)) = self.held.pop_front() {
                deliver(sample, output);
            }
        }
    }
}

impl Transform for Pass {
    fn receive(
        &mut self,
        pin: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        self.probe.note(What::Receives(pin, label(&sample)));
        self.probe.call("receive")?;
        self.held.push_back((output.now() + self.holds, sample));
        self.let_go(output.now(), output);
        Ok(Flow::Continue)
    }
    fn mark(
        &mut self,
        pin: u32,
        marker: Marker,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        self.probe.mark(pin, marker);
        match marker {
            Marker::EndOfStream => {
                self.ended.insert(pin);
                if self.ended.is_superset(&self.connected) {
                    self.let_go(HostTime::MAX, output);
                    output.mark_all(marker);
                }
                return Ok(());
            }
            Marker::BeginFlush => self.held.clear(),
            Marker::EndFlush => drop(self.ended.remove(&pin)),
            Marker::NewSegment { .. } => {}
        }
        output.mark_all(marker);
        Ok(())
    }
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        self.let_go(output.now(), output);
        Ok(self.held.front().map_or(Wake::OnSignal, |(at, _)| Wake::At(*at)))
    }
}

/// Shows every sample when it is due.
pub struct Show {
    probe: Probe,
    waiting: VecDeque<Sample>,
    ended: bool,
    complete: bool,
}

impl Filter for Show {
    const ID: &'static str = "probe.show";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let probe = Probe::new(settings, host)?;
        Ok(Self { probe, waiting: VecDeque::new(), ended: false, complete: false })
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn activate(&mut self) -> Result<(), FilterError> {
        self.probe.change("activate", What::Activate)
    }
    fn run(&mut self, _: ReferenceTime) -> Result<(), FilterError> {
        self.complete = false;
        self.probe.change("run", What::Run)
    }
    fn pause(&mut self) {
        self.waiting.retain(|it| !it.flags().contains(SampleFlags::FLUSH_ON_PAUSE));
        let _ = self.probe.change("pause", What::Pause);
    }
    fn deactivate(&mut self) {
        self.waiting.clear();
        self.ended = false;
        let _ = self.probe.change("deactivate", What::Deactivate);
    }
    fn cue(&self) -> Cue {
        if self.waiting.is_empty() && !self.ended { Cue::Intermediate } else { Cue::Done }
    }
}

impl Renderer for Show {
    fn receive(
        &mut self,
        pin: u32,
        sample: Sample,
        _: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        self.probe.note(What::Receives(pin, label(&sample)));
        self.probe.call("receive")?;
        self.waiting.push_back(sample);
        Ok(Flow::Continue)
    }
    fn mark(&mut self, pin: u32, marker: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        self.probe.mark(pin, marker);
        match marker {
            Marker::EndOfStream => self.ended = true,
            Marker::BeginFlush => {
                self.waiting.clear();
                (self.ended, self.complete) = (false, false);
            }
            _ => {}
        }
        Ok(())
    }
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        self.probe.call("step")?;
        let clock = self.probe.host.clock();
        if clock.state() != State::Running {
            return Ok(Wake::OnSignal);
        }
        while let Some(sample) = self.waiting.front() {
            let due = sample.start().unwrap_or(StreamTime::ZERO) + clock.presentation_delay();
            let due = clock.host_time(due);
            if due > output.now() {
                return Ok(Wake::At(due));
            }
            self.probe.note(What::Presents(label(sample)));
            self.waiting.pop_front();
        }
        if self.ended && !std::mem::replace(&mut self.complete, true) {
            self.probe.note(What::Complete);
            self.probe.host.event(EventCode::COMPLETE, 0, 0, "");
        }
        Ok(Wake::OnSignal)
    }
    fn ready(&self) -> bool {
        self.waiting.len() < 3
    }
}
