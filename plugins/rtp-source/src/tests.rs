use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use driftless_plugin_api::testing::{self, Driver, TestClock};
use driftless_plugin_api::{EventCode, State, StreamTime};

use super::*;

/// A schedule of packets of 5 ms, L16/48000/1, in a file that is gone after the test.
struct Packets {
    text: String,
    path: PathBuf,
}

impl Packets {
    fn new(test: &str) -> Self {
        let name = format!("driftless-rtp-{}-{test}.csv", std::process::id());
        Self { text: String::new(), path: std::env::temp_dir().join(name) }
    }

    /// Packet `number` arrives at `arrival`; its values are its number.
    fn packet(&mut self, number: i64, arrival: Span) {
        let (sequence, timestamp) = (number as u16, (number * 240) as u32);
        let _ = write!(self.text, "{},8060{sequence:04x}{timestamp:08x}00000007", arrival.nanos());
        let _ = writeln!(self.text, "{}", format!("{:04x}", number as i16).repeat(240));
    }

    fn on_time(&mut self, numbers: impl IntoIterator<Item = i64>) {
        for number in numbers {
            self.packet(number, Span::from_millis(5 * number));
        }
    }

    fn driver(&self, more: &[(&str, &str)]) -> Driver {
        std::fs::write(&self.path, &self.text).unwrap();
        let mut given = vec![("packets", self.path.to_str().unwrap()), ("format", "L16/48000/1")];
        given.extend(more);
        let mut driver = Driver::source::<RtpSource>(settings(&given)).unwrap();
        let media = driver.media_types(Pin::Output(0))[0].complete().unwrap();
        driver.connect(Pin::Output(0), media).unwrap();
        driver
    }
}

impl Drop for Packets {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn settings(given: &[(&str, &str)]) -> Settings {
    testing::settings(include_str!("../plugin.toml"), RtpSource::ID, given)
}

fn at(ms: i64) -> HostTime {
    HostTime::ZERO + Span::from_millis(ms)
}

/// Number, stamp in ms and discontinuity of each sample.
fn heard(driver: &mut Driver) -> Vec<(i64, f64, bool)> {
    let samples = driver.delivered(0);
    samples
        .iter()
        .map(|sample| {
            let number = (sample.values()[0] * 32_768.0) as i64;
            let stamp = sample.start().expect("stamped") - StreamTime::ZERO;
            (number, stamp.millis_f64(), sample.discontinuity())
        })
        .collect()
}

/// LS-49, LS-31, LS-35, LS-109, LS-116
#[test]
fn stamps_are_arrival_plus_latency_plus_offset_and_go_on_over_a_loss() {
    let mut packets = Packets::new("stamps");
    packets.on_time([0, 1, 2, 4, 5]);
    let mut driver = packets.driver(&[("latency", "30 ms")]);
    driver.set_now(at(5000));
    assert_eq!(driver.set_stream_offset(Pin::Output(0), Span::from_millis(467)), Status::OK);
    driver.run().unwrap();
    driver.step_until(at(6000));
    let expected = [
        (0, 497.0, true),
        (1, 502.0, false),
        (2, 507.0, false),
        (4, 517.0, true),
        (5, 522.0, false),
    ];
    assert_eq!(heard(&mut driver), expected);
    assert_eq!(driver.counters()["lost"], 1);
    assert_eq!(driver.marked(0), [Marker::LIVE_SEGMENT]);
    assert_eq!(driver.latency(Pin::Output(0)), Ok(Span::from_millis(30)));
}

#[test]
fn a_missing_packet_holds_up_the_next_one_for_the_latency_and_no_longer() {
    let mut packets = Packets::new("hold");
    packets.on_time([0, 2]);
    let mut driver = packets.driver(&[]);
    driver.run().unwrap();
    driver.step_until(at(44));
    assert_eq!(heard(&mut driver).len(), 1);
    driver.step_until(at(45));
    assert_eq!(heard(&mut driver), [(2, 50.0, true)]);
}

/// LS-7, LS-11, LS-12
#[test]
fn nothing_is_heard_while_paused_and_nothing_stale_after() {
    let mut packets = Packets::new("pause");
    packets.on_time(0..100);
    let mut driver = packets.driver(&[]);
    driver.activate().unwrap();
    assert_eq!(driver.cue(), Cue::CantCue);
    driver.run().unwrap();
    driver.step_until(at(99));
    let before = heard(&mut driver);
    driver.pause().unwrap();
    assert_eq!(driver.clock().state(), State::Paused);
    driver.set_now(at(300));
    driver.run().unwrap();
    driver.step_until(at(350));
    let after = heard(&mut driver);
    assert_eq!(before.last().unwrap().0, 19);
    assert_eq!(after[0], (60, 139.0, true), "stream time stood still at 99 ms");
    assert!(after[1..].iter().all(|(_, _, discontinuity)| !discontinuity));
    assert_eq!(driver.counters()["packets"], 31, "what came meanwhile was not even looked at");
}

/// LS-32
#[test]
fn a_smaller_offset_withholds_samples_until_their_stamps_increase() {
    let mut packets = Packets::new("offset");
    packets.on_time(0..20);
    let mut driver = packets.driver(&[]);
    driver.set_stream_offset(Pin::Output(0), Span::from_millis(20));
    driver.run().unwrap();
    driver.step_until(at(24));
    driver.set_stream_offset(Pin::Output(0), Span::ZERO);
    driver.step_until(at(60));
    let heard = heard(&mut driver);
    assert!(heard.windows(2).all(|pair| pair[0].1 < pair[1].1), "{heard:?}");
    assert_eq!((heard[4], heard[5]), ((4, 80.0, false), (9, 85.0, true)));
    assert_eq!(driver.counters()["withheld"], 4);
}

/// LS-30
#[test]
fn an_offset_beyond_the_largest_is_in_force_with_a_reservation_and_a_negative_one_is_refused() {
    let packets = Packets::new("largest");
    let mut driver = packets.driver(&[("max-offset", "100 ms")]);
    let mut set = |ms| driver.set_stream_offset(Pin::Output(0), Span::from_millis(ms));
    assert_eq!(
        (set(100), set(101), set(-1)),
        (Status::OK, Status::FALSE, Status::INVALID_ARGUMENT)
    );
}

/// LS-64
#[test]
fn without_a_clock_stamps_count_from_the_start_of_the_run() {
    let mut packets = Packets::new("clockless");
    packets.on_time(0..2);
    let mut driver = packets.driver(&[]);
    driver.set_clock(TestClock::None);
    driver.set_now(at(777));
    driver.run().unwrap();
    driver.step_until(at(800));
    assert_eq!(heard(&mut driver), [(0, 40.0, true), (1, 45.0, false)]);
}

#[test]
fn a_silent_sender_is_reported_once_and_heard_again() {
    let mut packets = Packets::new("silence");
    packets.on_time((0..10).chain(1000..1010));
    let mut driver = packets.driver(&[]);
    driver.run().unwrap();
    driver.step_until(at(4900));
    let events = driver.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].code, EventCode::WARNING);
    assert!(events[0].text.contains("silent for 2000.0 ms"), "{}", events[0].text);
    driver.step_until(at(6000));
    assert_eq!(heard(&mut driver).len(), 20);
    assert_eq!(driver.events(), []);
    driver.step_until(at(9000));
    assert_eq!(driver.events().len(), 1, "each silence is reported");
}

#[test]
fn packets_that_are_something_else_are_named_when_nobody_is_heard() {
    let mut packets = Packets::new("else");
    packets.text = "1000,80000001000000000000000700\n".repeat(3);
    let mut driver = packets.driver(&[]);
    driver.run().unwrap();
    driver.step_until(at(3000));
    let text = &driver.events()[0].text;
    assert!(text.contains("3 packets came that are not L16/48000/1"), "{text}");
    assert_eq!(driver.counters()["wrong-payload-type"], 3);
}

#[test]
fn the_same_schedule_gives_the_same_samples_however_often_the_source_is_stepped() {
    let mut packets = Packets::new("same");
    for number in 0..200_i64 {
        let jitter = Span::from_micros((number * 7919) % 13_000);
        if number % 17 != 3 {
            packets.packet(number, Span::from_millis(5 * number) + jitter);
        }
    }
    let run = |step_ms: i64| {
        let mut driver = packets.driver(&[]);
        driver.run().unwrap();
        for ms in (0..1200).step_by(step_ms as usize) {
            driver.step_until(at(ms));
        }
        driver.step_until(at(1200));
        heard(&mut driver)
    };
    let once = run(1200);
    assert_eq!(once.len(), 188);
    assert_eq!(run(1), once);
    assert_eq!(run(7), once);
}

#[test]
fn a_schedule_that_cannot_be_read_is_named() {
    let settings = settings(&[("packets", "none.csv"), ("format", "L16/48000/1")]);
    let error = Driver::source::<RtpSource>(settings).err().unwrap();
    assert!(error.text.contains("none.csv"), "{error}");
}

#[test]
fn an_output_of_another_format_is_refused_with_the_right_one() {
    let packets = Packets::new("media");
    let mut driver = packets.driver(&[]);
    let other = testing::audio(44_100, 2);
    let refused = driver.connect(Pin::Output(0), other).unwrap_err();
    assert_eq!(refused.status, Status::TYPE_NOT_ACCEPTED);
    assert!(refused.text.contains("audio/48000/1"), "{refused}");
}

/// The only test with a real socket, of which a step takes what waits in it, or a thread tells.
#[test]
fn packets_from_a_socket_are_delivered() {
    let tables = [("40 ms", !cfg!(target_os = "linux")), ("2 ms", true)];
    for (latency, by_thread) in tables {
        let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let target = free.local_addr().unwrap();
        drop(free);
        let port = target.port().to_string();
        let given = [
            ("address", "127.0.0.1"),
            ("port", port.as_str()),
            ("format", "L16/48000/1"),
            ("latency", latency),
        ];
        let mut driver = Driver::source::<RtpSource>(settings(&given)).unwrap();
        let media = driver.media_types(Pin::Output(0))[0].complete().unwrap();
        driver.connect(Pin::Output(0), media).unwrap();
        driver.run().unwrap();
        driver.step();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut packet = vec![0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x40, 0];
        let mut samples = Vec::new();
        // The kernel's stamp may lie before the test's time, which stands at 0.
        driver.set_now(HostTime::ZERO + Span::from_secs(10));
        for sequence in 0..5 {
            packet[3] = sequence;
            packet[7] = sequence;
            sender.send_to(&packet, target).unwrap();
            assert!(
                !by_thread || driver.wait_until_woken(Duration::from_secs(20)),
                "{latency}: packet {sequence} is not told of"
            );
            driver.step();
            samples.extend(driver.delivered(0));
        }
        assert!(samples.len() > 3, "{latency}: {:?}", driver.counters());
        assert_eq!(samples[0].values(), [0.5]);
    }
}
