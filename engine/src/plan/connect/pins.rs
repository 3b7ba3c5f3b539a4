//! Which pins the connections mean, and the pins of each filter with families spelt out.

use std::collections::HashMap;
use std::ops::Range;

use driftless_plugin_api::descriptor::{Direction, FilterDescriptor, PinDescriptor};

use crate::diagnostic::Diagnostics;
use crate::manifest::{End, Manifest};
use crate::plan::{PinNumber, PlannedPin};

/// A family has no more pins than this: each costs memory, and the manifest gives the number.
const LARGEST_FAMILY: u32 = 256;

/// A pin that a connection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meant {
    filter: usize,
    /// Place among the filter's pins of its direction, families counted as one.
    pin: usize,
    /// Its number in the family; 0 for a single pin.
    number: u32,
}

/// One connection whose two pins are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joint {
    pub from: Meant,
    pub to: Meant,
    /// Index into the manifest's connections.
    pub entry: usize,
}

/// All of them.
pub(super) struct Joined {
    pub joints: Vec<Joint>,
    /// Filters with a connection that went wrong: their pins are not called unconnected as well.
    spoilt: Vec<usize>,
}

/// The pins of every filter in one direction, by filter and number.
pub(super) struct Spelt {
    pub pins: Vec<Vec<PlannedPin>>,
    meant: Vec<Vec<(usize, u32)>>,
}

impl Spelt {
    /// The number of a pin that a connection means.
    pub fn number(&self, meant: Meant) -> Option<PinNumber> {
        let pins = self.meant.get(meant.filter)?;
        let pin = pins.iter().position(|pin| *pin == (meant.pin, meant.number))?;
        Some(PinNumber { filter: meant.filter, pin })
    }
}

/// Finds the pins of all connections: first those that are named, then, in the order of the file,
/// those that are left out, which take the lowest number that is free.
pub(super) fn join(
    manifest: &Manifest,
    descriptors: &[Option<&FilterDescriptor>],
    diagnostics: &mut Diagnostics,
) -> Joined {
    let named = manifest.filters.iter().enumerate().rev();
    let filters = named.map(|(index, filter)| (filter.name.value.as_str(), index)).collect();
    let mut finder = Finder { filters, descriptors, taken: Vec::new(), diagnostics };
    let ends = |entry: usize| {
        let connection = &manifest.connections[entry];
        [(&connection.from, Direction::Output), (&connection.to, Direction::Input)]
    };
    let mut found = vec![[None; 2]; manifest.connections.len()];
    for named in [true, false] {
        for (entry, found) in found.iter_mut().enumerate() {
            for (side, (end, direction)) in ends(entry).into_iter().enumerate() {
                if end.pin.is_some() == named {
                    found[side] = finder.find(end, direction);
                }
            }
        }
    }
    let mut joined = Joined { joints: Vec::new(), spoilt: Vec::new() };
    for (entry, found) in found.into_iter().enumerate() {
        match found {
            [Some(from), Some(to)] => joined.joints.push(Joint { from, to, entry }),
            _ => {
                let filters = ends(entry).map(|(end, _)| finder.filter(end));
                joined.spoilt.extend(filters.into_iter().flatten());
            }
        }
    }
    joined
}

struct Finder<'a> {
    /// By name; of two of the same name the first.
    filters: HashMap<&'a str, usize>,
    descriptors: &'a [Option<&'a FilterDescriptor>],
    /// Pins that have a connection, and where that stands.
    taken: Vec<(Meant, Direction, Range<usize>)>,
    diagnostics: &'a mut Diagnostics,
}

impl Finder<'_> {
    fn filter(&self, end: &End) -> Option<usize> {
        self.filters.get(end.filter.value.as_str()).copied()
    }

    fn find(&mut self, end: &End, direction: Direction) -> Option<Meant> {
        let filter = self.filter(end)?;
        let descriptor = self.descriptors[filter]?;
        let pins: Vec<&PinDescriptor> = descriptor.pins(direction).collect();
        let (pin, number) = match &end.pin {
            Some(name) => self.named(end, &name.value, name.span.clone(), descriptor, direction)?,
            None => self.left_out(end, filter, &pins, direction)?,
        };
        let meant = Meant { filter, pin, number };
        let earlier =
            self.taken.iter().find(|(taken, its, _)| *taken == meant && *its == direction);
        if let Some((_, _, place)) = earlier {
            let name = pin_name(pins[pin], number);
            let message = format!("`{}.{name}` is already connected", end.filter.value);
            let place = place.clone();
            self.diagnostics.error(end.span.clone(), message);
            self.diagnostics.relate(place, "here");
            return None;
        }
        self.taken.push((meant, direction, end.span.clone()));
        Some(meant)
    }

    fn named(
        &mut self,
        end: &End,
        name: &str,
        span: Range<usize>,
        descriptor: &FilterDescriptor,
        direction: Direction,
    ) -> Option<(usize, u32)> {
        if let Some(found) = by_name(descriptor, direction, name) {
            return Some(found);
        }
        let other = match direction {
            Direction::Input => Direction::Output,
            Direction::Output => Direction::Input,
        };
        let known = names(descriptor.pins(direction));
        let whole = format!("{}.{name}", end.filter.value);
        match by_name(descriptor, other, name) {
            Some(_) => {
                let way = match direction {
                    Direction::Output => "a connection begins at an output",
                    Direction::Input => "a connection ends at an input",
                };
                let message = format!("`{whole}` is an {other} pin, but {way}");
                let error = self.diagnostics.error(span, message);
                error.expected = Some(list(&known, direction));
            }
            None => {
                let message = format!("`{}` has no {direction} pin `{name}`", end.filter.value);
                let known = known.iter().map(String::as_str);
                self.diagnostics.unknown(span, message, name, known);
            }
        }
        None
    }

    fn left_out(
        &mut self,
        end: &End,
        filter: usize,
        pins: &[&PinDescriptor],
        direction: Direction,
    ) -> Option<(usize, u32)> {
        match pins {
            [pin] if pin.many => {
                let taken = |number: &u32| {
                    let meant = Meant { filter, pin: 0, number: *number };
                    self.taken.iter().any(|(taken, its, _)| *taken == meant && *its == direction)
                };
                Some((0, (0..LARGEST_FAMILY).find(|number| !taken(number))?))
            }
            [_] => Some((0, 0)),
            [] => {
                let message = format!("`{}` has no {direction} pins", end.filter.value);
                self.diagnostics.error(end.span.clone(), message);
                None
            }
            _ => {
                let message = format!(
                    "`{}` has several {direction} pins, and the connection does not say which",
                    end.filter.value
                );
                let known = names(pins.iter().copied());
                let known: Vec<String> =
                    known.iter().map(|name| format!("{}.{name}", end.filter.value)).collect();
                let error = self.diagnostics.error(end.span.clone(), message);
                error.expected = Some(list(&known, direction));
                None
            }
        }
    }
}

/// The pin called `name`: its place among those of its direction, and its number in the family.
fn by_name(
    descriptor: &FilterDescriptor,
    direction: Direction,
    name: &str,
) -> Option<(usize, u32)> {
    descriptor.pins(direction).enumerate().find_map(|(place, pin)| match pin.many {
        false => (pin.name == name).then_some((place, 0)),
        true => {
            let digits = name.strip_prefix(pin.name.as_str())?;
            let number = digits.parse::<u32>().ok().filter(|number| *number < LARGEST_FAMILY)?;
            // `out07` and `out+7` are not other names of `out7`.
            (number.to_string() == digits).then_some((place, number))
        }
    })
}

fn pin_name(pin: &PinDescriptor, number: u32) -> String {
    if pin.many { format!("{}{number}", pin.name) } else { pin.name.clone() }
}

/// The names one may write, a family with its first.
fn names<'a>(pins: impl Iterator<Item = &'a PinDescriptor>) -> Vec<String> {
    pins.map(|pin| pin_name(pin, 0)).collect()
}

fn list(names: &[String], direction: Direction) -> String {
    match names {
        [] => format!("a filter with {direction} pins"),
        names => driftless_plugin_api::document::one_of(names.iter().map(String::as_str)),
    }
}

impl Joined {
    /// All pins of all filters in one direction: a family has as many as the manifest connects.
    pub fn spell_out(
        &self,
        manifest: &Manifest,
        descriptors: &[Option<&FilterDescriptor>],
        direction: Direction,
        diagnostics: &mut Diagnostics,
    ) -> Spelt {
        let mut spelt = Spelt { pins: Vec::new(), meant: Vec::new() };
        for (filter, descriptor) in descriptors.iter().enumerate() {
            let (mut pins, mut meant) = (Vec::new(), Vec::new());
            let described = descriptor.map(|descriptor| descriptor.pins(direction));
            for (place, pin) in described.into_iter().flatten().enumerate() {
                let numbers = self.numbers(filter, place, direction);
                let missing = unconnected(pin, &numbers);
                if let Some(missing) = missing.filter(|_| !self.spoilt.contains(&filter)) {
                    let entry = &manifest.filters[filter];
                    let message = format!("`{}.{missing}` is not connected", entry.name.value);
                    let error = diagnostics.error(entry.name.span.clone(), message);
                    error.expected = Some(match direction {
                        Direction::Input => format!("`… -> {}.{missing}`", entry.name.value),
                        Direction::Output => format!("`{}.{missing} -> …`", entry.name.value),
                    });
                }
                let count =
                    if pin.many { numbers.iter().max().map_or(0, |max| max + 1) } else { 1 };
                for number in 0..count {
                    let name = pin_name(pin, number);
                    let named = self.is_named(manifest, (filter, place, number), direction);
                    pins.push(PlannedPin {
                        name,
                        descriptor: pin.clone(),
                        connection: None,
                        named,
                    });
                    meant.push((place, number));
                }
            }
            spelt.pins.push(pins);
            spelt.meant.push(meant);
        }
        spelt
    }

    /// Whether a connection of the manifest writes the pin's name.
    fn is_named(
        &self,
        manifest: &Manifest,
        (filter, pin, number): (usize, usize, u32),
        direction: Direction,
    ) -> bool {
        let meant = Meant { filter, pin, number };
        self.joints.iter().any(|joint| {
            let entry = &manifest.connections[joint.entry];
            match direction {
                Direction::Input => joint.to == meant && entry.to.pin.is_some(),
                Direction::Output => joint.from == meant && entry.from.pin.is_some(),
            }
        })
    }

    /// The numbers of one pin's family that are connected.
    fn numbers(&self, filter: usize, pin: usize, direction: Direction) -> Vec<u32> {
        let ends = self.joints.iter().map(|joint| match direction {
            Direction::Input => joint.to,
            Direction::Output => joint.from,
        });
        ends.filter(|end| end.filter == filter && end.pin == pin).map(|end| end.number).collect()
    }
}

/// The name of a pin that must be connected and is not.
fn unconnected(pin: &PinDescriptor, numbers: &[u32]) -> Option<String> {
    let highest = numbers.iter().max();
    let mut needed = match (pin.many, highest) {
        (false, _) | (true, None) => 0..=0,
        (true, Some(highest)) => 0..=*highest,
    };
    // A gap in a family is a mistake even where the family may be left out altogether.
    let may_be_absent = pin.optional && highest.is_none();
    needed
        .find(|number| !numbers.contains(number) && !may_be_absent)
        .map(|number| pin_name(pin, number))
}
