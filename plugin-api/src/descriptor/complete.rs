//! What a manifest gives, checked and completed.

use std::ops::Range;

use super::{FilterDescriptor, Written};
use crate::descriptor::setting::WrittenValue;
use crate::document::{Mistake, Mistakes};
use crate::settings::Settings;

/// One setting as somebody gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The setting's name…
    pub name: String,
    /// …and where it stands, in bytes.
    pub name_span: Range<usize>,
    /// The value.
    pub value: Written,
}

impl Given {
    /// A setting given in code or on a command line: `Given::new("gain", "-6 dB")`.
    pub fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            name_span: 0..0,
            value: Written { value: WrittenValue::Bare(value.to_owned()), span: 0..0 },
        }
    }
}

impl FilterDescriptor {
    /// Complete settings of this filter: what is `given`, checked and converted, and the defaults
    /// of the rest. A name given twice counts with its last value. `[any]`
    ///
    /// # Errors
    ///
    /// Every mistake: unknown names, wrong types, units and ranges, and settings without a default
    /// that nobody gave (without a span).
    pub fn settings(&self, given: &[Given]) -> Result<Settings, Vec<Mistake>> {
        let mistakes = Mistakes::default();
        for unknown in given.iter().filter(|given| self.setting(&given.name).is_none()) {
            let what = format!("setting of {}:", self.id);
            let known = self.settings.iter().map(|setting| setting.name.as_str());
            mistakes.add(Mistake::unknown(unknown.name_span.clone(), &what, &unknown.name, known));
        }
        let mut settings = Settings::default();
        for setting in &self.settings {
            let value = match given.iter().rfind(|given| given.name == setting.name) {
                Some(given) => mistakes.keep(setting.read(&given.value)),
                None if setting.default.is_some() => setting.default.clone(),
                None => {
                    mistakes.add(Mistake {
                        span: None,
                        found: format!("{} needs the setting `{}`", self.id, setting.name),
                        expected: Some(setting.accepts()),
                        nearest: None,
                    });
                    None
                }
            };
            if let Some(value) = value {
                settings.set(&setting.name, value);
            }
            let members =
                given.iter().filter(|it| it.name != setting.name && setting.is_named(&it.name));
            for member in members {
                if let Some(value) = mistakes.keep(setting.read(&member.value)) {
                    settings.set(&member.name, value);
                }
            }
        }
        match mistakes.into_sorted() {
            none if none.is_empty() => Ok(settings),
            mistakes => Err(mistakes),
        }
    }
}
