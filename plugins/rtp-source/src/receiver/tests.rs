use proptest::prelude::*;

use super::*;

mod attacks;

const FRAMES: u32 = 240; // 5 ms
const LATENCY: Span = Span::from_millis(40);

fn receiver() -> Receiver<Vec<u8>> {
    let format = "L16/48000/1".parse().unwrap();
    Receiver::new(Config { format, payload_type: Some(96), latency: LATENCY })
}

fn at(ms: i64) -> HostTime {
    HostTime::ZERO + Span::from_millis(ms)
}

fn packet(sequence: u16, timestamp: u32, ssrc: u32, frames: usize) -> Vec<u8> {
    let mut bytes = vec![0x80, 96];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([0; 2].repeat(frames));
    bytes
}

/// One sender with packets of 5 ms, numbered from wherever the test likes.
struct Network {
    receiver: Receiver<Vec<u8>>,
    first_sequence: u16,
    first_timestamp: u32,
    ssrc: u32,
}

impl Network {
    fn new(first_sequence: u16, first_timestamp: u32) -> Self {
        Self { receiver: receiver(), first_sequence, first_timestamp, ssrc: 7 }
    }

    fn arrives(&mut self, number: i64, arrival: HostTime) {
        let sequence = self.first_sequence.wrapping_add(number as u16);
        let timestamp = self.first_timestamp.wrapping_add((number * 240) as u32);
        let bytes = packet(sequence, timestamp, self.ssrc, FRAMES as usize);
        self.receiver.push(&bytes, arrival, |payload| Some(payload.to_vec()));
    }

    /// The packet arrives when it was sent, 5 ms after the one before it.
    fn on_time(&mut self, number: i64) {
        self.arrives(number, at(5 * number));
    }

    /// What leaves at `now`: packet numbers, negative where marked as a discontinuity.
    fn leaves(&mut self, now: HostTime) -> Vec<i64> {
        let mut numbers = Vec::new();
        while let Pop::Packet(received) = self.receiver.pop(now) {
            let number = received.position / i64::from(FRAMES);
            numbers.push(if received.discontinuity { -number } else { number });
        }
        numbers
    }

    fn counts(&self) -> Counts {
        *self.receiver.counts()
    }
}

#[test]
fn packets_in_order_leave_at_once_over_many_wraps_of_both_counters() {
    let mut network = Network::new(65_000, u32::MAX - 1000);
    let mut position = 0;
    for number in 0..200_000 {
        network.on_time(number);
        match network.receiver.pop(at(5 * number)) {
            Pop::Packet(received) => assert_eq!(received.position, position),
            other => panic!("packet {number}: {other:?}"),
        }
        position += i64::from(FRAMES);
    }
    assert_eq!(network.counts().delivered, 200_000);
    assert_eq!(network.counts().timelines, 1);
    assert_eq!(network.counts().lost, 0);
}

/// 100 days of silence in between: the 32 bits wrapped some 96 times, unseen.
#[test]
fn a_time_stamp_is_extended_by_the_time_of_arrival_when_nothing_was_heard_for_long() {
    let mut network = Network::new(0, 0);
    network.on_time(0);
    network.leaves(at(0));
    let number = 100 * 24 * 3600 * 200;
    let jump = (number as u16).wrapping_sub(2);
    assert!(jump > 4096, "the sequence is far off");
    for number in number..number + 4 {
        network.on_time(number);
    }
    let left = network.leaves(at(5 * (number + 4)));
    assert_eq!(left, [-(number + 1), number + 2, number + 3], "one packet confirms the sequence");
}

#[test]
fn reordered_packets_leave_in_order_and_without_a_mark() {
    let mut network = Network::new(65_534, 0);
    for number in [0, 2, 1, 4, 5, 3] {
        network.arrives(number, at(5 * number));
    }
    assert_eq!(network.leaves(at(30)), [0, 1, 2, 3, 4, 5]);
    assert_eq!(network.counts().reordered, 2);
}

#[test]
fn a_missing_packet_is_waited_for_until_the_latency_has_passed_since_it_should_have_come() {
    let mut network = Network::new(0, 0);
    for number in [0, 1, 3] {
        network.on_time(number);
    }
    assert_eq!(network.leaves(at(15)), [0, 1]);
    assert_eq!(network.receiver.pop(at(15)), Pop::WaitUntil(at(10) + LATENCY));
    assert_eq!(network.leaves(at(49)), []);
    assert_eq!(network.leaves(at(50)), [-3]);
    network.arrives(2, at(51));
    network.arrives(2, at(52));
    assert_eq!((network.counts().lost, network.counts().late), (1, 2));
    network.on_time(4);
    assert_eq!(network.leaves(at(55)), [4]);
}

/// LS-109: the sender's time line goes on over the gap, so exactly what is lost is missing.
#[test]
fn after_loss_the_position_is_the_senders_whatever_the_size_of_its_packets() {
    let mut receiver = receiver();
    let mut timestamp = 5_u32;
    for (sequence, frames) in [53_usize, 53, 1000, 7, 53].into_iter().enumerate() {
        let bytes = packet(sequence as u16, timestamp, 7, frames);
        timestamp += frames as u32;
        if sequence != 2 {
            receiver.push(&bytes, at(0), |_| Some(Vec::new()));
        }
    }
    let positions: Vec<_> = std::iter::from_fn(|| match receiver.pop(at(100)) {
        Pop::Packet(received) => Some((received.position, received.frames)),
        _ => None,
    })
    .collect();
    assert_eq!(positions, [(0, 53), (53, 53), (1106, 7), (1113, 53)]);
    assert_eq!(receiver.counts().lost, 1);
}

#[test]
fn duplicates_are_dropped_wherever_they_come() {
    let mut network = Network::new(0, 0);
    for number in [0, 0, 1, 3, 3, 1, 0, 2, 2] {
        network.on_time(number);
    }
    assert_eq!(network.leaves(at(20)), [0, 1, 2, 3]);
    for number in 0..4 {
        network.on_time(number);
    }
    assert_eq!(network.counts().duplicates, 9);
    assert_eq!(network.leaves(at(20)), []);
}

#[test]
fn every_packet_sent_twice_far_apart_is_heard_once() {
    let mut network = Network::new(0, 0);
    for number in 0..5000 {
        network.on_time(number);
        if number >= 300 {
            network.arrives(number - 300, at(5 * number));
        }
        assert_eq!(network.leaves(at(5 * number)).len(), 1);
    }
    assert_eq!(network.counts().duplicates, 4700);
}

#[test]
fn a_stranger_is_not_heard_while_the_sender_is_and_takes_over_when_it_is_silent() {
    let mut network = Network::new(0, 0);
    let stranger = |number: i64| packet(900 + number as u16, 77, 666, FRAMES as usize);
    for number in 0..100 {
        network.on_time(number);
        network.receiver.push(&stranger(number), at(5 * number), |_| Some(Vec::new()));
        assert_eq!(network.leaves(at(5 * number)).len(), 1);
    }
    assert_eq!(network.counts().foreign_sender, 100);
    // The sender's last packet came at 495 ms.
    let mut heard_at = None;
    for number in 100..200 {
        network.receiver.push(&stranger(number), at(5 * number), |_| Some(Vec::new()));
        if let Pop::Packet(received) = network.receiver.pop(at(5 * number)) {
            assert!(heard_at.is_some() || (received.new_timeline && received.discontinuity));
            heard_at.get_or_insert(5 * number);
        }
    }
    assert_eq!(heard_at, Some(700), "more than 200 ms after the last");
    assert_eq!(network.counts().sender_changes, 1);
}

#[test]
fn a_single_stray_packet_during_silence_takes_over_nothing() {
    let mut network = Network::new(0, 0);
    network.on_time(0);
    for sequence in [500, 600, 700] {
        let bytes = packet(sequence, 0, 666, FRAMES as usize);
        network.receiver.push(&bytes, at(3000), |_| Some(Vec::new()));
    }
    network.on_time(1);
    assert_eq!(network.leaves(at(3000)), [0, 1]);
}

#[test]
fn a_sender_that_starts_its_sequence_anew_is_followed_with_the_second_packet() {
    for first in [30_000_u16, 65_536_u32.wrapping_sub(40) as u16] {
        let mut network = Network::new(20, 0);
        for number in 0..10 {
            network.on_time(number);
        }
        network.leaves(at(45));
        network.first_sequence = first.wrapping_sub(10);
        for number in 10..40 {
            network.on_time(number);
        }
        let left = network.leaves(at(200));
        let counts = network.counts();
        assert!(left.len() >= 14, "{left:?}");
        assert!(left[0] < 0 && left[1..].iter().all(|number| *number > 0), "{left:?}");
        assert_eq!(left.len() as u64 + counts.sequence_jumps + counts.late, 30);
        assert_eq!(counts.timelines, 1, "its time stamps went on");
    }
}

#[test]
fn one_absurd_time_stamp_is_dropped_and_two_that_agree_are_a_new_time_line() {
    let mut network = Network::new(0, 0);
    for number in 0..5 {
        network.on_time(number);
    }
    let absurd = packet(5, 4_000_000_000, 7, FRAMES as usize);
    network.receiver.push(&absurd, at(25), |_| Some(Vec::new()));
    for number in 6..8 {
        network.on_time(number);
    }
    assert_eq!(network.leaves(at(40)), [0, 1, 2, 3, 4, -6, 7]);
    assert_eq!(network.counts().timestamp_jumps, 1);

    network.first_timestamp = 2_000_000_000;
    for number in 8..11 {
        network.on_time(number);
    }
    assert_eq!(network.leaves(at(60)), [0, 1], "position 0 is where it starts");
    assert_eq!((network.counts().timelines, network.counts().timestamp_jumps), (2, 2));
}

#[test]
fn a_small_step_of_the_time_stamps_is_a_gap_and_a_step_back_is_dropped_until_they_increase() {
    let mut network = Network::new(0, 0);
    for number in 0..4 {
        network.on_time(number);
    }
    network.first_timestamp = 480; // 10 ms ahead
    for number in 4..6 {
        network.on_time(number);
    }
    assert_eq!(network.leaves(at(30)), [0, 1, 2, 3, -6, 7]);
    network.first_timestamp = 0;
    for number in 6..10 {
        network.on_time(number);
    }
    assert_eq!(network.leaves(at(50)), [-8, 9]);
    assert_eq!(network.counts().timestamp_backwards, 2);
}

#[test]
fn an_outage_of_the_network_keeps_the_time_line() {
    let mut network = Network::new(0, 0);
    for number in 0..10 {
        network.on_time(number);
    }
    assert_eq!(network.leaves(at(50)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for number in 5000..5003 {
        network.on_time(number);
    }
    assert_eq!(network.leaves(at(25_020)), [-5001, 5002], "one packet confirms the sequence");
    assert_eq!(network.counts().timelines, 1);
}

/// A computer that slept goes on with the time stamp it stopped at.
#[test]
fn a_sender_that_stood_still_gets_a_new_time_line_and_one_that_catches_up_does_not() {
    let run = |catches_up: bool| {
        let mut network = Network::new(0, 0);
        for number in 0..10 {
            network.on_time(number);
        }
        for number in 10..1000 {
            let sent = 5 * number;
            let arrival = if catches_up { sent.max(3000) } else { sent + 3000 };
            network.arrives(number, at(arrival));
            network.leaves(at(arrival));
        }
        network.counts().timelines
    };
    assert_eq!(run(true), 1);
    assert_eq!(run(false), 2);
}

#[test]
fn a_sender_500_ppm_off_is_waited_for_just_as_long_after_an_hour() {
    for ppm in [-500.0, 500.0] {
        let mut network = Network::new(0, 0);
        let sent = |number: i64| {
            HostTime::ZERO + Span::from_secs_f64(number as f64 * 0.005 / (1.0 + ppm * 1e-6))
        };
        for number in 0..720_000 {
            network.arrives(number, sent(number));
            assert_eq!(network.leaves(sent(number)).len(), 1);
        }
        network.arrives(720_001, sent(720_001));
        match network.receiver.pop(sent(720_001)) {
            Pop::WaitUntil(due) => {
                let off = due - (sent(720_000) + LATENCY);
                assert!(off.abs() < Span::from_micros(100), "{ppm} ppm: {off} off");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn packets_for_which_there_is_no_memory_count_as_lost() {
    let mut network = Network::new(0, 0);
    network.on_time(0);
    network.receiver.push(&packet(1, 240, 7, 240), at(5), |_| None);
    network.on_time(2);
    assert_eq!(network.leaves(at(100)), [0, -2]);
    assert_eq!((network.counts().no_buffer, network.counts().lost), (1, 1));
}
