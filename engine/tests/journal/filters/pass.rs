//! The transform.

use std::collections::{BTreeSet, VecDeque};

use super::*;

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
    fn run(&mut self, base: ReferenceTime) -> Result<(), FilterError> {
        self.probe.change("run", What::Run(base.nanos()))
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
        self.probe.note(What::Receives(pin, label(&sample), sample.discontinuity()));
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
