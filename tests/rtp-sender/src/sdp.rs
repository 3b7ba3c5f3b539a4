//! The session description (RFC 8866).

use std::net::SocketAddr;

use crate::stream::Config;

/// The description of a stream that is sent to `target`.
pub fn describe(config: &Config, target: SocketAddr) -> String {
    let Config { format, payload_type, packet_ns, ssrc, .. } = config;
    let (ip, port) = (target.ip(), target.port());
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    // A multicast group of version 4 has a time to live behind it.
    let ttl = if ip.is_multicast() && ip.is_ipv4() { "/1" } else { "" };
    let packet_ms = *packet_ns as f64 / 1e6;
    format!(
        "v=0\r\n\
         o=- {ssrc} 1 IN {family} {ip}\r\n\
         s=driftless test\r\n\
         c=IN {family} {ip}{ttl}\r\n\
         t=0 0\r\n\
         m=audio {port} RTP/AVP {payload_type}\r\n\
         a=rtpmap:{payload_type} {format}\r\n\
         a=ptime:{packet_ms}\r\n"
    )
}
