use driftless_plugin_api::descriptor::Descriptor;
use driftless_plugin_api::testing::{Driver, audio};
use driftless_plugin_api::{
    EventCode, Filter, Flow, Marker, MediaPattern, Pin, Sample, Settings, Span, Status, StreamTime,
    Transform, When,
};

use super::*;

fn running<F: Transform>(outputs: u32) -> Driver {
    let mut driver = Driver::transform::<F>(Settings::default()).unwrap();
    driver.connect(Pin::Input(0), audio(48_000, 1)).unwrap();
    for pin in 0..outputs {
        driver.connect(Pin::Output(pin), audio(48_000, 1)).unwrap();
    }
    driver.run().unwrap();
    driver
}

fn stamped(driver: &Driver, ns: i64) -> Sample {
    let mut sample = driver.audio_sample(&[0.5, -0.5], Some(StreamTime::from_nanos(ns)));
    sample.set_media_times(Some((7, 9)));
    sample.set_discontinuity(true);
    sample
}

fn data(sample: &Sample) -> *const u8 {
    sample.bytes().as_ptr()
}

#[test]
fn the_descriptor_is_sound_and_names_both_filters() {
    let descriptor = Descriptor::parse(include_str!("../plugin.toml")).unwrap();
    for id in [Tee::ID, SmartTee::ID] {
        let filter = descriptor.filter(id).unwrap();
        assert_eq!(filter.settings(&[]), Ok(Settings::default()));
    }
}

/// LS-97
#[test]
fn a_plain_tee_gives_every_output_the_same_data_with_the_same_times() {
    let mut driver = running::<Tee>(3);
    let sample = stamped(&driver, 5);
    let (bytes, times, flags) = (data(&sample), sample.times(), sample.flags());
    assert_eq!(driver.receive(0, sample), Ok(Flow::Continue));
    for pin in 0..3 {
        let delivered = driver.delivered(pin);
        assert_eq!(delivered.len(), 1);
        assert_eq!(data(&delivered[0]), bytes, "output {pin} got a copy");
        assert_eq!(delivered[0].times(), times);
        assert_eq!(delivered[0].media_times(), Some((7, 9)));
        assert_eq!(delivered[0].flags(), flags);
    }
}

/// LS-95, LS-97
#[test]
fn a_smart_tee_leaves_capture_untouched_and_takes_the_stamps_off_the_preview() {
    let mut driver = running::<SmartTee>(2);
    let sample = stamped(&driver, 5);
    let (bytes, times) = (data(&sample), sample.times());
    driver.receive(0, sample).unwrap();
    let (capture, preview) = (driver.delivered(0), driver.delivered(1));
    assert_eq!((data(&capture[0]), capture[0].times()), (bytes, times));
    assert_eq!((data(&preview[0]), preview[0].start()), (bytes, None));
    assert_eq!(preview[0].media_times(), Some((7, 9)));
    assert!(preview[0].discontinuity());
}

/// LS-96, LS-101
#[test]
fn an_output_that_stopped_stops_no_other() {
    for (stopped, answer) in [(0, Status::FALSE), (1, Status::FALSE), (1, Status::FAIL)] {
        let mut driver = running::<SmartTee>(2);
        driver.answer(stopped, answer);
        for n in 0..3 {
            let sample = stamped(&driver, n);
            assert_eq!(driver.receive(0, sample), Ok(Flow::Continue));
        }
        assert_eq!(driver.delivered(1 - stopped).len(), 3);
    }
}

/// LS-111
#[test]
fn the_stream_stops_while_every_output_has() {
    let mut driver = running::<Tee>(2);
    driver.answer(1, Status::FALSE);
    let sample = stamped(&driver, 0);
    assert_eq!(driver.receive(0, sample), Ok(Flow::Continue));
    driver.answer(0, Status::FALSE);
    for n in 1..3 {
        let sample = stamped(&driver, n);
        assert_eq!(driver.receive(0, sample), Ok(Flow::Stop));
    }
    driver.answer(1, Status::OK);
    let sample = stamped(&driver, 3);
    assert_eq!(driver.receive(0, sample), Ok(Flow::Continue), "one of them wants more again");
}

/// LS-99: what is recorded starts and stops by the stamps, and what is looked at goes on.
#[test]
fn a_smart_tee_starts_and_stops_the_capture_by_its_stamps_and_the_preview_only_at_once() {
    let (capture, preview) = (Pin::Output(0), Pin::Output(1));
    let mut driver = running::<SmartTee>(2);
    let at = |ns| When::At(StreamTime::from_nanos(ns));
    assert_eq!(driver.start_at(capture, at(15), 7), Status::OK);
    assert_eq!(driver.stop_at(capture, at(45), false, 8), Status::OK);
    assert_eq!(driver.start_at(preview, at(15), 9), Status::INVALID_ARGUMENT);
    for n in 0..8 {
        if n == 6 {
            assert_eq!(driver.stop_at(preview, When::Now, false, 9), Status::OK);
        }
        let mut sample = driver.audio_sample(&[0.5], None);
        let start = StreamTime::from_nanos(n * 10);
        sample.set_times(Some(start), Some(start + Span::from_nanos(10)));
        assert_eq!(driver.receive(0, sample), Ok(Flow::Continue));
    }
    let recorded = driver.delivered(0);
    let starts: Vec<i64> =
        recorded.iter().filter_map(Sample::start).map(StreamTime::nanos).collect();
    assert_eq!(starts, [10, 20, 30, 40], "those that span start and stop too");
    let marked: Vec<bool> = recorded.iter().map(Sample::discontinuity).collect();
    assert_eq!(marked, [true, false, false, false]);
    assert_eq!(driver.delivered(1).len(), 6);
    let told: Vec<_> = driver.events().iter().map(|it| (it.code, it.p1, it.p2)).collect();
    let pin = i64::from(capture.to_raw());
    assert_eq!(told, [(EventCode::STREAM_STARTED, pin, 7), (EventCode::STREAM_STOPPED, pin, 8)]);
}

#[test]
fn markers_reach_every_output() {
    let mut driver = running::<Tee>(2);
    driver.mark(0, Marker::EndOfStream).unwrap();
    for pin in 0..2 {
        assert_eq!(driver.marked(pin), [Marker::EndOfStream]);
    }
}

#[test]
fn all_pins_carry_one_media_type() {
    let mut driver = Driver::transform::<Tee>(Settings::default()).unwrap();
    assert_eq!(driver.media_types(Pin::Output(0)), [MediaPattern::Any]);
    driver.connect(Pin::Input(0), audio(48_000, 1)).unwrap();
    assert_eq!(driver.media_types(Pin::Output(0)), [audio(48_000, 1).into()]);
    let refused = driver.connect(Pin::Output(0), audio(48_000, 2)).unwrap_err();
    assert_eq!(refused.status, Status::TYPE_NOT_ACCEPTED);
    assert!(refused.text.contains("audio/48000/1 here, not audio/48000/2"), "{refused}");
}

#[test]
fn the_last_output_may_be_the_only_holder() {
    let mut driver = running::<Tee>(2);
    let sample = stamped(&driver, 0);
    driver.receive(0, sample).unwrap();
    drop(driver.delivered(0));
    assert!(driver.delivered(1)[0].bytes_mut().is_some(), "somebody still holds the data");
}
