//! Multiplies audio by a constant gain: one input pin, one output pin, no latency.
//!
//! The smallest transform, and the one to copy from.

use driftless_plugin_api::{
    Filter, FilterError, Flow, Host, MediaPattern, MediaType, Output, Pin, Sample, Settings,
    Status, Transform, export_plugin,
};

/// The filter `driftless.gain`.
#[derive(Debug)]
pub struct Gain {
    host: Host,
    factor: f32,
    media: Option<MediaType>,
}

impl Filter for Gain {
    const ID: &'static str = "driftless.gain";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let gain_db = settings.number("gain")?;
        Ok(Self { host, factor: 10f64.powf(gain_db / 20.0) as f32, media: None })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![self.media.map_or(MediaPattern::AUDIO, MediaPattern::from)]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        match (media, self.media) {
            (MediaType::Audio(_), None) => self.media = Some(media),
            (MediaType::Audio(_), Some(known)) if known == media => {}
            (_, known) => {
                let wanted = known.map_or(MediaPattern::AUDIO, MediaPattern::from);
                let text = format!("gain takes {wanted} here, not {media}");
                return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
            }
        }
        Ok(())
    }

    fn disconnect(&mut self, _pin: Pin) {
        self.media = None;
    }
}

impl Transform for Gain {
    fn receive(
        &mut self,
        _input: u32,
        mut sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        let values = sample.values_mut(&self.host).ok_or_else(|| {
            FilterError::new("a shared sample of more than 128 MiB cannot be copied")
        })?;
        for value in values {
            *value *= self.factor;
        }
        Ok(output.deliver(0, sample))
    }
}

export_plugin! {
    transform(Gain),
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::testing::{Driver, audio};
    use driftless_plugin_api::{Marker, StreamTime, Value};

    use super::*;

    fn gain(gain_db: f64) -> Driver {
        let settings = [("gain".to_owned(), Value::Number(gain_db))].into_iter().collect();
        let mut driver = Driver::transform::<Gain>(settings).unwrap();
        driver.connect(Pin::Input(0), audio(48_000, 2)).unwrap();
        driver.connect(Pin::Output(0), audio(48_000, 2)).unwrap();
        driver.run().unwrap();
        driver
    }

    #[test]
    fn twenty_decibels_are_a_factor_of_ten_and_the_stamp_stays() {
        let mut driver = gain(20.0);
        let start = Some(StreamTime::from_nanos(7));
        let sample = driver.audio_sample(&[0.01, -0.02], start);
        driver.receive(0, sample).unwrap();
        let delivered = driver.delivered(0);
        assert_eq!(delivered[0].start(), start);
        for (value, expected) in delivered[0].values().iter().zip([0.1, -0.2]) {
            assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
        }
    }

    #[test]
    fn a_sample_that_another_branch_holds_is_not_changed_for_it() {
        let mut driver = gain(-6.0);
        let sample = driver.audio_sample(&[0.5, 0.5], None);
        let other = sample.share();
        driver.receive(0, sample).unwrap();
        assert_eq!(other.values(), [0.5, 0.5]);
    }

    #[test]
    fn markers_pass_through() {
        let mut driver = gain(0.0);
        driver.mark(0, Marker::EndOfStream).unwrap();
        assert_eq!(driver.marked(0), [Marker::EndOfStream]);
    }

    #[test]
    fn an_output_of_another_format_is_refused() {
        let mut driver = gain(0.0);
        let refused = driver.connect(Pin::Output(0), audio(44_100, 2)).unwrap_err();
        assert_eq!(refused.status, Status::TYPE_NOT_ACCEPTED);
    }
}
