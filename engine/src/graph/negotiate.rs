//! Finding the complete media type of a connection (LS-102, LS-103).

use driftless_plugin_api::{MediaPattern, MediaType, Pin};

use crate::loader::instance::Instance;

/// Connects an output pin to an input pin: the input's preferred types first, in their order, then
/// the output's; the first that both accept.
///
/// # Errors
///
/// What each side has, and what the last refusal said. Both pins are left unconnected.
pub(super) fn connect(
    from: (&Instance, u32),
    to: (&Instance, u32),
    allowed: MediaPattern,
) -> Result<MediaType, String> {
    let offered = from.0.media_types(Pin::Output(from.1));
    let wanted = to.0.media_types(Pin::Input(to.1));
    let mut refusal = None;
    for media in candidates(&offered, &wanted, allowed) {
        match agree(from, to, media) {
            Ok(()) => return Ok(media),
            Err(text) => refusal = Some(text),
        }
    }
    let list = |patterns: &[MediaPattern]| {
        patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
    };
    Err(refusal.unwrap_or_else(|| {
        format!("one offers {}, the other takes {}", list(&offered), list(&wanted))
    }))
}

fn candidates(
    offered: &[MediaPattern],
    wanted: &[MediaPattern],
    allowed: MediaPattern,
) -> Vec<MediaType> {
    let mut found = Vec::new();
    let wanted = wanted.iter().copied().chain([MediaPattern::Any]);
    for want in wanted.filter_map(|want| want.intersect(allowed)) {
        let complete = offered.iter().filter_map(|offer| offer.intersect(want)?.complete());
        for media in complete {
            if !found.contains(&media) {
                found.push(media);
            }
        }
    }
    found
}

fn agree(from: (&Instance, u32), to: (&Instance, u32), media: MediaType) -> Result<(), String> {
    to.0.connect(Pin::Input(to.1), media).map_err(|error| error.to_string())?;
    from.0.connect(Pin::Output(from.1), media).map_err(|error| {
        to.0.disconnect(Pin::Input(to.1));
        error.to_string()
    })
}
