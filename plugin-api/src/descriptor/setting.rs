//! What a setting may be, and reading one value of it.

use std::fmt;
use std::ops::Range;

use toml::de::DeValue;

use super::Unit;
use super::unit;
use crate::document::{self, Element, Mistake, nearest, one_of};
use crate::settings::Value;
use crate::time::Span;

/// One setting of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingDescriptor {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub kind: SettingType,
    /// Its value where a manifest is silent; `None` when a manifest must say.
    pub default: Option<Value>,
    /// One sentence.
    pub help: String,
    /// It is a family, for pins that are one: `gain` counts for all, `gain3` for number 3 alone.
    pub many: bool,
}

/// What a setting may be. Ranges include both ends.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SettingType {
    /// Yes or no.
    Boolean,
    /// A whole number, in `unit` if it has one.
    Integer {
        /// The unit the filter gets it in.
        unit: Option<Unit>,
        /// Smallest and largest.
        range: Option<(i64, i64)>,
    },
    /// A number, in `unit` if it has one.
    Number {
        /// The unit the filter gets it in.
        unit: Option<Unit>,
        /// Smallest and largest.
        range: Option<(f64, f64)>,
    },
    /// A length of time.
    Time {
        /// The unit that messages show it in.
        unit: Unit,
        /// Shortest and longest.
        range: Option<(Span, Span)>,
    },
    /// Any text.
    Text,
    /// One of these words.
    Choice(Vec<String>),
    /// Any of these words, each at most once.
    Words(Vec<String>),
}

impl SettingType {
    /// As descriptors write it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer { .. } => "integer",
            Self::Number { .. } => "number",
            Self::Time { .. } => "time",
            Self::Text => "text",
            Self::Choice(_) => "choice",
            Self::Words(_) => "words",
        }
    }

    /// The unit, if it has one.
    pub const fn unit(&self) -> Option<Unit> {
        match self {
            Self::Integer { unit, .. } | Self::Number { unit, .. } => *unit,
            Self::Time { unit, .. } => Some(*unit),
            _ => None,
        }
    }
}

/// A value as somebody wrote it, before anybody knows what it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// What was written.
    pub value: WrittenValue,
    /// Where, in bytes.
    pub span: Range<usize>,
}

/// See [`Written`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum WrittenValue {
    /// `true`, `false`.
    Boolean(bool),
    /// `7`.
    Integer(i64),
    /// `7.5`.
    Number(f64),
    /// `"seven"`.
    Text(String),
    /// `["a", "b"]`.
    List(Vec<Written>),
    /// Text from a command line, without quotes: it is read as what the setting should be.
    Bare(String),
    /// Something that no setting can be.
    Other(String),
}

impl Written {
    /// A value as it stands in TOML.
    pub fn from_toml(element: &Element<'_>) -> Self {
        let value = match element.get_ref() {
            DeValue::Boolean(value) => WrittenValue::Boolean(*value),
            DeValue::Integer(_) => match document::integer(element) {
                Ok(number) => WrittenValue::Integer(number),
                Err(_) => WrittenValue::Other(document::kind(element)),
            },
            DeValue::Float(_) => match document::number(element) {
                Ok(number) => WrittenValue::Number(number),
                Err(_) => WrittenValue::Other(document::kind(element)),
            },
            DeValue::String(text) => WrittenValue::Text(text.to_string()),
            DeValue::Array(items) => {
                WrittenValue::List(items.iter().map(Self::from_toml).collect())
            }
            DeValue::Datetime(_) | DeValue::Table(_) => {
                WrittenValue::Other(document::kind(element))
            }
        };
        Self { value, span: element.span() }
    }

    /// The same value, `bytes` further on: for texts that stand behind another.
    pub fn shifted(mut self, bytes: usize) -> Self {
        self.span = self.span.start + bytes..self.span.end + bytes;
        if let WrittenValue::List(items) = self.value {
            let items = items.into_iter().map(|item| item.shifted(bytes)).collect();
            self.value = WrittenValue::List(items);
        }
        self
    }

    fn text(&self) -> Option<&str> {
        match &self.value {
            WrittenValue::Text(text) | WrittenValue::Bare(text) => Some(text),
            _ => None,
        }
    }

    fn boolean(&self) -> Option<bool> {
        match &self.value {
            WrittenValue::Boolean(value) => Some(*value),
            WrittenValue::Bare(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match &self.value {
            WrittenValue::Integer(number) => Some(*number),
            WrittenValue::Bare(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        let number = match &self.value {
            WrittenValue::Integer(number) => Some(*number as f64),
            WrittenValue::Number(number) => Some(*number),
            WrittenValue::Bare(text) => text.parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite())
    }

    fn words(&self) -> Option<Vec<(&str, Range<usize>)>> {
        match &self.value {
            WrittenValue::List(items) => {
                items.iter().map(|item| Some((item.text()?, item.span.clone()))).collect()
            }
            WrittenValue::Bare(text) => {
                let words = text.split([',', ' ']).filter(|word| !word.is_empty());
                Some(words.map(|word| (word, self.span.clone())).collect())
            }
            _ => None,
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            WrittenValue::Boolean(value) => write!(f, "`{value}`"),
            WrittenValue::Integer(number) => write!(f, "the number {number}"),
            WrittenValue::Number(number) => write!(f, "the number {number:?}"),
            WrittenValue::Text(text) | WrittenValue::Bare(text) => write!(f, "\"{text}\""),
            WrittenValue::List(_) => f.write_str("a list"),
            WrittenValue::Other(what) => f.write_str(what),
        }
    }
}

impl SettingDescriptor {
    /// Whether `name` is this setting, or a numbered member of its family.
    pub fn is_named(&self, name: &str) -> bool {
        let number = name.strip_prefix(self.name.as_str());
        // `gain03` is no other name of `gain3`.
        let is_number =
            |digits: &str| digits.parse::<u32>().is_ok_and(|number| number.to_string() == digits);
        number.is_some_and(|digits| digits.is_empty() || self.many && is_number(digits))
    }

    /// Reads `written` as a value of this setting: type, unit, range. `[any]`
    ///
    /// # Errors
    ///
    /// One [`Mistake`] at the value, which says what would be accepted.
    pub fn read(&self, written: &Written) -> Result<Value, Mistake> {
        let value = match &self.kind {
            SettingType::Boolean => written.boolean().map(Value::Boolean),
            SettingType::Text => written.text().map(|text| Value::Text(text.to_owned())),
            SettingType::Choice(choices) => return self.choice(written, choices),
            SettingType::Words(choices) => return self.words(written, choices),
            SettingType::Integer { unit: None, .. } => written.integer().map(Value::Integer),
            SettingType::Number { unit: None, .. } => written.number().map(Value::Number),
            SettingType::Integer { unit: Some(unit), .. } => {
                let number = self.with_unit(written, *unit)?;
                (number.fract() == 0.0).then_some(Value::Integer(number as i64))
            }
            SettingType::Number { unit: Some(unit), .. } => {
                Some(Value::Number(self.with_unit(written, *unit)?))
            }
            SettingType::Time { unit, .. } => {
                unit.span(self.with_unit(written, *unit)?).map(Value::Time)
            }
        };
        let value = value.ok_or_else(|| self.wrong(written))?;
        self.in_range(value, written)
    }

    /// What would be accepted, for messages: `a time from 0 to 2000 ms, such as "10 ms"`.
    pub fn accepts(&self) -> String {
        let what = match &self.kind {
            SettingType::Boolean => return "`true` or `false`".to_owned(),
            SettingType::Text => return "text in quotes".to_owned(),
            SettingType::Choice(choices) => return one_of(choices.iter().map(String::as_str)),
            SettingType::Words(choices) => {
                return format!("a list of {}", one_of(choices.iter().map(String::as_str)));
            }
            SettingType::Integer { .. } => "a whole number",
            SettingType::Number { .. } => "a number",
            SettingType::Time { .. } => "a time",
        };
        let range = self.range_text().map(|range| format!(" {range}")).unwrap_or_default();
        let example = self.kind.unit().map(|unit| {
            let number = self.default.as_ref().and_then(|default| self.in_unit(default));
            format!(", such as \"{} {unit}\"", number.unwrap_or(10.0))
        });
        format!("{what}{range}{}", example.unwrap_or_default())
    }

    /// The range as text, `from 0 to 2000 ms`, if there is one.
    pub fn range_text(&self) -> Option<String> {
        let (low, high) = match &self.kind {
            SettingType::Integer { range, .. } => {
                range.map(|(low, high)| (low.to_string(), high.to_string()))
            }
            SettingType::Number { range, .. } => {
                range.map(|(low, high)| (low.to_string(), high.to_string()))
            }
            SettingType::Time { range, unit } => range.and_then(|(low, high)| {
                Some((unit.of_span(low)?.to_string(), unit.of_span(high)?.to_string()))
            }),
            _ => None,
        }?;
        let unit = self.kind.unit().map(|unit| format!(" {unit}")).unwrap_or_default();
        Some(format!("from {low} to {high}{unit}"))
    }

    /// The default as a manifest would write it, if there is one.
    pub fn default_text(&self) -> Option<String> {
        let default = self.default.as_ref()?;
        Some(match (self.in_unit(default), self.kind.unit()) {
            (Some(number), Some(unit)) => format!("\"{number} {unit}\""),
            _ => default.to_string(),
        })
    }

    /// A numeric value in the setting's unit.
    fn in_unit(&self, value: &Value) -> Option<f64> {
        match value {
            Value::Integer(number) => Some(*number as f64),
            Value::Number(number) => Some(*number),
            Value::Time(span) => self.kind.unit()?.of_span(*span),
            _ => None,
        }
    }

    fn with_unit(&self, written: &Written, unit: Unit) -> Result<f64, Mistake> {
        if let Some(number) = written.number() {
            let found = format!("`{}` has a unit, but {number} has none", self.name);
            let example = format!("the number with its unit, such as \"{number} {unit}\"");
            return Err(Mistake::new(written.span.clone(), found).expected(example));
        }
        let (number, symbol) =
            written.text().and_then(unit::split).ok_or_else(|| self.wrong(written))?;
        let converted = Unit::from_symbol(symbol).and_then(|from| from.convert(number, unit));
        converted.ok_or_else(|| {
            let found = match symbol {
                "" => format!("\"{number}\" has no unit"),
                _ => format!("`{}` cannot be in `{symbol}`", self.name),
            };
            let family: Vec<&str> = unit.family().map(Unit::symbol).collect();
            let mut mistake = Mistake::new(written.span.clone(), found);
            mistake.nearest = nearest(symbol, family.iter().copied()).map(str::to_owned);
            mistake.expected(one_of(family))
        })
    }

    fn choice(&self, written: &Written, choices: &[String]) -> Result<Value, Mistake> {
        let word = written.text().ok_or_else(|| self.wrong(written))?;
        self.word(word, written.span.clone(), choices).map(Value::Text)
    }

    fn words(&self, written: &Written, choices: &[String]) -> Result<Value, Mistake> {
        let words = written.words().ok_or_else(|| self.wrong(written))?;
        let words = words.into_iter().map(|(word, span)| self.word(word, span, choices));
        words.collect::<Result<_, _>>().map(Value::Words)
    }

    fn word(&self, word: &str, span: Range<usize>, choices: &[String]) -> Result<String, Mistake> {
        match choices.iter().any(|choice| choice == word) {
            true => Ok(word.to_owned()),
            false => {
                let what = format!("value of `{}`:", self.name);
                Err(Mistake::unknown(span, &what, word, choices.iter().map(String::as_str)))
            }
        }
    }

    fn in_range(&self, value: Value, written: &Written) -> Result<Value, Mistake> {
        let inside = match (&self.kind, &value) {
            (SettingType::Integer { range: Some((low, high)), .. }, Value::Integer(number)) => {
                (low..=high).contains(&number)
            }
            (SettingType::Number { range: Some((low, high)), .. }, Value::Number(number)) => {
                (low..=high).contains(&number)
            }
            (SettingType::Time { range: Some((low, high)), .. }, Value::Time(span)) => {
                (low..=high).contains(&span)
            }
            _ => true,
        };
        match inside {
            true => Ok(value),
            false => {
                let found = format!("{written} is out of range for `{}`", self.name);
                Err(Mistake::new(written.span.clone(), found).expected(self.accepts()))
            }
        }
    }

    fn wrong(&self, written: &Written) -> Mistake {
        let found = format!("{written} is no value for `{}`", self.name);
        Mistake::new(written.span.clone(), found).expected(self.accepts())
    }
}
