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
