//! `[filter.pin.*]`

use super::*;

pub(super) fn read_all(
    filter: &mut Table<'_>,
    kind: Option<FilterKind>,
    mistakes: &Mistakes,
) -> Vec<PinDescriptor> {
    let mut pins = Vec::new();
    for (name, table) in filter.tables("pin") {
        check_name(&name, "pin", mistakes);
        let pin = read(&name, table, mistakes);
        if let (Some(pin), Some(kind)) = (&pin, kind) {
            check_direction(pin, kind, &name, mistakes);
        }
        pins.extend(pin);
    }
    check_families(&pins, filter, mistakes);
    if let Some(kind) = kind {
        check_present(&pins, kind, filter, mistakes);
    }
    pins
}

fn read(name: &Spanned<&str>, mut table: Table<'_>, mistakes: &Mistakes) -> Option<PinDescriptor> {
    let direction = table
        .required("direction", |element| named(element, &["input", "output"], Direction::named));
    let media = table.required("media", media);
    let category = table.optional("category", |element| {
        named(element, &["capture", "preview", "other"], PinCategory::named)
    });
    let mut flag = |key| table.optional(key, boolean).unwrap_or_default();
    let (many, leaky, optional) = (flag("many"), flag("leaky"), flag("optional"));
    if direction == Some(Direction::Input) {
        for key in ["category", "leaky"] {
            meaningless(&table, key, "means nothing on an input pin", mistakes);
        }
    }
    table.finish();
    Some(PinDescriptor {
        name: (*name.get_ref()).to_owned(),
        direction: direction?,
        media: media?,
        category: category.unwrap_or_default(),
        many,
        leaky,
        optional,
    })
}

fn check_direction(
    pin: &PinDescriptor,
    kind: FilterKind,
    name: &Spanned<&str>,
    mistakes: &Mistakes,
) {
    let wrong = match kind {
        FilterKind::Source => Direction::Input,
        FilterKind::Renderer => Direction::Output,
        FilterKind::Transform => return,
    };
    if pin.direction == wrong {
        let found = format!("a {kind} has no {wrong} pins, but `{}` is one", pin.name);
        mistakes.add(Mistake::new(name.span(), found));
    }
}

fn check_present(
    pins: &[PinDescriptor],
    kind: FilterKind,
    filter: &Table<'_>,
    mistakes: &Mistakes,
) {
    let needed: &[Direction] = match kind {
        FilterKind::Source => &[Direction::Output],
        FilterKind::Renderer => &[Direction::Input],
        FilterKind::Transform => &[Direction::Input, Direction::Output],
    };
    for direction in needed {
        if !pins.iter().any(|pin| pin.direction == *direction) {
            let found = format!("this {kind} has no {direction} pin");
            mistakes
                .add(Mistake::new(filter.span(), found).expected("at least one `[filter.pin.…]`"));
        }
    }
}

/// `out3` must mean one thing: pin 3 of the family `out`, or the pin of that name.
fn check_families(pins: &[PinDescriptor], filter: &Table<'_>, mistakes: &Mistakes) {
    for family in pins.iter().filter(|pin| pin.many) {
        let twin = pins.iter().find(|pin| {
            let number = pin.name.strip_prefix(&family.name);
            number.is_some_and(|number| number.parse::<u32>().is_ok())
        });
        if let Some(twin) = twin {
            let found = format!("pin `{}` is also one of the family `{}`", twin.name, family.name);
            mistakes.add(Mistake::new(filter.span(), found));
        }
    }
}
