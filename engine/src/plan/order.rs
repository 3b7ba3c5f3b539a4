//! The filters, each behind those that feed it.

use super::draft::Draft;
use crate::diagnostic::Diagnostics;
use crate::manifest::Manifest;

/// Sorts the filters, as near to the manifest's order as their connections allow.
///
/// # Errors
///
/// Every ring of connections, as its path (LS-104).
pub(super) fn order(draft: &mut Draft, manifest: &Manifest) -> Result<(), Diagnostics> {
    let mut diagnostics = manifest.diagnostics();
    let mut order = Vec::new();
    let mut left: Vec<usize> = (0..draft.filters.len()).collect();
    while !left.is_empty() {
        match left.iter().position(|&index| feeder(draft, &left, index).is_none()) {
            Some(ready) => order.push(left.remove(ready)),
            None => {
                let ring = ring(draft, &left);
                report(draft, &ring, &mut diagnostics);
                left.retain(|index| !ring.contains(index));
            }
        }
    }
    diagnostics.into_result()?;
    draft.reorder(&order);
    Ok(())
}

/// A connection into filter `index` from one that is still `left`.
fn feeder(draft: &Draft, left: &[usize], index: usize) -> Option<usize> {
    draft.connections.iter().position(|connection| {
        connection.to.filter == index && left.contains(&connection.from.filter)
    })
}

/// A ring among the filters `left`, each of which is fed by another of them, in the direction of
/// the samples.
fn ring(draft: &Draft, left: &[usize]) -> Vec<usize> {
    let mut path = vec![left[0]];
    loop {
        let here = path[path.len() - 1];
        let feeder = feeder(draft, left, here).expect("a filter without feeder would be ready");
        let above = draft.connections[feeder].from.filter;
        if let Some(start) = path.iter().position(|&index| index == above) {
            let mut ring = path.split_off(start);
            ring.reverse();
            return ring;
        }
        path.push(above);
    }
}

fn report(draft: &Draft, ring: &[usize], diagnostics: &mut Diagnostics) {
    // Begin with the filter that the manifest names first, and come back to it.
    let first = ring.iter().enumerate().min_by_key(|(_, index)| **index).map_or(0, |(at, _)| at);
    let path: Vec<usize> = ring.iter().cycle().skip(first).take(ring.len() + 1).copied().collect();
    let names: Vec<&str> = path.iter().map(|&index| draft.filters[index].name.as_str()).collect();
    let (last, first) = (path[path.len() - 2], path[0]);
    let closing = draft
        .connections
        .iter()
        .position(|connection| connection.from.filter == last && connection.to.filter == first);
    let place = closing.map_or(0..0, |closing| draft.places[closing].clone());
    diagnostics.error(place, format!("the graph has a cycle: {}", names.join(" -> ")));
}
