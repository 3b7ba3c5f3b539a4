//! {{what}}

use std::collections::VecDeque;

use driftless_plugin_api::{
    EventCode, Filter, FilterError, Flow, Host, HostTime, Marker, MediaPattern, MediaType, Output,
    Pin, Renderer, RendererStatistics, Sample, SampleFlags, Settings, Statistics, Status,
    StreamTime, Wake, export_plugin,
};

/// Samples that can wait until they are due.
const ROOM: usize = 256;

/// What is kept of a sample.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    /// When it is due; at once, if it is not stamped.
    start: Option<StreamTime>,
    peak: f32,
    flush_on_pause: bool,
}

/// The filter `{{id}}`.
#[derive(Debug)]
pub struct {{type}} {
    host: Host,
    loud: f32,
    waiting: VecDeque<Waiting>,
    flushing: bool,
    /// The stream has ended, and that it was presented is still to be told.
    ending: bool,
    loud_samples: u64,
    statistics: Statistics,
}

impl {{type}} {
    /// The host time at which the first in the queue is due.
    fn due(&self, now: HostTime) -> Option<HostTime> {
        let clock = self.host.clock();
        let first = self.waiting.front()?;
        Some(match first.start {
            Some(start) => clock.host_time(start + clock.presentation_delay()),
            None => now,
        })
    }

    fn present(&mut self, due: HostTime, now: HostTime) {
        if let Some(sample) = self.waiting.pop_front() {
            self.loud_samples += u64::from(sample.peak > self.loud);
            self.statistics.present(now - due);
        }
    }
}

impl Filter for {{type}} {
    const ID: &'static str = "{{id}}";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            host,
            loud: 10f64.powf(settings.number("loud")? / 20.0) as f32,
            waiting: VecDeque::with_capacity(ROOM),
            flushing: false,
            ending: false,
            loud_samples: 0,
            statistics: Statistics::default(),
        })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaPattern::AUDIO]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        if !MediaPattern::AUDIO.admits(media) {
            let text = format!("{} takes audio, not {media}", Self::ID);
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        }
        Ok(())
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        (self.flushing, self.ending) = (false, false);
        (self.loud_samples, self.statistics) = (0, Statistics::default());
        Ok(())
    }

    fn pause(&mut self) {
        self.waiting.retain(|sample| !sample.flush_on_pause);
    }

    fn deactivate(&mut self) {
        self.waiting.clear();
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("loud", self.loud_samples)]
    }

    fn renderer_statistics(&mut self) -> Option<&mut dyn RendererStatistics> {
        Some(self)
    }
}

impl RendererStatistics for {{type}} {
    fn statistics(&self) -> Statistics {
        self.statistics
    }
}

impl Renderer for {{type}} {
    fn receive(
        &mut self,
        _input: u32,
        sample: Sample,
        _output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        if self.flushing {
            return Ok(Flow::Stop);
        }
        if self.waiting.len() == ROOM {
            self.waiting.pop_front();
            self.statistics.overruns += 1;
        }
        self.waiting.push_back(Waiting {
            start: sample.start(),
            peak: sample
                .values()
                .iter()
                .fold(0.0, |peak, value| value.abs().max(peak)),
            flush_on_pause: sample.flags().contains(SampleFlags::FLUSH_ON_PAUSE),
        });
        Ok(Flow::Continue)
    }

    fn mark(
        &mut self,
        _input: u32,
        marker: Marker,
        _output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        match marker {
            Marker::BeginFlush => {
                self.flushing = true;
                self.waiting.clear();
            }
            Marker::EndFlush => self.flushing = false,
            Marker::EndOfStream => self.ending = true,
            // What is shown is due at its stamp, at whatever rate.
            Marker::NewSegment { .. } => {}
        }
        Ok(())
    }

    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        while let Some(due) = self.due(output.now()) {
            if due > output.now() {
                return Ok(Wake::At(due));
            }
            self.present(due, output.now());
        }
        if std::mem::take(&mut self.ending) {
            self.host.event(EventCode::COMPLETE, 0, 0, "");
        }
        Ok(Wake::OnSignal)
    }

    fn ready(&self) -> bool {
        self.waiting.len() < ROOM
    }
}

export_plugin! {
    renderer({{type}}),
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::testing::{Driver, audio};
    use driftless_plugin_api::{Span, Value};

    use super::*;

    fn running() -> Driver {
        let settings = [("loud".to_owned(), Value::Number(-6.0))];
        let mut driver = Driver::renderer::<{{type}}>(settings.into_iter().collect()).unwrap();
        driver.connect(Pin::Input(0), audio(48_000, 1)).unwrap();
        driver.run().unwrap();
        driver
    }

    fn at(ms: i64) -> Option<StreamTime> {
        Some(StreamTime::ZERO + Span::from_millis(ms))
    }

    #[test]
    fn a_sample_is_held_until_it_is_due() {
        let mut driver = running();
        let sample = driver.audio_sample(&[0.9; 480], at(100));
        driver.receive(0, sample).unwrap();
        let due = driver.now() + Span::from_millis(100);
        assert_eq!(driver.step(), Wake::At(due));
        assert_eq!(driver.statistics().unwrap().presented, 0);
        driver.step_until(due);
        let statistics = driver.statistics().unwrap();
        assert_eq!((statistics.presented, statistics.error_max), (1, 0));
        assert_eq!(driver.counters()["loud"], 1);
    }

    #[test]
    fn the_end_is_told_once_after_everything_was_presented() {
        let mut driver = running();
        let sample = driver.audio_sample(&[0.1; 480], at(10));
        driver.receive(0, sample).unwrap();
        driver.mark(0, Marker::EndOfStream).unwrap();
        driver.step();
        assert_eq!(driver.events(), []);
        driver.step_until(driver.now() + Span::from_millis(20));
        let told: Vec<EventCode> = driver.events().iter().map(|event| event.code).collect();
        assert_eq!(told, [EventCode::COMPLETE]);
    }

    #[test]
    fn a_flush_drops_what_waits_and_refuses_what_comes() {
        let mut driver = running();
        for marker in [Marker::BeginFlush, Marker::EndFlush] {
            driver.mark(0, marker).unwrap();
            let sample = driver.audio_sample(&[0.1; 480], at(50));
            let expected = if marker == Marker::BeginFlush {
                Flow::Stop
            } else {
                Flow::Continue
            };
            assert_eq!(driver.receive(0, sample), Ok(expected));
        }
    }
}
