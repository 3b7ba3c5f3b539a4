//! Plays the default input on the default output, two devices and two clocks, without drift.

use std::time::Instant;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use driftless_rate_match::{Against, Anchor, LinkConfig, Timeline, link};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = cpal::default_host();
    let input = host.default_input_device().ok_or("no input device")?;
    let output = host.default_output_device().ok_or("no output device")?;
    let (from, to) =
        (input.default_input_config()?.config(), output.default_output_config()?.config());
    let channels = usize::from(to.channels.min(from.channels));
    let (mut writer, mut player) = link(LinkConfig {
        channels,
        input_rate_hz: from.sample_rate,
        output_rate_hz: to.sample_rate,
        against: Against::Arrivals,
        target_delay_ns: 60_000_000,
        ..LinkConfig::default()
    })?;
    let start = Instant::now();
    let now = move || start.elapsed().as_nanos() as i64;
    let (wide_in, wide_out) = (usize::from(from.channels), usize::from(to.channels));
    let mut kept = Vec::with_capacity(96_000);
    let capture = move |block: &[f32], _: &cpal::InputCallbackInfo| {
        kept.clear();
        kept.extend(block.chunks(wide_in).flat_map(|frame| &frame[..channels]));
        writer.write(&kept, None, now(), false);
    };
    let (mut device, mut position, mut mixed) =
        (Timeline::new(f64::from(to.sample_rate), Anchor::Mean), 0i64, vec![0.0; 96_000]);
    let play = move |out: &mut [f32], _: &cpal::OutputCallbackInfo| {
        let frames = out.len() / wide_out;
        device.observe(position, now());
        player.fill(&mut mixed[..frames * channels], device.time_of(position));
        position += frames as i64;
        for (to, from) in out.chunks_mut(wide_out).zip(mixed.chunks(channels)) {
            to.fill(0.0);
            to[..channels].copy_from_slice(from);
        }
    };
    let input = input.build_input_stream(from, capture, |e| eprintln!("input: {e}"), None)?;
    let output = output.build_output_stream(to, play, |e| eprintln!("output: {e}"), None)?;
    input.play()?;
    output.play()?;
    std::thread::park();
    Ok(())
}
