//! The announcement of a session (SAP, RFC 2974).

use std::net::Ipv4Addr;

/// A packet that announces the session of `description`, in the name of `origin`.
pub fn announce(description: &str, origin: Ipv4Addr, session: u16) -> Vec<u8> {
    // Version 1, an announcement, an address of version 4; no authentication.
    let mut packet = vec![0x20, 0];
    packet.extend(session.to_be_bytes());
    packet.extend(origin.octets());
    packet.extend(b"application/sdp\0");
    packet.extend(description.as_bytes());
    packet
}
