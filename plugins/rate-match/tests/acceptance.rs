//! What rate matching is accepted by (LS-M17), in virtual time.

use std::f64::consts::TAU;

use driftless_rate_match::{Against, LinkConfig, Period, link};
use driftless_test_analysis::sine::fit;

const RATE: f64 = 48_000.0;
const TONE_HZ: f64 = 1_000.0;
/// Frames of a device's period, of a source's block, and of a stretch that is looked at: so short that
/// a ratio that moves is no spur of its own.
const PERIOD: usize = 480;
const BLOCK: i64 = 240;
const STRETCH: usize = 960;
/// How long it may take to converge, at the start and after a step.
const CONVERGED_S: f64 = 15.0;
const STEPS_AT_S: f64 = 30.0;

/// A tone of full scale through a link; the source has made `made(t)` frames at `t` seconds.
/// Returns the recording and what was said of each period.
fn play(seconds: f64, made: impl Fn(f64) -> f64) -> (Vec<f32>, Vec<Period>) {
    let config = LinkConfig { channels: 1, against: Against::Arrivals, ..LinkConfig::default() };
    let (mut writer, mut player) = link(config).expect("the configuration is in range");
    let (mut written, mut recording, mut periods) = (0i64, Vec::new(), Vec::new());
    for played in (0..(seconds * RATE) as i64).step_by(PERIOD) {
        let now = played as f64 / RATE;
        while (written + BLOCK) as f64 <= made(now) {
            let tone = |n: i64| (TAU * (TONE_HZ * n as f64 / RATE).fract()).sin() as f32;
            let block: Vec<f32> = (written..written + BLOCK).map(tone).collect();
            written += BLOCK;
            // When the last frame of the block was made; `made` is within 1e-3 of `t * RATE`.
            let mut arrived = written as f64 / RATE;
            for _ in 0..8 {
                arrived += (written as f64 - made(arrived)) / RATE;
            }
            writer.write(&block, None, (arrived * 1e9).round() as i64, false);
        }
        let mut out = [0.0f32; PERIOD];
        periods.push(player.fill(&mut out, (now * 1e9).round() as i64));
        recording.extend_from_slice(&out);
    }
    (recording, periods)
}

/// Nothing is dropped or inserted at any time; after convergence the level stays within a period and
/// every spur of the tone below -90 dBFS: all of them together are, in each stretch that is looked at.
/// A ratio that still moves bends the tone within a stretch, so that it is no sine there any more.
fn accept(name: &str, recording: &[f32], periods: &[Period], every: usize, moves: bool) {
    let touched = |p: &Period| p.dropped_frames + p.inserted_frames + p.underrun_frames;
    assert_eq!(periods.iter().map(touched).sum::<usize>(), 0, "{name}");
    assert_eq!(periods.iter().map(|p| p.resyncs).sum::<u32>(), 1, "{name}: the start");
    let converged = (CONVERGED_S * RATE) as usize;
    let levels = || periods[converged / PERIOD..].iter().map(|p| p.fill_frames);
    let (lowest, highest) = (levels().min().unwrap_or(0), levels().max().unwrap_or(0));
    assert!(highest - lowest <= 2 * PERIOD, "{name}: the level is {lowest} to {highest} frames");
    for begin in (converged..recording.len() - STRETCH).step_by(every) {
        let fit = fit(&recording[begin..begin + STRETCH], TONE_HZ / RATE);
        let spurs_dbfs = 10.0 * (2.0 * fit.rest).log10();
        let at = begin as f64 / RATE;
        let still_moves = moves && (STEPS_AT_S - 0.02..STEPS_AT_S + CONVERGED_S).contains(&at);
        let most_dbfs = if still_moves { -80.0 } else { -90.0 };
        assert!(spurs_dbfs < most_dbfs, "{name}, {at} s: {spurs_dbfs} dBFS");
        assert!((fit.amplitude - 1.0).abs() < 1e-3, "{name}: {}", fit.amplitude);
    }
}

/// LS-M17
#[test]
fn ten_minutes_500_ppm_off_lose_nothing_and_keep_a_tone_pure() {
    for ppm in [500.0, -500.0] {
        let (recording, periods) = play(600.0, |t| t * RATE * (1.0 + ppm * 1e-6));
        accept(&format!("{ppm} ppm"), &recording, &periods, RATE as usize, false);
    }
}

/// LS-M17
#[test]
fn a_step_of_the_drift_by_100_ppm_loses_nothing_and_is_not_heard() {
    let made = |t: f64| RATE * (t + 100e-6 * (t - STEPS_AT_S).max(0.0));
    let (recording, periods) = play(90.0, made);
    let off = |p: &Period| (p.ratio_ppm - 100.0).abs();
    assert!(periods.last().is_some_and(|last| off(last) < 0.5), "{:?}", periods.last());
    accept("a step of 100 ppm", &recording, &periods, STRETCH, true);
}
