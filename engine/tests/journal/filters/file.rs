//! The source that waits.

use super::*;

/// A source that is not live: `count` samples, as fast as they are taken, or slowly.
pub struct File {
    probe: Probe,
    source: u64,
    count: u64,
    /// How long it takes for each.
    pace: Span,
    number: u64,
    begun_at: u64,
}

impl Filter for File {
    const ID: &'static str = "probe.file";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            source: settings.integer("source")? as u64,
            count: settings.integer("count")? as u64,
            pace: settings.time("pace")?,
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
    fn run(&mut self, base: ReferenceTime) -> Result<(), FilterError> {
        self.probe.change("run", What::Run(base.nanos()))
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
        Ok(Wake::At(output.now() + self.pace))
    }
}
