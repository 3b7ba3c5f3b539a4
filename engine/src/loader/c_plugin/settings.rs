//! Settings in C's words.

use std::ffi::{CString, c_char};
use std::ptr;

use driftless_plugin_api::abi::c::CSetting;
use driftless_plugin_api::{FilterError, Settings, Value};

/// The texts that [`CSetting`]s point to.
pub(super) struct CSettings(Vec<Texts>);

struct Texts {
    name: CString,
    value: Value,
    text: CString,
    words: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl CSettings {
    /// Copies the settings.
    ///
    /// # Errors
    ///
    /// When one has a zero byte in it, which C cannot say.
    pub fn new(settings: &Settings) -> Result<Self, FilterError> {
        let texts = |(name, value): (&str, &Value)| {
            let c = |text: &str| {
                CString::new(text).map_err(|_| {
                    FilterError::new(format!("the setting `{name}` has a zero byte in it"))
                })
            };
            let (text, words) = match value {
                Value::Text(text) => (c(text)?, Vec::new()),
                Value::Words(words) => (
                    CString::default(),
                    words.iter().map(|word| c(word)).collect::<Result<_, _>>()?,
                ),
                _ => (CString::default(), Vec::new()),
            };
            let pointers = words.iter().map(|word: &CString| word.as_ptr()).collect();
            Ok(Texts { name: c(name)?, value: value.clone(), text, words, pointers })
        };
        settings.iter().map(texts).collect::<Result<_, _>>().map(Self)
    }

    /// The settings, which point into `self`.
    pub fn list(&self) -> Vec<CSetting> {
        let setting = |of: &Texts| {
            let (kind, integer, number) = match &of.value {
                Value::Boolean(value) => (0, i64::from(*value), 0.0),
                Value::Integer(value) => (1, *value, 0.0),
                Value::Number(value) => (2, 0, *value),
                Value::Time(value) => (3, value.nanos(), 0.0),
                Value::Text(_) => (4, 0, 0.0),
                Value::Words(_) => (5, 0, 0.0),
                _ => (u32::MAX, 0, 0.0), // of a later version, which a filter passes over
            };
            CSetting {
                name: of.name.as_ptr(),
                kind,
                count: of.words.len() as u32,
                integer,
                number,
                text: of.text.as_ptr(),
                words: if of.words.is_empty() { ptr::null() } else { of.pointers.as_ptr() },
            }
        };
        self.0.iter().map(setting).collect()
    }
}
