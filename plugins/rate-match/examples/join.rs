//! Plays the default input on the default output, two devices and two clocks, without drift.
//!
//! Tried for 25 s on PulseAudio 16 without hardware: `paplay` of a 997 Hz tone into a null sink of 44.1 kHz, whose
//! monitor is the default input, and the monitor of another null sink of 48 kHz, the default output, recorded. The
//! tone has no break; its ratio is 100 ppm off in the first second and within 10 ppm after 6 s. The buffers are of 25 ms
//! because that server's own are of two seconds, and with 10 ms it lost some milliseconds of input every other
//! second on a busy machine.

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use driftless_rate_match::{Against, Anchor, LinkConfig, Settling, link};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = cpal::default_host();
    let input = host.default_input_device().ok_or("no input device")?;
    let output = host.default_output_device().ok_or("no output device")?;
    let stereo = |rate| cpal::StreamConfig {
        channels: 2,
        sample_rate: rate,
        buffer_size: cpal::BufferSize::Fixed(rate / 40),
    };
    let from = stereo(input.default_input_config()?.sample_rate());
    let to = stereo(output.default_output_config()?.sample_rate());
    let (mut writer, mut player) = link(LinkConfig {
        channels: 2,
        input_rate_hz: from.sample_rate,
        output_rate_hz: to.sample_rate,
        against: Against::Arrivals,
        target_delay_ns: 150_000_000,
        ..LinkConfig::default()
    })?;
    let mut device = Settling::new(f64::from(to.sample_rate), Anchor::Mean);
    let start = std::time::Instant::now();
    let now_ns = move || start.elapsed().as_nanos() as i64;
    let capture = move |block: &[f32], _: &cpal::InputCallbackInfo| {
        writer.write(block, None, now_ns(), false);
    };
    let play = move |out: &mut [f32], _: &cpal::OutputCallbackInfo| {
        let play_ns = device.ask(now_ns(), out.len() / 2);
        match device.is_settled() {
            true => drop(player.fill(out, play_ns)),
            false => out.fill(0.0),
        }
    };
    let input = input.build_input_stream(from, capture, |e| eprintln!("input: {e}"), None)?;
    let output = output.build_output_stream(to, play, |e| eprintln!("output: {e}"), None)?;
    input.play()?;
    output.play()?;
    std::thread::park();
    Ok(())
}
