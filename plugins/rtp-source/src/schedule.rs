//! Packets from a file or from a made-up sender instead of a socket: the same every time, in virtual
//! time too.
//!
//! In a file, one packet a line, `arrival,packet`: arrival in nanoseconds since the start of the run, and the
//! packet in hexadecimal. Lines that are empty or begin with `#` are skipped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;

use driftless_plugin_api::{FilterError, Host, HostTime, Repeat, SimulatedClock, Span};

use crate::format::Format;
use crate::sender::{Made, Sender};

/// Packets that may be on their way at once before memory is asked for: a second of packets of 1 ms.
const ON_WAY: usize = 1024;

/// Packets and when they arrive, in the order of arrival.
#[derive(Debug)]
pub struct Schedule {
    origin: Origin,
    /// The sender's clock, once it has begun to send.
    clock: Option<SimulatedClock>,
    /// Packets on their way: arrival, number, content.
    on_way: BinaryHeap<Reverse<(HostTime, u64, Content)>>,
    sent: u64,
}

#[derive(Debug)]
enum Origin {
    File { packets: Vec<(Span, Vec<u8>)>, next: usize },
    Sender(Sender),
}

/// What is in a packet: bytes are written when it arrives, into memory that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    /// The packet of that place in the file.
    Kept(usize),
    /// What the sender made.
    Made(Made),
}

impl Schedule {
    /// Reads the file at `path`. `[main]`
    ///
    /// # Errors
    ///
    /// That it cannot be read, or which line is no packet.
    pub fn read(path: &Path) -> Result<Self, FilterError> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            FilterError::new(format!("cannot read the packets in {name}: {error}"))
        })?;
        Self::parse(&text).map_err(|(line, found)| {
            FilterError::new(format!(
                "{name}:{line}: `{found}` is no packet; expected arrival in ns, a comma, and the \
                 packet in hexadecimal"
            ))
        })
    }

    /// A tone in that format, sent evenly and for ever. `[main]`
    pub fn steady(format: Format, payload_type: Option<u8>) -> Self {
        Self::of(Origin::Sender(Sender::new(format, payload_type)))
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut packets = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                let start: String = line.chars().take(40).collect();
                packets.push(packet(line).ok_or((number + 1, start))?);
            }
        }
        packets.sort_by_key(|(arrival, _)| *arrival);
        Ok(Self::of(Origin::File { packets, next: 0 }))
    }

    fn of(origin: Origin) -> Self {
        Self { origin, clock: None, on_way: BinaryHeap::with_capacity(ON_WAY), sent: 0 }
    }

    /// Starts at `now`, unless it has started.
    pub fn start(&mut self, host: &Host, now: HostTime) {
        self.clock.get_or_insert_with(|| {
            let mut clock = SimulatedClock::new(0.0);
            clock.start(host, now);
            clock
        });
    }

    /// When somebody should look again: a packet arrives, or is sent.
    pub fn due(&mut self, host: &Host) -> Option<HostTime> {
        let arrives = self.on_way.peek().map(|Reverse((arrival, ..))| *arrival);
        [arrives, self.next_sent(host)].into_iter().flatten().min()
    }

    /// Takes the oldest packet that has arrived by `now` into `bytes`.
    pub fn take(&mut self, now: HostTime, host: &Host, bytes: &mut Vec<u8>) -> Option<HostTime> {
        match host.repeat_packet() {
            Repeat::No => {}
            Repeat::Nothing => return None,
            Repeat::Now(packet) => {
                if let Origin::Sender(sender) = &self.origin {
                    sender.write_like(&packet, bytes);
                }
                return Some(packet.at);
            }
        }
        while let Some(sent) = self.next_sent(host).filter(|sent| *sent <= now) {
            self.send(sent, host);
        }
        self.on_way.peek().filter(|Reverse((arrival, ..))| *arrival <= now)?;
        let Reverse((arrival, _, content)) = self.on_way.pop()?;
        self.write(content, bytes);
        Some(arrival)
    }

    fn write(&self, content: Content, bytes: &mut Vec<u8>) {
        match (&self.origin, content) {
            (Origin::File { packets, .. }, Content::Kept(place)) => {
                bytes.clear();
                bytes.extend_from_slice(&packets[place].1);
            }
            (Origin::Sender(sender), Content::Made(made)) => sender.write(made, bytes),
            _ => unreachable!("a schedule has one origin for all its packets"),
        }
    }

    /// When the next packet would arrive if nothing happened to it.
    fn next_sent(&mut self, host: &Host) -> Option<HostTime> {
        let at = match &self.origin {
            Origin::File { packets, next } => packets.get(*next)?.0,
            Origin::Sender(sender) => sender.next_at(),
        };
        Some(self.clock.as_mut()?.host_time(host, at))
    }

    fn send(&mut self, sent: HostTime, host: &Host) {
        let content = match &mut self.origin {
            Origin::File { next, .. } => {
                *next += 1;
                Content::Kept(*next - 1)
            }
            Origin::Sender(sender) => Content::Made(sender.next(host.deviation(sent).stepped)),
        };
        let fate = host.fate(sent);
        // Nothing arrives before it was sent, however short the way has become.
        let arrival = (sent + fate.late + fate.delay).max(sent);
        self.sent += 1;
        let copies = [arrival, arrival + fate.again];
        for arrival in copies.into_iter().take(fate.times.min(2) as usize) {
            self.on_way.push(Reverse((arrival, self.sent, content)));
        }
    }
}

fn packet(line: &str) -> Option<(Span, Vec<u8>)> {
    let (arrival, digits) = line.split_once(',')?;
    let digits = digits.trim().as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pair = |[high, low]: &[u8; 2]| Some((digit(*high)? << 4 | digit(*low)?) as u8);
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let bytes = pairs.iter().map(pair).collect::<Option<_>>()?;
    Some((Span::from_nanos(arrival.trim().parse().ok()?), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_when_their_time_has_come_and_in_its_order() {
        let mut schedule = Schedule::parse("# two packets\n\n200, 80ff\n 100 ,01\n").unwrap();
        let host = driftless_plugin_api::testing::host();
        assert_eq!(schedule.due(&host), None);
        let at = |ns| HostTime::from_nanos(ns);
        schedule.start(&host, at(1000));
        assert_eq!(schedule.due(&host), Some(at(1100)));
        let mut take = |now| {
            let mut bytes = Vec::new();
            schedule.take(at(now), &host, &mut bytes).map(|arrival| (arrival, bytes))
        };
        assert_eq!(take(1099), None);
        assert_eq!(take(1200), Some((at(1100), vec![0x01])));
        assert_eq!(take(1200), Some((at(1200), vec![0x80, 0xFF])));
        assert_eq!(schedule.due(&host), None);
    }

    #[test]
    fn a_line_that_is_no_packet_is_named() {
        for line in ["1", "a,00", "1,0", "1,zz", "1,+1", "-,"] {
            let (number, found) = Schedule::parse(&format!("1,00\n{line}\n")).unwrap_err();
            assert_eq!((number, found.as_str()), (2, line));
        }
    }
}
