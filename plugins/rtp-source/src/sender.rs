//! Packets of a sender that is made up: a tone, sent evenly, by a clock of its own.

use std::f64::consts::TAU;

use driftless_plugin_api::{Packet, Span};

use crate::format::{Encoding, Format};

/// Media in a packet, as professional senders do (AES67).
const PACKET: Span = Span::from_millis(1);
const TONE_HZ: u32 = 1_000;
/// -18 dB, the level that broadcasters line up by.
const PEAK: f64 = 0.125_892_541;
/// The head of a packet without extensions (RFC 3550).
const HEAD: usize = 12;
/// The first payload type that needs a description.
const DYNAMIC: u8 = 96;
/// Says nothing; it only has to stay the same.
const SENDER: u32 = 0x64_72_66_74;

/// A sender. `[streaming]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    format: Format,
    payload_type: u8,
    packet_frames: i64,
    /// Frames after which the tone repeats.
    repeat_frames: i64,
    /// So many of it, and a packet more, encoded; each packet is cut out of it.
    tone: Vec<u8>,
    /// Packets made so far.
    count: i64,
}

/// A packet, as far as it is not the tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Made {
    /// Packets before it.
    count: i64,
    /// Its time stamp, frames.
    stamp: i64,
}

impl Sender {
    /// One that has sent nothing yet. `[main]`
    pub fn new(format: Format, payload_type: Option<u8>) -> Self {
        let packet_frames = PACKET.frames(format.rate_hz).max(1);
        let repeat_frames = i64::from(format.rate_hz / common(format.rate_hz, TONE_HZ));
        let frames = 0..repeat_frames + packet_frames;
        let tone = frames.flat_map(|frame| encoded(format, frame)).collect();
        let payload_type = payload_type.unwrap_or(DYNAMIC);
        Self { format, payload_type, packet_frames, repeat_frames, tone, count: 0 }
    }

    /// When the next packet is complete, by the sender's own clock since it began.
    pub fn next_at(&self) -> Span {
        Span::of_frames((self.count + 1) * self.packet_frames, self.format.rate_hz)
    }

    /// The next packet, whose time stamp has jumped by `stepped`.
    pub fn next(&mut self, stepped: Span) -> Made {
        let first = self.count * self.packet_frames;
        let made = Made { count: self.count, stamp: first + stepped.frames(self.format.rate_hz) };
        self.count += 1;
        made
    }

    /// Writes a packet into `bytes`, which keeps its memory.
    pub fn write(&self, packet: Made, bytes: &mut Vec<u8>) {
        let length = self.packet_frames as usize * self.format.frame_bytes();
        let first = packet.count * self.packet_frames % self.repeat_frames;
        let from = first as usize * self.format.frame_bytes();
        bytes.clear();
        bytes.extend([0x80, self.payload_type]);
        bytes.extend((packet.count as u16).to_be_bytes());
        bytes.extend((packet.stamp as u32).to_be_bytes());
        bytes.extend(SENDER.to_be_bytes());
        bytes.extend(&self.tone[from..from + length]);
    }

    /// Writes a packet in the place of one that was received: its head, as far as it is that of the
    /// plainest packet, and a tone for its payload.
    pub fn write_like(&self, packet: &Packet, bytes: &mut Vec<u8>) {
        bytes.clear();
        bytes.extend(packet.head);
        // The version; what the other bits promise is not there.
        bytes[0] &= 0xC0;
        let [_, _, _, _, a, b, c, d, ..] = packet.head;
        let stamp = i64::from(u32::from_be_bytes([a, b, c, d]));
        let from = (stamp % self.repeat_frames) as usize * self.format.frame_bytes();
        let whole = &self.tone[..self.repeat_frames as usize * self.format.frame_bytes()];
        let length = packet.length as usize;
        bytes.extend(whole.iter().cycle().skip(from).take(length.saturating_sub(HEAD)));
        bytes.truncate(length);
    }
}

/// The greatest common divisor.
fn common(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common(b, a % b) }
}

/// One frame of the tone, in all channels.
fn encoded(format: Format, frame: i64) -> Vec<u8> {
    let turns = f64::from(TONE_HZ) * frame as f64 / f64::from(format.rate_hz);
    let value = PEAK * (turns.fract() * TAU).sin();
    let whole = (value * 2_147_483_648.0) as i32;
    let [a, b, c, _] = whole.to_be_bytes();
    let bytes: &[u8] = match format.encoding {
        Encoding::L16 => &[a, b],
        Encoding::L24 => &[a, b, c],
    };
    bytes.repeat(format.channels as usize)
}

#[cfg(test)]
mod tests {
    use driftless_plugin_api::HostTime;

    use super::*;
    use crate::packet::Packet as Parsed;

    #[test]
    fn packets_follow_each_other_in_number_stamp_and_sound() {
        let format: Format = "L24/44100/2".parse().unwrap();
        let mut sender = Sender::new(format, None);
        let (mut values, mut expected) = (Vec::new(), Vec::new());
        let (mut bytes, mut like) = (Vec::new(), Vec::new());
        for count in 0..1000_u32 {
            let made = sender.next(Span::ZERO);
            sender.write(made, &mut bytes);
            sender.write_like(&Packet::of(HostTime::ZERO, &bytes), &mut like);
            assert_eq!(like, bytes);
            let packet = Parsed::parse(&bytes, format, None).unwrap();
            assert_eq!((packet.sequence, packet.timestamp), (count as u16, count * 44));
            values.extend_from_slice(packet.payload);
            expected.extend((i64::from(count) * 44..).take(44).flat_map(|it| encoded(format, it)));
        }
        assert_eq!(values, expected);
        assert_eq!(sender.next_at(), Span::of_frames(1001 * 44, 44_100));
    }
}
