//! Entries as bytes: a line of JSON, then for each a kind, the time since the entry before, and its
//! numbers, all of variable length.

use driftless_plugin_api::host::{Called, Packet};
use driftless_plugin_api::{ClockReading, HostTime, ReferenceTime, Span};
use serde_json::{Value, json};

use super::{Entry, Trace};

/// What the first line says it is.
const FORMAT: &str = "driftless trace 2";

/// The first line.
pub(super) fn header(filters: &[String], seed: u64) -> Vec<u8> {
    format!("{}\n", json!({ "format": FORMAT, "filters": filters, "seed": seed })).into_bytes()
}

/// Appends an entry; `last` is the time of the entry before.
pub(super) fn write(entry: &Entry, last: &mut HostTime, bytes: &mut Vec<u8>) {
    let kind = match entry {
        Entry::Run { .. } => 1,
        Entry::Step { .. } => 2,
        Entry::Call { .. } => 3,
        Entry::Clock { .. } => 4,
        Entry::Lost { .. } => 5,
        Entry::Packet { .. } => 6,
        Entry::Change { .. } => 7,
        Entry::Dropped { .. } => 8,
    };
    bytes.push(kind);
    if !matches!(entry, Entry::Lost { .. }) {
        signed((entry.at() - *last).nanos(), bytes);
        *last = entry.at();
    }
    match entry {
        Entry::Run { .. } | Entry::Change { .. } => {}
        Entry::Step { segment, lasted, took, turns, .. } => {
            unsigned(u64::from(*segment), bytes);
            signed(lasted.nanos(), bytes);
            unsigned(u64::from(*took), bytes);
            unsigned(u64::from(*turns), bytes);
        }
        Entry::Call { filter, call } => {
            unsigned(u64::from(*filter), bytes);
            signed((call.due - call.seen).nanos(), bytes);
            bytes.extend(call.rate.to_le_bytes());
            signed(call.delay.nanos(), bytes);
            unsigned(u64::from(call.frames), bytes);
        }
        Entry::Clock { filter, reading } => {
            unsigned(u64::from(*filter), bytes);
            signed(reading.reference.nanos() - reading.host.nanos(), bytes);
            bytes.extend(reading.rate.to_le_bytes());
        }
        Entry::Packet { filter, packet } => {
            unsigned(u64::from(*filter), bytes);
            bytes.extend(packet.head);
            unsigned(u64::from(packet.length), bytes);
        }
        Entry::Dropped { connection, sample, .. } => {
            unsigned(u64::from(*connection), bytes);
            unsigned(*sample, bytes);
        }
        Entry::Lost { count } => unsigned(*count, bytes),
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn unsigned(mut number: u64, bytes: &mut Vec<u8>) {
    while number > 0x7F {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Small numbers of either sign are short.
fn signed(number: i64, bytes: &mut Vec<u8>) {
    unsigned(((number << 1) ^ (number >> 63)) as u64, bytes);
}

/// Reads a whole trace, up to its end or to where it breaks off.
pub(super) fn read(bytes: &[u8]) -> Option<Trace> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let header: Value = serde_json::from_slice(&bytes[..end]).ok()?;
    if header["format"] != FORMAT {
        return None;
    }
    let name = |value: &Value| value.as_str().map(str::to_owned);
    let filters = header["filters"].as_array()?.iter().map(name).collect::<Option<_>>()?;
    let seed = header["seed"].as_u64()?;
    let mut reader = Reader { bytes: &bytes[end + 1..], last: HostTime::ZERO };
    let entries = std::iter::from_fn(|| reader.entry()).collect();
    Some(Trace { filters, seed, entries })
}

struct Reader<'a> {
    bytes: &'a [u8],
    last: HostTime,
}

impl<'a> Reader<'a> {
    fn entry(&mut self) -> Option<Entry> {
        let kind = self.byte()?;
        if kind == 5 {
            return Some(Entry::Lost { count: self.unsigned()? });
        }
        let at = HostTime::from_nanos(self.last.nanos().checked_add(self.signed()?)?);
        self.last = at;
        Some(match kind {
            1 => Entry::Run { at },
            2 => Entry::Step {
                segment: self.unsigned()? as u32,
                at,
                lasted: Span::from_nanos(self.signed()?),
                took: self.unsigned()? as u32,
                turns: self.unsigned()? as u32,
            },
            3 => Entry::Call {
                filter: self.unsigned()? as u32,
                call: Called {
                    seen: at,
                    due: HostTime::from_nanos(at.nanos().checked_add(self.signed()?)?),
                    rate: self.number()?,
                    delay: Span::from_nanos(self.signed()?),
                    frames: self.unsigned()? as u32,
                },
            },
            4 => Entry::Clock {
                filter: self.unsigned()? as u32,
                reading: ClockReading {
                    host: at,
                    reference: ReferenceTime::from_nanos(at.nanos().checked_add(self.signed()?)?),
                    rate: self.number()?,
                },
            },
            6 => Entry::Packet {
                filter: self.unsigned()? as u32,
                packet: Packet { at, head: *self.array()?, length: self.unsigned()? as u32 },
            },
            7 => Entry::Change { at },
            8 => {
                Entry::Dropped { at, connection: self.unsigned()? as u32, sample: self.unsigned()? }
            }
            _ => return None,
        })
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn number(&mut self) -> Option<f64> {
        self.array().map(|bytes| f64::from_le_bytes(*bytes))
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (first, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(first)
    }
}
