//! A renderer.

use std::collections::VecDeque;
use std::sync::Arc;

use super::*;

/// `test.collect`
pub(crate) struct Collect {
    host: Host,
    delay: Span,
    change: (i64, Span),
    name: Arc<str>,
    fails_at: i64,
    hangs_at: i64,
    received: i64,
    waiting: VecDeque<Sample>,
    ending: bool,
}

impl Filter for Collect {
    const ID: &'static str = "test.collect";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            host,
            delay: settings.time("delay")?,
            change: (settings.integer("delay-changes-at")?, settings.time("delay-becomes")?),
            name: settings.text("as")?.into(),
            fails_at: settings.integer("fails-at")?,
            hangs_at: settings.integer("hangs-at")?,
            received: 0,
            waiting: VecDeque::new(),
            ending: false,
        })
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn cue(&self) -> Cue {
        if self.waiting.is_empty() && !self.ending { Cue::Intermediate } else { Cue::Done }
    }
    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }
}

impl Latency for Collect {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Ok(self.delay)
    }
}

impl Renderer for Collect {
    fn receive(&mut self, _: u32, sample: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        self.received += 1;
        if self.received == self.change.0 {
            self.delay = self.change.1;
            self.host.event(EventCode::LATENCY_CHANGED, 0, 0, "");
        }
        assert!(self.received != self.fails_at, "asked to panic");
        if self.received == self.hangs_at {
            loop {
                std::thread::park();
            }
        }
        self.waiting.push_back(sample);
        Ok(Flow::Continue)
    }
    fn mark(&mut self, _: u32, marker: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        match marker {
            Marker::EndOfStream => self.ending = true,
            Marker::BeginFlush => {
                self.waiting.clear();
                self.ending = false;
            }
            _ => {}
        }
        Ok(())
    }
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let clock = self.host.clock();
        if clock.state() != State::Running {
            return Ok(Wake::OnSignal);
        }
        while let Some(sample) = self.waiting.front() {
            let stamp = sample.start().unwrap_or(StreamTime::ZERO);
            let due = clock.host_time(stamp + clock.presentation_delay());
            if due > output.now() {
                return Ok(Wake::At(due));
            }
            let presented = clock.stream_time(output.now());
            let entry = (self.name.to_string(), presented.nanos(), stamp.nanos());
            COLLECTED.lock().unwrap().push(entry);
            self.waiting.pop_front();
        }
        if std::mem::take(&mut self.ending) {
            self.host.event(EventCode::COMPLETE, 0, 0, "");
        }
        Ok(Wake::OnSignal)
    }
    fn ready(&self) -> bool {
        self.waiting.len() < 3
    }
}
