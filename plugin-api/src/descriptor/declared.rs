//! Facts that a descriptor gives as a literal or leaves to a setting.

use crate::capability::clock_slave::SlaveMethod;
use crate::capability::push_source::{PushSourceFlags, Stamps};
use crate::settings::{SettingError, Settings};
use crate::time::Span;

/// A fact that the plan needs before anything is loaded.
#[derive(Debug, Clone, PartialEq)]
pub enum Declared<T> {
    /// The same whatever the settings.
    Fixed(T),
    /// The value of the setting of this name.
    Setting(String),
}

impl<T: FromSettings + Clone> Declared<T> {
    /// The fact, given the filter's complete settings. `[any]`
    ///
    /// # Errors
    ///
    /// [`SettingError`] when `settings` are not those of the filter that declares the fact.
    pub fn resolve(&self, settings: &Settings) -> Result<T, SettingError> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Setting(name) => T::from_settings(settings, name),
        }
    }
}

/// A kind of fact that a setting can hold.
pub trait FromSettings: Sized {
    /// The fact in the setting `name`.
    ///
    /// # Errors
    ///
    /// [`SettingError`] when the setting is absent or holds something else.
    fn from_settings(settings: &Settings, name: &str) -> Result<Self, SettingError>;
}

impl FromSettings for Span {
    fn from_settings(settings: &Settings, name: &str) -> Result<Self, SettingError> {
        settings.time(name)
    }
}

impl FromSettings for bool {
    fn from_settings(settings: &Settings, name: &str) -> Result<Self, SettingError> {
        settings.boolean(name)
    }
}

impl FromSettings for Stamps {
    fn from_settings(settings: &Settings, name: &str) -> Result<Self, SettingError> {
        Self::named(settings.text(name)?).ok_or_else(|| SettingError {
            name: name.to_owned(),
            asked: "delivery, capture or none",
            found: Some("another text"),
        })
    }
}

impl FromSettings for SlaveMethod {
    fn from_settings(settings: &Settings, name: &str) -> Result<Self, SettingError> {
        Self::named(settings.text(name)?).ok_or_else(|| SettingError {
            name: name.to_owned(),
            asked: "resample, skew or none",
            found: Some("another text"),
        })
    }
}

impl FromSettings for PushSourceFlags {
    fn from_settings(settings: &Settings, name: &str) -> Result<Self, SettingError> {
        let mut flags = settings.words(name)?.iter().map(|word| Self::named(word));
        flags.try_fold(Self::NONE, |flags, flag| Some(flags.union(flag?))).ok_or_else(|| {
            SettingError {
                name: name.to_owned(),
                asked: "push-source flags",
                found: Some("other words"),
            }
        })
    }
}
