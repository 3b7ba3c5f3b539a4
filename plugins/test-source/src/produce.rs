//! One sample: which frames, with which times, and whether it is delivered at all.

use driftless_plugin_api::{
    ClockState, FilterError, Flow, Marker, Output, Pin, Sample, Stamps, Times,
};

use crate::schedule::Schedule;
use crate::stamper::Captured;
use crate::{OUT, TestSource};

impl TestSource {
    /// Makes and delivers the sample at the present position, and goes on behind it. Returns whether more of
    /// them are wanted.
    pub(super) fn produce(
        &mut self,
        clock: &ClockState,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        let first = self.position;
        let frames = self.setup.media.unit().min(self.end() - first);
        self.position += frames;
        let times = self.times(clock, first, self.position);
        let flow = if let Some(times) = self.lets_through(first, times) {
            let sample = self.sample(first, frames, times)?;
            self.deliver(clock, times, sample, output)
        } else {
            self.progress.broken = true;
            Flow::Continue
        };
        let next = self.setup.media.time_of(self.position);
        if let Some(run) = &mut self.run {
            run.plan(&self.host, next);
        }
        Ok(flow)
    }

    fn captured(&mut self, position: i64) -> Captured {
        let position = self.setup.media.time_of(position);
        let host = &self.host;
        let at = self.run.as_mut().map(|run| run.captured(host, position)).unwrap_or_default();
        Captured { position, at, stepped: host.deviation(at).stepped }
    }

    fn times(&mut self, clock: &ClockState, first: i64, end: i64) -> Times {
        let (first, end) = (self.captured(first), self.captured(end));
        self.stamper.times(clock, first, end)
    }

    /// The times with the stream offset, unless the sample is lost, withheld or stopped by the application.
    fn lets_through(&mut self, first: i64, times: Times) -> Option<Times> {
        let counts = &mut self.counts;
        let lost = self.run.as_ref().is_some_and(Schedule::is_lost);
        if lost || self.setup.dropouts.takes(self.setup.media.time_of(first)) {
            counts.dropped_out += 1;
            return None;
        }
        let Some(times) = self.stamper.admit(times) else {
            counts.withheld += 1;
            return None;
        };
        let passes = self.gate.passes(Some(times));
        self.gate.tell(&self.host, Pin::Output(OUT));
        counts.gated += u64::from(!passes);
        passes.then_some(times)
    }

    fn sample(&mut self, first: i64, frames: i64, times: Times) -> Result<Sample, FilterError> {
        let Self { host, setup, noise, easel, .. } = self;
        let sample = setup.media.sample(host, first, frames, noise, easel);
        let mut sample =
            sample.ok_or_else(|| FilterError::new("a sample is larger than any buffer"))?;
        if self.setup.stamps != Stamps::None {
            sample.set_times(Some(times.0), Some(times.1));
        }
        sample.set_media_times(Some((first, first + frames)));
        Ok(sample)
    }

    fn deliver(
        &mut self,
        clock: &ClockState,
        times: Times,
        mut sample: Sample,
        output: &mut Output<'_>,
    ) -> Flow {
        let end = self.captured(self.position);
        let jumped = self.stamper.delivered(clock, times, end);
        let broken = std::mem::take(&mut self.progress.broken);
        sample.set_discontinuity(jumped || broken);
        if !std::mem::replace(&mut self.progress.announced, true) {
            output.mark(OUT, Marker::LIVE_SEGMENT);
        }
        self.counts.delivered += 1;
        output.deliver(OUT, sample)
    }
}
