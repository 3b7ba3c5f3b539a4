//! Frames into packets.

use rtp_types::RtpPacketBuilder;

use crate::format::Format;
use crate::njbridge;
use crate::signal::Signal;

/// How frames are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RTP (RFC 3550).
    Rtp,
    /// That of zita-njbridge.
    Njbridge,
}

/// What to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How frames are packed.
    pub protocol: Protocol,
    /// What packets hold.
    pub format: Format,
    /// RTP payload type.
    pub payload_type: u8,
    /// Length of a packet, ns; where it holds no whole number of frames, packets differ by one.
    pub packet_ns: u64,
    /// How much faster than nominal the clock is, ppm.
    pub ppm: f64,
    /// How long to send, ns.
    pub length_ns: u64,
    /// Triangular dither of one step before rounding, off for measurements.
    pub dither: bool,
    /// First sequence number.
    pub sequence: u16,
    /// First time stamp.
    pub timestamp: u32,
    /// The sender's number.
    pub ssrc: u32,
    /// Seed of the dither.
    pub seed: u64,
}

/// A packet and when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Datagram {
    /// Since the start, ns.
    pub at_ns: u64,
    /// Its place in the stream; a description has that of the packet behind it.
    pub number: u64,
    /// The packet.
    pub bytes: Vec<u8>,
}

/// Packets of a signal, in order and on time.
#[derive(Debug, Clone)]
pub struct Stream {
    config: Config,
    signal: Signal,
    number: u64,
    /// Whether the second that begins with this packet has been described.
    described: bool,
    random: fastrand::Rng,
}

impl Stream {
    /// A stream that has not begun.
    pub fn new(config: Config, signal: Signal) -> Self {
        let random = fastrand::Rng::with_seed(config.seed);
        Self { config, signal, number: 0, described: false, random }
    }

    /// The first frame of packet `number`.
    fn first_frame(&self, number: u64) -> u64 {
        let ns = u128::from(number) * u128::from(self.config.packet_ns);
        (ns * u128::from(self.config.format.rate_hz) / 1_000_000_000) as u64
    }

    /// When `frame` is sent by a clock that is off; from the count in one step, so nothing adds up.
    fn sent_ns(&self, frame: u64) -> u64 {
        let seconds = frame as f64 / f64::from(self.config.format.rate_hz);
        (seconds / (1.0 + self.config.ppm * 1e-6) * 1e9).round() as u64
    }

    fn payload(&mut self, frames: std::ops::Range<u64>) -> Vec<u8> {
        let Config { format, dither, .. } = self.config;
        let mut bytes = Vec::new();
        for frame in frames {
            for channel in 0..format.channels as usize {
                let value = self.signal.value(frame, channel, format.rate_hz);
                let noise = if dither { self.random.f64() - self.random.f64() } else { 0.0 };
                format.append(value, noise, &mut bytes);
            }
        }
        bytes
    }

    fn rtp(&mut self, number: u64, frames: std::ops::Range<u64>) -> Vec<u8> {
        RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(self.config.payload_type)
            .sequence_number(self.config.sequence.wrapping_add(number as u16))
            .timestamp(self.config.timestamp.wrapping_add(frames.start as u32))
            .ssrc(self.config.ssrc)
            .marker_bit(number == 0)
            .payload(self.payload(frames).as_slice())
            .write_vec()
            .expect("the payload type was checked, and nothing else can be wrong")
    }

    fn njbridge(&mut self, number: u64, frames: std::ops::Range<u64>) -> Vec<u8> {
        let Config { format, packet_ns, .. } = self.config;
        let count = (frames.end - frames.start) as u32;
        let begins_second = number.is_multiple_of((1_000_000_000 / packet_ns).max(1));
        self.described = begins_second && !self.described;
        if self.described {
            return njbridge::description(format, count);
        }
        let mut bytes = njbridge::data(format, frames.start, count);
        bytes.extend(self.payload(frames));
        bytes
    }
}

impl Iterator for Stream {
    type Item = Datagram;

    fn next(&mut self) -> Option<Datagram> {
        let number = self.number;
        let frames = self.first_frame(number)..self.first_frame(number + 1);
        let at_ns = self.sent_ns(frames.start);
        if at_ns >= self.config.length_ns {
            return None;
        }
        let bytes = match self.config.protocol {
            Protocol::Rtp => self.rtp(number, frames),
            Protocol::Njbridge => self.njbridge(number, frames),
        };
        self.number += u64::from(!self.described);
        Some(Datagram { at_ns, number, bytes })
    }
}
