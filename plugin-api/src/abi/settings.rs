//! Settings as they cross the border: borrowed for the length of the call that makes a filter.

use abi_stable::StableAbi;
use abi_stable::std_types::{RSlice, RString, RVec};

use crate::settings::{Settings, Value};
use crate::time::Span;

/// One setting. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone)]
pub struct RawSetting {
    /// Its name.
    pub name: RString,
    /// 0 boolean, 1 integer, 2 number, 3 time, 4 text, 5 words; others are passed over.
    pub kind: u32,
    /// Always 0.
    pub reserved: u32,
    /// Boolean (0, 1), integer, or time in ns.
    pub integer: i64,
    /// Number.
    pub number: f64,
    /// Text (one) or words (any number).
    pub words: RVec<RString>,
}

/// All settings, ready to cross.
pub fn to_raw(settings: &Settings) -> RVec<RawSetting> {
    let raw = |(name, value): (&str, &Value)| {
        let mut raw = RawSetting {
            name: name.into(),
            kind: 0,
            reserved: 0,
            integer: 0,
            number: 0.0,
            words: RVec::new(),
        };
        match value {
            Value::Boolean(value) => raw.integer = i64::from(*value),
            Value::Integer(value) => (raw.kind, raw.integer) = (1, *value),
            Value::Number(value) => (raw.kind, raw.number) = (2, *value),
            Value::Time(value) => (raw.kind, raw.integer) = (3, value.nanos()),
            Value::Text(text) => {
                raw.kind = 4;
                raw.words.push(text.as_str().into());
            }
            Value::Words(words) => {
                raw.kind = 5;
                raw.words.extend(words.iter().map(|word| RString::from(word.as_str())));
            }
        }
        raw
    };
    settings.iter().map(raw).collect()
}

/// The settings that arrived.
pub fn from_raw(raw: RSlice<'_, RawSetting>) -> Settings {
    let value = |raw: &RawSetting| {
        Some(match raw.kind {
            0 => Value::Boolean(raw.integer != 0),
            1 => Value::Integer(raw.integer),
            2 => Value::Number(raw.number),
            3 => Value::Time(Span::from_nanos(raw.integer)),
            4 => Value::Text(raw.words.first().map(RString::to_string).unwrap_or_default()),
            5 => Value::Words(raw.words.iter().map(RString::to_string).collect()),
            _ => return None,
        })
    };
    raw.iter().filter_map(|raw| Some((raw.name.to_string(), value(raw)?))).collect()
}
