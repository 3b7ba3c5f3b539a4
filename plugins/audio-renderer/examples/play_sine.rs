//! Plays a 997 Hz sine in real time, from a live source on another clock, and prints what the renderer
//! measured: `play_sine [DEVICE] [SECONDS] [PPM]`.

use std::time::{Duration, Instant};

use driftless_audio_renderer::AudioRenderer;
use driftless_plugin_api::descriptor::{Descriptor, Given};
use driftless_plugin_api::host::UpstreamPushSource;
use driftless_plugin_api::testing::{Driver, audio};
use driftless_plugin_api::*;

const RATE: u32 = 48_000;
/// Frames in a block of the source.
const BLOCK: usize = 240;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let device = arguments.next().unwrap_or_else(|| "default".to_owned());
    let seconds: f64 = arguments.next().map_or(Ok(5.0), |text| text.parse())?;
    let ppm: f64 = arguments.next().map_or(Ok(0.0), |text| text.parse())?;
    let descriptor = Descriptor::parse(include_str!("../plugin.toml")).expect("our own descriptor");
    let filter = descriptor.filter("driftless.audio-renderer").expect("it is in there");
    let settings = filter.settings(&[Given::new("device", &device)]).expect("defaults");
    let mut driver = Driver::renderer::<AudioRenderer>(settings)?;
    let source = UpstreamPushSource {
        flags: PushSourceFlags::NONE,
        latency: Some(Span::from_millis(5)),
        offset: Span::ZERO,
    };
    driver.set_upstream(Upstream { live: true, push_source: Some(source) });
    driver.connect(Pin::Input(0), audio(RATE, 2))?;
    driver.activate()?;
    let began = Instant::now();
    let now = || HostTime::from_nanos(began.elapsed().as_nanos() as i64);
    driver.set_now(now());
    // A block arrives its own length after its stamp.
    let latency = driver.latency(Pin::Input(0)).map_err(FilterError::from)?;
    driver.set_presentation_delay(latency + Span::of_frames(BLOCK as i64, RATE));
    driver.run()?;
    let block_ns = BLOCK as f64 * 1e9 / f64::from(RATE) / (1.0 + ppm * 1e-6);
    let base = now();
    let mut block = 0_i64;
    while now() < base + Span::from_secs_f64(seconds) {
        driver.set_now(now());
        let stamp = Span::from_nanos((block as f64 * block_ns) as i64);
        if now() >= base + stamp + Span::from_nanos(block_ns as i64) {
            let phase =
                |n: usize| (block * BLOCK as i64 + n as i64) as f64 * 997.0 / f64::from(RATE);
            let sine = |n| (phase(n).fract() * std::f64::consts::TAU).sin() as f32 * 0.5;
            let values: Vec<f32> = (0..BLOCK).flat_map(|n| [sine(n); 2]).collect();
            let sample = driver.audio_sample(&values, Some(StreamTime::ZERO + stamp));
            let _ = driver.receive(0, sample);
            block += 1;
        }
        driver.step();
        for event in driver.events() {
            println!("{:7.3} s  {}  {}", began.elapsed().as_secs_f64(), event.code, event.text);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let s = driver.statistics().map_err(FilterError::from)?;
    let mean = s.error_sum / s.presented.max(1) as f64;
    println!(
        "row {} locked {} after {} ms, {:+.2} ppm, error {:+.1} us (most {:.1} us), fill {} ms, device delay {} ms",
        s.row,
        s.locked,
        s.locked_after / 1_000_000,
        s.ppm,
        mean * 1e-3,
        s.error_max as f64 * 1e-3,
        s.fill / 1_000_000,
        s.device_delay / 1_000_000
    );
    println!(
        "dropped {} inserted {} concealed {} underruns {} overruns {} resyncs {}; {:?}",
        s.dropped_frames,
        s.inserted_frames,
        s.concealed_frames,
        s.underruns,
        s.overruns,
        s.resyncs,
        driver.counters()
    );
    Ok(())
}
