//! The renderer on its virtual device, in virtual time: the tests look at the recording.

mod matching;
mod recording;
mod states;
mod trouble;

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};
use std::path::PathBuf;

use driftless_audio_renderer::AudioRenderer;
use driftless_plugin_api::descriptor::{Descriptor, Given};
use driftless_plugin_api::host::UpstreamPushSource;
use driftless_plugin_api::testing::{Driver, TestClock, audio};
use driftless_plugin_api::*;

const RATE: u32 = 48_000;

/// A renderer that plays into a file of its own, and the file.
struct Bench {
    driver: Driver,
    file: PathBuf,
}

fn descriptor() -> Descriptor {
    Descriptor::parse(include_str!("../../plugin.toml")).unwrap()
}

fn settings(given: &[(&str, &str)]) -> Settings {
    let given: Vec<Given> = given.iter().map(|(name, value)| Given::new(name, value)).collect();
    descriptor().filter("driftless.audio-renderer").unwrap().settings(&given).unwrap()
}

impl Bench {
    fn new(name: &str, given: &[(&str, &str)]) -> Self {
        let file =
            std::env::temp_dir().join(format!("driftless-{}-{name}.wav", std::process::id()));
        let device = format!("wav:{}", file.display());
        let given = [&[("device", device.as_str())], given].concat();
        let mut driver = Driver::renderer::<AudioRenderer>(settings(&given)).unwrap();
        driver.connect(Pin::Input(0), audio(RATE, 1)).unwrap();
        driver.set_now(HostTime::from_nanos(3_000_000_000));
        driver.set_presentation_delay(Span::from_millis(40));
        Self { driver, file }
    }

    /// Tells the renderer that a push source with these flags is upstream.
    fn live(&mut self, flags: PushSourceFlags) {
        let latency = Some(Span::from_millis(10));
        let source = UpstreamPushSource { flags, latency, offset: Span::ZERO };
        self.driver.set_upstream(Upstream { live: true, push_source: Some(source) });
    }

    /// Delivers blocks `from..to` of 10 ms, each stamped with its end's arrival less its length, by a
    /// clock that runs `ppm` fast.
    fn deliver(&mut self, from: i64, to: i64, ppm: f64, stamped: bool, value: fn(i64) -> f32) {
        let stamp = |block| stamped.then_some(StreamTime::ZERO + lasted(block, ppm));
        self.deliver_with(from, to, ppm, stamp, value);
    }

    /// As [`deliver`](Self::deliver), with stamps of the source's own clock: it never sees that it is off.
    fn deliver_private(&mut self, from: i64, to: i64, ppm: f64, value: fn(i64) -> f32) {
        let stamp = |block| Some(StreamTime::ZERO + lasted(block, 0.0));
        self.deliver_with(from, to, ppm, stamp, value);
    }

    fn deliver_with(
        &mut self,
        from: i64,
        to: i64,
        ppm: f64,
        stamp: impl Fn(i64) -> Option<StreamTime>,
        value: fn(i64) -> f32,
    ) {
        let base = self.driver.clock().host_time(StreamTime::ZERO);
        for block in from..to {
            self.driver.step_until(base + lasted(block + 1, ppm));
            let values: Vec<f32> = (block * 480..(block + 1) * 480).map(value).collect();
            let start = stamp(block);
            let mut sample = self.driver.audio_sample(&values, start);
            sample.set_discontinuity(block == from);
            self.driver.receive(0, sample).unwrap();
        }
    }

    /// Stops, and reads what was played.
    fn played(mut self) -> Vec<f32> {
        self.driver.deactivate().unwrap();
        let mut reader = hound::WavReader::open(&self.file).unwrap();
        let values = reader.samples::<f32>().map(Result::unwrap).collect();
        std::fs::remove_file(&self.file).unwrap();
        values
    }

    fn events(&self, code: EventCode) -> Vec<i64> {
        self.driver
            .events()
            .iter()
            .filter(|event| event.code == code)
            .map(|event| event.p1)
            .collect()
    }
}

/// How long `blocks` of 10 ms last, by a clock that runs `ppm` fast.
fn lasted(blocks: i64, ppm: f64) -> Span {
    Span::from_nanos((blocks as f64 * 10e6 / (1.0 + ppm * 1e-6)) as i64)
}

/// An impulse each second, the first after half a second.
fn ticks(frame: i64) -> f32 {
    if frame % 48_000 == 24_000 { 1.0 } else { 0.0 }
}

/// Where the impulses of a recording are, in frames with a fraction: by their phase at an eighth of
/// the rate, which is a resampled impulse's own delay whatever its shape.
fn impulses(values: &[f32]) -> Vec<f64> {
    let peaks = (1..values.len() - 1)
        .filter(|&n| values[n] > 0.3 && values[n] >= values[n - 1] && values[n] > values[n + 1]);
    peaks
        .map(|peak| {
            let (mut real, mut imaginary) = (0.0, 0.0);
            let around = values.iter().enumerate().take(peak + 49).skip(peak.saturating_sub(48));
            for (n, value) in around {
                let from_peak = n as f64 - peak as f64;
                let window = (from_peak / 49.0 * FRAC_PI_2).cos().powi(2);
                let (sin, cos) = (from_peak * FRAC_PI_4).sin_cos();
                real += f64::from(*value) * window * cos;
                imaginary += f64::from(*value) * window * sin;
            }
            peak as f64 + imaginary.atan2(real) / FRAC_PI_4
        })
        .collect()
}

/// Impulse `second` of a source that is `ppm` fast is due here, in a recording that is `device_ppm` fast.
fn due_frame(second: usize, ppm: f64, device_ppm: f64) -> f64 {
    let seconds = (second as f64 + 0.5) / (1.0 + ppm * 1e-6) + 0.040;
    seconds * f64::from(RATE) * (1.0 + device_ppm * 1e-6)
}

#[test]
fn the_descriptor_is_complete() {
    let settings = settings(&[]);
    assert_eq!(settings.text("device"), Ok("default"));
    assert_eq!(settings.time("latency"), Ok(Span::from_millis(40)));
    assert_eq!(settings.time("period"), Ok(Span::from_millis(10)));
}
