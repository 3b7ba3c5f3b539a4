//! Reading TOML by hand, so that every mistake is found in one go and can be pointed at.
//!
//! `plugin.toml` and graph manifests are read with the same three pieces: a [`Table`] that remembers
//! which keys it was asked for, readers that turn one value into one type, and a list of [`Mistakes`].

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One value with its place.
pub type Element<'a> = Spanned<DeValue<'a>>;

/// Something in a text that cannot be accepted. `[any]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, in bytes from the start of the text; `None` when the fault is that something is missing
    /// from a list that has no text.
    pub span: Option<Range<usize>>,
    /// What was found, as a sentence.
    pub found: String,
    /// What would be accepted.
    pub expected: Option<String>,
    /// The known name that comes nearest to the one found.
    pub nearest: Option<String>,
}

impl Mistake {
    /// `found` stands at `span`.
    pub fn new(span: Range<usize>, found: impl Into<String>) -> Self {
        Self { span: Some(span), found: found.into(), expected: None, nearest: None }
    }

    /// Says what would be accepted.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// `name` is not one of the `known` names, which are given as what would be accepted.
    pub fn unknown<'k>(
        span: Range<usize>,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let mut mistake = Self::new(span, format!("unknown {what} `{name}`"));
        mistake.nearest = nearest(name, known.iter().copied()).map(str::to_owned);
        mistake.expected(one_of(known))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.found)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

/// Lists names for a message: `` `a`, `b` or `c` ``, or "nothing".
pub fn one_of<'k>(names: impl IntoIterator<Item = &'k str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.pop() {
        None => "nothing".to_owned(),
        Some(only) if names.is_empty() => only,
        Some(last) => format!("{} or {last}", names.join(", ")),
    }
}

/// The known name that `name` was probably meant to be, if one is near enough.
///
/// Near enough is a Jaro-Winkler similarity above 0.8, or one slip in a word of three letters or
/// more; the fewest slips win. The last part of a name with points counts for the whole, so `gain`
/// finds `driftless.gain`.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let distance = |candidate: &'k str| {
        let last_part = candidate.rsplit('.').next().unwrap_or(candidate);
        let slips =
            strsim::osa_distance(name, candidate).min(strsim::osa_distance(name, last_part));
        let similarity =
            strsim::jaro_winkler(name, candidate).max(strsim::jaro_winkler(name, last_part));
        let near = similarity > 0.8 || slips <= 1 && name.len() >= 3;
        near.then_some((slips, candidate))
    };
    known.into_iter().filter_map(distance).min_by_key(|(slips, _)| *slips).map(|(_, name)| name)
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Mistakes(RefCell<Vec<Mistake>>);

impl Mistakes {
    /// Adds one.
    pub fn add(&self, mistake: Mistake) {
        self.0.borrow_mut().push(mistake);
    }

    /// The value, or one mistake more.
    pub fn keep<T>(&self, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }

    /// All of them, in the order of the text.
    pub fn into_sorted(self) -> Vec<Mistake> {
        let mut mistakes = self.0.into_inner();
        mistakes.sort_by_key(|mistake| mistake.span.as_ref().map_or(0, |span| span.start));
        mistakes
    }
}

/// Parses `text`; faults of TOML itself are added to `mistakes`, and what can be read is returned.
pub fn parse<'a>(text: &'a str, mistakes: &Mistakes) -> Spanned<DeTable<'a>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        mistakes.add(Mistake::new(span, format!("not TOML: {}", error.message())));
    }
    table
}

/// A table that remembers which keys it was asked for, so that [`finish`](Self::finish) knows the
/// others to be wrong.
pub struct Table<'a> {
    entries: &'a DeTable<'a>,
    span: Range<usize>,
    name: String,
    mistakes: &'a Mistakes,
    asked: Vec<&'static str>,
}

impl<'a> Table<'a> {
    /// The table `entries`, called `name` in messages; `span` is where a missing key is reported.
    pub fn new(
        entries: &'a DeTable<'a>,
        span: Range<usize>,
        name: impl Into<String>,
        mistakes: &'a Mistakes,
    ) -> Self {
        Self { entries, span, name: name.into(), mistakes, asked: Vec::new() }
    }

    /// Where the table stands.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where `key` stands, if it is there.
    pub fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.entries.get_key_value(key).map(|(key, _)| key.span())
    }

    /// The value of `key`, if it is there.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Element<'a>> {
        self.asked.push(key);
        self.entries.get(key)
    }

    /// The value of `key` as `read` understands it; `None` when it is absent or wrong.
    pub fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&'a Element<'a>) -> Result<T, Mistake>,
    ) -> Option<T> {
        self.get(key).and_then(|element| self.mistakes.keep(read(element)))
    }

    /// As [`optional`](Self::optional), but absence is a mistake.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&'a Element<'a>) -> Result<T, Mistake>,
    ) -> Option<T> {
        if !self.entries.contains_key(key) {
            let found = format!("{} has no `{key}`", self.name);
            self.mistakes.add(Mistake::new(self.span.clone(), found));
        }
        self.optional(key, read)
    }

    /// The table under `key`, if it is there.
    pub fn table(&mut self, key: &'static str) -> Option<Table<'a>> {
        let element = self.get(key)?;
        let span = self.key_span(key).unwrap_or(self.span());
        self.as_table(element, span, key)
    }

    /// The tables under `key`, each with its own key: `[filter.a]`, `[filter.b]`, …
    pub fn tables(&mut self, key: &'static str) -> Vec<(Spanned<&'a str>, Table<'a>)> {
        let Some(outer) = self.table(key) else { return Vec::new() };
        let inner = outer.entries.iter().filter_map(|(inner, element)| {
            let table = outer.as_table(element, inner.span(), inner.get_ref())?;
            Some((Spanned::new(inner.span(), inner.get_ref().as_ref()), table))
        });
        inner.collect()
    }

    /// The list of tables under `key`: `[[filter]]`.
    pub fn list(&mut self, key: &'static str) -> Vec<Table<'a>> {
        let Some(element) = self.get(key) else { return Vec::new() };
        let Some(items) = element.get_ref().as_array() else {
            let found = format!("`{key}` is {}", kind(element));
            self.mistakes.add(
                Mistake::new(element.span(), found).expected(format!("tables headed `[[{key}]]`")),
            );
            return Vec::new();
        };
        items.iter().filter_map(|item| self.as_table(item, item.span(), key)).collect()
    }

    /// Every key that was not asked for, with its value.
    pub fn rest(&self) -> impl Iterator<Item = (Spanned<&'a str>, &'a Element<'a>)> {
        let unasked = |key: &&str| !self.asked.contains(key);
        let keys = self
            .entries
            .iter()
            .map(|(key, value)| (Spanned::new(key.span(), key.get_ref().as_ref()), value));
        keys.filter(move |(key, _)| unasked(key.get_ref()))
    }

    /// Reports every key that was not asked for.
    pub fn finish(self) {
        for (key, _) in self.rest() {
            let what = format!("key in {}:", self.name);
            let known = self.asked.iter().copied();
            self.mistakes.add(Mistake::unknown(key.span(), &what, key.get_ref(), known));
        }
    }

    fn as_table(&self, element: &'a Element<'a>, span: Range<usize>, key: &str) -> Option<Self> {
        let name = match self.name.as_str() {
            "" => key.to_owned(),
            outer => format!("{}.{key}", outer.trim_matches(['[', ']'])),
        };
        match element.get_ref() {
            DeValue::Table(entries) => {
                Some(Self::new(entries, span, format!("[{name}]"), self.mistakes))
            }
            _ => {
                let found = format!("`{name}` is {}", kind(element));
                self.mistakes.add(
                    Mistake::new(element.span(), found).expected(format!("a table `[{name}]`")),
                );
                None
            }
        }
    }
}

/// What kind of value `element` is, for messages: "the text \"7\"", "a table".
pub fn kind(element: &Element<'_>) -> String {
    match element.get_ref() {
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => format!("`{value}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn wrong(element: &Element<'_>, expected: &str) -> Mistake {
    Mistake::new(element.span(), format!("found {}", kind(element))).expected(expected)
}

/// Text.
///
/// # Errors
///
/// A [`Mistake`] at the value when it is of another kind; likewise below.
pub fn text(element: &Element<'_>) -> Result<String, Mistake> {
    element.get_ref().as_str().map(str::to_owned).ok_or_else(|| wrong(element, "text"))
}

/// Yes or no.
///
/// # Errors
///
/// See [`text`].
pub fn boolean(element: &Element<'_>) -> Result<bool, Mistake> {
    element.get_ref().as_bool().ok_or_else(|| wrong(element, "`true` or `false`"))
}

/// A whole number of 64 bits.
///
/// # Errors
///
/// See [`text`].
pub fn integer(element: &Element<'_>) -> Result<i64, Mistake> {
    let number = element.get_ref().as_integer();
    number
        .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
        .ok_or_else(|| wrong(element, "a whole number of 64 bits"))
}

/// A finite number, whole or not.
///
/// # Errors
///
/// See [`text`].
pub fn number(element: &Element<'_>) -> Result<f64, Mistake> {
    let number = match element.get_ref() {
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => integer(element).ok().map(|number| number as f64),
    };
    number.filter(|number: &f64| number.is_finite()).ok_or_else(|| wrong(element, "a number"))
}

/// A list, each item read by `read`; the first wrong item is the mistake.
///
/// # Errors
///
/// See [`text`].
pub fn list_of<'a, T>(
    element: &'a Element<'a>,
    read: impl Fn(&'a Element<'a>) -> Result<T, Mistake>,
) -> Result<Vec<T>, Mistake> {
    let items = element.get_ref().as_array().ok_or_else(|| wrong(element, "a list"))?;
    items.iter().map(read).collect()
}

/// Text that `read` turns into a value; what it refuses is reported with `expected`.
///
/// # Errors
///
/// See [`text`].
pub fn parsed<T>(
    element: &Element<'_>,
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Mistake> {
    element.get_ref().as_str().and_then(read).ok_or_else(|| wrong(element, expected))
}
