//! Pins of a family whose numbers the manifest leaves out keep those that they had: where one branch of
//! a tee goes, the others are not connected anew (LS-125).

use driftless_plugin_api::descriptor::Direction;

use super::draft::link;
use super::{Connection, Facts, PinNumber, Plan, PlannedPin};

/// A connection's end at a filter, in one direction.
struct End {
    connection: usize,
    /// The pin's name without its number.
    family: String,
    number: Option<u32>,
}

impl Plan {
    /// This plan with the numbers of `old`, where a connection between the same two filters had one. A
    /// family may have gaps then. `[any]`
    #[must_use]
    pub(crate) fn numbered_as(mut self, old: &Self) -> Self {
        for filter in 0..self.filters.len() {
            let Some(before) = old.filter(&self.filters[filter].name) else { continue };
            for direction in [Direction::Input, Direction::Output] {
                self.renumber(filter, direction, old, before);
            }
        }
        link(&mut self.filters, &self.connections);
        self.settled = self.settle(&Facts::declared(&self.filters));
        self
    }

    fn renumber(&mut self, filter: usize, direction: Direction, old: &Self, before: usize) {
        if !self.pins(filter, direction).iter().any(|pin| pin.descriptor.many && !pin.named) {
            return;
        }
        let mut claimed = Vec::new();
        let mut ends: Vec<End> = Vec::new();
        for connection in self.ends(filter, direction) {
            let pin =
                &self.pins(filter, direction)[own(&self.connections[connection], direction).pin];
            let number = match pin.descriptor.many && !pin.named {
                false => Some(number(pin)),
                true => self.number_in(old, before, connection, direction, &mut claimed),
            };
            ends.push(End { connection, family: pin.descriptor.name.clone(), number });
        }
        give_free_numbers(&mut ends);
        self.spell_anew(filter, direction, &ends);
    }

    /// The number that the pin of a connection had, if `old` has one between the same filters that
    /// nobody claimed yet.
    fn number_in(
        &self,
        old: &Self,
        before: usize,
        connection: usize,
        direction: Direction,
        claimed: &mut Vec<usize>,
    ) -> Option<u32> {
        let connection = &self.connections[connection];
        let named = |plan: &Self, it: &Connection| {
            let (own, peer) = (own(it, direction), peer(it, direction));
            let family = plan.pins(own.filter, direction)[own.pin].descriptor.name.clone();
            let there = &plan.pins(peer.filter, other(direction))[peer.pin];
            (family, plan.filters[peer.filter].name.clone(), there.descriptor.name.clone())
        };
        let wanted = named(self, connection);
        let found = old.ends(before, direction).into_iter().find(|&index| {
            !claimed.contains(&index) && named(old, &old.connections[index]) == wanted
        })?;
        claimed.push(found);
        Some(number(&old.pins(before, direction)[own(&old.connections[found], direction).pin]))
    }

    /// The pins of a filter, and the ends of its connections, by the numbers in `ends`.
    fn spell_anew(&mut self, filter: usize, direction: Direction, ends: &[End]) {
        let descriptor = std::sync::Arc::clone(&self.filters[filter].descriptor);
        let mut pins = Vec::new();
        for pin in descriptor.pins(direction) {
            let numbers =
                ends.iter().filter(|end| end.family == pin.name).filter_map(|end| end.number);
            let count = if pin.many { numbers.max().map_or(0, |most| most + 1) } else { 1 };
            for number in 0..count {
                let name =
                    if pin.many { format!("{}{number}", pin.name) } else { pin.name.clone() };
                let named =
                    self.pins(filter, direction).iter().any(|it| it.named && it.name == name);
                pins.push(PlannedPin { name, descriptor: pin.clone(), connection: None, named });
            }
        }
        for end in ends {
            let is_it = |pin: &PlannedPin| {
                pin.descriptor.name == end.family && Some(number(pin)) == end.number
            };
            let Some(place) = pins.iter().position(is_it) else { continue };
            let connection = &mut self.connections[end.connection];
            match direction {
                Direction::Input => connection.to.pin = place,
                Direction::Output => connection.from.pin = place,
            }
        }
        match direction {
            Direction::Input => self.filters[filter].inputs = pins,
            Direction::Output => self.filters[filter].outputs = pins,
        }
    }

    fn pins(&self, filter: usize, direction: Direction) -> &[PlannedPin] {
        match direction {
            Direction::Input => &self.filters[filter].inputs,
            Direction::Output => &self.filters[filter].outputs,
        }
    }

    fn ends(&self, filter: usize, direction: Direction) -> Vec<usize> {
        let all = 0..self.connections.len();
        all.filter(|it| own(&self.connections[*it], direction).filter == filter).collect()
    }
}

/// Who had no number gets the lowest that nobody has.
fn give_free_numbers(ends: &mut [End]) {
    for index in 0..ends.len() {
        if ends[index].number.is_none() {
            let taken = |number: &u32| {
                ends.iter().any(|it| it.family == ends[index].family && it.number == Some(*number))
            };
            ends[index].number = (0..).find(|number| !taken(number));
        }
    }
}

fn own(connection: &Connection, direction: Direction) -> PinNumber {
    match direction {
        Direction::Input => connection.to,
        Direction::Output => connection.from,
    }
}

fn peer(connection: &Connection, direction: Direction) -> PinNumber {
    own(connection, other(direction))
}

const fn other(direction: Direction) -> Direction {
    match direction {
        Direction::Input => Direction::Output,
        Direction::Output => Direction::Input,
    }
}

/// The number of a pin in its family; 0 for a single pin.
fn number(pin: &PlannedPin) -> u32 {
    pin.name.strip_prefix(&pin.descriptor.name).and_then(|it| it.parse().ok()).unwrap_or(0)
}
