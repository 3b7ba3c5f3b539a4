//! Filters with their settings, and pins with their connections.

mod pins;

use std::path::Path;
use std::sync::Arc;

use driftless_plugin_api::descriptor::{Direction, FilterDescriptor};
use driftless_plugin_api::media::MediaPattern;
use driftless_plugin_api::settings::Settings;

use super::draft::Draft;
use super::{Connection, PlannedFilter, PlannedPin};
use crate::catalog::{BUILT_IN_QUEUE, Catalog, Content, Provider, built_in_queue};
use crate::diagnostic::Diagnostics;
use crate::manifest::{ClockRequest, ConnectionEntry, FilterEntry, Manifest, Placed};

/// Finds every filter in the catalog, checks its settings, and joins the pins.
///
/// # Errors
///
/// Unknown filter ids, pins and settings; values of the wrong type, unit or range; connections that
/// join pins of one direction, a pin twice, or media types that have nothing in common; pins that
/// must be connected and are not; a clock that is not offered. All of them.
pub(super) fn connect(manifest: &Manifest, catalog: &Catalog) -> Result<Draft, Diagnostics> {
    let mut diagnostics = manifest.diagnostics();
    let filters: Vec<Option<PlannedFilter>> = manifest
        .filters
        .iter()
        .enumerate()
        .map(|(position, entry)| filter(position, entry, catalog, &mut diagnostics))
        .collect();
    check_clock(manifest, &filters, &mut diagnostics);
    let descriptors: Vec<Option<&FilterDescriptor>> =
        filters.iter().map(|filter| Some(&*filter.as_ref()?.descriptor)).collect();
    let joined = pins::join(manifest, &descriptors, &mut diagnostics);
    let inputs = joined.spell_out(manifest, &descriptors, Direction::Input, &mut diagnostics);
    let outputs = joined.spell_out(manifest, &descriptors, Direction::Output, &mut diagnostics);
    let mut draft = Draft { filters: Vec::new(), connections: Vec::new(), places: Vec::new() };
    for joint in &joined.joints {
        let (Some(from), Some(to)) = (outputs.number(joint.from), inputs.number(joint.to)) else {
            continue;
        };
        let sides = (&outputs.pins[from.filter][from.pin], &inputs.pins[to.filter][to.pin]);
        let entry = &manifest.connections[joint.entry];
        if let Some(media) = agree(manifest, entry, sides, &mut diagnostics) {
            draft.connections.push(Connection { from, to, media, queue: None });
            draft.places.push(place(entry));
        }
    }
    diagnostics.into_result()?;
    let pins = inputs.pins.into_iter().zip(outputs.pins);
    draft.filters = filters
        .into_iter()
        .flatten() // all are there: one that is missing was an error
        .zip(pins)
        .map(|(filter, (inputs, outputs))| PlannedFilter { inputs, outputs, ..filter })
        .collect();
    draft.link();
    Ok(draft)
}

/// The first libraries that were refused, and why: the filter may be in one of them.
fn refused(catalog: &Catalog) -> String {
    const SHOWN: usize = 3;
    let refused = catalog.refused().iter().take(SHOWN);
    refused.map(|refused| format!("; `{}` {}", refused.path.display(), refused.error)).collect()
}

fn place(entry: &ConnectionEntry) -> std::ops::Range<usize> {
    entry.from.span.start..entry.to.span.end
}

fn filter(
    position: usize,
    entry: &FilterEntry,
    catalog: &Catalog,
    diagnostics: &mut Diagnostics,
) -> Option<PlannedFilter> {
    let id = &entry.plugin.value;
    let (descriptor, provider) = match catalog.find(id) {
        Some(found) => (Arc::clone(&found.filter), found.provider.clone()),
        None if id == BUILT_IN_QUEUE => {
            (Arc::new(built_in_queue().clone()), Provider::Process(usize::MAX))
        }
        None => {
            let message = format!("no plugin has the filter `{id}`{}", refused(catalog));
            let known = catalog.entries().iter().map(|entry| entry.filter.id.as_str());
            let known = known.chain([BUILT_IN_QUEUE]);
            diagnostics.unknown(entry.plugin.span.clone(), message, id, known);
            return None;
        }
    };
    let settings = descriptor.settings(&entry.settings).unwrap_or_else(|mistakes| {
        for mistake in mistakes {
            diagnostics.mistake(mistake, entry.name.span.clone());
        }
        Settings::default()
    });
    match (&entry.pinned, &provider) {
        (None, _) => {}
        (Some(pinned), Provider::Library(path)) => check_pin(path, pinned, diagnostics),
        (Some(pinned), Provider::Process(_)) => {
            let message = format!("`{id}` comes with the program: there is no library to pin");
            diagnostics.error(pinned.span.clone(), message);
        }
    }
    Some(PlannedFilter {
        name: entry.name.value.clone(),
        descriptor,
        provider,
        settings,
        provide_clock: entry.provide_clock,
        pinned: entry.pinned.as_ref().map(|pinned| pinned.value),
        position,
        inputs: Vec::new(),
        outputs: Vec::new(),
    })
}

/// A library that is pinned must have that content; it is asked again when it is opened.
fn check_pin(path: &Path, pinned: &Placed<Content>, diagnostics: &mut Diagnostics) {
    let message = match Content::of(path) {
        Ok(found) if found == pinned.value => return,
        Ok(found) => format!(
            "the library `{}` has another content than is pinned here: {found}",
            path.display()
        ),
        Err(error) => format!("the library `{}` cannot be read: {error}", path.display()),
    };
    let error = diagnostics.error(pinned.span.clone(), message);
    error.expected =
        Some("the file that was pinned, or a new pin if this one is wanted".to_owned());
}

/// A clock that is named must be offered.
fn check_clock(
    manifest: &Manifest,
    filters: &[Option<PlannedFilter>],
    diagnostics: &mut Diagnostics,
) {
    let clock = &manifest.graph.clock;
    let ClockRequest::Filter(name) = &clock.value else { return };
    let Some(filter) = filters.iter().flatten().find(|filter| filter.name == *name) else { return };
    let offer = filter.descriptor.offers_clock.as_ref();
    let why = match offer.map(|offer| offer.resolve(&filter.settings)) {
        Some(Ok(true) | Err(_)) if filter.provide_clock => return,
        Some(Ok(true) | Err(_)) => "its own `provide-clock = false` forbids it",
        Some(Ok(false)) => "its settings switch it off",
        None => "this filter has none",
    };
    diagnostics.error(clock.span.clone(), format!("`{name}` offers no clock: {why}"));
}

/// The media type that both sides can do; it is an error when there is none.
fn agree(
    manifest: &Manifest,
    entry: &ConnectionEntry,
    (from, to): (&PlannedPin, &PlannedPin),
    diagnostics: &mut Diagnostics,
) -> Option<MediaPattern> {
    let media = common(&from.descriptor.media, &to.descriptor.media);
    if media.is_none() {
        let (sender, receiver) = (&entry.from.filter.value, &entry.to.filter.value);
        diagnostics.error(place(entry), nothing_in_common((sender, from), (receiver, to)));
        if let Some(receiver) = manifest.filter(receiver) {
            diagnostics.relate(receiver.plugin.span.clone(), "the receiver");
        }
    }
    media
}

/// What both sides can do: the receiver's wishes first, then the sender's (LS-103).
pub(super) fn common(offers: &[MediaPattern], accepts: &[MediaPattern]) -> Option<MediaPattern> {
    let pairs = accepts.iter().flat_map(|to| offers.iter().map(move |from| (to, from)));
    pairs.into_iter().find_map(|(to, from)| to.intersect(*from))
}

/// Says what the pins of two filters, given by name, would each have liked.
pub(super) fn nothing_in_common(from: (&str, &PlannedPin), to: (&str, &PlannedPin)) -> String {
    let list = |pin: &PlannedPin| {
        let patterns = pin.descriptor.media.iter().map(|pattern| format!("`{pattern}`"));
        patterns.collect::<Vec<_>>().join(" or ")
    };
    format!(
        "`{}.{}` offers {}, but `{}.{}` accepts only {}",
        from.0,
        from.1.name,
        list(from.1),
        to.0,
        to.1.name,
        list(to.1),
    )
}
