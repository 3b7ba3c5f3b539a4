//! What is lost, and how it is told.

use super::*;

#[test]
fn what_finds_no_room_is_lost_counted_and_told_once() {
    let mut bench = Bench::new("overflow", &[]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    assert!(bench.driver.ready());
    for block in 0..100_i64 {
        let start = StreamTime::ZERO + Span::from_millis(10 * block);
        let sample = bench.driver.audio_sample(&[0.0; 480], Some(start));
        bench.driver.receive(0, sample).unwrap();
    }
    assert!(!bench.driver.ready());
    let statistics = bench.driver.statistics().unwrap();
    let lost = 100 - statistics.capacity / 10_000_000;
    assert_eq!(statistics.overruns as i64, lost, "{statistics:?}");
    assert_eq!(bench.events(EventCode::QUEUE_OVERRUN).len(), 1);
    bench.driver.step_until(bench.driver.now() + Span::from_millis(500));
    assert!(bench.driver.ready());
    drop(bench.played());
}

/// A source that stops and comes back again and again tells so once a second.
#[test]
fn breaks_are_told_at_most_once_a_second_with_their_count() {
    let mut bench = Bench::new("breaks", &[]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    for burst in 0..20 {
        bench.deliver(20 * burst, 20 * burst + 8, 0.0, true, |_| 0.5);
    }
    let breaks = bench.driver.statistics().unwrap().breaks;
    let told: Vec<_> = bench.driver.events();
    let told: Vec<_> = told
        .iter()
        .filter(|event| [EventCode::STARVATION, EventCode::RESYNC].contains(&event.code))
        .collect();
    assert!(breaks >= 19, "{breaks} breaks");
    assert!(told.len() <= 10, "{} events", told.len());
    assert!(told.iter().map(|event| event.p2).sum::<i64>() >= 15, "{told:?}");
    drop(bench.played());
}

/// LS-86: up to ten seconds; a longer gap is another stream.
#[test]
fn a_gap_in_the_stamps_is_silence_of_its_length() {
    for (gap_s, silence_ms) in [(0, 0), (1, 1_000), (3, 3_000), (9, 9_000), (11, 0)] {
        let mut bench = Bench::new("gap", &[]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        bench.deliver(0, 100, 0.0, true, |_| 0.5);
        bench.deliver(100 * (1 + gap_s), 100 * (3 + gap_s), 0.0, true, |_| 0.5);
        bench.driver.step_until(bench.driver.now() + Span::from_millis(200));
        let statistics = bench.driver.statistics().unwrap();
        let about = format!("{gap_s} s: {statistics:?}");
        assert_eq!(statistics.overruns, 0, "{about}");
        assert_eq!(statistics.silence / 1_000_000, silence_ms, "{about}");
        let played = bench.played();
        let heard = played.iter().filter(|value| value.abs() > 0.49).count() as i64;
        assert!((heard - 3 * 48_000).abs() < 4_800, "{heard} frames heard; {about}");
        let last = played.iter().rposition(|value| value.abs() > 0.49).unwrap_or(0) as i64;
        assert!(last > (2 + gap_s) * 48_000, "nothing after {last}; {about}");
    }
}

/// LS-108
#[test]
fn what_only_leads_to_the_first_frame_is_not_heard() {
    let mut bench = Bench::new("preroll", &[]);
    bench.driver.run().unwrap();
    for block in 0..20_i64 {
        let start = StreamTime::ZERO + Span::from_millis(10 * block);
        let mut sample = bench.driver.audio_sample(&[0.5; 480], Some(start));
        sample.set_flags(sample.flags().with(SampleFlags::PREROLL, block < 10));
        bench.driver.receive(0, sample).unwrap();
    }
    bench.driver.step_until(bench.driver.now() + Span::from_millis(500));
    let heard = bench.played().iter().filter(|value| **value > 0.49).count();
    assert!((4_700..=4_900).contains(&heard), "{heard} frames");
}
