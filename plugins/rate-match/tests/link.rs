//! What a link promises, in virtual time.

use driftless_rate_match::{Against, LinkConfig, Phase, Tuning, link};

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

/// LS-81, LS-M11, LS-M14, LS-M16
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

/// A link without a clock to follow, 48 kHz both sides: blocks in, periods out.
fn plain(target_delay_ns: i64) -> (driftless_rate_match::Writer, driftless_rate_match::Player) {
    let config = LinkConfig { channels: 1, target_delay_ns, ..LinkConfig::default() };
    link(config).expect("the configuration is in range")
}

/// LS-M14
#[test]
fn the_same_clock_and_rate_pass_bit_by_bit() {
    let (mut writer, mut player) = plain(0);
    let noise = |n: usize| ((n as u32).wrapping_mul(2_654_435_761) as i32) as f32 / i32::MAX as f32;
    let input: Vec<f32> = (0..48_000).map(noise).collect();
    let mut output = Vec::new();
    for (k, block) in input.chunks(480).enumerate() {
        let now_ns = k as i64 * 10_000_000;
        writer.write(block, None, now_ns, false);
        let mut out = [0.0; 480];
        player.fill(&mut out, now_ns);
        output.extend_from_slice(&out);
    }
    let begin = output.iter().position(|v| *v == input[1]).expect("the input comes out") - 1;
    let same = output[begin..].iter().zip(&input).take_while(|(a, b)| a == b).count();
    assert!(same > 47_000, "{same} frames from {begin} are the same");
}

/// LS-86
#[test]
fn a_gap_in_the_stamps_is_silence_of_its_length_and_an_overlap_is_cropped() {
    let (mut writer, mut player) = plain(0);
    let (mut silence, mut cropped) = (0, 0);
    for k in 0..200i64 {
        let now_ns = k * 10_000_000;
        // One block is missing, one comes twice.
        for _ in 0..match k {
            50 => 0,
            100 => 2,
            _ => 1,
        } {
            writer.write(&[0.5; 480], Some(now_ns + 40_000_000), now_ns, false);
        }
        let mut out = [0.0; 480];
        let period = player.fill(&mut out, now_ns);
        silence += period.silence_frames;
        cropped += period.cropped_frames;
    }
    assert_eq!((silence, cropped), (480, 480));
}

/// LS-11: whether it still stands in the ring or is in the player's history already.
#[test]
fn at_a_pause_what_goes_stale_becomes_silence_and_all_else_is_played() {
    for periods_before in [0, 1, 3] {
        let (mut writer, mut player) = plain(20_000_000);
        let mut played = Vec::new();
        let mut play = |player: &mut driftless_rate_match::Player, periods| {
            for _ in 0..periods {
                let mut out = [0.0; 480];
                player.fill(&mut out, played.len() as i64 / 480 * 10_000_000);
                played.extend(out);
            }
            played.clone()
        };
        let write = |writer: &mut driftless_rate_match::Writer, goes_stale, level, blocks| {
            writer.set_goes_stale(goes_stale);
            for _ in 0..blocks {
                writer.write(&[level; 480], None, 0, false);
            }
        };
        write(&mut writer, false, 0.5, 5);
        write(&mut writer, true, 0.9, 4);
        write(&mut writer, false, 0.3, 2);
        play(&mut player, periods_before);
        write(&mut writer, true, 0.9, 1);
        writer.pause();
        write(&mut writer, true, 0.7, 3);
        let played = play(&mut player, 20);
        let levels = [(0.5, 5), (0.0, 4), (0.3, 2), (0.0, 1), (0.7, 3)];
        let begin = played.iter().position(|value| *value != 0.0).expect("it plays");
        let mut blocks = played[begin..].chunks(480);
        for (level, count) in levels {
            for block in blocks.by_ref().take(count) {
                let middle = &block[200..280];
                assert!(middle.iter().all(|it| (it - level).abs() < 1e-3), "{level}: {middle:?}");
            }
        }
        assert!(played.iter().all(|value| *value < 0.75), "nothing stale is heard");
    }
}

/// LS-11, LS-87
#[test]
fn a_pause_that_nothing_outlives_is_like_a_flush() {
    let (mut writer, mut player) = plain(20_000_000);
    let mut out = [0.0; 480];
    writer.set_goes_stale(true);
    for _ in 0..4 {
        writer.write(&[0.9; 480], None, 0, false);
    }
    player.fill(&mut out, 0);
    writer.pause();
    let period = player.fill(&mut out, 10_000_000);
    assert_eq!((period.resyncs, period.discontinuities), (1, 0));
    assert!(out.iter().all(|value| *value == 0.0));
}

#[test]
fn what_is_flushed_is_never_heard_and_what_is_ended_is_drained() {
    let (mut writer, mut player) = plain(20_000_000);
    let mut out = [0.0; 480];
    let mut now_ns = 0;
    let mut next = |player: &mut driftless_rate_match::Player| {
        now_ns += 10_000_000;
        let period = player.fill(&mut out, now_ns);
        (period, out.iter().fold(0.0f32, |most, v| most.max(v.abs())))
    };
    for _ in 0..4 {
        writer.write(&[0.9; 480], None, 0, false);
    }
    writer.flush();
    assert_eq!(next(&mut player).1, 0.0, "flushed before it was played");
    for _ in 0..4 {
        writer.write(&[0.5; 480], None, 0, false);
    }
    writer.end();
    let mut heard = 0.0f32;
    for _ in 0..20 {
        let (period, level) = next(&mut player);
        heard = heard.max(level);
        if period.drained {
            assert!((heard - 0.5).abs() < 1e-3, "heard {heard}");
            return;
        }
    }
    panic!("never drained");
}

#[test]
fn a_full_queue_loses_frames_and_says_so() {
    let config = LinkConfig {
        channels: 1,
        capacity_ns: 10_000_000,
        target_delay_ns: 5_000_000,
        ..LinkConfig::default()
    };
    let (mut writer, _player) = link(config).expect("the configuration is in range");
    let room = writer.room_frames();
    let written = writer.write(&vec![0.0; room + 100], None, 0, false);
    assert_eq!((written.frames, written.lost_frames), (room, 100));
}

#[test]
fn what_is_out_of_range_is_refused_with_its_name() {
    let refused = link(LinkConfig { channels: 65, ..LinkConfig::default() })
        .err()
        .expect("65 channels are too many");
    assert_eq!(refused.to_string(), "`channels` is 65; it can be 1 to 64");
}

/// LS-M21
#[test]
fn fades_last_two_milliseconds_at_least_and_a_link_with_shorter_ones_is_refused() {
    let tuned = |fade_s| {
        let tuning = Tuning { fade_s, ..Tuning::default() };
        link(LinkConfig { tuning, ..LinkConfig::default() }).map(drop)
    };
    assert!(LinkConfig::default().tuning.fade_s >= 0.002);
    assert_eq!(tuned(0.002), Ok(()));
    for (fade_s, found) in [(0.0015, "1500000"), (0.0, "0"), (f64::NAN, "0"), (2.0, "2000000000")] {
        let refused = tuned(fade_s).expect_err("out of range").to_string();
        let expected = format!("`tuning.fade_s in ns` is {found}; it can be 2000000 to 1000000000");
        assert_eq!(refused, expected);
    }
}

/// LS-M13, LS-84, LS-85, LS-M21
#[test]
fn beyond_the_tolerance_frames_are_dropped_once_and_the_rest_is_on_time() {
    let config = LinkConfig { channels: 1, against: Against::Stamps, ..LinkConfig::default() };
    let (mut writer, mut player) = link(config).expect("the configuration is in range");
    let (mut dropped, mut resyncs, mut last_error_ns) = (0, 0, 0);
    for k in 0..400i64 {
        let now_ns = k * 10_000_000;
        writer.write(&[0.5; 480], Some(now_ns + 200_000_000), now_ns, false);
        // The device stands still for 100 ms.
        let play_ns = now_ns + if k >= 200 { 100_000_000 } else { 0 };
        let period = player.fill(&mut [0.0; 480], play_ns);
        dropped += period.dropped_frames;
        resyncs += period.resyncs;
        last_error_ns = period.error_ns;
    }
    assert!((4_790..=4_810).contains(&dropped), "{dropped} frames dropped");
    assert_eq!(resyncs, 2, "the start, and one correction");
    assert!(last_error_ns.abs() < 4_000_000, "{last_error_ns} ns off");
}
