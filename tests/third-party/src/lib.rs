//! Adds an echo: a whole third-party plugin, with its test.
#![forbid(unsafe_op_in_unsafe_fn)]

use std::collections::VecDeque;

use driftless_plugin_api::{
    Filter, FilterError, Flow, Host, MediaPattern, MediaType, Output, Pin, Sample, Settings, Span,
    Status, Transform, export_plugin,
};

/// The filter `acme.echo`.
pub struct Echo {
    host: Host,
    delay: Span,
    factor: f32,
    media: Option<MediaType>,
    /// The values of the last `delay`, oldest first.
    past: VecDeque<f32>,
}

impl Filter for Echo {
    const ID: &'static str = "acme.echo";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let factor = 10f64.powf(settings.number("level")? / 20.0) as f32;
        let delay = settings.time("delay")?;
        Ok(Self { host, delay, factor, media: None, past: VecDeque::new() })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![self.media.map_or(MediaPattern::AUDIO, MediaPattern::from)]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        if !matches!(media, MediaType::Audio(_)) || self.media.is_some_and(|known| known != media) {
            return Err(Status::TYPE_NOT_ACCEPTED.into());
        }
        self.media = Some(media);
        Ok(())
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        let Some(MediaType::Audio(format)) = self.media else {
            return Err(Status::NOT_CONNECTED.into());
        };
        let frames = self.delay.frames(format.rate_hz).unsigned_abs() as usize;
        self.past = std::iter::repeat_n(0.0, frames * format.channels as usize).collect();
        Ok(())
    }
}

impl Transform for Echo {
    fn receive(
        &mut self,
        _input: u32,
        mut sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        let values = sample.values_mut(&self.host).ok_or(Status::FAIL)?;
        for value in values {
            let now = *value;
            *value += self.factor * self.past.pop_front().unwrap_or(0.0);
            self.past.push_back(now);
        }
        Ok(output.deliver(0, sample))
    }
}

export_plugin! {
    transform(Echo),
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::Value;
    use driftless_plugin_api::testing::{Driver, audio};

    use super::*;

    #[test]
    fn an_impulse_comes_back_after_the_delay_at_half_its_level() {
        let settings = [
            ("delay".to_owned(), Value::Time(Span::from_millis(1))),
            ("level".to_owned(), Value::Number(-6.0206)),
        ];
        let mut driver = Driver::transform::<Echo>(settings.into_iter().collect()).unwrap();
        driver.connect(Pin::Input(0), audio(48_000, 1)).unwrap();
        driver.connect(Pin::Output(0), audio(48_000, 1)).unwrap();
        driver.run().unwrap();
        let mut values = [0.0; 96];
        values[0] = 0.8;
        let sample = driver.audio_sample(&values, None);
        driver.receive(0, sample).unwrap();
        let heard = driver.delivered(0);
        assert!((heard[0].values()[48] - 0.4).abs() < 1e-4);
    }
}
