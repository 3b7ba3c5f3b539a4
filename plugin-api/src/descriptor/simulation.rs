//! What a filter is in a simulation: what stands in for its hardware, and what can happen to it.

use std::fmt;

use super::SettingDescriptor;
use crate::document::{Element, Mistake, Table, list_of, text};
use crate::settings::{Settings, Value};

/// How a filter takes part in a simulation: `[filter.simulation]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimulationDescriptor {
    /// What to set so that it needs no hardware and no network; `None` if it never does.
    pub stand_in: Option<StandIn>,
    /// What to set so that it records what it plays; the file's path takes the place of `*`.
    pub record: Option<Replacement>,
    /// What can be made to happen to it.
    pub can: Vec<Disturbance>,
}

impl SimulationDescriptor {
    /// Whether a filter with these settings is a simulated one as it is: it needs no hardware, and what it
    /// does is done at times that it computes and asks its host about.
    pub fn is_simulated(&self, settings: &Settings) -> bool {
        let needs_none = |stand_in: &StandIn| stand_in.replaces(settings).is_none();
        !self.can.is_empty() && self.stand_in.as_ref().is_none_or(needs_none)
    }
}

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The setting's name.
    pub setting: String,
    /// The value.
    pub value: String,
}

/// A value to be set unless the present one does without hardware too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// The value.
    pub replacement: Replacement,
    /// Values that are left alone; `*` is any text, `?` is any character.
    pub keep: Vec<String>,
}

impl StandIn {
    /// The value in these settings that has to be replaced; `None` where it does without hardware.
    pub fn replaces<'s>(&self, settings: &'s Settings) -> Option<&'s str> {
        match settings.get(&self.replacement.setting) {
            Some(Value::Text(text)) if !self.keeps(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a value of the setting can be simulated as it is.
    fn keeps(&self, value: &str) -> bool {
        self.keep.iter().any(|pattern| matches(pattern.as_bytes(), value.as_bytes()))
    }
}

fn matches(pattern: &[u8], value: &[u8]) -> bool {
    match pattern.split_first() {
        None => value.is_empty(),
        Some((b'*', rest)) => (0..=value.len()).any(|from| matches(rest, &value[from..])),
        Some((first, rest)) => value
            .split_first()
            .is_some_and(|(head, tail)| (*first == b'?' || first == head) && matches(rest, tail)),
    }
}

/// One kind of thing that can happen to a simulated device or source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disturbance {
    /// Its clock runs at another rate.
    Rate,
    /// Its clock's readings and stamps jump.
    ClockStep,
    /// Samples, packets or callbacks are late.
    Jitter,
    /// Some get lost.
    Loss,
    /// Some come twice.
    Duplicate,
    /// Some are overtaken by those behind them.
    Reorder,
    /// Nothing comes for a while, and then all of it at once.
    Stall,
    /// It is gone for a while: the source has disappeared, the device was unplugged.
    Absence,
    /// The way to or from it takes longer, or less long.
    Latency,
}

impl Disturbance {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Rate,
        Self::ClockStep,
        Self::Jitter,
        Self::Loss,
        Self::Duplicate,
        Self::Reorder,
        Self::Stall,
        Self::Absence,
        Self::Latency,
    ];

    /// As descriptors and scenarios write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::ClockStep => "clock-step",
            Self::Jitter => "jitter",
            Self::Loss => "loss",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Stall => "stall",
            Self::Absence => "absence",
            Self::Latency => "latency",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|disturbance| disturbance.name() == name)
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

pub(super) fn read(mut table: Table<'_>, settings: &[SettingDescriptor]) -> SimulationDescriptor {
    let stand_in = table.table("stand-in").and_then(|mut table| {
        let replacement = replacement(&mut table, settings);
        let keep = table.optional("keep", |element| list_of(element, text)).unwrap_or_default();
        table.finish();
        Some(StandIn { replacement: replacement?, keep })
    });
    let record = table.table("record").and_then(|mut table| {
        let replacement = replacement(&mut table, settings);
        table.finish();
        replacement
    });
    let can = table.optional("can", |element| list_of(element, disturbance)).unwrap_or_default();
    table.finish();
    SimulationDescriptor { stand_in, record, can }
}

fn replacement(table: &mut Table<'_>, settings: &[SettingDescriptor]) -> Option<Replacement> {
    let known = |element: &Element<'_>| {
        let name = text(element)?;
        match settings.iter().any(|setting| setting.name == name) {
            true => Ok(name),
            false => {
                let known = settings.iter().map(|setting| setting.name.as_str());
                Err(Mistake::unknown(element.span(), "setting", &name, known))
            }
        }
    };
    let setting = table.required("setting", known);
    let value = table.required("value", text);
    Some(Replacement { setting: setting?, value: value? })
}

fn disturbance(element: &Element<'_>) -> Result<Disturbance, Mistake> {
    let name = text(element)?;
    Disturbance::named(&name).ok_or_else(|| {
        let known = Disturbance::ALL.map(Disturbance::name);
        Mistake::unknown(element.span(), "disturbance", &name, known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_need_no_hardware_are_kept() {
        let replacement = Replacement { setting: String::new(), value: String::new() };
        let keep = ["virtual", "wav:*", "n?"].map(str::to_owned).to_vec();
        let stand_in = StandIn { replacement, keep };
        for (value, kept) in [
            ("virtual", true),
            ("wav:a.wav", true),
            ("wav:", true),
            ("no", true),
            ("virtually", false),
            ("default", false),
            ("", false),
            ("n", false),
        ] {
            assert_eq!(stand_in.keeps(value), kept, "`{value}`");
        }
    }
}
