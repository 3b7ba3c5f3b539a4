//! Searching upstream (section 4.1): who above a pin has what is wanted.

use std::collections::HashSet;

use driftless_plugin_api::Status;

use super::{PinNumber, Plan};

/// A pin or filter that a search comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// An input pin.
    Input(PinNumber),
    /// An output pin.
    Output(PinNumber),
    /// A filter, by its index.
    Filter(usize),
}

/// Which kinds of place may be what is wanted. It restricts what a search accepts, never where it
/// goes (LS-38).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted(u32);

impl Wanted {
    /// Input pins.
    pub const INPUT: Self = Self(1);
    /// Output pins.
    pub const OUTPUT: Self = Self(2);
    /// Filters.
    pub const FILTER: Self = Self(4);
    /// All of them, which may also be written 0.
    pub const ANY: Self = Self(0);

    const fn includes(self, place: Place) -> bool {
        let bit = match place {
            Place::Input(_) => 1,
            Place::Output(_) => 2,
            Place::Filter(_) => 4,
        };
        self.0 == 0 || self.0 & bit != 0
    }
}

/// Walks up from the pin `from`, depth first, and returns the first thing that `hit` finds (LS-36). It
/// is shown the way: all places from `from` on, the one in question last. `[any]`
///
/// A filter does not say which inputs an output depends on, so all of them count, in their order
/// (LS-37). Each place is visited once, so the walk ends whatever the graph (LS-39).
///
/// # Errors
///
/// [`Status::NO_INTERFACE`] when nothing is found, [`Status::NOT_IN_GRAPH`] when there is no such pin.
pub fn find_upstream<T>(
    plan: &Plan,
    from: Place,
    wanted: Wanted,
    hit: impl FnMut(&[Place]) -> Option<T>,
) -> Result<T, Status> {
    if !is_in(plan, from) {
        return Err(Status::NOT_IN_GRAPH);
    }
    let mut walk = Walk { plan, wanted, hit, seen: HashSet::new(), way: Vec::new() };
    walk.visit(from).ok_or(Status::NO_INTERFACE)
}

fn is_in(plan: &Plan, place: Place) -> bool {
    match place {
        Place::Input(pin) => {
            plan.filters.get(pin.filter).is_some_and(|it| pin.pin < it.inputs.len())
        }
        Place::Output(pin) => {
            plan.filters.get(pin.filter).is_some_and(|it| pin.pin < it.outputs.len())
        }
        Place::Filter(filter) => filter < plan.filters.len(),
    }
}

struct Walk<'a, H> {
    plan: &'a Plan,
    wanted: Wanted,
    hit: H,
    seen: HashSet<Place>,
    way: Vec<Place>,
}

impl<T, H: FnMut(&[Place]) -> Option<T>> Walk<'_, H> {
    fn visit(&mut self, place: Place) -> Option<T> {
        if !self.seen.insert(place) {
            return None;
        }
        self.way.push(place);
        let found = match self.wanted.includes(place) {
            true => (self.hit)(&self.way),
            false => None,
        };
        let found = found.or_else(|| self.above(place).into_iter().find_map(|it| self.visit(it)));
        self.way.pop();
        found
    }

    /// Where samples at `place` come from.
    fn above(&self, place: Place) -> Vec<Place> {
        let inputs = |filter: usize| &self.plan.filters[filter].inputs;
        match place {
            Place::Input(pin) => {
                let connection = inputs(pin.filter)[pin.pin].connection;
                connection
                    .map(|it| Place::Output(self.plan.connections[it].from))
                    .into_iter()
                    .collect()
            }
            Place::Output(pin) => vec![Place::Filter(pin.filter)],
            Place::Filter(filter) => (0..inputs(filter).len())
                .map(|pin| Place::Input(PinNumber { filter, pin }))
                .collect(),
        }
    }
}
