//! Where to listen, and for what: from a session description or from single settings.

mod sdp;

use std::net::{IpAddr, Ipv4Addr};

use driftless_plugin_api::{FilterError, Settings, Status};

use crate::format::Format;

/// What is received, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Multicast group, or own address.
    pub address: IpAddr,
    /// UDP port.
    pub port: u16,
    /// Interface on which to join a group, as the manifest wrote it; empty for the system's choice.
    pub interface: String,
    /// What packets hold.
    pub format: Format,
    /// Their payload type; `None` for any that may mean this format.
    pub payload_type: Option<u8>,
}

fn refused(text: String) -> FilterError {
    FilterError::with(Status::INVALID_ARGUMENT, text)
}

impl Session {
    /// The session that the settings describe. Reads the file that `sdp` names. `[main]`
    ///
    /// # Errors
    ///
    /// What is missing or contradictory, and what would be accepted.
    pub fn from_settings(settings: &Settings) -> Result<Self, FilterError> {
        let described = match settings.text("sdp")? {
            "" => None,
            sdp => Some(sdp::read(sdp)?),
        };
        let address = address(settings, described.as_ref())?;
        let port = port(settings, described.as_ref())?;
        let interface = settings.text("interface")?.to_owned();
        let (format, payload_type) = payload(settings, described.as_ref())?;
        Ok(Self { address, port, interface, format, payload_type })
    }
}

fn payload(
    settings: &Settings,
    described: Option<&sdp::Described>,
) -> Result<(Format, Option<u8>), FilterError> {
    match (settings.text("format")?, described) {
        ("", Some(described)) => Ok((described.format, Some(described.payload_type))),
        ("", None) => Err(refused(
            "what to receive is not said; give `sdp`, or `port` and `format`, such as `format = \
             \"L24/48000/2\"`"
                .to_owned(),
        )),
        (text, Some(described)) => Err(refused(format!(
            "`format` says {text} and the session description {}; give one of them",
            described.format
        ))),
        (text, None) => {
            let format = text.parse::<Format>().map_err(|error| refused(error.to_string()))?;
            Ok((format, u8::try_from(settings.integer("payload-type")?).ok()))
        }
    }
}

fn address(settings: &Settings, described: Option<&sdp::Described>) -> Result<IpAddr, FilterError> {
    match (settings.text("address")?, described) {
        ("", described) => {
            let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            Ok(described.and_then(|described| described.address).unwrap_or(any))
        }
        (text, _) => text.parse().map_err(|_| {
            refused(format!(
                "`address` is `{text}`, which is no address; expected a multicast group such as \
                 \"239.1.2.3\", an address of this machine, or nothing for all of them"
            ))
        }),
    }
}

fn port(settings: &Settings, described: Option<&sdp::Described>) -> Result<u16, FilterError> {
    let port = u16::try_from(settings.integer("port")?).unwrap_or_default();
    match (port, described) {
        (0, Some(described)) => Ok(described.port),
        // A schedule of packets needs none.
        (0, None) if settings.text("packets")?.is_empty() => Err(refused(
            "`port` is not given, nor a session description in `sdp`; expected a UDP port, such \
             as 5004"
                .to_owned(),
        )),
        (port, _) => Ok(port),
    }
}

#[cfg(test)]
mod tests;
