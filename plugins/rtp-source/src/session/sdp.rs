//! Session descriptions (RFC 8866): the first audio stream in them that can be received.

use std::net::IpAddr;
use std::path::Path;

use driftless_plugin_api::FilterError;
use sdp_types::{Connection, Media, Session};

use super::refused;
use crate::format::Format;

/// What a session description says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Where packets are sent to.
    pub address: Option<IpAddr>,
    /// UDP port.
    pub port: u16,
    /// What packets hold.
    pub format: Format,
    /// Their payload type.
    pub payload_type: u8,
}

/// Reads a description from a file, or the description itself.
pub fn read(text_or_path: &str) -> Result<Described, FilterError> {
    if text_or_path.trim_start().starts_with("v=") {
        return parse(text_or_path.trim_start(), "the session description");
    }
    let path = Path::new(text_or_path);
    let text = std::fs::read_to_string(path).map_err(|error| {
        refused(format!(
            "cannot read the session description {}: {error}; expected the path of an SDP file, or \
             the text itself, which begins with `v=0`",
            path.display()
        ))
    })?;
    parse(&text, text_or_path)
}

fn parse(text: &str, name: &str) -> Result<Described, FilterError> {
    // ffmpeg prints a line `SDP:` before a description.
    let text = text.trim_start().trim_start_matches("SDP:").trim_start();
    let session = Session::parse(text.as_bytes())
        .map_err(|error| refused(format!("{name} is no session description: {error}")))?;
    let streams = session.medias.iter().filter(|media| media.media == "audio");
    let mut found = Vec::new();
    for media in streams {
        match stream(media, session.connection.as_ref()) {
            Ok(described) => return Ok(described),
            Err(what) => found.push(what),
        }
    }
    let found = match found.is_empty() {
        true => "no audio stream".to_owned(),
        false => found.join("; "),
    };
    Err(refused(format!(
        "{name} has {found}; expected audio over RTP/AVP as L16 or L24, such as \
         `a=rtpmap:96 L24/48000/2`"
    )))
}

/// The stream that `media` describes, or what it is instead.
fn stream(media: &Media, session: Option<&Connection>) -> Result<Described, String> {
    if !media.proto.starts_with("RTP/AVP") {
        return Err(format!("audio over {}", media.proto));
    }
    let mut others = Vec::new();
    for payload_type in media.fmt.split_ascii_whitespace() {
        match payload(media, payload_type) {
            Ok((payload_type, format)) => {
                let connection = media.connections.first().or(session);
                let address = connection.map(address).transpose()?;
                if media.port == 0 {
                    return Err("an audio stream on port 0, which means that it is off".to_owned());
                }
                return Ok(Described { address, port: media.port, format, payload_type });
            }
            Err(other) => others.push(other),
        }
    }
    Err(format!("audio as {}", others.join(", ")))
}

fn payload(media: &Media, payload_type: &str) -> Result<(u8, Format), String> {
    let number = payload_type.parse::<u8>().ok().filter(|number| *number < 128);
    let number = number.ok_or_else(|| format!("payload type `{payload_type}`"))?;
    let mut mappings =
        media.get_attribute_values("rtpmap").flatten().filter_map(|value| value.split_once(' '));
    match mappings.find(|(mapped, _)| *mapped == payload_type) {
        Some((_, format)) => {
            let format = format.trim();
            let parsed = format.parse().map_err(|_| format!("{format} (type {payload_type})"))?;
            Ok((number, parsed))
        }
        None => {
            let format = Format::of_static(number);
            Ok((number, format.ok_or_else(|| format!("type {payload_type}, not described"))?))
        }
    }
}

fn address(connection: &Connection) -> Result<IpAddr, String> {
    // `239.1.2.3/32`: the part behind the stroke is the time to live, or a number of groups.
    let text = &connection.connection_address;
    let bare = text.split('/').next().unwrap_or_default();
    bare.parse().map_err(|_| format!("a connection to `{text}`, which is no address"))
}
