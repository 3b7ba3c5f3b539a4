//! Packets from a file instead of a socket: the same every time, in virtual time too.
//!
//! One packet a line, `arrival,packet`: arrival in nanoseconds since the start of the run, and the
//! packet in hexadecimal. Lines that are empty or begin with `#` are skipped.

use std::path::Path;

use driftless_plugin_api::{FilterError, HostTime, Span};

/// Packets and when they arrive, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    packets: Vec<(Span, Vec<u8>)>,
    next: usize,
    start: Option<HostTime>,
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
        Ok(Self { packets, next: 0, start: None })
    }

    /// Starts at `now`, unless it has started.
    pub fn start(&mut self, now: HostTime) {
        self.start.get_or_insert(now);
    }

    /// When the next packet arrives.
    pub fn due(&self) -> Option<HostTime> {
        let (arrival, _) = self.packets.get(self.next)?;
        Some(self.start? + *arrival)
    }

    /// The next packet, if it has arrived by `now`.
    pub fn take(&mut self, now: HostTime) -> Option<(HostTime, &[u8])> {
        let arrival = self.due().filter(|due| *due <= now)?;
        let (_, bytes) = self.packets.get(self.next)?;
        self.next += 1;
        Some((arrival, bytes))
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
        assert_eq!(schedule.due(), None);
        let at = |ns| HostTime::from_nanos(ns);
        schedule.start(at(1000));
        assert_eq!(schedule.take(at(1099)), None);
        assert_eq!(schedule.take(at(1200)), Some((at(1100), &[0x01][..])));
        assert_eq!(schedule.take(at(1200)), Some((at(1200), &[0x80, 0xFF][..])));
        assert_eq!(schedule.due(), None);
    }

    #[test]
    fn a_line_that_is_no_packet_is_named() {
        for line in ["1", "a,00", "1,0", "1,zz", "1,+1", "-,"] {
            let (number, found) = Schedule::parse(&format!("1,00\n{line}\n")).unwrap_err();
            assert_eq!((number, found.as_str()), (2, line));
        }
    }
}
