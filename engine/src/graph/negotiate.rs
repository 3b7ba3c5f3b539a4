//! Finding the complete media type of a connection (LS-102, LS-103).

use driftless_plugin_api::{MediaPattern, MediaType, Pin};

use super::RunError;
use super::prepare::Filters;

/// One end of a connection in the making.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// Index of the filter in the new plan.
    pub filter: usize,
    /// Its pin.
    pub pin: Pin,
    /// The type it carries in the connection that it had until now.
    pub has: Option<MediaType>,
}

/// Connects an output pin to an input pin: the input's preferred types first, in their order, then
/// the output's; the first that both accept. A pin that is connected already keeps its type where it
/// can: an output always, because its stream goes on, and an input if nothing else is offered, which
/// is then told of the new type with the first sample (LS-110).
///
/// # Errors
///
/// What each side has, and what the last refusal said. Both pins are left as they were.
pub(super) fn connect(
    filters: &mut Filters<'_>,
    (from, to): (End, End),
    allowed: MediaPattern,
) -> Result<Result<MediaType, String>, RunError> {
    let offered = match from.has {
        Some(media) => vec![media.into()],
        None => filters.ask(from.filter, move |filter| filter.media_types(from.pin))?,
    };
    let mut wanted = filters.ask(to.filter, move |filter| filter.media_types(to.pin))?;
    wanted.splice(..0, to.has.map(MediaPattern::from));
    let mut refusal = None;
    for media in candidates(&offered, &wanted, allowed) {
        match agree(filters, from, to, media)? {
            Ok(()) => return Ok(Ok(media)),
            Err(text) => refusal = Some(text),
        }
    }
    let list = |patterns: &[MediaPattern]| {
        patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
    };
    Ok(Err(refusal.unwrap_or_else(|| {
        format!("one offers {}, the other takes {}", list(&offered), list(&wanted))
    })))
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

fn agree(
    filters: &mut Filters<'_>,
    from: End,
    to: End,
    media: MediaType,
) -> Result<Result<(), String>, RunError> {
    if let Err(refusal) = offer(filters, to, media)? {
        return Ok(Err(refusal));
    }
    let answer = offer(filters, from, media)?;
    if answer.is_err() {
        filters.undo(to)?;
    }
    Ok(answer)
}

/// Offers `media` to one end, unless that is what it has.
fn offer(
    filters: &mut Filters<'_>,
    end: End,
    media: MediaType,
) -> Result<Result<(), String>, RunError> {
    if end.has == Some(media) {
        return Ok(Ok(()));
    }
    filters.ask(end.filter, move |filter| {
        filter.connect(end.pin, media).map_err(|error| error.to_string())
    })
}
