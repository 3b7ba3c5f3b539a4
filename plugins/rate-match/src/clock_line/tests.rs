use super::*;
use crate::noise::Noise;

const PERIOD: i64 = 480;

/// Readings every 10 ms of a clock `ppm` fast, each `late(n)` seconds late, from the `from`th on.
fn feed(
    line: &mut ClockLine,
    (from, to): (i64, i64),
    ppm: f64,
    mut late: impl FnMut(i64) -> f64,
    mut look: impl FnMut(&ClockLine, i64),
) {
    for n in from..to {
        let exact = n as f64 * 10e6 / (1.0 + ppm * 1e-6);
        line.observe(n * PERIOD, (exact + late(n) * 1e9).round() as i64);
        look(line, n);
    }
}

fn ppm(line: &ClockLine) -> f64 {
    (1.0 / (1.0 + line.slope_ppm() * 1e-6) - 1.0) * 1e6
}

/// How late the line is at reading `n`, seconds.
fn height_s(line: &ClockLine, n: i64, ppm: f64) -> f64 {
    let time = line.time_ns(n * PERIOD, 0.0, Anchor::Mean).expect("readings were taken");
    (time.ns as f64 - n as f64 * 10e6 / (1.0 + ppm * 1e-6)) * 1e-9
}

#[test]
fn callbacks_that_are_late_now_and_then_by_milliseconds_leave_rate_and_height_as_they_are() {
    for seed in 1..=20 {
        let mut noise = Noise(seed);
        let mut line = ClockLine::new(LineConfig::default());
        feed(
            &mut line,
            (0, 3_000),
            37.0,
            |_| noise.late_s(),
            |line, n| {
                let (ppm_off, height) = (ppm(line) - 37.0, height_s(line, n, 37.0));
                if n >= 1_000 {
                    assert!(ppm_off.abs() < 1.5, "seed {seed}, {n}: {ppm_off} ppm");
                    assert!(height.abs() < 20e-6, "seed {seed}, {n}: {height} s");
                }
            },
        );
        assert_eq!(line.shifts(), 0, "seed {seed}");
    }
}

#[test]
fn a_step_moves_the_line_within_its_patience_and_leaves_the_rate() {
    for (seed, step_s) in [(1, 5e-3), (2, -3e-3), (3, 0.5e-3), (4, 80e-3)] {
        let mut noise = Noise(seed);
        let patience_ns = 0.1e9;
        let mut line = ClockLine::new(LineConfig { patience_ns, ..LineConfig::default() });
        let late = |n: i64| noise.late_s() + if n >= 2_000 { step_s } else { 0.0 };
        feed(&mut line, (0, 4_000), -80.0, late, |line, n| {
            let (ppm_off, height) = (ppm(line) + 80.0, height_s(line, n, -80.0));
            if n >= 1_000 {
                assert!(ppm_off.abs() < 6.0, "step {step_s}, {n}: {ppm_off} ppm");
            }
            if n >= 2_015 {
                assert!((height - step_s).abs() < 60e-6, "step {step_s}, {n}: {height} s");
            }
        });
        assert_eq!(line.shifts(), 1, "step {step_s}");
    }
}

#[test]
fn a_machine_that_is_busy_or_catches_up_is_no_step() {
    // Late by other milliseconds each time, and by fewer and fewer: what came at once is read at once.
    let lates: [fn(i64, f64) -> f64; 2] = [
        |n, uniform| if n < 2_040 { 4e-3 + 8e-3 * uniform } else { 0.0 },
        |n, _| if n < 2_030 { (2_030 - n) as f64 * 10e-3 } else { 0.0 },
    ];
    for (case, late) in lates.into_iter().enumerate() {
        let mut noise = Noise(6);
        let mut line = ClockLine::new(LineConfig { patience_ns: 0.1e9, ..LineConfig::default() });
        let late = |n| noise.late_s() + if n >= 2_000 { late(n, noise.uniform()) } else { 0.0 };
        feed(&mut line, (0, 3_000), 0.0, late, |line, n| {
            let height = height_s(line, n, 0.0);
            assert!(n < 1_000 || height.abs() < 50e-6, "case {case}, {n}: {height} s");
        });
        assert_eq!(line.shifts(), 0, "case {case}");
    }
}

#[test]
fn of_the_first_readings_some_may_be_anywhere() {
    let mut noise = Noise(5);
    let mut line = ClockLine::new(LineConfig::default());
    let late = |n| if n % 3 == 0 && n < 30 { 5e-3 } else { 30e-6 * noise.normal() };
    feed(&mut line, (0, FEW as i64 + 30), 0.0, late, |line, n| {
        if n >= FEW as i64 {
            let height = height_s(line, n, 0.0);
            assert!(height.abs() < 100e-6, "{n}: {height} s");
        }
    });
}

#[test]
fn noise_that_stays_for_seconds_is_not_followed_as_a_rate() {
    for seed in 1..=20 {
        let mut noise = Noise(seed);
        let mut mood = 0.0;
        let mut line = ClockLine::new(LineConfig::default());
        let late = |n| {
            if n % 500 == 0 {
                mood = 30e-6 * noise.normal();
            }
            mood + noise.late_s()
        };
        feed(&mut line, (0, 12_000), 0.0, late, |line, n| {
            if n >= 3_000 {
                assert!(ppm(line).abs() < 8.0, "seed {seed}, {n}: {} ppm", ppm(line));
            }
        });
    }
}

#[test]
fn a_clock_that_changes_its_rate_is_followed_at_once_when_nothing_jitters() {
    let mut line = ClockLine::new(LineConfig::default());
    for n in 0..3_000_i64 {
        let after = (n - 2_000).max(0) as f64;
        let exact = n as f64 * 10e6 - after * 10e6 * 100e-6;
        line.observe(n * PERIOD, exact.round() as i64);
        if n > 2_100 {
            assert!((ppm(&line) - 100.0).abs() < 1.0, "{n}: {} ppm", ppm(&line));
        }
    }
}

#[test]
fn the_earliest_readings_are_found_in_a_second_and_then_move_slowly() {
    let mut noise = Noise(7);
    let mut line = ClockLine::new(LineConfig::default());
    let mut last = None;
    feed(
        &mut line,
        (0, 6_000),
        0.0,
        |_| 1e-3 * noise.uniform(),
        |line, n| {
            let time =
                line.time_ns(n * PERIOD, 0.0, Anchor::Earliest).expect("readings were taken");
            let height = time.ns as f64 * 1e-9 - n as f64 * 10e-3;
            let moved = last.replace(height).map_or(0.0, |last| height - last);
            if n >= 300 {
                assert!(height.abs() < 80e-6, "{n}: {height} s");
                assert!(moved.abs() < 15e-6, "{n}: moved by {moved} s");
            }
        },
    );
}

#[test]
fn frames_and_times_turn_into_each_other() {
    let mut line = ClockLine::new(LineConfig::default());
    feed(&mut line, (0, 500), 250.0, |_| 0.0, |_, _| {});
    for frame in [0, 1, 4_799, 239_520, 1_000_000] {
        for anchor in [Anchor::Mean, Anchor::Earliest] {
            let time = line.time_ns(frame, 0.25, anchor).expect("readings were taken");
            let (whole, fraction) = line.frame_at(time, anchor).expect("readings were taken");
            let off = (whole - frame) as f64 + fraction - 0.25;
            assert!(off.abs() < 1e-5, "{frame}: {off}");
        }
    }
}

/// What ffmpeg's bursts look like when the sound server that is the clock stood still for 28 ms.
#[test]
fn a_step_that_hides_in_wide_noise_is_taken_when_the_readings_before_it_are_forgotten() {
    for (seed, step_s) in (1..=20).flat_map(|seed| [(seed, -28e-3), (seed, 28e-3), (seed, -15e-3)])
    {
        let mut noise = Noise(seed);
        let mut line = ClockLine::new(LineConfig::default());
        let late = |n: i64| 10e-3 * noise.uniform() + if n >= 2_000 { step_s } else { 0.0 };
        feed(&mut line, (0, 5_000), 20.0, late, |line, n| {
            let off = height_s(line, n, 20.0) - 5e-3 - if n >= 2_000 { step_s } else { 0.0 };
            if n > 2_600 {
                assert!(off.abs() < 3e-3, "seed {seed}, {step_s} s, {n}: {off} s");
            }
        });
        assert_eq!(line.shifts(), 1, "seed {seed}, {step_s} s");
    }
}
