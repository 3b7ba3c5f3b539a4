use driftless_plugin_api::testing::{self, Driver, TestClock, audio};
use driftless_plugin_api::{HostTime, StreamTime, When};
use proptest::prelude::*;

use super::*;

const PIN: Pin = Pin::Output(OUT);

fn settings(given: &[(&str, &str)]) -> Settings {
    testing::settings(include_str!("../../plugin.toml"), AudioCapture::ID, given)
}

/// A virtual device, mono, in blocks of 10 ms, and what else is `given`.
fn source(given: &[(&str, &str)]) -> Driver {
    let mut all = vec![("device", "virtual"), ("channels", "1")];
    all.extend(given);
    let mut driver = Driver::source::<AudioCapture>(settings(&all)).unwrap();
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

#[test]
fn the_descriptor_is_sound_and_its_defaults_make_a_source() {
    assert!(Driver::source::<AudioCapture>(settings(&[])).is_ok());
}

/// LS-95, LS-49, LS-M15: a device 300 ppm fast, in host time.
#[test]
fn every_block_is_stamped_with_the_instant_at_which_its_first_frame_was_captured() {
    let mut driver = running(&[("rate-error", "300 ppm")]);
    let collected = driver.collect(OUT, Span::from_secs(60));
    let mut position = collected[0].1.media_times().unwrap().0;
    assert!(position <= 1, "the first frame may count as captured just before the start");
    for (n, (at, sample)) in (0..).zip(&collected) {
        let captured = Span::from_secs_f64(position as f64 / 48_000.0 / 1.0003);
        let off = sample.start().unwrap() - stream(captured);
        // In the first seconds the device's rate is being found.
        let limit = Span::from_micros(if n < 300 { 100 } else { 20 });
        assert!(off.abs() < limit, "block {n} is {off} off");
        let latency = *at - HostTime::ZERO - captured;
        assert!(latency <= ms(20), "block {n} came after {latency}");
        assert_eq!(sample.media_times(), Some((position, position + 480)));
        assert_eq!(sample.discontinuity(), n == 0, "block {n}");
        position += 480;
    }
    assert_eq!((position + 479) / 480, 6001, "blocks in a minute");
    assert_eq!(driver.marked(OUT), [Marker::LIVE_SEGMENT]);
}

#[test]
fn the_virtual_device_captures_a_sine_on_every_channel_and_repeats_itself() {
    let given = [("channels", "2"), ("frequency", "1000 Hz"), ("level", "-6 dB")];
    let values = || -> Vec<f32> {
        let samples = samples(&mut running(&given), ms(1000));
        samples.iter().flat_map(|sample| sample.values().to_vec()).collect()
    };
    let first = values();
    assert_eq!(first.len(), 2 * 48_000);
    let amplitude = 10f64.powf(-6.0 / 20.0);
    for (n, frame) in first.chunks_exact(2).enumerate() {
        let exact = amplitude * (n as f64 / 48.0 * std::f64::consts::TAU).sin();
        assert!((f64::from(frame[0]) - exact).abs() < 1e-6, "frame {n}");
        assert_eq!(frame[0], frame[1]);
    }
    assert_eq!(first, values());
}

/// LS-7, LS-11, LS-12, LS-109
#[test]
fn a_pause_is_silent_and_afterwards_new_data_has_later_stamps() {
    for clock in [TestClock::Other(1.0), TestClock::Other(1.0003)] {
        let mut driver = source(&[("rate-error", "200 ppm")]);
        driver.set_clock(clock);
        driver.activate().unwrap();
        assert_eq!(driver.cue(), Cue::CantCue);
        assert!(samples(&mut driver, ms(100)).is_empty());
        driver.run().unwrap();
        let before = samples(&mut driver, ms(1003));
        driver.pause().unwrap();
        assert_eq!(driver.cue(), Cue::CantCue);
        assert!(samples(&mut driver, Span::from_secs(600)).is_empty());
        driver.run().unwrap();
        let resumed = driver.now();
        let after = driver.collect(OUT, ms(1000));
        let (arrived, first) = &after[0];
        assert!(first.discontinuity() && !after[1].1.discontinuity());
        assert!(*arrived >= resumed + ms(10), "it was captured before the graph ran again");
        let last = before.last().unwrap();
        assert!(first.start() >= Some(last.times().unwrap().1), "{clock:?}");
        let late = first.start().unwrap() - stream(ms(1003));
        assert!(late < ms(20), "stream time went on while paused: {late}, {clock:?}");
        assert!(first.media_times().unwrap().0 > 600 * 48_000, "the device captured on");
    }
}

/// A device that is gone, and back.
struct Flickering(Vec<News>);

impl Device for Flickering {
    fn period(&self) -> Span {
        ms(10)
    }
    fn delay(&self) -> Span {
        Span::ZERO
    }
    fn identity(&self) -> String {
        String::new()
    }
    fn step(&mut self, now: HostTime) -> HostTime {
        now + ms(10)
    }
    fn news(&mut self) -> Option<News> {
        self.0.pop()
    }
}

/// LS-14
#[test]
fn a_device_that_goes_is_told_with_0_and_one_that_comes_back_with_1() {
    let driver = source(&[]);
    let options = Options::read(&settings(&[("device", "virtual")])).unwrap();
    let (_, reader, counts) = Recorder::new(driver.host(), &options);
    let news = vec![News::Back("back".to_owned()), News::Lost("lost".to_owned())];
    let cutter = Cutter::new(reader, options.block_frames);
    Active::new(Box::new(Flickering(news)), cutter, counts).tell(&driver.host());
    let told: Vec<_> =
        driver.events().into_iter().map(|it| (it.code, it.p1, it.p2, it.text)).collect();
    let lost = EventCode::DEVICE_LOST;
    assert_eq!(told, [(lost, 0, 0, "lost".to_owned()), (lost, 0, 1, "back".to_owned())]);
}

/// LS-23: a tenth of what the original's capture buffers by default.
#[test]
fn without_settings_it_delivers_soon_enough_to_listen_to() {
    let latency = settings(&[]).time("latency").unwrap();
    assert!((ms(30)..=ms(80)).contains(&latency), "{latency}");
}

/// LS-99
#[test]
fn blocks_between_start_and_stop_are_delivered_and_told_with_their_cookies() {
    let mut driver = source(&[]);
    assert_eq!(driver.start_at(PIN, When::At(stream(ms(105))), 3), Status::OK);
    assert_eq!(driver.stop_at(PIN, When::At(stream(ms(305))), true, 4), Status::OK);
    driver.run().unwrap();
    let delivered = samples(&mut driver, ms(500));
    let starts: Vec<Span> =
        delivered.iter().map(|it| it.start().unwrap() - StreamTime::ZERO).collect();
    assert_eq!(
        starts.len(),
        22,
        "20 that begin before the stop, one that spans the start, one more"
    );
    assert!(starts[0] < ms(105) && starts[0] + ms(10) > ms(105), "{starts:?}");
    assert!(delivered[0].discontinuity() && !delivered[1].discontinuity());
    let told: Vec<_> = driver.events().iter().map(|event| (event.code, event.p2)).collect();
    assert_eq!(told, [(EventCode::STREAM_STARTED, 3), (EventCode::STREAM_STOPPED, 4)]);
    assert!(driver.counters()["gated"] > 0);
}

/// LS-30, LS-31, LS-35
#[test]
fn the_stream_offset_is_added_to_start_and_stop_from_the_next_sample_on() {
    let mut driver = running(&[("hold", "200 ms")]);
    assert_eq!(driver.set_stream_offset(PIN, ms(-1)), Status::INVALID_ARGUMENT);
    samples(&mut driver, ms(20));
    assert_eq!(driver.set_stream_offset(PIN, ms(200)), Status::OK);
    let next = samples(&mut driver, ms(10));
    assert_eq!(next[0].times(), Ok((stream(ms(220)), stream(ms(230)))));
    assert!(next[0].discontinuity());
    assert_eq!(driver.set_stream_offset(PIN, ms(300)), Status::FALSE, "in force all the same");
    assert_eq!(samples(&mut driver, ms(10))[0].start(), Some(stream(ms(330))));
}

/// LS-32
#[test]
fn a_smaller_offset_withholds_samples_until_time_runs_forwards_again() {
    let mut driver = running(&[]);
    driver.set_stream_offset(PIN, ms(100));
    samples(&mut driver, ms(50));
    driver.set_stream_offset(PIN, ms(50));
    let after = samples(&mut driver, ms(100));
    assert_eq!(after[0].start(), Some(stream(ms(150))));
    assert!(after[0].discontinuity() && !after[1].discontinuity());
    assert_eq!(driver.counters()["withheld"], 5);
}

proptest! {
    /// LS-12, LS-32
    #[test]
    fn stamps_strictly_increase_whatever_is_ordered(
        orders in proptest::collection::vec((0..3_u8, 0..300_i64), 1..40),
        rate_error in proptest::sample::select(vec!["-10000 ppm", "0 ppm", "10000 ppm"]),
        clock in proptest::sample::select(vec![TestClock::None, TestClock::Own, TestClock::Other(1.001)]),
    ) {
        let mut driver = source(&[("rate-error", rate_error)]);
        driver.set_clock(clock);
        driver.run().unwrap();
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

/// LS-64
#[test]
fn without_a_clock_the_source_stamps_by_its_own_count() {
    let mut driver = source(&[("rate-error", "10000 ppm")]);
    driver.set_clock(TestClock::None);
    driver.set_now(HostTime::ZERO + Span::from_secs(7));
    driver.run().unwrap();
    let samples = samples(&mut driver, Span::from_secs(1));
    assert_eq!(samples[50].start(), Some(stream(ms(500))));
}

/// LS-69
#[test]
fn the_clock_on_offer_is_the_one_that_the_source_captures_by() {
    let mut driver = source(&[("rate-error", "-300 ppm")]);
    assert_eq!(driver.published_clock(), None);
    driver.set_now(HostTime::ZERO + Span::from_secs(5));
    driver.set_clock(TestClock::Own);
    driver.activate().unwrap();
    assert!(driver.published_clock().is_some(), "a start needs a clock");
    driver.run().unwrap();
    let samples = samples(&mut driver, Span::from_secs(100));
    for (n, sample) in (0..).zip(&samples) {
        let off = sample.start().unwrap() - stream(ms(10 * n));
        assert!(off.abs() < Span::from_micros(50), "block {n} is {off} off");
    }
    let rate_ppm = (driver.published_clock().unwrap().rate - 1.0) * 1e6;
    assert!((rate_ppm + 300.0).abs() < 0.1, "{rate_ppm} ppm");
    let mut silent = running(&[("clock", "false")]);
    silent.collect(OUT, ms(100));
    assert_eq!(silent.published_clock(), None);
}

/// LS-6, LS-111: what is not wanted is dropped by the engine, which knows when it is wanted again.
#[test]
fn a_stop_from_downstream_does_not_stop_the_device() {
    let mut driver = running(&[]);
    driver.answer(OUT, Status::FALSE);
    assert_eq!(samples(&mut driver, ms(100)).len(), 10);
}

#[test]
fn what_does_not_fit_into_the_ring_is_lost_counted_and_followed_by_a_discontinuity() {
    let mut driver = running(&[("buffer", "50 ms")]);
    samples(&mut driver, ms(100));
    driver.advance(ms(205)); // nobody comes for a while
    let samples = samples(&mut driver, ms(100));
    let lost = driver.counters()["frames lost to overruns"];
    assert_eq!(lost % 480, 0);
    assert!((14 * 480..=16 * 480).contains(&lost), "{lost} frames");
    let broken: Vec<_> = samples.iter().map(Sample::discontinuity).collect();
    assert_eq!(broken.iter().filter(|broken| **broken).count(), 1, "{broken:?}");
    let jump = samples.windows(2).find(|pair| pair[1].discontinuity()).unwrap();
    let gap = jump[1].start().unwrap() - jump[0].times().unwrap().1;
    assert!((gap - Span::of_frames(lost as i64, 48_000)).abs() < Span::from_micros(10), "{gap}");
}

#[test]
fn settings_that_do_not_fit_together_are_refused_with_what_would() {
    for (given, expected) in [
        (&[("block", "150 ms")][..], "does not hold two blocks of 150.0 ms"),
        (&[("frequency", "24000 Hz")], "needs a rate above 48000 Hz"),
    ] {
        let refused = Driver::source::<AudioCapture>(settings(given)).err().expect(expected);
        assert_eq!(refused.status, Status::INVALID_ARGUMENT);
        assert!(refused.text.contains(expected), "{refused}");
    }
    let refused = source(&[]).connect(PIN, audio(44_100, 1)).unwrap_err();
    assert_eq!(refused.status, Status::TYPE_NOT_ACCEPTED);
}

#[test]
fn a_device_that_is_not_there_is_refused_with_what_is() {
    let given = [("device", "no such microphone"), ("host", "alsa")];
    let refused = source(&given).activate().unwrap_err();
    assert!(refused.text.contains("`no such microphone`"), "{refused}");
    assert!(refused.text.contains("the device `virtual` needs none"), "{refused}");
}

/// LS-21, LS-22, LS-34, LS-50
#[test]
fn it_says_of_itself_what_its_settings_say_and_no_less_latency_than_it_has() {
    let driver = source(&[]);
    let given = [("device", "virtual"), ("latency", "1 ms"), ("hold", "0 s"), ("block", "20 ms")];
    let mut source = AudioCapture::create(&settings(&given), driver.host()).unwrap();
    assert_eq!(Latency::latency(&source, PIN), Ok(ms(1)));
    source.activate().unwrap();
    assert_eq!(Latency::latency(&source, PIN), Ok(ms(45)), "two blocks and some lateness");
    let push = source.push_source().unwrap();
    assert_eq!((push.flags(PIN).0, push.stamps(PIN)), (0, driftless_plugin_api::Stamps::Capture));
    assert_eq!(push.max_stream_offset(PIN), ms(45));
    assert!(source.clock().unwrap().offers());
    assert_eq!(source.pins().unwrap().misc_flags(), driftless_plugin_api::IS_SOURCE);
}
