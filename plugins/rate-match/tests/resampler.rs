//! The resampler against what it should be, and against rubato.

use audioadapter_buffers::direct::SequentialSliceOfVecs;
use driftless_rate_match::{Instructions, Quality, Resampler};
use proptest::prelude::*;
use rubato::{
    Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

const QUALITIES: [Quality; 4] =
    [Quality::LowLatency, Quality::Standard, Quality::Strict, Quality::Studio];

fn sine(frames: usize, cycles_per_frame: f64) -> Vec<f32> {
    (0..frames)
        .map(|n| (0.5 * (std::f64::consts::TAU * cycles_per_frame * n as f64).sin()) as f32)
        .collect()
}

/// Pushes `input` in blocks of these sizes, over and over, and drains.
fn resample(resampler: &mut Resampler, input: &[f32], blocks: &[usize]) -> Vec<f32> {
    let (mut out, mut at) = (Vec::new(), 0);
    let mut sizes = blocks.iter().cycle();
    while at < input.len() {
        let count = sizes.next().copied().unwrap_or(1).min(input.len() - at);
        let mut room = vec![0.0; resampler.most_frames(count)];
        let made = resampler.process(&[&input[at..at + count]], &mut [&mut room]);
        out.extend_from_slice(&room[..made]);
        at += count;
    }
    let mut room = vec![0.0; resampler.most_frames(4096)];
    let made = resampler.drain(&mut [&mut room]);
    out.extend_from_slice(&room[..made]);
    out
}

/// Largest difference to the sine itself, away from begin and end.
fn worst(out: &[f32], cycles_per_frame: f64, edge: usize) -> f64 {
    let expected = |n: usize| 0.5 * (std::f64::consts::TAU * cycles_per_frame * n as f64).sin();
    (edge..out.len() - edge).map(|n| (f64::from(out[n]) - expected(n)).abs()).fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_rate_pair_gives_the_sine_at_the_output_rate(
        input_rate in 8_000u32..384_000, output_rate in 8_000u32..384_000,
        quality in prop::sample::select(&QUALITIES[1..]),
    ) {
        let (from, to) = (f64::from(input_rate), f64::from(output_rate));
        let hertz = from.min(to) * 0.1;
        let mut resampler = Resampler::new(1, from, to, quality);
        let input = sine(24_000, hertz / from);
        let out = resample(&mut resampler, &input, &[240]);
        let expected = input.len() as f64 * to / from;
        prop_assert!((out.len() as f64 - expected).abs() <= 2.0, "{} frames, {expected} expected", out.len());
        let edge = (700.0 * (to / from).max(1.0)) as usize;
        if out.len() > 2 * edge {
            let worst = worst(&out, hertz / to, edge);
            prop_assert!(worst < 1e-6, "{worst:e} off");
        }
    }

    #[test]
    fn block_sizes_change_nothing(blocks in prop::collection::vec(1usize..700, 1..6), ppm in -1000.0..1000.0f64) {
        let input = sine(6_000, 0.0371);
        let mut whole = Resampler::new(1, 48_000.0, 44_100.0, Quality::Standard);
        let mut cut = whole.clone();
        for resampler in [&mut whole, &mut cut] {
            resampler.set_ratio(44_100.0 / 48_000.0 * (1.0 + ppm * 1e-6));
        }
        prop_assert_eq!(resample(&mut whole, &input, &[6_000]), resample(&mut cut, &input, &blocks));
    }

    #[test]
    fn every_channel_is_the_one_channel(channels in 1usize..=64, frames in 1usize..600) {
        let input = sine(frames, 0.0123);
        let mut one = Resampler::new(1, 44_100.0, 48_000.0, Quality::Standard);
        let mut many = Resampler::new(channels, 44_100.0, 48_000.0, Quality::Standard);
        let room = one.most_frames(frames);
        let mut single = vec![0.0; room];
        let made = one.process(&[&input], &mut [&mut single]);
        let inputs = vec![&input[..]; channels];
        let mut planes = vec![vec![0.0f32; room]; channels];
        let mut outputs: Vec<&mut [f32]> = planes.iter_mut().map(|plane| &mut plane[..]).collect();
        prop_assert_eq!(many.process(&inputs, &mut outputs), made);
        for plane in &planes {
            for (a, b) in plane[..made].iter().zip(&single) {
                prop_assert!((a - b).abs() < 2e-7, "{} and {}", a, b);
            }
        }
    }

    #[test]
    fn all_instructions_give_the_same(ppm in -3000.0..3000.0f64, rate in prop::sample::select(vec![44_100.0, 48_000.0, 96_000.0]),
        quality in prop::sample::select(&QUALITIES[..])) {
        let input = sine(2_000, 0.05);
        let run = |instructions| {
            let resampler = Resampler::new(1, 48_000.0, rate, quality);
            let mut resampler = resampler.with_instructions(instructions).expect("it is available");
            resampler.set_ratio(rate / 48_000.0 * (1.0 + ppm * 1e-6));
            resample(&mut resampler, &input, &[256])
        };
        let portable = run(Instructions::Portable);
        for instructions in Instructions::available() {
            for (a, b) in run(instructions).iter().zip(&portable) {
                prop_assert!((a - b).abs() < 3e-7, "{:?}: {} and {}", instructions, a, b);
            }
        }
    }

    #[test]
    fn a_ramp_is_followed_exactly(ppm in -2000.0..2000.0f64) {
        // A path whose step moves in a straight line: position n (s + (n - 1) d / 2).
        let frames = 4_000;
        let hertz = 0.02;
        let mut resampler = Resampler::new(1, 48_000.0, 48_000.0, Quality::Standard);
        resampler.ramp_to_ratio(1.0 / (1.0 + ppm * 1e-6), frames);
        let out = resample(&mut resampler, &sine(6_000, hertz), &[256]);
        let ramp = ppm * 1e-6 / frames as f64;
        for (n, value) in out.iter().enumerate().take(3_500).skip(300) {
            let position = n as f64 + ramp * (n as f64) * (n as f64 - 1.0) / 2.0;
            let expected = 0.5 * (std::f64::consts::TAU * hertz * position).sin();
            prop_assert!((f64::from(*value) - expected).abs() < 1e-6, "frame {n}: {value} and {expected}");
        }
    }
}

#[test]
fn rubato_gives_the_same_up_to_the_part_of_a_frame_it_does_not_report() {
    let input = sine(48_000, 1_000.0 / 44_100.0);
    let ours =
        resample(&mut Resampler::new(1, 44_100.0, 48_000.0, Quality::Strict), &input, &[441]);
    let parameters = SincInterpolationParameters {
        sinc_len: 256,
        f_cutoff: Some(0.95),
        interpolation: SincInterpolationType::Cubic,
        oversampling_factor: 256,
        window: WindowFunction::BlackmanHarris2,
    };
    let mut oracle =
        Async::<f64>::new_sinc(48_000.0 / 44_100.0, 1.1, &parameters, 44_100, 1, FixedAsync::Input)
            .expect("the oracle's parameters are valid");
    let wide: Vec<Vec<f64>> = vec![input[..44_100].iter().map(|v| f64::from(*v)).collect()];
    let adapter =
        SequentialSliceOfVecs::new(&wide, 1, 44_100).expect("the oracle's input has its shape");
    let theirs = oracle.process(&adapter, None).expect("the oracle takes its block").take_data();
    let delay = oracle.output_delay();
    let worst =
        (2_000..40_000).map(|n| (f64::from(ours[n]) - theirs[n + delay]).abs()).fold(0.0, f64::max);
    // Its delay is whole frames only, so the two may be a part of a frame apart: 1 kHz moves by 0.065 a frame.
    assert!(worst < 0.07, "{worst} off");
}

#[test]
fn ten_minutes_off_by_a_little_give_the_exact_count_and_phase() {
    let ratio = 1.0 + 123.456e-6;
    let mut resampler = Resampler::new(1, 48_000.0, 48_000.0, Quality::Standard);
    resampler.set_ratio(ratio);
    let (block, mut room) = (sine(960, 1.0 / 48.0), vec![0.0; 2_000]);
    let total = 30_000;
    // In phase and beside it, in the first ten seconds and in the last.
    let mut seen = [(0.0, 0.0); 2];
    let mut made = 0;
    for number in 0..total {
        let new = resampler.process(&[&block], &mut [&mut room]);
        let window = match number {
            500..1_000 => Some(0),
            _ if number >= total - 500 => Some(1),
            _ => None,
        };
        if let Some((in_phase, beside)) = window.map(|window| &mut seen[window]) {
            for (n, value) in (made..).zip(&room[..new]) {
                // A period is 48 frames: only the rest of the position counts.
                let turns = (n as f64 / ratio) % 48.0 / 48.0;
                let (sine, cosine) = (std::f64::consts::TAU * turns).sin_cos();
                *in_phase += f64::from(*value) * sine;
                *beside += f64::from(*value) * cosine;
            }
        }
        made += new;
    }
    let exact = ((total * 960) as f64 - 32.0) * ratio;
    assert!((made as f64 - exact).abs() <= 1.0, "{made} frames, {exact} expected");
    let [first, last] = seen.map(|(in_phase, beside): (f64, f64)| {
        beside.atan2(in_phase) / std::f64::consts::TAU * 48.0
    });
    assert!((last - first).abs() <= 1e-6, "{first} frames off at the begin, {last} at the end");
    // What is there from the begin is the rounding of coefficients and values to f32.
    assert!(last.abs() <= 5e-6, "{last} frames off");
}

#[test]
fn a_reset_forgets_the_stream() {
    let mut used = Resampler::new(1, 44_100.0, 48_000.0, Quality::Standard);
    let mut fresh = used.clone();
    let input = sine(3_000, 0.03);
    resample(&mut used, &input, &[100]);
    used.reset();
    assert_eq!(resample(&mut used, &input, &[100]), resample(&mut fresh, &input, &[100]));
}
