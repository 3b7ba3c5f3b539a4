use std::fs;
use std::path::Path;

use driftless_plugin_api::testing::{self, Driver, Posted, TestClock, audio};
use driftless_plugin_api::{
    EventCode, FrameRate, HostTime, PixelFormat, Pressure, StreamTime, Upstream,
};
use tempfile::TempDir;

use super::*;

mod files;

const PIN: Pin = Pin::Input(0);
const WIDTH: u32 = 64;
const HEIGHT: u32 = 36;

const fn format(pixels: PixelFormat) -> VideoFormat {
    let rate = FrameRate { frames: 50, seconds: 1 };
    VideoFormat { pixels, width: WIDTH, height: HEIGHT, rate }
}

pub fn settings(given: &[(&str, &str)]) -> Settings {
    testing::settings(include_str!("../plugin.toml"), VideoSink::ID, given)
}

fn sink(given: &[(&str, &str)]) -> Driver {
    let mut driver = Driver::renderer::<VideoSink>(settings(given)).unwrap();
    driver.connect(PIN, MediaType::Video(format(PixelFormat::Rgb24))).unwrap();
    driver
}

fn running(given: &[(&str, &str)]) -> Driver {
    let mut driver = sink(given);
    driver.run().unwrap();
    driver
}

const fn ms(ms: i64) -> Span {
    Span::from_millis(ms)
}

/// Frame `number`, stamped for `at` ms.
fn frame(driver: &Driver, number: u32, at: Option<i64>) -> Sample {
    let mut sample = driver.sample(format(PixelFormat::Rgb24).frame_bytes());
    let pixels = sample.bytes_mut().unwrap();
    pixels.fill(90);
    driftless_frame_code::draw(pixels, WIDTH, HEIGHT, number);
    let start = at.map(|at| StreamTime::ZERO + ms(at));
    sample.set_times(start, start.map(|start| start + ms(20)));
    sample.set_media_times(Some((number.into(), i64::from(number) + 1)));
    sample
}

fn send(driver: &mut Driver, number: u32, at: Option<i64>) -> Wake {
    let sample = frame(driver, number, at);
    assert_eq!(driver.receive(0, sample), Ok(Flow::Continue));
    driver.step()
}

fn at(time: i64) -> Wake {
    Wake::At(HostTime::ZERO + ms(time))
}

fn step_at(driver: &mut Driver, time: i64) -> Wake {
    driver.set_now(HostTime::ZERO + ms(time));
    driver.step()
}

fn presented(driver: &Driver) -> u64 {
    driver.counters()["presented"]
}

fn codes(events: &[Posted]) -> Vec<EventCode> {
    events.iter().map(|event| event.code).collect()
}

fn stop(driver: &mut Driver) {
    driver.pause().unwrap();
    driver.deactivate().unwrap();
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn the_descriptor_is_sound_and_its_defaults_make_a_sink() {
    let mut driver = sink(&[]);
    assert_eq!(driver.latency(PIN), Ok(Span::ZERO));
    let refused = driver.connect(PIN, audio(48_000, 2)).unwrap_err();
    assert_eq!(refused.status, Status::TYPE_NOT_ACCEPTED);
}

/// LS-66, LS-68, LS-M3
#[test]
fn a_frame_is_presented_at_its_stamp_plus_the_presentation_delay_minus_the_sinks_own() {
    for (delay, clock_rate, wake_ns) in [
        ("0 ms", 1.0, 500_000_000),
        ("30 ms", 1.0, 470_000_000),
        ("0 ms", 1.001, 499_500_500),
        ("30 ms", 0.999, 470_470_470),
    ] {
        let mut driver = sink(&[("delay", delay)]);
        driver.set_clock(TestClock::Other(clock_rate));
        driver.set_presentation_delay(ms(467));
        driver.run().unwrap();
        let due = HostTime::from_nanos(wake_ns);
        assert_eq!(send(&mut driver, 0, Some(33)), Wake::At(due), "{delay}, rate {clock_rate}");
        driver.set_now(due - Span::from_nanos(1));
        assert_eq!(driver.step(), Wake::At(due));
        assert_eq!(presented(&driver), 0);
        driver.set_now(due);
        assert_eq!(driver.step(), Wake::OnSignal);
        assert_eq!(presented(&driver), 1);
        assert!(driver.statistics().unwrap().error_max <= 1);
    }
}

/// LS-64, LS-68, LS-98
#[test]
fn frames_without_stamp_or_without_clock_are_presented_on_arrival() {
    let mut driver = running(&[]);
    assert_eq!(send(&mut driver, 0, None), Wake::OnSignal);
    driver.set_clock(TestClock::None);
    assert_eq!(send(&mut driver, 1, Some(5000)), Wake::OnSignal);
    assert_eq!(presented(&driver), 2);
    assert_eq!(driver.statistics().unwrap().presented, 0, "there is no error to measure");
}

/// LS-M19
#[test]
fn a_frame_20_ms_late_is_presented_and_a_later_one_gives_way_to_a_newer() {
    for (now, dropped) in [(120, 0), (121, 1)] {
        let mut driver = running(&[]);
        send(&mut driver, 0, Some(100));
        send(&mut driver, 1, Some(500));
        assert_eq!(step_at(&mut driver, now), at(500));
        assert_eq!(driver.counters()["dropped_late"], dropped);
        assert_eq!(presented(&driver), 1 - dropped);
        assert_eq!(driver.statistics().unwrap().dropped_frames, dropped);
    }
}

/// LS-117, LS-118, LS-M19: each frame that is dropped is told upstream with how late it was; the change
/// is an event, and the single drop is none.
#[test]
fn who_feeds_it_hears_of_every_late_frame_and_the_application_of_the_change() {
    let mut driver = running(&[]);
    for n in 0..4 {
        send(&mut driver, n, Some(100 + 20 * i64::from(n)));
    }
    send(&mut driver, 4, Some(500));
    step_at(&mut driver, 170);
    let told = driver.quality_messages();
    let late: Vec<_> = told.iter().map(|it| (it.late, it.proportion)).collect();
    assert_eq!(late, [(ms(70), 500), (ms(50), 500), (ms(30), 500)]);
    assert_eq!(told[0].stamp, StreamTime::ZERO + ms(100));
    assert_eq!(told[0].pressure, Pressure::Famine);
    step_at(&mut driver, 500);
    let changes = driver.events().into_iter().filter(|it| it.code == EventCode::QUALITY_CHANGE);
    let changes: Vec<_> = changes.map(|it| (it.p1, it.p2)).collect();
    assert_eq!(changes, [(1, 1), (0, 3)], "begins with the first, is over after three");
}

/// LS-68
#[test]
fn the_newest_frame_is_presented_however_late() {
    let mut driver = running(&[]);
    for n in 0..3 {
        send(&mut driver, n, Some(100 + i64::from(n)));
    }
    assert_eq!(step_at(&mut driver, 1000), Wake::OnSignal);
    assert_eq!((driver.counters()["dropped_late"], presented(&driver)), (2, 1));
    assert_eq!(driver.statistics().unwrap().error_now, ms(898).nanos());
}

/// LS-53, the worked example: a stream offset of 467 ms needs 16 pictures of 33 ms.
#[test]
fn sixteen_pictures_at_30_a_second_can_be_held_back_for_467_ms_and_fifteen_cannot() {
    let rate = FrameRate { frames: 30, seconds: 1 };
    let media = MediaType::Video(VideoFormat { rate, ..format(PixelFormat::Rgb24) });
    let holds = |queue: &str| {
        let mut driver =
            Driver::renderer::<VideoSink>(settings(&[("queue", &format!("{queue} frames"))]))
                .unwrap();
        assert_eq!(driver.holds(PIN), None, "it is not connected");
        driver.connect(PIN, media).unwrap();
        driver.holds(PIN).unwrap()
    };
    assert!(holds("16") >= ms(467));
    assert!(holds("15") < ms(467));
}

#[test]
fn a_full_queue_gives_up_the_oldest_frame_and_holds_back_who_can_wait() {
    let mut driver = running(&[("queue", "2 frames")]);
    assert!(driver.ready());
    assert_eq!(send(&mut driver, 0, Some(100)), at(100));
    assert_eq!(send(&mut driver, 1, Some(200)), at(100));
    assert!(!driver.ready());
    assert_eq!(driver.statistics().unwrap().stat(11), Ok((100, 0)), "percent full");
    assert_eq!(send(&mut driver, 2, Some(300)), at(200));
    let statistics = driver.statistics().unwrap();
    assert_eq!((statistics.overruns, statistics.dropped_frames), (1, 1));
    assert_eq!(driver.counters()["dropped_overflow"], 1);
}

/// LS-8
#[test]
fn a_pause_is_complete_with_one_frame_unless_only_live_sources_are_upstream() {
    let mut driver = sink(&[]);
    driver.set_upstream(Upstream { live: true, push_source: None });
    driver.activate().unwrap();
    assert_eq!(driver.cue(), Cue::Done);
    driver.set_upstream(Upstream { live: false, push_source: None });
    assert_eq!(driver.cue(), Cue::Intermediate);
    assert!(driver.ready());
    assert_eq!(send(&mut driver, 0, Some(0)), Wake::OnSignal);
    assert_eq!(driver.cue(), Cue::Done);
    assert!(!driver.ready(), "one is enough");
    driver.advance(ms(100));
    driver.step();
    assert_eq!(presented(&driver), 0, "nothing is presented in Paused");
    driver.run().unwrap();
    assert_eq!(driver.step(), Wake::OnSignal);
    assert_eq!(presented(&driver), 1);
}

/// LS-11
#[test]
fn frames_marked_so_are_dropped_at_a_pause_and_the_others_are_shown_later() {
    let mut driver = running(&[]);
    let mut stale = frame(&driver, 0, Some(100));
    stale.set_flags(stale.flags().with(SampleFlags::FLUSH_ON_PAUSE, true));
    driver.receive(0, stale).unwrap();
    send(&mut driver, 1, Some(150));
    driver.pause().unwrap();
    assert_eq!(driver.counters()["dropped_flushed"], 1);
    driver.set_now(HostTime::ZERO + ms(1000));
    driver.run().unwrap();
    assert_eq!(driver.step(), at(1150), "stream time stood still");
}

/// LS-113
#[test]
fn completion_is_told_once_after_the_last_frame_and_again_after_a_pause() {
    let mut driver = running(&[]);
    send(&mut driver, 0, Some(100));
    driver.mark(0, Marker::EndOfStream).unwrap();
    assert_eq!(driver.events(), [], "a frame is left");
    driver.pause().unwrap();
    driver.step();
    assert_eq!(driver.events(), [], "not while paused");
    driver.run().unwrap();
    step_at(&mut driver, 100);
    driver.step();
    assert_eq!(codes(&driver.events()), [EventCode::COMPLETE]);
    let late = frame(&driver, 1, Some(200));
    assert_eq!(driver.receive(0, late), Ok(Flow::Stop));
    driver.pause().unwrap();
    driver.run().unwrap();
    driver.step();
    assert_eq!(codes(&driver.events()), [EventCode::COMPLETE]);
    driver.mark(0, Marker::BeginFlush).unwrap();
    driver.mark(0, Marker::EndFlush).unwrap();
    driver.step();
    assert_eq!(driver.events(), []);
}

#[test]
fn an_empty_stream_is_complete_at_once() {
    let mut driver = running(&[]);
    driver.mark(0, Marker::EndOfStream).unwrap();
    assert_eq!(codes(&driver.events()), [EventCode::COMPLETE]);
}

/// LS-115
#[test]
fn a_flush_drops_what_is_held_and_refuses_more_until_its_end() {
    let mut driver = running(&[]);
    send(&mut driver, 0, Some(100));
    driver.mark(0, Marker::BeginFlush).unwrap();
    let refused = frame(&driver, 1, Some(100));
    assert_eq!(driver.receive(0, refused), Ok(Flow::Stop));
    driver.mark(0, Marker::EndFlush).unwrap();
    assert_eq!(send(&mut driver, 2, Some(200)), at(200));
}

/// LS-108
#[test]
fn a_frame_that_is_only_there_to_be_decoded_is_not_shown() {
    let mut driver = running(&[]);
    let mut preroll = frame(&driver, 0, Some(0));
    preroll.set_flags(preroll.flags().with(SampleFlags::PREROLL, true));
    assert_eq!(driver.receive(0, preroll), Ok(Flow::Continue));
    driver.step();
    assert_eq!(presented(&driver), 0);
}

#[test]
fn a_frame_that_is_too_short_is_counted_and_not_shown() {
    let mut driver = running(&[]);
    let sample = driver.sample(7);
    assert_eq!(driver.receive(0, sample), Ok(Flow::Continue));
    driver.step();
    assert_eq!((driver.counters()["malformed"], presented(&driver)), (1, 0));
}

/// LS-110, LS-126
#[test]
fn a_format_that_changes_in_the_stream_is_taken_over_and_another_size_is_told() {
    let mut driver = running(&[]);
    let gray = format(PixelFormat::Gray8);
    let wide = VideoFormat { width: 2 * WIDTH, ..gray };
    for (count, media) in [(1, gray), (2, wide), (3, wide)] {
        let mut sample = driver.sample(media.frame_bytes());
        sample.set_new_media(Some(MediaType::Video(media)));
        assert_eq!(driver.receive(0, sample), Ok(Flow::Continue));
        driver.step();
        assert_eq!((driver.counters()["malformed"], presented(&driver)), (0, count));
    }
    let told: Vec<_> = driver.events().iter().map(|it| (it.code, it.p1, it.p2)).collect();
    let size = (i64::from(2 * WIDTH), i64::from(HEIGHT));
    assert_eq!(told, [(EventCode::VIDEO_SIZE_CHANGED, size.0, size.1)]);
    let mut sample = driver.sample(8);
    sample.set_new_media(Some(audio(48_000, 2)));
    assert_eq!(driver.receive(0, sample), Err(Status::TYPE_NOT_ACCEPTED));
}

#[test]
fn it_can_be_started_again_and_counts_anew() {
    let mut driver = running(&[]);
    send(&mut driver, 0, None);
    send(&mut driver, 1, Some(5000));
    stop(&mut driver);
    driver.run().unwrap();
    assert_eq!(presented(&driver), 0);
    assert_eq!(driver.step(), Wake::OnSignal, "a frame of the last run is left");
    assert_eq!(driver.statistics().unwrap().locked_after, -1);
}
