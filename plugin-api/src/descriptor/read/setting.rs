//! `[filter.setting.*]`

use super::*;
use crate::descriptor::setting::Written;
use crate::document::{integer, number};

/// Names that mean something else in a manifest's filter table.
const TAKEN: [&str; 3] = ["plugin", "provide-clock", "sha256"];

pub(super) fn read(
    name: &Spanned<&str>,
    mut table: Table<'_>,
    mistakes: &Mistakes,
) -> Option<SettingDescriptor> {
    check_name(name, "setting", mistakes);
    if TAKEN.contains(name.get_ref()) {
        let found = format!("`{}` means something else in a manifest", name.get_ref());
        mistakes.add(Mistake::new(name.span(), found).expected("another name"));
    }
    let kind = table.required("type", |element| Ok((text(element)?, element)));
    let kind = kind.and_then(|(word, element)| setting_type(&word, element, &mut table, mistakes));
    let help = table.required("help", text);
    let many = table.optional("many", boolean).unwrap_or_default();
    let mut setting = SettingDescriptor {
        name: (*name.get_ref()).to_owned(),
        kind: kind?,
        default: None,
        help: help.unwrap_or_default(),
        many,
    };
    setting.default = table.optional("default", |element| default(&setting, element));
    for (key, why) in [
        ("unit", "means nothing for this type"),
        ("range", "means nothing for this type"),
        ("choices", "means nothing for this type"),
    ] {
        if table.rest().any(|(rest, _)| *rest.get_ref() == key) {
            meaningless(&table, key, why, mistakes);
            table.get(key);
        }
    }
    table.finish();
    Some(setting)
}

fn setting_type(
    word: &str,
    element: &Element<'_>,
    table: &mut Table<'_>,
    mistakes: &Mistakes,
) -> Option<SettingType> {
    Some(match word {
        "boolean" => SettingType::Boolean,
        "text" => SettingType::Text,
        "choice" => SettingType::Choice(table.required("choices", words)?),
        "words" => SettingType::Words(table.required("choices", words)?),
        "integer" => SettingType::Integer {
            unit: table.optional("unit", unit_symbol),
            range: table.optional("range", |element| range(element, integer)),
        },
        "number" => SettingType::Number {
            unit: table.optional("unit", unit_symbol),
            range: table.optional("range", |element| range(element, number)),
        },
        "time" => {
            let unit = table.required("unit", |element| {
                let unit = unit_symbol(element)?;
                match unit.is_time() {
                    true => Ok(unit),
                    false => Err(Mistake::new(element.span(), format!("`{unit}` is no time"))
                        .expected(one_of(Unit::Seconds.family().map(Unit::symbol)))),
                }
            });
            let range = table.optional("range", |element| range(element, number));
            let unit = unit?;
            let range = range.and_then(|(low, high)| Some((unit.span(low)?, unit.span(high)?)));
            SettingType::Time { unit, range }
        }
        _ => {
            mistakes.add(unknown_type(element, word));
            return None;
        }
    })
}

fn range<'a, T: PartialOrd + Copy>(
    element: &'a Element<'a>,
    read: impl Fn(&'a Element<'a>) -> Result<T, Mistake>,
) -> Result<(T, T), Mistake> {
    match list_of(element, read)?[..] {
        [low, high] if low <= high => Ok((low, high)),
        _ => Err(Mistake::new(element.span(), "this is no range")
            .expected("`[smallest, largest]`, both included")),
    }
}

/// A default is a bare number in the setting's own unit; as everything else it is what a manifest
/// would write.
fn default(
    setting: &SettingDescriptor,
    element: &Element<'_>,
) -> Result<crate::settings::Value, Mistake> {
    let mut written = Written::from_toml(element);
    if let Some(unit) = setting.kind.unit() {
        let number = number(element)?;
        written.value = crate::descriptor::setting::WrittenValue::Text(format!("{number} {unit}"));
    }
    setting.read(&written)
}
