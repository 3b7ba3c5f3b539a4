//! Which rate is followed, how, and when a sample is heard (section 6).

use super::*;

/// LS-66, LS-M3
#[test]
fn a_file_that_plays_on_the_renderers_own_clock_comes_out_bit_by_bit_at_its_time() {
    let mut bench = Bench::new("own-clock", &[("rate-error", "123 ppm")]);
    bench.driver.activate().unwrap();
    bench.driver.set_clock(TestClock::Own);
    bench.driver.run().unwrap();
    let noise = |n: i64| ((n * 7_919) % 1_009) as f32 / 1_009.0;
    bench.deliver(0, 200, 0.0, true, noise);
    assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [2]);
    let played = bench.played();
    assert!(played[..1920].iter().all(|&value| value == 0.0), "silence until the first is due");
    for n in 0..90_000 {
        assert_eq!(played[1920 + n], noise(n as i64), "frame {n}");
    }
}

/// LS-82, LS-77 row 7, LS-81
#[test]
fn a_live_source_on_another_clock_is_heard_when_its_stamps_say() {
    let cases = [(0.0, 0.0), (200.0, 0.0), (-300.0, 150.0)];
    // What the first second of a device leaves as an error of its time line is worked off so slowly that nobody
    // hears it. Frames off before and after the lock, and ppm at the end.
    let jitters = [("0 ms", 3.0, 0.2, 0.1), ("0.5 ms", 5.0, 1.0, 2.0), ("3 ms", 10.0, 4.0, 8.0)];
    for ((ppm, device_ppm), (jitter, first_limit, later_limit, ppm_limit)) in
        cases.into_iter().flat_map(|case| jitters.map(|jitter| (case, jitter)))
    {
        let error = format!("{device_ppm} ppm");
        let mut bench = Bench::new("stamps", &[("rate-error", &error), ("jitter", jitter)]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        bench.deliver(0, 1500, ppm, true, ticks);
        assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [7]);
        let statistics = bench.driver.statistics().unwrap();
        assert_eq!(
            (statistics.row, statistics.mode, statistics.locked),
            (7, 0x11, 1),
            "{statistics:?}"
        );
        assert_eq!(
            (statistics.dropped_frames, statistics.inserted_frames, statistics.underruns),
            (0, 0, 0)
        );
        assert!((statistics.ppm - (ppm - device_ppm)).abs() < ppm_limit, "{statistics:?}");
        assert!(statistics.error_max < 100_000, "{statistics:?}");
        let locked_after = statistics.locked_after as f64 * 1e-9;
        let found = impulses(&bench.played());
        assert!(found.len() >= 14, "{found:?}");
        for (second, found) in found.iter().enumerate() {
            let off = found - due_frame(second, ppm, device_ppm);
            let at = second as f64 + 0.5;
            let limit = if at < locked_after { first_limit } else { later_limit };
            assert!(
                off.abs() < limit,
                "{ppm} on {device_ppm} ppm, jitter {jitter}, lock {locked_after} s, second {second}: {off} frames off"
            );
        }
    }
}

/// LS-81, LS-M8
#[test]
fn another_clock_of_the_graph_does_not_move_what_a_private_clock_stamps() {
    let ppm = 500.0;
    let mut bench = Bench::new("private", &[]);
    bench.live(PushSourceFlags::PRIVATE_CLOCK);
    bench.driver.run().unwrap();
    bench.deliver_private(0, 2000, ppm, ticks);
    bench.driver.set_clock(TestClock::Other(1.0));
    bench.deliver_private(2000, 3000, ppm, ticks);
    let statistics = bench.driver.statistics().unwrap();
    assert_eq!((statistics.row, statistics.locked), (5, 1), "{statistics:?}");
    assert_eq!((statistics.dropped_frames, statistics.inserted_frames), (0, 0), "{statistics:?}");
    // By then it has drifted by 10 ms.
    assert!(statistics.error_max < 50_000, "{statistics:?}");
}

/// LS-64, LS-75, LS-77, LS-78
#[test]
fn every_row_is_decided_and_plays_what_comes_in_step() {
    use PushSourceFlags as F;
    let rows: [(u8, TestClock, Option<F>, bool); 10] = [
        (1, TestClock::None, None, true),
        (2, TestClock::Other(1.0), None, true),
        (3, TestClock::Other(1.0), Some(F::INTERNAL_RATE_MATCHING), true),
        (4, TestClock::Other(1.0), Some(F::NOT_LIVE), true),
        (5, TestClock::Other(1.0), Some(F::PRIVATE_CLOCK), true),
        (6, TestClock::Other(1.0), Some(F::PRIVATE_CLOCK), false),
        (7, TestClock::Other(1.0), Some(F::NONE), true),
        (8, TestClock::Other(1.0), Some(F::NONE), false),
        (9, TestClock::Own, Some(F::NONE), true),
        (10, TestClock::Own, Some(F::NONE), false),
    ];
    for (row, clock, flags, stamped) in rows {
        let mut bench = Bench::new("rows", &[]);
        bench.driver.activate().unwrap();
        bench.driver.set_clock(clock);
        if let Some(flags) = flags {
            bench.live(flags);
        }
        bench.driver.run().unwrap();
        bench.deliver(0, 400, 0.0, stamped, ticks);
        assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [i64::from(row)]);
        let statistics = bench.driver.statistics().unwrap();
        assert_eq!(statistics.row, u32::from(row));
        assert_eq!(statistics.underruns, 0, "row {row}: {statistics:?}");
        let found = impulses(&bench.played());
        assert!(found.len() >= 3, "row {row}: {found:?}");
        for (second, found) in found.iter().enumerate() {
            // Without stamps the block's end is heard 40 ms after it came; by row 1 and 3 not sooner.
            let off = found - due_frame(second, 0.0, 0.0);
            let limit = if stamped && row != 1 { 0.1 } else { 960.0 };
            assert!(off.abs() < limit, "row {row}: {off} frames off");
        }
    }
}

/// LS-82, LS-M9, LS-M17
#[test]
fn ten_minutes_500_ppm_off_lose_nothing() {
    for ppm in [500.0, -500.0] {
        let mut bench = Bench::new("minutes", &[("jitter", "5 ms")]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        bench.deliver(0, 60_000, ppm, true, ticks);
        let s = bench.driver.statistics().unwrap();
        assert_eq!((s.dropped_frames, s.inserted_frames, s.underruns, s.overruns), (0, 0, 0, 0));
        assert!(s.error_max < 1_000_000, "{s:?}");
        drop(bench.played());
    }
}

/// LS-116: also when what came before it, at the rate of a recording, is still queued.
#[test]
fn a_segment_at_another_rate_is_played_as_much_faster_and_in_step() {
    for (rate, before) in [(2.0, 0), (0.5, 0), (2.0, 50)] {
        let mut bench = Bench::new("segment-rate", &[]);
        bench.driver.run().unwrap();
        bench.deliver(0, before, 0.0, true, |_| 0.0);
        let (start, stop) = (StreamTime::ZERO, StreamTime::MAX);
        bench.driver.mark(0, Marker::NewSegment { start, stop, rate }).unwrap();
        let base = bench.driver.clock().host_time(StreamTime::ZERO);
        // Blocks are 10 ms long at that rate too.
        let frames = (480.0 * rate) as i64;
        for block in 0..800 {
            bench.driver.step_until(base + lasted(before + block + 1, 0.0));
            let values: Vec<f32> = (block * frames..(block + 1) * frames).map(ticks).collect();
            let stamp = StreamTime::ZERO + lasted(before + block, 0.0);
            let sample = bench.driver.audio_sample(&values, Some(stamp));
            bench.driver.receive(0, sample).unwrap();
        }
        let s = bench.driver.statistics().unwrap();
        let lost = (s.dropped_frames, s.inserted_frames, s.underruns, s.overruns);
        assert_eq!(lost, (0, 0, 0, 0), "{rate}: {s:?}");
        assert_eq!((s.rate_hz, s.last_buffer), ((48_000.0 * rate) as u32, 10_000_000), "{rate}");
        let found = impulses(&bench.played());
        assert!(found.len() >= (7.0 * rate) as usize, "{rate}: {found:?}");
        for (second, found) in found.iter().enumerate() {
            // The source is as much fast, as it were.
            let begin = lasted(before, 0.0).secs_f64() * f64::from(RATE);
            let due = begin + due_frame(second, (rate - 1.0) * 1e6, 0.0);
            assert!((found - due).abs() < 0.1, "{rate}: {found} instead of {due}");
        }
    }
}

/// LS-116
#[test]
fn a_rate_that_cannot_be_played_is_refused_with_what_can() {
    let mut bench = Bench::new("refused-rate", &[]);
    bench.driver.run().unwrap();
    let (start, stop) = (StreamTime::ZERO, StreamTime::MAX);
    bench.driver.mark(0, Marker::NewSegment { start, stop, rate: -1.0 }).unwrap();
    let sample = bench.driver.audio_sample(&[0.0; 480], Some(StreamTime::ZERO));
    bench.driver.receive(0, sample).unwrap_err();
    let events = bench.driver.events();
    let refused = events.iter().find(|event| event.code == EventCode::ERROR_ABORT);
    assert_eq!(
        refused.map(|event| &*event.text),
        Some(
            "the stream cannot be queued: `input_rate_hz times playback_rate` is -48000; it can be 8000 to 384000"
        )
    );
    drop(bench.played());
}

/// LS-M9
#[test]
fn the_slave_method_is_a_setting_and_told_with_what_is_matched() {
    let methods = [
        ("resample", "row 7: matching time stamps"),
        ("skew", "row 7: matching time stamps, by moving what is played (skew)"),
        ("none", "row 7: matching time stamps, and correcting nothing (none)"),
    ];
    for (method, told) in methods {
        let mut bench = Bench::new(method, &[("slave-method", method), ("tolerance", "4 ms")]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        // 10 ms of drift.
        bench.deliver(0, 2000, 500.0, true, ticks);
        let s = bench.driver.statistics().unwrap();
        let events = bench.driver.events();
        let texts = events.iter().filter(|it| it.code == EventCode::RATE_MATCH_CHANGED);
        assert_eq!(texts.map(|it| &*it.text).collect::<Vec<_>>(), [told]);
        assert_eq!((s.locked, s.underruns, s.inserted_frames), (1, 0, 0), "{method}: {s:?}");
        let (moved, largest, ppm) = match method {
            "resample" => (0..=0, 0..=100_000, 500.0),
            "skew" => (300..=450, 2_000_000..=2_400_000, 0.0),
            _ => (0..=0, 9_800_000..=10_100_000, 0.0),
        };
        assert!(moved.contains(&s.dropped_frames), "{method}: {s:?}");
        assert!(largest.contains(&s.error_max), "{method}: {s:?}");
        assert!((s.ppm - ppm).abs() < 0.3, "{method}: {s:?}");
        drop(bench.played());
    }
}

/// LS-76
#[test]
fn one_unstamped_sample_changes_nothing_and_eight_do() {
    let mut bench = Bench::new("eight", &[]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    bench.deliver(0, 10, 0.0, true, ticks);
    bench.deliver(10, 17, 0.0, false, ticks);
    bench.deliver(17, 30, 0.0, true, ticks);
    assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [7]);
    bench.deliver(30, 40, 0.0, false, ticks);
    assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [8]);
    drop(bench.played());
}

/// LS-76, LS-87: the next sample decides anew, and the rate is found anew.
#[test]
fn a_flush_a_segment_a_format_and_a_clock_let_row_and_rate_be_found_anew() {
    type Change = fn(&mut Bench);
    let flush: Change = |bench| {
        bench.driver.mark(0, Marker::BeginFlush).unwrap();
        bench.driver.mark(0, Marker::EndFlush).unwrap();
    };
    let segment: Change = |bench| bench.driver.mark(0, Marker::LIVE_SEGMENT).unwrap();
    let format: Change = |bench| {
        let values = vec![0.0; 441];
        let mut sample =
            bench.driver.audio_sample(&values, Some(StreamTime::from_nanos(20_000_000_000)));
        sample.set_new_media(Some(audio(44_100, 1)));
        bench.driver.receive(0, sample).unwrap();
    };
    let clock: Change = |bench| bench.driver.set_clock(TestClock::Other(1.0));
    let table = [("flush", flush), ("segment", segment), ("format", format), ("clock", clock)];
    for (name, change) in table {
        let mut bench = Bench::new(name, &[]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        bench.deliver(0, 2000, 200.0, true, ticks);
        let before = bench.driver.statistics().unwrap();
        assert!(before.locked == 1 && (before.ppm - 200.0).abs() < 1.0, "{name}: {before:?}");
        assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [7]);
        // What is upstream is other now, and nobody asks before something changes.
        bench.live(PushSourceFlags::PRIVATE_CLOCK);
        bench.deliver(2000, 2001, 200.0, true, ticks);
        assert_eq!(bench.driver.statistics().unwrap().row, 7, "{name}");
        change(&mut bench);
        if name != "format" {
            bench.deliver(2001, 2008, 200.0, true, ticks);
        }
        assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [5], "{name}");
        bench.driver.step_until(bench.driver.now() + Span::from_millis(200));
        let after = bench.driver.statistics().unwrap();
        assert!(after.locked == 0 && after.ppm.abs() < 100.0, "{name}: {after:?}");
        drop(bench.played());
    }
}

/// LS-80: a file is heard when its stamps say, by the clock of the graph; by its own there is nothing to
/// follow.
#[test]
fn what_is_not_live_follows_another_clock_within_the_tolerance() {
    for (clock, mode, ppm) in [(TestClock::Other(1.0003), 0x04, 300.0), (TestClock::Own, 0, 0.0)] {
        let mut bench = Bench::new("slaved", &[]);
        bench.driver.activate().unwrap();
        bench.driver.set_clock(clock);
        bench.driver.run().unwrap();
        let at = |block: i64| StreamTime::ZERO + Span::from_millis(10 * block);
        for block in 0..2000 {
            bench.driver.step_until(bench.driver.clock().host_time(at(block + 1)));
            let values: Vec<f32> = (block * 480..(block + 1) * 480).map(ticks).collect();
            let sample = bench.driver.audio_sample(&values, Some(at(block)));
            bench.driver.receive(0, sample).unwrap();
        }
        let s = bench.driver.statistics().unwrap();
        assert_eq!((s.row, s.mode, s.dropped_frames, s.inserted_frames), (2, mode, 0, 0), "{s:?}");
        assert!((s.ppm - ppm).abs() < 1.0, "{s:?}");
        let found = impulses(&bench.played());
        for (second, found) in found.iter().enumerate().skip(10) {
            // Heard 540 ms after the second, by the graph's clock.
            let due = (second as f64 + 0.54) / (1.0 + ppm * 1e-6) * f64::from(RATE);
            assert!((found - due).abs() < 1.0, "second {second}: {} frames off", found - due);
        }
    }
}

/// LS-79, LS-90: the source matches by itself, badly; that is reported, not mended.
#[test]
fn what_nobody_corrects_is_reported_all_the_same() {
    let mut bench = Bench::new("uncorrected", &[("tolerance", "2 ms")]);
    bench.live(PushSourceFlags::INTERNAL_RATE_MATCHING);
    bench.driver.run().unwrap();
    bench.deliver(0, 1000, -500.0, true, ticks);
    let statistics = bench.driver.statistics().unwrap();
    assert_eq!((statistics.row, statistics.ppm), (3, 0.0));
    let early_ms = -(statistics.error_now as f64) * 1e-6;
    assert!((early_ms - 5.0).abs() < 0.1, "{statistics:?}");
    assert_eq!((statistics.dropped_frames, statistics.inserted_frames), (0, 0), "beyond 2 ms too");
    drop(bench.played());
}
