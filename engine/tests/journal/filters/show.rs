//! The renderer.

use std::collections::VecDeque;

use super::*;

/// Shows every sample when it is due.
pub struct Show {
    probe: Probe,
    /// Samples it wants to hold before its pause is complete.
    cues_with: usize,
    waiting: VecDeque<Sample>,
    ended: bool,
    complete: bool,
}

impl Filter for Show {
    const ID: &'static str = "probe.show";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            cues_with: settings.integer("cues-with")? as usize,
            probe: Probe::new(settings, host)?,
            waiting: VecDeque::new(),
            ended: false,
            complete: false,
        })
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn activate(&mut self) -> Result<(), FilterError> {
        self.probe.change("activate", What::Activate)
    }
    fn run(&mut self, base: ReferenceTime) -> Result<(), FilterError> {
        self.complete = false;
        self.probe.change("run", What::Run(base.nanos()))
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
        let is_cued = self.ended || self.waiting.len() >= self.cues_with;
        if is_cued { Cue::Done } else { Cue::Intermediate }
    }
}

impl Renderer for Show {
    fn receive(
        &mut self,
        pin: u32,
        sample: Sample,
        _: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        self.probe.note(What::Receives(pin, label(&sample), sample.discontinuity()));
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
