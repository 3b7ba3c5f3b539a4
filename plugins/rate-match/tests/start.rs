//! How a link begins with a source on a clock of its own whose first packets come late.

use driftless_rate_match::{Against, LinkConfig, link};

/// What was done to the first eight seconds.
#[derive(Debug, Default)]
struct Begun {
    largest_ppm: f64,
    resyncs: u32,
    dropped_frames: usize,
    underrun_frames: usize,
}

/// Blocks of 5 ms, each `late_s` of its number late, and a device with periods of 10 ms.
fn begin(late_s: impl Fn(i64) -> f64) -> Begun {
    let (against, target_delay_ns) = (Against::PrivateStamps, 80_000_000);
    let config = LinkConfig { against, target_delay_ns, channels: 1, ..LinkConfig::default() };
    let (mut writer, mut player) = link(config).unwrap();
    let (mut begun, mut block, mut arrived) = (Begun::default(), 0, 0.0f64);
    for period in 0..800 {
        let now = f64::from(period) * 0.010;
        loop {
            let exact = (block + 1) as f64 * 0.005;
            let arrives = arrived.max(exact + late_s(block));
            if arrives > now {
                break;
            }
            arrived = arrives;
            writer.write(&[0.5; 240], Some(block * 5_000_000), (arrives * 1e9) as i64, false);
            block += 1;
        }
        let played = player.fill(&mut [0.0; 480], (now * 1e9) as i64);
        begun.largest_ppm = begun.largest_ppm.max(played.ratio_ppm.abs());
        begun.resyncs += played.resyncs;
        begun.dropped_frames += played.dropped_frames;
        begun.underrun_frames += played.underrun_frames;
    }
    begun
}

#[test]
fn a_sender_that_begins_late_and_in_bursts_bends_little_of_what_is_heard() {
    for seed in 1..=20u64 {
        // Evenly from 0 to below 1, another for each burst.
        let any =
            |n: u64| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / (1u64 << 24) as f64;
        let begun = begin(|block| {
            let late = if block < 20 { 4e-3 } else { 0.0 };
            5e-3 * (2 - block % 3) as f64 + 2e-3 * any(seed * 1_000 + block as u64 / 3) + late
        });
        let about = format!("seed {seed}: {begun:?}");
        assert!(begun.largest_ppm < 150.0, "{about}");
        let lost = (begun.dropped_frames, begun.underrun_frames);
        assert_eq!((begun.resyncs, lost), (1, (0, 0)), "{about}");
    }
}

#[test]
fn first_packets_that_had_stood_still_are_one_step() {
    let begun = begin(|block| if block < 60 { 60e-3 } else { 0.0 });
    assert!(begun.largest_ppm < 400.0, "{begun:?}");
    assert_eq!((begun.resyncs, begun.underrun_frames), (2, 0), "{begun:?}");
    assert!((48 * 50..=48 * 61).contains(&begun.dropped_frames), "{begun:?}");
}
