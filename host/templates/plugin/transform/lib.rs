//! {{what}}

use std::collections::VecDeque;

use driftless_plugin_api::{
    Filter, FilterError, Flow, Host, Marker, MediaPattern, MediaType, Output, Pin, Sample,
    Settings, Span, Status, Transform, export_plugin,
};

/// The filter `{{id}}`.
#[derive(Debug)]
pub struct {{type}} {
    host: Host,
    delay: Span,
    factor: f32,
    media: Option<MediaType>,
    /// The values of the last `delay`, oldest first.
    past: VecDeque<f32>,
}

impl Filter for {{type}} {
    const ID: &'static str = "{{id}}";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let factor = 10f64.powf(settings.number("level")? / 20.0) as f32;
        let delay = settings.time("delay")?;
        Ok(Self {
            host,
            delay,
            factor,
            media: None,
            past: VecDeque::new(),
        })
    }

    /// Any audio; once one pin is connected, what it carries.
    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![self.media.map_or(MediaPattern::AUDIO, MediaPattern::from)]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let wanted = self.media.map_or(MediaPattern::AUDIO, MediaPattern::from);
        if !wanted.admits(media) {
            let text = format!("{} takes {wanted} here, not {media}", Self::ID);
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        }
        self.media = Some(media);
        Ok(())
    }

    fn disconnect(&mut self, _pin: Pin) {
        self.media = None;
    }

    /// Allocates here, so that `receive` need not.
    fn activate(&mut self) -> Result<(), FilterError> {
        let Some(MediaType::Audio(format)) = self.media else {
            return Err(Status::NOT_CONNECTED.into());
        };
        let frames = self.delay.frames(format.rate_hz).unsigned_abs() as usize;
        self.past = std::iter::repeat_n(0.0, frames * format.channels as usize).collect();
        Ok(())
    }
}

impl Transform for {{type}} {
    fn receive(
        &mut self,
        _input: u32,
        mut sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        if sample
            .new_media()
            .is_some_and(|media| Some(media) != self.media)
        {
            return Err(Status::TYPE_NOT_ACCEPTED.into());
        }
        let values = sample.values_mut(&self.host).ok_or(Status::FAIL)?;
        for value in values {
            let now = *value;
            *value += self.factor * self.past.pop_front().unwrap_or(0.0);
            self.past.push_back(now);
        }
        Ok(output.deliver(0, sample))
    }

    fn mark(
        &mut self,
        _input: u32,
        marker: Marker,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        if marker == Marker::BeginFlush {
            self.past.iter_mut().for_each(|value| *value = 0.0); // what comes then is newer
        }
        output.mark_all(marker);
        Ok(())
    }
}

export_plugin! {
    transform({{type}}),
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::testing::{Driver, audio};
    use driftless_plugin_api::{StreamTime, Value};

    use super::*;

    fn running(delay: Span) -> Driver {
        let settings = [
            ("delay".to_owned(), Value::Time(delay)),
            ("level".to_owned(), Value::Number(-6.0206)), // a half
        ];
        let mut driver = Driver::transform::<{{type}}>(settings.into_iter().collect()).unwrap();
        driver.connect(Pin::Input(0), audio(48_000, 1)).unwrap();
        driver.connect(Pin::Output(0), audio(48_000, 1)).unwrap();
        driver.run().unwrap();
        driver
    }

    #[test]
    fn an_impulse_comes_back_after_the_delay_at_half_its_level() {
        let mut driver = running(Span::from_millis(1));
        let mut values = [0.0; 96];
        values[0] = 0.8;
        let sample = driver.audio_sample(&values, Some(StreamTime::ZERO));
        driver.receive(0, sample).unwrap();
        let heard = driver.delivered(0);
        assert!((heard[0].values()[48] - 0.4).abs() < 1e-4);
        assert_eq!(heard[0].start(), Some(StreamTime::ZERO));
    }

    #[test]
    fn nothing_from_before_a_flush_is_heard_after_it() {
        let mut driver = running(Span::from_millis(1));
        let sample = driver.audio_sample(&[0.8; 48], None);
        driver.receive(0, sample).unwrap();
        driver.mark(0, Marker::BeginFlush).unwrap();
        driver.mark(0, Marker::EndFlush).unwrap();
        driver.delivered(0);
        let sample = driver.audio_sample(&[0.0; 48], None);
        driver.receive(0, sample).unwrap();
        assert_eq!(driver.delivered(0)[0].values(), [0.0; 48]);
    }
}
