//! What each slave method makes of drift (LS-M9), in virtual time.

use std::f64::consts::TAU;

use driftless_rate_match::{Against, LinkConfig, Period, SlaveMethod, link};

const RATE: f64 = 48_000.0;
const SECONDS: f64 = 60.0;
const PPM: f64 = 500.0;
const TOLERANCE_S: f64 = 0.004;

/// A period, how steep its values are, and whether it shows whole frames of the source.
struct Played {
    period: Period,
    steepest: f32,
    is_whole: bool,
}

/// A minute of a tone from a source that is `ppm` fast, stamped to be heard after 100 ms.
fn play(slave_method: SlaveMethod, ppm: f64) -> Vec<Played> {
    let (mut writer, mut player) = link(LinkConfig {
        channels: 1,
        against: Against::Stamps,
        slave_method,
        tolerance_ns: (TOLERANCE_S * 1e9) as i64,
        ..LinkConfig::default()
    })
    .expect("the configuration is in range");
    let time_ns = |frames: i64| (frames as f64 / (RATE * (1.0 + ppm * 1e-6)) * 1e9) as i64;
    let (mut written, mut last) = (0i64, 0.0f32);
    let mut periods = Vec::new();
    for played in (0..(SECONDS * RATE) as i64).step_by(480) {
        let now_ns = (played as f64 / RATE * 1e9).round() as i64;
        while time_ns(written + 240) <= now_ns {
            let tone = |n: i64| (0.5 * (TAU * 433.0 * n as f64 / RATE).sin()) as f32;
            let block: Vec<f32> = (written..written + 240).map(tone).collect();
            let due_ns = time_ns(written) + 100_000_000;
            written += 240;
            assert_eq!(writer.write(&block, Some(due_ns), time_ns(written), false).lost_frames, 0);
        }
        let mut out = [0.0f32; 480];
        let period = player.fill(&mut out, now_ns);
        let steepest =
            out.iter().map(|v| (v - std::mem::replace(&mut last, *v)).abs()).fold(0.0, f32::max);
        periods.push(Played { period, steepest, is_whole: player.position().1 == 0.0 });
    }
    periods
}

fn sum(periods: &[Played], of: fn(&Period) -> usize) -> i64 {
    periods.iter().map(|it| of(&it.period)).sum::<usize>() as i64
}

/// LS-M9, LS-85, LS-M21
#[test]
fn skew_moves_what_is_played_at_half_the_tolerance_and_leaves_the_rate_alone() {
    for ppm in [PPM, -PPM] {
        let periods = play(SlaveMethod::Skew, ppm);
        let moved = sum(&periods, |p| p.dropped_frames) - sum(&periods, |p| p.inserted_frames);
        let moves = sum(&periods, |p| p.resyncs as usize) - 1;
        // 30 ms of drift, in moves of a little more than 2 ms.
        assert!((13..=14).contains(&moves), "{ppm} ppm: {moves} moves");
        let drift = ppm * 1e-6 * SECONDS * RATE;
        assert!((moved as f64 - drift).abs() < 0.7 * TOLERANCE_S * RATE, "{ppm} ppm: {moved}");
        assert_eq!(sum(&periods, |p| p.underrun_frames + p.silence_frames), 0, "{ppm} ppm");
        for (index, Played { period, steepest, is_whole }) in periods.iter().enumerate() {
            assert_eq!(period.ratio_ppm, 0.0);
            assert!(is_whole, "{ppm} ppm, period {index}");
            // At 0.5 this tone, of which 2 ms are no whole periods, rises by 0.028 a frame; a hard cut by up to 1.
            assert!(*steepest < 0.05, "{ppm} ppm, period {index}: {steepest}");
            let error_s = period.error_ns.abs() as f64 * 1e-9;
            assert!(error_s < 0.6 * TOLERANCE_S, "{ppm} ppm, period {index}: {error_s} s");
        }
        for pair in periods.windows(2).filter(|pair| pair[0].period.dropped_frames > 0) {
            let left_s = pair[1].period.error_ns.abs() as f64 * 1e-9;
            assert!(left_s < 0.1 * TOLERANCE_S, "{ppm} ppm: {left_s} s after a move");
        }
    }
}

/// LS-M9
#[test]
fn none_corrects_nothing_and_tells_the_error() {
    for ppm in [PPM, -PPM] {
        let periods = play(SlaveMethod::None, ppm);
        let touched = |p: &Period| p.dropped_frames + p.inserted_frames + p.underrun_frames;
        assert_eq!(sum(&periods, touched), 0, "{ppm} ppm");
        assert_eq!(sum(&periods, |p| p.resyncs as usize), 1, "{ppm} ppm: the start");
        assert!(periods.iter().all(|it| it.is_whole && it.period.ratio_ppm == 0.0), "{ppm} ppm");
        let told_ms = periods.last().map_or(0.0, |last| last.period.error_ns as f64 * 1e-6);
        let drifted_ms = ppm * 1e-3 * (SECONDS - 0.1);
        assert!((told_ms - drifted_ms).abs() < 0.2, "{ppm} ppm: {told_ms}, not {drifted_ms} ms");
    }
}

/// LS-M9, LS-84: 30 ms of drift, with a tolerance of 4 ms, and the play pointer stays where it is.
#[test]
fn resampling_keeps_the_error_small_and_moves_nothing() {
    for ppm in [PPM, -PPM] {
        let periods = play(SlaveMethod::Resample, ppm);
        assert_eq!(sum(&periods, |p| p.dropped_frames + p.inserted_frames), 0, "{ppm} ppm");
        assert_eq!(sum(&periods, |p| p.resyncs as usize), 1, "{ppm} ppm: the start");
        let last = periods.last().expect("it has played").period;
        assert!((last.ratio_ppm - ppm).abs() < 0.3 && last.locked, "{last:?}");
        let largest = periods.iter().map(|it| it.period.error_ns.abs()).max();
        assert!(largest < Some(100_000), "{ppm} ppm: {largest:?} ns");
    }
}
