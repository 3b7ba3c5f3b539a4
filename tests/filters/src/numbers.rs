//! A source that is not live.

use super::*;

/// `test.numbers`
pub(crate) struct Numbers {
    host: Host,
    count: i64,
    sent: i64,
}

impl Filter for Numbers {
    const ID: &'static str = "test.numbers";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self { host, count: settings.integer("count")?, sent: 0 })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(FORMAT).into()]
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
}

impl Source for Numbers {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.sent == self.count {
            return Ok(Wake::Ended);
        }
        let mut sample = self.host.audio_sample(BLOCK, 1).ok_or(Status::FAIL)?;
        let start = StreamTime::ZERO + Span::of_frames(self.sent * BLOCK as i64, FORMAT.rate_hz);
        sample.set_times(Some(start), Some(start + PERIOD));
        self.sent += 1;
        output.deliver(0, sample);
        Ok(Wake::At(output.now()))
    }
}
