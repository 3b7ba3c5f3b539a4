use driftless_plugin_api::testing::{self, Driver, TestClock};
use driftless_plugin_api::{Sample, Span, Stamps, StreamTime, VideoFormat};
use proptest::prelude::*;

use super::*;

mod offsets;
mod pictures;

const PIN: Pin = Pin::Output(OUT);

fn settings(given: &[(&str, &str)]) -> Settings {
    testing::settings(include_str!("../plugin.toml"), TestSource::ID, given)
}

/// A source of mono sound in blocks of 10 ms, 25 ms late, and what else is `given`.
fn source(given: &[(&str, &str)]) -> Driver {
    let mut all = vec![("channels", "1"), ("latency", "25 ms")];
    all.extend(given);
    let mut driver = Driver::source::<TestSource>(settings(&all)).unwrap();
    let media = driver.media_types(PIN)[0].complete().unwrap();
    driver.connect(PIN, media).unwrap();
    driver
}

fn running(given: &[(&str, &str)]) -> Driver {
    let mut driver = source(given);
    driver.run().unwrap();
    driver
}

const fn ms(ms: i64) -> Span {
    Span::from_millis(ms)
}

fn stream(time: Span) -> StreamTime {
    StreamTime::ZERO + time
}

fn samples(driver: &mut Driver, span: Span) -> Vec<Sample> {
    driver.collect(OUT, span).into_iter().map(|(_, sample)| sample).collect()
}

fn starts(samples: &[Sample]) -> Vec<StreamTime> {
    samples.iter().map(|sample| sample.start().unwrap()).collect()
}

fn positions(samples: &[Sample]) -> Vec<(i64, i64)> {
    samples.iter().map(|sample| sample.media_times().unwrap()).collect()
}

#[test]
fn the_descriptor_is_sound_and_its_defaults_make_a_source() {
    assert!(Driver::source::<TestSource>(settings(&[])).is_ok());
    assert!(Driver::source::<TestSource>(settings(&[("media", "video")])).is_ok());
}

/// LS-16, LS-95, LS-49
#[test]
fn a_block_arrives_its_latency_after_capture_and_is_stamped_as_the_source_says() {
    for (stamps, first) in [("delivery", Some(ms(25))), ("capture", Some(ms(0))), ("none", None)] {
        let mut driver = running(&[("stamps", stamps)]);
        for (n, (at, sample)) in (0..).zip(driver.collect(OUT, ms(200))) {
            assert_eq!(at, HostTime::ZERO + ms(25 + 10 * n));
            let stamp = first.map(|first| stream(first + ms(10 * n)));
            assert_eq!(sample.start(), stamp, "{stamps}");
            let times = stamp.map(|start| (start, start + ms(10)));
            assert_eq!(sample.times().ok(), times, "{stamps}");
            assert_eq!(sample.media_times(), Some((480 * n, 480 * n + 480)));
            assert_eq!(sample.discontinuity(), n == 0);
        }
    }
}

/// LS-M20
#[test]
fn after_a_day_on_a_clock_451_ppm_fast_each_stamp_is_still_the_instant_of_capture() {
    let given =
        [("rate", "1000 Hz"), ("frequency", "100 Hz"), ("block", "1 s"), ("latency", "1 s")];
    let mut driver =
        running(&[&given[..], &[("rate-error", "451 ppm"), ("stamps", "capture")]].concat());
    let samples = samples(&mut driver, Span::from_secs(86_401));
    let last = samples.last().unwrap();
    let (position, _) = last.media_times().unwrap();
    assert_eq!(position / 1000, (86_400.0_f64 * 1.000451) as i64, "seconds of sound in a day");
    let exact = position as f64 / 1000.0 / 1.000451;
    let error = last.start().unwrap() - stream(Span::from_secs_f64(exact));
    assert!(error.nanos().abs() <= 20, "{error} off after a day");
}

/// LS-25 against PRIVATE_CLOCK: who reads which clock.
#[test]
fn a_private_clock_stamps_by_its_own_count_and_starts_where_the_graph_clock_is() {
    let given = [("rate-error", "500 ppm"), ("block", "100 ms"), ("latency", "100 ms")];
    let last = |flags| {
        let mut driver = source(&[&given[..], &[("flags", flags)]].concat());
        driver.set_clock(TestClock::Other(1.0001));
        driver.run().unwrap();
        let samples = samples(&mut driver, Span::from_secs(101));
        assert_eq!(samples[0].start(), Some(stream(ms(100))));
        samples[1000].start().unwrap() - stream(ms(100))
    };
    assert_eq!(last("private-clock"), Span::from_secs(100));
    let seen_by_the_graph = Span::from_secs_f64(100.0 / 1.0005 * 1.0001);
    assert!((last("") - seen_by_the_graph).nanos().abs() <= 1);
}

/// LS-64
#[test]
fn without_a_clock_a_live_source_stamps_by_its_own_count() {
    let mut driver = source(&[("rate-error", "20000 ppm"), ("stamps", "capture")]);
    driver.set_clock(TestClock::None);
    driver.set_now(HostTime::ZERO + Span::from_secs(7));
    driver.run().unwrap();
    let samples = samples(&mut driver, Span::from_secs(1));
    assert_eq!(starts(&samples)[50], stream(ms(500)));
}

#[test]
fn jitter_delays_each_sample_by_its_own_share_in_order_and_repeats_with_the_seed() {
    let delays = || -> Vec<Span> {
        let mut driver = running(&[("jitter", "30 ms")]);
        let collected = driver.collect(OUT, Span::from_secs(20));
        assert!(collected.is_sorted_by_key(|(at, _)| *at));
        let positions: Vec<_> = collected.iter().map(|(_, sample)| sample.media_times()).collect();
        assert!(positions.is_sorted());
        let due = |n: i64| HostTime::ZERO + ms(25 + 10 * n);
        (0..).zip(&collected).map(|(n, (at, _))| *at - due(n)).collect()
    };
    let first = delays();
    assert!(first.iter().all(|delay| (Span::ZERO..=ms(30)).contains(delay)));
    assert!(first.iter().any(|delay| *delay < ms(3)) && first.iter().any(|delay| *delay > ms(27)));
    assert_eq!(first, delays());
}

/// LS-100, LS-109
#[test]
fn a_dropout_leaves_samples_out_and_the_next_one_says_so() {
    let mut driver = running(&[("dropout-every", "100 ms"), ("dropout-length", "20 ms")]);
    let samples = samples(&mut driver, ms(330));
    let first: Vec<_> = positions(&samples).iter().map(|(first, _)| first / 480).collect();
    let expected: Vec<_> = (0..=30).filter(|n| n / 10 == 0 || n % 10 >= 2).collect();
    assert_eq!(first, expected);
    for (sample, n) in samples.iter().zip(first) {
        assert_eq!(sample.discontinuity(), [0, 12, 22].contains(&n), "sample {n}");
        assert_eq!(sample.start(), Some(stream(ms(25 + 10 * n))), "time goes on in a gap");
    }
    assert_eq!(driver.counters()["dropped_out"], 5);
    assert_eq!(driver.counters()["delivered"], samples.len() as u64);
    driver.pause().unwrap();
    driver.deactivate().unwrap();
    driver.activate().unwrap();
    assert_eq!(driver.counters()["dropped_out"] + driver.counters()["delivered"], 0, "anew");
}

#[test]
fn the_stream_ends_after_exactly_so_many_frames_and_says_so_once() {
    for (given, frames) in [
        (&[("stop-after", "105 ms")][..], 5040),
        (&[("stop-after", "1 s"), ("media", "video"), ("frame-rate", "30000/1001")], 30),
        (&[("stop-after", "105 ms"), ("flags", "not-live")], 5040),
    ] {
        let mut driver = running(given);
        let mut delivered = Vec::new();
        for _ in 0..1000 {
            if driver.step() == Wake::Ended {
                break;
            }
            driver.advance(ms(1));
            delivered.extend(driver.delivered(OUT));
        }
        delivered.extend(driver.delivered(OUT));
        assert_eq!(delivered.last().unwrap().media_times().unwrap().1, frames, "{given:?}");
        assert_eq!(driver.marked(OUT), [Marker::LIVE_SEGMENT, Marker::EndOfStream]);
        assert_eq!(driver.step(), Wake::Ended);
        assert_eq!(driver.marked(OUT), []);
    }
}

/// LS-7, LS-11, LS-12, LS-109
#[test]
fn a_pause_is_silent_and_afterwards_new_data_has_later_stamps() {
    for given in [
        &[("stamps", "delivery")][..],
        &[("stamps", "capture"), ("latency", "10 ms")],
        &[("flags", "private-clock"), ("rate-error", "20000 ppm")],
    ] {
        let mut driver = source(given);
        driver.activate().unwrap();
        assert_eq!((driver.cue(), driver.step()), (Cue::CantCue, Wake::OnSignal));
        driver.run().unwrap();
        let before = samples(&mut driver, ms(1003));
        driver.pause().unwrap();
        assert_eq!(driver.cue(), Cue::CantCue);
        driver.advance(Span::from_secs(60));
        assert_eq!(driver.step(), Wake::OnSignal);
        assert!(driver.delivered(OUT).is_empty());
        driver.run().unwrap();
        let resumed = driver.now();
        let after = driver.collect(OUT, ms(1000));
        let (arrived, first) = &after[0];
        assert!(first.discontinuity());
        assert!(*arrived >= resumed + ms(10), "it was captured before the graph ran again");
        assert!(first.start() > before.last().unwrap().start());
        assert!(first.start().unwrap() < stream(ms(1070)), "stream time went on while paused");
        assert_eq!(first.media_times().unwrap().0, before.last().unwrap().media_times().unwrap().1);
    }
}

/// LS-4
#[test]
fn a_source_that_is_not_live_fills_in_paused_and_stamps_from_zero() {
    let mut driver = source(&[("flags", "not-live"), ("stamps", "capture")]);
    driver.activate().unwrap();
    assert_eq!(driver.cue(), Cue::Done);
    for _ in 0..3 {
        assert_eq!(driver.step(), Wake::At(driver.now()));
    }
    driver.run().unwrap();
    driver.step();
    let samples = driver.delivered(OUT);
    assert_eq!(starts(&samples), [0, 10, 20, 30].map(|at| stream(ms(at))));
    assert_eq!(samples.iter().filter(|sample| sample.discontinuity()).count(), 1);
}

#[test]
fn the_clock_on_offer_is_the_one_that_the_source_captures_by() {
    let mut driver =
        source(&[("clock", "true"), ("rate-error", "-300 ppm"), ("stamps", "capture")]);
    assert_eq!(driver.published_clock(), None);
    driver.set_now(HostTime::ZERO + Span::from_secs(5));
    driver.set_clock(TestClock::Own);
    driver.activate().unwrap();
    assert!(driver.published_clock().is_some(), "a start needs a clock");
    driver.run().unwrap();
    let samples = samples(&mut driver, Span::from_secs(100));
    for (n, start) in (0..).zip(starts(&samples)) {
        assert!((start - stream(ms(10 * n))).nanos().abs() <= 1, "block {n} is at {start:?}");
    }
    assert_eq!(driver.published_clock().unwrap().rate, 0.9997);
    assert!(source(&[]).published_clock().is_none());
}

/// LS-6, LS-111: what is not wanted is dropped by the engine, which knows when it is wanted again.
#[test]
fn who_is_live_goes_on_after_a_stop_from_downstream_and_who_is_not_waits_for_a_signal() {
    let mut driver = running(&[]);
    driver.answer(OUT, Status::FALSE);
    assert_eq!(samples(&mut driver, ms(100)).len(), 8);
    let mut driver = running(&[("flags", "not-live")]);
    driver.answer(OUT, Status::FALSE);
    assert_eq!(driver.step(), Wake::OnSignal);
    driver.answer(OUT, Status::OK);
    assert_eq!(driver.step(), Wake::At(driver.now()));
    assert_eq!(driver.delivered(OUT).len(), 2);
}

#[test]
fn started_again_it_repeats_itself() {
    let mut driver = running(&[("waveform", "noise"), ("jitter", "20 ms")]);
    let first: Vec<_> = driver.collect(OUT, ms(500));
    let began = driver.now();
    driver.pause().unwrap();
    driver.deactivate().unwrap();
    driver.run().unwrap();
    let again = driver.collect(OUT, ms(500));
    assert_eq!(first.len(), again.len());
    for ((at, sample), (at_again, sample_again)) in first.iter().zip(&again) {
        assert_eq!(sample.values(), sample_again.values());
        assert_eq!(sample.times(), sample_again.times());
        assert_eq!(*at - HostTime::ZERO, *at_again - began);
    }
}

#[test]
fn settings_that_do_not_fit_together_are_refused_with_what_would() {
    for (given, expected) in [
        (&[("latency", "5 ms")][..], "shorter than a block of 10.0 ms"),
        (&[("frequency", "24000 Hz")], "needs a rate above 48000 Hz"),
        (&[("dropout-every", "1 s"), ("dropout-length", "1 s")], "leave nothing"),
        (&[("media", "video"), ("size", "640")], "expected width and height"),
        (&[("media", "video"), ("size", "63x36")], "64x36"),
        (&[("media", "video"), ("size", "16000x16000")], "at most 128 MiB"),
        (&[("media", "video"), ("frame-rate", "30/0")], "such as \"30\" or \"30000/1001\""),
        (&[("media", "video"), ("frame-rate", "5000")], "0.1 to 1000"),
    ] {
        let refused = Driver::source::<TestSource>(settings(given)).err().expect(expected);
        assert_eq!(refused.status, Status::INVALID_ARGUMENT);
        assert!(refused.text.contains(expected), "{refused}");
    }
    let mut driver = source(&[]);
    let refused = driver.connect(PIN, testing::audio(44_100, 1)).unwrap_err();
    assert_eq!(refused.status, Status::TYPE_NOT_ACCEPTED);
}

#[test]
fn it_says_of_itself_what_its_settings_say() {
    let driver = source(&[]);
    let given =
        [("flags", "private-clock"), ("stamps", "none"), ("hold", "0 s"), ("clock", "true")];
    let mut source = TestSource::create(&settings(&given), driver.host()).unwrap();
    assert_eq!(Latency::latency(&source, PIN), Ok(ms(10)));
    let push = source.push_source().unwrap();
    assert_eq!(push.flags(PIN), PushSourceFlags::PRIVATE_CLOCK);
    assert_eq!(push.stamps(PIN), Stamps::None);
    assert_eq!(push.max_stream_offset(PIN), ms(10), "LS-34");
    assert_eq!(push.set_flags(PIN, PushSourceFlags::NONE), Status::NOT_IMPLEMENTED);
    assert!(source.clock().unwrap().offers());
    assert_eq!(source.pins().unwrap().category(PIN), driftless_plugin_api::PinCategory::Capture);
    assert_eq!(source.pins().unwrap().misc_flags(), driftless_plugin_api::IS_SOURCE);
}

/// LS-33
#[test]
fn the_largest_offset_grows_only_before_the_pin_is_connected() {
    let driver = source(&[]);
    let mut source = TestSource::create(&settings(&[]), driver.host()).unwrap();
    let media = source.media_types(PIN)[0].complete().unwrap();
    let push = source.push_source().unwrap();
    assert_eq!(push.set_max_stream_offset(PIN, Span::from_secs(9)), Status::OK);
    assert_eq!(push.max_stream_offset(PIN), Span::from_secs(9));
    source.connect(PIN, media).unwrap();
    let push = source.push_source().unwrap();
    assert_eq!(push.set_max_stream_offset(PIN, Span::from_secs(10)), Status::FALSE);
    assert_eq!(push.set_max_stream_offset(PIN, Span::from_secs(3)), Status::OK);
    push.set_stream_offset(PIN, Span::from_secs(2));
    assert_eq!(push.set_max_stream_offset(PIN, Span::from_secs(1)), Status::INVALID_ARGUMENT);
    assert_eq!(push.max_stream_offset(PIN), Span::from_secs(3));
}
