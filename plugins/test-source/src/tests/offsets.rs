//! Stream offsets.

use super::*;

/// LS-30, LS-31, LS-35
#[test]
fn the_stream_offset_is_added_to_start_and_stop_from_the_next_sample_on() {
    let mut driver = running(&[("hold", "200 ms")]);
    assert_eq!(driver.set_stream_offset(PIN, ms(-1)), Status::INVALID_ARGUMENT);
    samples(&mut driver, ms(25));
    assert_eq!(driver.set_stream_offset(PIN, ms(200)), Status::OK);
    let samples_then = samples(&mut driver, ms(10));
    assert_eq!(samples_then[0].times(), Ok((stream(ms(235)), stream(ms(245)))));
    assert!(samples_then[0].discontinuity());
    assert_eq!(driver.set_stream_offset(PIN, ms(300)), Status::FALSE, "in force all the same");
    let samples_then = samples(&mut driver, ms(10));
    assert_eq!(samples_then[0].start(), Some(stream(ms(345))));
    assert_eq!(samples_then[0].media_times(), Some((960, 1440)), "media times stay");
}

/// LS-32
#[test]
fn a_smaller_offset_withholds_samples_until_time_runs_forwards_again() {
    let mut driver = running(&[]);
    driver.set_stream_offset(PIN, ms(100));
    let before = samples(&mut driver, ms(55));
    assert_eq!(before.last().unwrap().times(), Ok((stream(ms(155)), stream(ms(165)))));
    driver.set_stream_offset(PIN, ms(50));
    let after = samples(&mut driver, ms(100));
    assert_eq!(after[0].start(), Some(stream(ms(165))));
    assert!(after[0].discontinuity() && !after[1].discontinuity());
    assert_eq!(driver.counters()["withheld"], 5);
}

/// LS-50: what was captured at the same instant is presented at the same instant.
#[test]
fn offsets_after_the_formula_align_sources_of_either_convention() {
    let target = ms(500);
    for (latency, stamps, offset) in
        [("500 ms", "delivery", 0), ("33 ms", "delivery", 467), ("33 ms", "capture", 500)]
    {
        let mut driver = running(&[("latency", latency), ("stamps", stamps)]);
        driver.set_stream_offset(PIN, ms(offset));
        let samples = samples(&mut driver, ms(1000));
        for (n, start) in (0..).zip(starts(&samples)) {
            assert_eq!(start, stream(ms(10 * n) + target), "{latency} {stamps}");
        }
    }
}

proptest! {
    /// LS-12, LS-32
    #[test]
    fn stamps_strictly_increase_whatever_is_ordered(
        orders in proptest::collection::vec((0..3_u8, 0..300_i64), 1..40),
        stamps in proptest::sample::select(vec!["delivery", "capture"]),
        flags in proptest::sample::select(vec!["", "private-clock"]),
        rate_error in proptest::sample::select(vec!["-50000 ppm", "0 ppm", "50000 ppm"]),
        jitter in proptest::sample::select(vec!["0 ms", "40 ms"]),
    ) {
        let given = [("stamps", stamps), ("flags", flags), ("rate-error", rate_error), ("jitter", jitter)];
        let mut driver = running(&given);
        let mut last = None;
        for (order, value) in orders {
            match order {
                0 => drop(driver.set_stream_offset(PIN, ms(value))),
                1 => {
                    driver.pause().unwrap();
                    driver.advance(ms(value));
                    driver.run().unwrap();
                }
                _ => {}
            }
            for sample in samples(&mut driver, ms(value)) {
                prop_assert!(sample.start() > last, "{:?} after {last:?}", sample.start());
                last = sample.start();
            }
        }
    }
}
