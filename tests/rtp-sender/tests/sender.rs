//! The sender's promises: an exact signal, an exact clock, the same fate for the same seed.

use std::f64::consts::TAU;

use driftless_rtp_sender::format::Format;
use driftless_rtp_sender::network::{Impairments, Network};
use driftless_rtp_sender::signal::Signal;
use driftless_rtp_sender::stream::{Config, Datagram, Protocol, Stream};
use driftless_rtp_sender::{sap, sdp};
use rtp_types::RtpPacket;

const SECOND: u64 = 1_000_000_000;

fn config(format: &str, length_ns: u64) -> Config {
    Config {
        protocol: Protocol::Rtp,
        format: format.parse().unwrap(),
        payload_type: 96,
        packet_ns: 5_000_000,
        ppm: 0.0,
        length_ns,
        dither: false,
        sequence: 65_530,
        timestamp: u32::MAX - 100,
        ssrc: 7,
        seed: 1,
    }
}

fn tone() -> Signal {
    Signal::Sine { millihertz: 997_000, amplitude: 10_f64.powf(-1.0 / 20.0) }
}

fn decoded(format: Format, datagrams: &[Datagram]) -> Vec<f64> {
    let bytes = format.bits as usize / 8;
    let mut values = Vec::new();
    for datagram in datagrams {
        let packet = RtpPacket::parse(&datagram.bytes).unwrap();
        for value in packet.payload().chunks_exact(bytes * format.channels as usize) {
            let mut whole = [0; 4];
            whole[..bytes].copy_from_slice(&value[..bytes]);
            values.push(f64::from(i32::from_be_bytes(whole)) / 2_147_483_648.0);
        }
    }
    values
}

/// Everything but the tone and the mean, against the tone, in dB. A second holds 997 whole turns.
fn thd_and_noise_db(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (mut sine, mut cosine, mut mean) = (0.0, 0.0, 0.0);
    for (n, value) in values.iter().enumerate() {
        let phase = TAU * ((997 * n) % 48_000) as f64 / 48_000.0;
        sine += 2.0 * value * phase.sin() / count;
        cosine += 2.0 * value * phase.cos() / count;
        mean += value / count;
    }
    let rest: f64 = values
        .iter()
        .enumerate()
        .map(|(n, value)| {
            let phase = TAU * ((997 * n) % 48_000) as f64 / 48_000.0;
            (value - sine * phase.sin() - cosine * phase.cos() - mean).powi(2)
        })
        .sum();
    let tone = (sine * sine + cosine * cosine) / 2.0;
    10.0 * (rest / count / tone).log10()
}

#[test]
fn the_tone_has_less_than_minus_130_db_of_anything_else_in_l24_at_first_and_after_a_year() {
    let config = config("L24/48000/2", SECOND);
    let datagrams: Vec<_> = Stream::new(config.clone(), tone()).collect();
    let values = decoded(config.format, &datagrams);
    assert_eq!(values.len(), 48_000);
    let now = thd_and_noise_db(&values);
    assert!(now < -140.0, "{now:.1} dB");

    let year = 365 * 24 * 3600 * 48_000;
    let (mut bytes, mono) = (Vec::new(), Format { channels: 1, ..config.format });
    for frame in year..year + 48_000 {
        mono.append(tone().value(frame, 0, 48_000), 0.0, &mut bytes);
    }
    let later: Vec<f64> = bytes
        .chunks_exact(3)
        .map(|b| f64::from(i32::from_be_bytes([b[0], b[1], b[2], 0])) / 2_147_483_648.0)
        .collect();
    assert!(thd_and_noise_db(&later) < -140.0);
    assert!((values.iter().cloned().fold(0.0, f64::max) - 0.8913).abs() < 1e-3);
}

#[test]
fn headers_count_on_over_wraps_and_packets_differ_by_a_frame_where_they_must() {
    let config = config("L16/44100/1", SECOND);
    let mut timestamp = config.timestamp;
    let mut sizes = std::collections::BTreeSet::new();
    for (number, datagram) in Stream::new(config.clone(), tone()).enumerate() {
        let packet = RtpPacket::parse(&datagram.bytes).unwrap();
        assert_eq!(packet.sequence_number(), 65_530_u16.wrapping_add(number as u16));
        assert_eq!(packet.timestamp(), timestamp);
        assert_eq!((packet.ssrc(), packet.payload_type()), (7, 96));
        timestamp = timestamp.wrapping_add((packet.payload_len() / 2) as u32);
        sizes.insert(packet.payload_len() / 2);
    }
    assert_eq!(timestamp, config.timestamp.wrapping_add(44_100));
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [220, 221]);
}

#[test]
fn after_an_hour_a_clock_500_ppm_off_is_off_by_1800_ms_less_what_it_is_itself_off() {
    for (ppm, hour) in [(500.0, 3600.0 / 1.0005), (-500.0, 3600.0 / 0.9995)] {
        let config = Config { ppm, packet_ns: SECOND, ..config("L16/8000/1", 4000 * SECOND) };
        let datagram = Stream::new(config, Signal::Ticks { amplitude: 0.5 }).nth(3600).unwrap();
        let off_ns = datagram.at_ns as f64 - hour * 1e9;
        assert!(off_ns.abs() < 10.0, "{ppm} ppm: {off_ns} ns");
    }
}

fn through(impairments: Impairments) -> (Vec<(u64, u64)>, driftless_rtp_sender::network::Fates) {
    let stream = Stream::new(config("L16/8000/1", 50 * SECOND), tone());
    let mut network = Network::new(stream, impairments);
    let arrived = network.by_ref().map(|datagram| (datagram.at_ns, datagram.number)).collect();
    (arrived, network.fates())
}

#[test]
fn a_perfect_network_changes_nothing() {
    let (arrived, fates) = through(Impairments::default());
    let sent: Vec<_> = (0..10_000).map(|number| (number * 5_000_000, number)).collect();
    assert_eq!(arrived, sent);
    assert_eq!(fates.sent, 10_000);
}

#[test]
fn a_bad_network_is_as_bad_as_asked_and_the_same_for_the_same_seed() {
    let bad =
        Impairments { jitter_ns: 8_000_000, loss: 0.01, reorder: 0.02, duplicate: 0.03, seed: 42 };
    let (arrived, fates) = through(bad);
    assert_eq!((arrived.clone(), fates), through(bad));
    assert_ne!(arrived, through(Impairments { seed: 43, ..bad }).0);
    assert!((70..130).contains(&fates.lost), "{fates:?}");
    assert!((150..250).contains(&fates.reordered), "{fates:?}");
    assert!((230..370).contains(&fates.duplicated), "{fates:?}");
    assert_eq!(arrived.len() as u64, 10_000 - fates.lost + fates.duplicated);
    assert!(arrived.windows(2).all(|pair| pair[0].0 <= pair[1].0), "in order of time");
    let swaps = arrived.windows(2).filter(|pair| pair[0].1 > pair[1].1).count() as u64;
    assert!(swaps > fates.reordered / 2 && swaps <= fates.reordered, "{swaps} swaps");
    let latest = arrived.iter().map(|(at, number)| at - number * 5_000_000).max();
    assert!((7_000_000..=20_000_000).contains(&latest.unwrap()), "{latest:?}");
}

#[test]
fn jitter_alone_keeps_the_order() {
    let (arrived, _) = through(Impairments { jitter_ns: 50_000_000, ..Default::default() });
    assert!(arrived.windows(2).all(|pair| pair[0].1 < pair[1].1));
}

#[test]
fn the_description_says_where_and_what() {
    let text = sdp::describe(&config("L24/48000/2", SECOND), "239.1.2.3:5004".parse().unwrap());
    for line in ["c=IN IP4 239.1.2.3/1", "m=audio 5004 RTP/AVP 96", "a=rtpmap:96 L24/48000/2"] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}

#[test]
fn an_announcement_names_its_sender_and_holds_the_description() {
    let packet = sap::announce("v=0\r\n", "10.0.0.7".parse().unwrap(), 0x1234);
    assert_eq!(&packet[..8], [0x20, 0, 0x12, 0x34, 10, 0, 0, 7]);
    assert_eq!(&packet[8..], b"application/sdp\0v=0\r\n");
}

#[test]
fn for_njbridge_each_second_is_described_and_frames_are_counted_on() {
    let config = Config { protocol: Protocol::Njbridge, ..config("L24/48000/2", 3 * SECOND) };
    let sent: Vec<Datagram> = Stream::new(config.clone(), tone()).collect();
    let word = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let (described, data): (Vec<&Datagram>, Vec<&Datagram>) =
        sent.iter().partition(|datagram| datagram.bytes[4] == 0);
    assert_eq!(described.iter().map(|it| it.at_ns).collect::<Vec<_>>(), [0, SECOND, 2 * SECOND]);
    assert!(described.iter().all(|it| it.bytes.len() == 32 && word(&it.bytes, 12) == 48_000));
    assert_eq!(data.len(), 600);
    for (number, datagram) in data.iter().enumerate() {
        assert_eq!(datagram.bytes[..8], *b"znjb\x01\x01\x01\x02");
        assert_eq!(
            (word(&datagram.bytes, 8), word(&datagram.bytes, 12)),
            (number as u32 * 240, 240)
        );
    }
    // Behind the head, the same values as RTP carries.
    let rtp = Stream::new(Config { protocol: Protocol::Rtp, ..config }, tone()).nth(7).unwrap();
    assert_eq!(data[7].bytes[20..], *RtpPacket::parse(&rtp.bytes).unwrap().payload());
}
