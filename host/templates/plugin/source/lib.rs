//! {{what}}

use driftless_plugin_api::{
    AudioFormat, Cue, Filter, FilterError, Flow, Host, HostTime, Latency, MediaPattern, MediaType,
    Output, Pin, PushSource, PushSourceFlags, Settings, Source, Span, Stamps, State, Status,
    StreamOffset, Wake, export_plugin,
};

const FORMAT: AudioFormat = AudioFormat {
    rate_hz: 48_000,
    channels: 1,
};
/// Frames a sample: 10 ms, which is also the latency.
const BLOCK: i64 = 480;
const LATENCY: Span = Span::from_millis(10);
/// How far it is willing to be shifted; it holds nothing back, so any number would do.
const MAX_OFFSET: Span = Span::from_secs(2);

/// The filter `{{id}}`.
#[derive(Debug)]
pub struct {{type}} {
    host: Host,
    /// Radians a frame.
    step: f64,
    amplitude: f64,
    offset: StreamOffset,
    /// When the run began, from its first step until the next pause.
    began: Option<HostTime>,
    /// Frames captured since then. Times are derived from it, and never added up.
    captured: i64,
    /// The next sample does not follow the one before it.
    broken: bool,
    delivered: u64,
}

impl {{type}} {
    /// Delivers the block that was complete at `due`.
    fn deliver(&mut self, due: HostTime, output: &mut Output<'_>) -> Result<Flow, FilterError> {
        let stamp = self.host.clock().stream_time(due);
        let Some(times) = self.offset.admit((stamp, stamp + LATENCY)) else {
            self.broken = true; // withheld: an offset was made smaller, and stamps never run back
            return Ok(Flow::Continue);
        };
        let mut sample = self
            .host
            .audio_sample(BLOCK as usize, 1)
            .ok_or(Status::FAIL)?;
        let first = self.captured - BLOCK;
        for (frame, value) in (first..).zip(sample.values_mut(&self.host).ok_or(Status::FAIL)?) {
            *value = (self.amplitude * (self.step * frame as f64).sin()) as f32;
        }
        sample.set_times(Some(times.0), Some(times.1));
        self.broken |= self.offset.delivered(times);
        sample.set_discontinuity(std::mem::take(&mut self.broken));
        self.delivered += 1;
        Ok(output.deliver(0, sample))
    }
}

impl Filter for {{type}} {
    const ID: &'static str = "{{id}}";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let frequency_hz = settings.number("frequency")?;
        Ok(Self {
            host,
            step: std::f64::consts::TAU * frequency_hz / f64::from(FORMAT.rate_hz),
            amplitude: 10f64.powf(settings.number("level")? / 20.0),
            offset: StreamOffset::new(MAX_OFFSET),
            began: None,
            captured: 0,
            broken: true,
            delivered: 0,
        })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(FORMAT).into()]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let made = MediaType::Audio(FORMAT);
        if media != made {
            let text = format!("{} makes {made}, not {media}", Self::ID);
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        }
        Ok(())
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        self.offset.restart();
        (self.broken, self.delivered) = (true, 0);
        Ok(())
    }

    /// What is captured in a pause is for nobody.
    fn pause(&mut self) {
        (self.began, self.broken) = (None, true);
    }

    fn deactivate(&mut self) {
        self.began = None;
    }

    fn cue(&self) -> Cue {
        Cue::CantCue
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        vec![("delivered", self.delivered)]
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        Some(self)
    }
}

impl Latency for {{type}} {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(LATENCY)
    }
}

impl PushSource for {{type}} {
    fn flags(&self, _pin: Pin) -> PushSourceFlags {
        PushSourceFlags::NONE
    }

    fn stamps(&self, _pin: Pin) -> Stamps {
        Stamps::Delivery
    }

    fn stream_offset(&self, _pin: Pin) -> Span {
        self.offset.get()
    }

    fn set_stream_offset(&mut self, _pin: Pin, offset: Span) -> Status {
        self.offset.set(offset, LATENCY)
    }

    fn max_stream_offset(&self, _pin: Pin) -> Span {
        self.offset.max(LATENCY)
    }
}

impl Source for {{type}} {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.host.clock().state() != State::Running {
            return Ok(Wake::OnSignal);
        }
        if self.began.is_none() {
            (self.began, self.captured) = (Some(output.now()), 0);
        }
        loop {
            let began = self.began.unwrap_or(output.now());
            let due = began + Span::of_frames(self.captured + BLOCK, FORMAT.rate_hz);
            if due > output.now() {
                return Ok(Wake::At(due));
            }
            self.captured += BLOCK;
            self.deliver(due, output)?;
        }
    }
}

export_plugin! {
    source({{type}}),
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::Value;
    use driftless_plugin_api::testing::Driver;

    use super::*;

    fn driver() -> Driver {
        let settings = [
            ("frequency".to_owned(), Value::Number(440.0)),
            ("level".to_owned(), Value::Number(-6.0)),
        ];
        let mut driver = Driver::source::<{{type}}>(settings.into_iter().collect()).unwrap();
        driver
            .connect(Pin::Output(0), MediaType::Audio(FORMAT))
            .unwrap();
        driver
    }

    /// Stamps in milliseconds of what is delivered within `ms`.
    fn stamps(driver: &mut Driver, ms: i64) -> Vec<i64> {
        driver.step_until(driver.now() + Span::from_millis(ms));
        let samples = driver.delivered(0);
        samples
            .iter()
            .map(|it| it.start().unwrap().nanos() / 1_000_000)
            .collect()
    }

    #[test]
    fn a_block_is_delivered_every_10_ms_and_stamped_with_its_delivery() {
        let mut driver = driver();
        driver.run().unwrap();
        assert_eq!(stamps(&mut driver, 35), [10, 20, 30]);
    }

    #[test]
    fn nothing_is_delivered_while_paused_and_stamps_go_on_after_it() {
        let mut driver = driver();
        driver.run().unwrap();
        assert_eq!(stamps(&mut driver, 20), [10, 20]);
        driver.pause().unwrap();
        assert_eq!(driver.cue(), Cue::CantCue);
        assert_eq!(stamps(&mut driver, 1000), []);
        driver.run().unwrap();
        assert_eq!(stamps(&mut driver, 20), [30, 40]);
    }

    #[test]
    fn the_stream_offset_is_added() {
        let mut driver = driver();
        let offset = Span::from_millis(300);
        assert_eq!(driver.set_stream_offset(Pin::Output(0), offset), Status::OK);
        driver.run().unwrap();
        assert_eq!(stamps(&mut driver, 20), [310, 320]);
    }
}
