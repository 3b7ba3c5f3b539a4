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
