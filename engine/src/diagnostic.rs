//! What is wrong with a text, where, and what would be right.

mod render;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use driftless_plugin_api::document::{Mistake, nearest, one_of};
use serde_json::{Value, json};

/// Texts that mistakes can be in, laid end to end, so that a place is one range of bytes whichever
/// text it is in: the manifest first, then each setting given on the command line.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    texts: Vec<NamedText>,
}

/// One text.
#[derive(Debug, Clone)]
struct NamedText {
    /// What to call it: a file's path, or `--set`.
    name: String,
    text: Arc<str>,
    /// Where it begins.
    base: usize,
}

impl Texts {
    /// Adds a text and says where it begins.
    pub fn add(&mut self, name: impl Into<String>, text: &str) -> usize {
        // One byte apart, so that the end of one text is not the beginning of the next.
        let base = self.texts.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.texts.push(NamedText { name: name.into(), text: text.into(), base });
        base
    }

    /// The text that `place` is in, and the place in it.
    fn locate(&self, place: &Range<usize>) -> Option<(usize, Range<usize>)> {
        let index = self.texts.iter().rposition(|text| text.base <= place.start)?;
        let text = &self.texts[index];
        let clamp = |position: usize| {
            let mut position = position.saturating_sub(text.base).min(text.text.len());
            while !text.text.is_char_boundary(position) {
                position -= 1;
            }
            position
        };
        let (start, end) = (clamp(place.start), clamp(place.end));
        Some((index, start..end.max(start)))
    }
}

impl Texts {
    /// Name and line of a place.
    pub fn line(&self, place: &Range<usize>) -> String {
        let (text, span) = self.locate(place).unwrap_or((0, 0..0));
        let (name, line, _) = self.position(text, span.start);
        format!("{name}:{line}")
    }

    /// Name, line and column of byte `start` of a text.
    fn position(&self, text: usize, start: usize) -> (String, usize, usize) {
        let Some(text) = self.texts.get(text) else { return (String::new(), 1, 1) };
        let before = &text.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        (text.name.clone(), line, column)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// It cannot be accepted.
    Error,
    /// It can, and probably is not meant so.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as it was named; `--set` for a setting from the command line.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The offending bytes of the file.
    pub span: Range<usize>,
    /// What was found, as a sentence without its end.
    pub message: String,
    /// What would be accepted.
    pub expected: Option<String>,
    /// The known name that comes nearest to the one found.
    pub nearest: Option<String>,
    /// Another place in the same text that has to do with it, and how.
    pub related: Option<(Range<usize>, String)>,
    /// Which of the texts it is in.
    text: usize,
}

/// `studio.toml:6:9: unknown setting …; expected …; did you mean …?`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, .. } = self;
        write!(f, "{file}:{line}:{column}: {message}")?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

/// Everything wrong with a manifest, in the order of its text. `[any]`
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    texts: Texts,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None yet, about places in `texts`.
    pub fn new(texts: Texts) -> Self {
        Self { texts, list: Vec::new() }
    }

    /// One error about a file that could not be read at all.
    pub fn unreadable(file: &str, message: impl Into<String>) -> Self {
        let mut texts = Texts::default();
        texts.add(file, "");
        let mut diagnostics = Self::new(texts);
        diagnostics.error(0..0, message);
        diagnostics
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Adds an error at `place` and returns it, so that more can be said.
    pub fn error(&mut self, place: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        let (text, span) = self.texts.locate(&place).unwrap_or((0, 0..0));
        let (file, line, column) = self.texts.position(text, span.start);
        self.list.push(Diagnostic {
            severity: Severity::Error,
            file,
            line,
            column,
            span,
            message: message.into(),
            expected: None,
            nearest: None,
            related: None,
            text,
        });
        self.list.last_mut().expect("it was just pushed")
    }

    /// Adds what the reading of a text found; a mistake without a place stands at `otherwise`.
    pub fn mistake(&mut self, mistake: Mistake, otherwise: Range<usize>) {
        let diagnostic = self.error(mistake.span.unwrap_or(otherwise), mistake.found);
        diagnostic.expected = mistake.expected;
        diagnostic.nearest = mistake.nearest;
    }

    /// Says that `name` at `place` is unknown, and which names are known.
    pub fn unknown<'k>(
        &mut self,
        place: Range<usize>,
        message: impl Into<String>,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let near = nearest(name, known.iter().copied()).map(str::to_owned);
        let diagnostic = self.error(place, message);
        diagnostic.nearest = near;
        diagnostic.expected = Some(one_of(known));
    }

    /// Points at a second place that has to do with the error added last.
    pub fn relate(&mut self, place: Range<usize>, how: impl Into<String>) {
        match (self.texts.locate(&place), self.list.last_mut()) {
            (Some((text, span)), Some(last)) if last.text == text => {
                last.related = Some((span, how.into()));
            }
            _ => {}
        }
    }

    /// All of them as JSON: a list of `file`, `line`, `column`, `message`, `expected`, `nearest`.
    pub fn json(&self) -> Value {
        let list = self.list.iter().map(|it| {
            json!({
                "severity": match it.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                "file": it.file,
                "line": it.line,
                "column": it.column,
                "message": it.message,
                "expected": it.expected,
                "nearest": it.nearest,
            })
        });
        Value::Array(list.collect())
    }

    /// `Err` with everything in the order of the text, or `Ok` when nothing is wrong.
    pub fn into_result(mut self) -> Result<(), Self> {
        self.list.sort_by_key(|diagnostic| (diagnostic.text, diagnostic.span.start));
        match self.list.is_empty() {
            true => Ok(()),
            false => Err(self),
        }
    }
}

/// One line each, as compilers do, so that editors can jump there.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
