//! Pauses, flushes, formats and the end of a stream.

use super::*;

/// LS-11, LS-65
#[test]
fn after_a_pause_everything_goes_on_where_it_was() {
    let mut bench = Bench::new("pause", &[("rate-error", "100 ppm")]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    bench.deliver(0, 325, 0.0, true, ticks);
    bench.driver.pause().unwrap();
    bench.driver.advance(Span::from_millis(12_345));
    assert_eq!(bench.driver.step(), Wake::OnSignal);
    bench.driver.run().unwrap();
    bench.deliver(325, 900, 0.0, true, ticks);
    let found = impulses(&bench.played());
    assert!(found.len() >= 8, "{found:?}");
    for (second, found) in found.iter().enumerate() {
        let off = found - due_frame(second, 0.0, 100.0);
        // In the first second the device's rate is being found.
        let limit = if second == 0 { 2.0 } else { 1.0 };
        assert!(off.abs() < limit, "second {second}: {off} frames off");
    }
}

/// LS-113
#[test]
fn complete_is_told_once_when_the_last_frame_was_heard() {
    let mut bench = Bench::new("complete", &[]);
    bench.driver.run().unwrap();
    let base = bench.driver.now();
    bench.deliver(0, 100, 0.0, true, ticks);
    bench.driver.mark(0, Marker::EndOfStream).unwrap();
    bench.driver.step_until(base + Span::from_millis(1035));
    assert_eq!(bench.events(EventCode::COMPLETE), [0; 0]);
    bench.driver.step_until(base + Span::from_millis(1100));
    assert_eq!(bench.events(EventCode::COMPLETE), [0]);
    bench.driver.step_until(base + Span::from_millis(2000));
    assert_eq!(bench.events(EventCode::COMPLETE), [0; 0]);
    let played = bench.played();
    assert_eq!(impulses(&played).len(), 1);
}

/// LS-113
#[test]
fn complete_is_not_told_while_paused_and_again_in_every_run_until_a_flush() {
    let mut bench = Bench::new("paused", &[]);
    bench.driver.run().unwrap();
    let base = bench.driver.now();
    bench.deliver(0, 100, 0.0, true, ticks);
    bench.driver.mark(0, Marker::EndOfStream).unwrap();
    // The last period was asked for, and is not heard yet.
    bench.driver.step_until(base + Span::from_millis(1035));
    assert_eq!(bench.events(EventCode::COMPLETE), [0; 0]);
    bench.driver.pause().unwrap();
    bench.driver.advance(Span::from_secs(1));
    bench.driver.step();
    assert_eq!(bench.events(EventCode::COMPLETE), [0; 0], "not while paused");
    let mut run = |told: &[i64]| {
        bench.driver.run().unwrap();
        bench.driver.step_until(bench.driver.now() + Span::from_millis(200));
        assert_eq!(bench.events(EventCode::COMPLETE), told);
        bench.driver.pause().unwrap();
    };
    run(&[0]);
    run(&[0]);
    bench.driver.mark(0, Marker::BeginFlush).unwrap();
    bench.driver.mark(0, Marker::EndFlush).unwrap();
    bench.driver.run().unwrap();
    bench.driver.step_until(bench.driver.now() + Span::from_millis(200));
    assert_eq!(bench.events(EventCode::COMPLETE), [0; 0], "what was to be told is gone");
}

/// LS-110
#[test]
fn another_format_is_played_after_what_is_queued() {
    let mut bench = Bench::new("format", &[]);
    bench.driver.run().unwrap();
    bench.deliver(0, 100, 0.0, true, ticks);
    let base = bench.driver.clock().host_time(StreamTime::ZERO);
    for block in 0..200_i64 {
        let now = base + Span::from_millis(1000 + 10 * (block + 1));
        bench.driver.step_until(now);
        let frames = block * 441..(block + 1) * 441;
        let values: Vec<f32> =
            frames.flat_map(|n| [if n == 22_050 { 1.0 } else { 0.0 }; 2]).collect();
        let start = StreamTime::ZERO + Span::from_millis(1000 + 10 * block);
        let mut sample = bench.driver.audio_sample(&values, Some(start));
        if block == 0 {
            sample.set_new_media(Some(audio(44_100, 2)));
        }
        bench.driver.receive(0, sample).unwrap();
    }
    let found = impulses(&bench.played());
    assert_eq!(found.len(), 2, "{found:?}");
    let off = found[1] - (1.5 + 0.040) * 48_000.0;
    assert!(off.abs() < 1.0, "{off} frames off");
}

/// LS-115
#[test]
fn a_flush_drops_what_is_queued_and_refuses_what_comes_until_its_end() {
    let mut bench = Bench::new("flush", &[]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    bench.deliver(0, 49, 0.0, true, |_| 0.25);
    bench.driver.mark(0, Marker::BeginFlush).unwrap();
    let refused = bench.driver.audio_sample(&[0.5; 480], Some(StreamTime::ZERO));
    assert_eq!(bench.driver.receive(0, refused), Ok(Flow::Stop));
    bench.driver.mark(0, Marker::EndFlush).unwrap();
    bench.deliver(60, 100, 0.0, true, |_| 0.75);
    let played = bench.played();
    // At 490 ms the period was asked for that is heard until 510 ms.
    let heard = (24_480..30_720).find(|&n| played[n].abs() > 1e-3);
    assert!(heard.is_none_or(|n| n > 30_600), "frame {heard:?}");
    assert!(played[31_200..40_000].iter().all(|&value| (value - 0.75).abs() < 1e-3));
}
