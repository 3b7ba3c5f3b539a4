//! What a link promises, in virtual time.

use driftless_rate_match::{Against, LinkConfig, Phase, link};

const RATE: f64 = 48_000.0;

/// A source `ppm` fast that writes 5 ms blocks, a device with 10 ms periods; returns the last period and the
/// time at which an impulse written at `impulse` (source frame) left the device, in seconds.
fn run(
    config: LinkConfig,
    ppm: f64,
    seconds: f64,
    impulse: i64,
) -> (driftless_rate_match::Period, f64) {
    let (mut writer, mut player) = link(config).unwrap();
    let stamps = matches!(config.against, Against::Stamps);
    let source_period = 1.0 / (RATE * (1.0 + ppm * 1e-6));
    let (mut written, mut played) = (0i64, 0i64);
    let mut last = Default::default();
    let (mut weight, mut moment) = (0.0, 0.0);
    while (played as f64) < seconds * RATE {
        let now = played as f64 / RATE;
        while (written + 240) as f64 * source_period <= now {
            let block: Vec<f32> = (written..written + 240)
                .flat_map(|n| if n == impulse { [1.0, 1.0] } else { [0.0; 2] })
                .collect();
            let begin = written as f64 * source_period;
            let arrived = (written + 240) as f64 * source_period;
            let due = stamps.then_some(((begin + 0.040) * 1e9) as i64);
            let done = writer.write(&block, due, (arrived * 1e9) as i64, false);
            assert_eq!(done.lost_frames, 0);
            written += 240;
        }
        let mut out = [0.0f32; 960];
        last = player.fill(&mut out, (now * 1e9).round() as i64);
        for (i, frame) in out.chunks(2).enumerate() {
            weight += f64::from(frame[0]);
            moment += f64::from(frame[0]) * (played + i as i64) as f64 / RATE;
        }
        played += 480;
    }
    (last, moment / weight)
}

#[test]
fn a_frame_leaves_the_device_when_it_is_due() {
    for (against, due_delay) in [(Against::Stamps, 0.040), (Against::Arrivals, 0.040)] {
        for ppm in [-300.0, 0.0, 100.0] {
            let impulse = 5 * 48_000 + 17;
            let config = LinkConfig { against, ..LinkConfig::default() };
            let (period, left) = run(config, ppm, 6.0, impulse);
            let due = impulse as f64 / (RATE * (1.0 + ppm * 1e-6)) + due_delay;
            let off_frames = (left - due) * RATE;
            assert!(off_frames.abs() < 0.1, "{against:?} {ppm} ppm: {off_frames} frames off");
            assert_eq!(period.phase, Phase::Track, "{period:?}");
            assert!((period.ratio_ppm - ppm).abs() < 0.3, "{period:?}");
        }
    }
}
