//! One RTP packet from anybody, read (RFC 3550, section 5.1).

use rtp_types::{RtpPacket, RtpParseError};

use crate::format::Format;

/// What is needed of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Counts packets, modulo 2^16.
    pub sequence: u16,
    /// Counts frames, modulo 2^32.
    pub timestamp: u32,
    /// Which sender.
    pub ssrc: u32,
    /// Whole frames, one or more.
    pub payload: &'a [u8],
    /// How many.
    pub frames: u32,
}

/// Why a packet is not for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// It ends before its header does.
    Truncated,
    /// It is not RTP version 2.
    WrongVersion,
    /// Its padding is longer than itself, or not as long as its own last byte.
    BadPadding,
    /// It carries something else.
    WrongPayloadType,
    /// It carries nothing, or pieces of frames.
    OddPayload,
}

impl<'a> Packet<'a> {
    /// Reads `bytes` as a packet of `format`. `[any]`
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn parse(
        bytes: &'a [u8],
        format: Format,
        payload_type: Option<u8>,
    ) -> Result<Self, Refused> {
        let header = RtpPacket::parse(bytes).map_err(|error| match error {
            RtpParseError::UnsupportedVersion(_) => Refused::WrongVersion,
            RtpParseError::PaddingInvalid(_) => Refused::BadPadding,
            RtpParseError::Truncated { .. } if padded_beyond(bytes) => Refused::BadPadding,
            RtpParseError::Truncated { .. } => Refused::Truncated,
        })?;
        if !accepts(header.payload_type(), format, payload_type) {
            return Err(Refused::WrongPayloadType);
        }
        let start = header.payload_offset();
        let payload = bytes.get(start..start + header.payload_len()).ok_or(Refused::Truncated)?;
        if payload.is_empty() || payload.len() % format.frame_bytes() != 0 {
            return Err(Refused::OddPayload);
        }
        Ok(Self {
            sequence: header.sequence_number(),
            timestamp: header.timestamp(),
            ssrc: header.ssrc(),
            payload,
            frames: (payload.len() / format.frame_bytes()) as u32,
        })
    }
}

/// Whether only the padding is longer than the packet.
fn padded_beyond(bytes: &[u8]) -> bool {
    let mut unpadded = [0; 64];
    let Some(head) = bytes.get(..bytes.len().min(unpadded.len())) else { return false };
    let padded = head.first().is_some_and(|first| first & 0x20 != 0);
    unpadded[..head.len()].copy_from_slice(head);
    unpadded[0] &= !0x20;
    padded && RtpPacket::parse(&unpadded[..head.len()]).is_ok()
}

/// Dynamic types are 96 to 127; static ones mean one format only (RFC 3551).
fn accepts(found: u8, format: Format, wanted: Option<u8>) -> bool {
    match wanted {
        Some(wanted) => found == wanted,
        None => found >= 96 || Format::of_static(found) == Some(format),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn format() -> Format {
        "L16/44100/1".parse().unwrap()
    }

    fn parse(bytes: &[u8]) -> Result<(u16, usize), Refused> {
        Packet::parse(bytes, format(), None).map(|packet| (packet.sequence, packet.payload.len()))
    }

    const PLAIN: [u8; 16] = [0x80, 96, 1, 2, 0, 0, 0, 9, 0, 0, 0, 7, 1, 2, 3, 4];

    fn changed(at: usize, to: u8) -> Vec<u8> {
        let mut bytes = PLAIN.to_vec();
        bytes[at] = to;
        bytes
    }

    /// RFC 3550, section 5.1 and appendix A.1
    #[test]
    fn each_fault_of_a_packet_has_its_name() {
        assert_eq!(parse(&PLAIN), Ok((0x0102, 4)));
        type Row = (&'static str, Vec<u8>, Result<(u16, usize), Refused>);
        let table: [Row; 13] = [
            ("nothing", vec![], Err(Refused::Truncated)),
            ("half a header", PLAIN[..11].to_vec(), Err(Refused::Truncated)),
            ("no payload", PLAIN[..12].to_vec(), Err(Refused::OddPayload)),
            ("half a frame", PLAIN[..15].to_vec(), Err(Refused::OddPayload)),
            ("version 1", changed(0, 0x40), Err(Refused::WrongVersion)),
            ("opus", changed(1, 95), Err(Refused::WrongPayloadType)),
            ("stereo", changed(1, 10), Err(Refused::WrongPayloadType)),
            ("mono by its static type, marked", changed(1, 0x80 | 11), Ok((0x0102, 4))),
            ("padding of 2", [changed(0, 0xA0), vec![0, 2]].concat(), Ok((0x0102, 4))),
            ("padding of 0", [changed(0, 0xA0), vec![0, 0]].concat(), Err(Refused::BadPadding)),
            ("padding of 99", [changed(0, 0xA0), vec![0, 99]].concat(), Err(Refused::BadPadding)),
            ("15 senders in 4 bytes", changed(0, 0x8F), Err(Refused::Truncated)),
            ("an extension of 772 words", changed(0, 0x90), Err(Refused::Truncated)),
        ];
        for (what, bytes, expected) in table {
            assert_eq!(parse(&bytes), expected, "{what}");
        }
    }

    #[test]
    fn contributing_sources_and_an_extension_are_stepped_over() {
        let mut bytes = vec![0x92, 96, 0, 5, 0, 0, 0, 9, 0, 0, 0, 7];
        bytes.extend([0; 8]); // two contributing sources
        bytes.extend([0xBE, 0xDE, 0, 1, 1, 2, 3, 4]); // one word of extension
        bytes.extend([0x12, 0x34]);
        let packet = Packet::parse(&bytes, format(), Some(96)).unwrap();
        assert_eq!((packet.payload, packet.frames), (&[0x12, 0x34][..], 1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_packet_of_whole_frames_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            first in prop::option::of(0x80_u8..0xC0),
        ) {
            let mut bytes = bytes;
            if let (Some(slot), Some(first)) = (bytes.first_mut(), first) { *slot = first; }
            if let Ok(packet) = Packet::parse(&bytes, "L24/48000/2".parse().unwrap(), None) {
                prop_assert!(packet.frames > 0);
                prop_assert_eq!(packet.payload.len(), packet.frames as usize * 6);
            }
        }
    }
}
