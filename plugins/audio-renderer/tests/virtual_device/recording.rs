//! The recording that a virtual device leaves.

use super::*;

#[test]
fn virtual_time_and_late_steps_give_the_same_recording() {
    let record = |late_ms: i64| {
        let mut bench = Bench::new("late", &[("jitter", "4 ms"), ("rate-error", "50 ppm")]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        let base = bench.driver.now();
        for block in 0..100_i64 {
            let values: Vec<f32> =
                (0..480).map(|n| ((block * 480 + n) as f32 * 0.1).sin()).collect();
            bench.driver.set_now(base + Span::from_millis(10 * (block + 1)));
            let start = StreamTime::ZERO + Span::from_millis(10 * block);
            let sample = bench.driver.audio_sample(&values, Some(start));
            bench.driver.receive(0, sample).unwrap();
            if late_ms == 0 || block % 2 == 0 {
                bench.driver.step();
            }
        }
        bench.driver.step();
        bench.played()
    };
    let (prompt, late) = (record(0), record(1));
    assert_eq!(prompt.len(), late.len());
    let off = prompt.iter().zip(&late).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-3, "{off} apart");
}

#[test]
fn a_recording_opens_while_it_is_still_written() {
    let mut bench = Bench::new("killed", &[]);
    bench.driver.run().unwrap();
    bench.deliver(0, 300, 0.0, true, ticks);
    let frames = || hound::WavReader::open(&bench.file).map_or(0, |reader| reader.duration());
    // Another thread writes; it is only asked to get there, not when.
    let seen = (0..100_000)
        .map(|_| {
            std::thread::yield_now();
            frames()
        })
        .find(|&frames| frames >= 24_000);
    assert!(seen.is_some());
    assert_eq!(bench.played().len() % 480, 0);
}

#[test]
fn a_recording_that_cannot_be_created_is_named() {
    let given = [("device", "wav:/no/such/folder/out.wav")];
    let mut driver = Driver::renderer::<AudioRenderer>(settings(&given)).unwrap();
    driver.connect(Pin::Input(0), audio(RATE, 2)).unwrap();
    let refused = driver.activate().unwrap_err();
    assert!(refused.text.contains("/no/such/folder/out.wav"), "{refused}");
}

/// What a trace tells of a sound card that was away: calls of what stood in for it, between two calls of no
/// frames.
#[test]
fn a_device_that_went_away_does_so_again_when_its_run_is_repeated() {
    let mut bench = Bench::new("away", &[]);
    bench.driver.run().unwrap();
    let mut repeat = |period: i64, frames: u32| {
        let at = HostTime::from_nanos(3_000_000_000) + Span::from_millis(10 * period);
        let delay = Span::from_millis(10);
        bench.driver.set_now(at);
        bench.driver.set_repeated_call(Some(Called {
            seen: at,
            due: at,
            rate: 1.0,
            delay,
            frames,
        }));
        let start = StreamTime::ZERO + Span::from_millis(10 * period);
        let sample = bench.driver.audio_sample(&[0.5; 480], Some(start));
        if frames > 0 {
            bench.driver.receive(0, sample).unwrap();
        }
        bench.driver.step();
    };
    (0..50).for_each(|period| repeat(period, 480));
    repeat(50, 0);
    (50..80).for_each(|period| repeat(period, 480));
    repeat(80, 0);
    (80..120).for_each(|period| repeat(period, 480));
    assert_eq!(bench.driver.counters()["frames lost with the device"], 30 * 480);
    assert_eq!(bench.driver.counters()["device restarts"], 1);
    let told = bench.driver.events();
    let told = told.iter().filter(|event| event.code == EventCode::DEVICE_LOST);
    assert_eq!(told.map(|event| event.p2).collect::<Vec<_>>(), [0, 1]);
    let played = bench.played();
    assert_eq!(played.len(), 120 * 480);
    let silent = played.iter().skip(20 * 480).filter(|value| **value == 0.0).count();
    assert_eq!(silent, 30 * 480, "all that was played meanwhile, and no more");
}
