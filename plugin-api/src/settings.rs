//! A filter's settings, complete and checked.
//!
//! The engine checks what a manifest says against the descriptor, fills in defaults and converts
//! units before the filter is made, so a filter reads values that are there, of the declared type
//! and in range. Times arrive as [`Span`]; every other number in the unit that the descriptor names.

use std::fmt;

use crate::time::Span;

/// One value of a setting.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number in the descriptor's unit.
    Number(f64),
    /// A length of time, whatever unit it was written in.
    Time(Span),
    /// Text; also one word of a choice.
    Text(String),
    /// Any number of words of a choice, in the order written.
    Words(Vec<String>),
}

impl Value {
    /// What kind of value this is, in the words of a descriptor.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Number(_) => "number",
            Self::Time(_) => "time",
            Self::Text(_) => "text",
            Self::Words(_) => "words",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Time(value) => value.fmt(f),
            Self::Text(value) => write!(f, "\"{value}\""),
            Self::Words(value) => write!(f, "{value:?}"),
        }
    }
}

/// The settings of one filter, by name. `[main]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    values: Vec<(String, Value)>,
}

/// A filter asked for a setting that its own descriptor does not declare, or as another type.
///
/// It is the plugin's mistake, never the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    /// The setting asked for.
    pub name: String,
    /// The kind of value asked for.
    pub asked: &'static str,
    /// The kind of value that is there, if any is.
    pub found: Option<&'static str>,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, asked, found } = self;
        match found {
            Some(found) => write!(f, "setting `{name}` was asked for as {asked}, but is {found}"),
            None => write!(f, "setting `{name}` ({asked}) is not in the plugin's descriptor"),
        }
    }
}

impl std::error::Error for SettingError {}

impl Settings {
    /// Sets `name`, replacing an earlier value.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.values.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name.to_owned(), value)),
        }
    }

    /// The value of `name`, whatever its type.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The name under which the value for pin `number` stands: `gain3`, or `gain` where a manifest gives
    /// none for that pin alone. For a setting that is a family.
    pub fn member(&self, family: &str, number: u32) -> String {
        let own = format!("{family}{number}");
        if self.get(&own).is_some() { own } else { family.to_owned() }
    }

    /// All settings, in the descriptor's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Yes or no.
    ///
    /// # Errors
    ///
    /// [`SettingError`] when the descriptor has no such boolean; likewise below.
    pub fn boolean(&self, name: &str) -> Result<bool, SettingError> {
        self.read(name, "boolean", |value| match value {
            Value::Boolean(value) => Some(*value),
            _ => None,
        })
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// See [`boolean`](Self::boolean).
    pub fn integer(&self, name: &str) -> Result<i64, SettingError> {
        self.read(name, "integer", |value| match value {
            Value::Integer(value) => Some(*value),
            _ => None,
        })
    }

    /// A number in the descriptor's unit.
    ///
    /// # Errors
    ///
    /// See [`boolean`](Self::boolean).
    pub fn number(&self, name: &str) -> Result<f64, SettingError> {
        self.read(name, "number", |value| match value {
            Value::Number(value) => Some(*value),
            _ => None,
        })
    }

    /// A length of time.
    ///
    /// # Errors
    ///
    /// See [`boolean`](Self::boolean).
    pub fn time(&self, name: &str) -> Result<Span, SettingError> {
        self.read(name, "time", |value| match value {
            Value::Time(value) => Some(*value),
            _ => None,
        })
    }

    /// Text, or the word chosen.
    ///
    /// # Errors
    ///
    /// See [`boolean`](Self::boolean).
    pub fn text(&self, name: &str) -> Result<&str, SettingError> {
        self.read(name, "text", |value| match value {
            Value::Text(value) => Some(value.as_str()),
            _ => None,
        })
    }

    /// The words chosen.
    ///
    /// # Errors
    ///
    /// See [`boolean`](Self::boolean).
    pub fn words(&self, name: &str) -> Result<&[String], SettingError> {
        self.read(name, "words", |value| match value {
            Value::Words(value) => Some(value.as_slice()),
            _ => None,
        })
    }

    fn read<'a, T>(
        &'a self,
        name: &str,
        asked: &'static str,
        pick: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<T, SettingError> {
        let value = self.get(name);
        value.and_then(pick).ok_or_else(|| SettingError {
            name: name.to_owned(),
            asked,
            found: value.map(Value::kind),
        })
    }
}

impl FromIterator<(String, Value)> for Settings {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        let mut settings = Self::default();
        for (name, value) in values {
            settings.set(&name, value);
        }
        settings
    }
}
