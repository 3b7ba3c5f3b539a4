//! What a link makes of a clock that steps, in virtual time.

use std::f64::consts::TAU;

use driftless_rate_match::{Against, Anchor, LinkConfig, Period, Timeline, link};

const RATE: f64 = 48_000.0;
/// When the clock steps, seconds.
const STEPS_AT: f64 = 8.0;
/// How much faster the source is, ppm.
const PPM: f64 = 60.0;
/// No step, nor a move of 2 ms, is a whole number of its periods: then a cut would not be heard.
const TONE_HZ: f64 = 433.0;

/// Which clock loses how many milliseconds; below zero it gains them.
#[derive(Debug, Clone, Copy)]
enum Step {
    Device(f64),
    Source(f64),
}

/// A tone through a link while a clock steps; for each period, when it was heard, what was said of it
/// and the largest difference of two values in it.
fn play(step: Step) -> Vec<(f64, Period, f32)> {
    let config = LinkConfig { channels: 1, against: Against::Arrivals, ..LinkConfig::default() };
    let (mut writer, mut player) = link(config).expect("the configuration is in range");
    let mut device = Timeline::new(RATE, Anchor::Earliest);
    let (device_step, source_step) = match step {
        Step::Device(ms) => (ms * 1e-3, 0.0),
        Step::Source(ms) => (0.0, ms * 1e-3),
    };
    let stepped = |time: f64, by: f64| if time < STEPS_AT { time } else { time + by };
    let arrival = |frames: i64| stepped(frames as f64 / (RATE * (1.0 + PPM * 1e-6)), source_step);
    let (mut written, mut last) = (0i64, 0.0f32);
    let mut periods = Vec::new();
    for played in (0..(16.0 * RATE) as i64).step_by(480) {
        let now = stepped(played as f64 / RATE, device_step);
        while arrival(written + 240) <= now {
            let tone = |n: i64| (0.5 * (TAU * TONE_HZ * n as f64 / RATE).sin()) as f32;
            let block: Vec<f32> = (written..written + 240).map(tone).collect();
            written += 240;
            writer.write(&block, None, (arrival(written) * 1e9) as i64, false);
        }
        device.observe(played, (now * 1e9).round() as i64);
        let mut out = [0.0f32; 480];
        let period = player.fill(&mut out, device.time_of(played));
        let steepest =
            out.iter().map(|v| (v - std::mem::replace(&mut last, *v)).abs()).fold(0.0, f32::max);
        periods.push((now, period, steepest));
    }
    periods
}

/// LS-84, LS-M13, LS-M14, LS-M21: all of these steps are within the tolerance of 40 ms.
#[test]
fn a_step_of_a_clock_is_one_cross_fade_and_the_ratio_stays() {
    // Frames that playing is late by are dropped, those that it is early by are played once more.
    let steps = [
        (Step::Device(5.0), 240),
        (Step::Device(10.0), 480),
        (Step::Device(20.0), 960),
        (Step::Device(39.0), 1_872),
        (Step::Device(-20.0), -960),
        (Step::Source(10.0), -480),
        (Step::Source(20.0), -960),
        (Step::Source(-20.0), 960),
    ];
    for (step, dropped) in steps {
        let after: Vec<_> = play(step).into_iter().filter(|(now, ..)| *now > 4.0).collect();
        let sum = |of: fn(&Period) -> usize| after.iter().map(|(_, p, _)| of(p)).sum::<usize>();
        assert_eq!(sum(|p| p.resyncs as usize), 1, "{step:?}");
        assert_eq!(sum(|p| p.discontinuities as usize), 1, "{step:?}");
        assert_eq!(sum(|p| p.underrun_frames), 0, "{step:?}");
        let found = sum(|p| p.dropped_frames) as i64 - sum(|p| p.inserted_frames) as i64;
        assert!((found - dropped).abs() <= 2, "{step:?}: {found} frames");
        // At 0.5 this tone rises by 0.028 a frame; a hard cut by up to 1.
        let steepest = after.iter().map(|(_, _, steepest)| *steepest).fold(0.0, f32::max);
        assert!(steepest < 0.05, "{step:?}: {steepest} between two values");
        for (now, period, _) in &after {
            let ppm_off = period.ratio_ppm - PPM;
            assert!(ppm_off.abs() < 1.0, "{step:?}, {now} s: {ppm_off} ppm");
            assert!(period.locked, "{step:?}, {now} s");
            let is_back = !(STEPS_AT..STEPS_AT + 1.5).contains(now);
            assert!(!is_back || period.error_ns.abs() < 100_000, "{step:?}, {now} s: {period:?}");
        }
    }
}

/// LS-84
#[test]
fn a_step_below_a_millisecond_drops_and_inserts_nothing() {
    for step in [Step::Device(0.8), Step::Source(-0.8)] {
        for (now, period, _) in play(step).into_iter().filter(|(now, ..)| *now > 4.0) {
            assert_eq!(period.dropped_frames + period.inserted_frames, 0, "{step:?}, {now} s");
            let ppm_off = period.ratio_ppm - PPM;
            assert!(ppm_off.abs() < 20.0, "{step:?}, {now} s: {ppm_off} ppm");
        }
    }
}

/// A network's packets, which jitter by 10 ms, through a link whose device is the master and loses `lost_ms` after
/// a minute, of which the player is told, or not: the periods from then on.
fn played_by_its_own_clock(lost_ms: f64, is_told: bool) -> Vec<Period> {
    let against = Against::PrivateStamps;
    let config =
        LinkConfig { channels: 1, against, target_delay_ns: 40_000_000, ..LinkConfig::default() };
    let (mut writer, mut player) = link(config).expect("the configuration is in range");
    let (steps_at, lost_s) = (60.0, lost_ms * 1e-3);
    let mut bits = 1u64;
    let mut uniform = || {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (bits >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut arrives = 0.0_f64;
    let (mut written, mut after) = (0i64, Vec::new());
    for played in (0..(90.0 * RATE) as i64).step_by(480) {
        let now = played as f64 / RATE;
        let lost = if now < steps_at { 0.0 } else { lost_s };
        while arrives <= now + lost {
            writer.write(&[0.1; 240], None, ((arrives - lost) * 1e9) as i64, false);
            written += 240;
            arrives = arrives
                .max((written + 240) as f64 / (RATE * (1.0 + PPM * 1e-6)) + 10e-3 * uniform());
        }
        if is_told && (now - steps_at).abs() < 1e-6 {
            player.step_master((-lost_s * 1e9) as i64);
        }
        let period = player.fill(&mut [0.0; 480], (now * 1e9).round() as i64);
        if now >= steps_at {
            after.push(period);
        }
    }
    after
}

/// LS-84: what the arrivals could say only after many seconds, by a ratio that is off meanwhile, the clock says at once.
#[test]
fn a_master_that_steps_is_followed_at_once_however_much_the_packets_jitter() {
    for lost_ms in [2.5, 6.0, -2.5] {
        let worst = |periods: &[Period]| {
            periods.iter().map(|it| (it.ratio_ppm - PPM).abs()).fold(0.0, f64::max)
        };
        let told = played_by_its_own_clock(lost_ms, true);
        assert_eq!(told.iter().map(|it| it.resyncs).sum::<u32>(), 1, "{lost_ms} ms");
        assert!(worst(&told) < 5.0, "{lost_ms} ms: {} ppm", worst(&told));
        assert!(told[200..].iter().all(|it| it.error_ns.abs() < 300_000), "{lost_ms} ms");
        let untold = worst(&played_by_its_own_clock(lost_ms, false));
        assert!(untold > 20.0, "{lost_ms} ms: {untold} ppm; the jitter hides nothing");
    }
}
