//! What is expected of a run: `streams.*.error_ns.max < 1ms after 5s`.

pub(super) mod metric;

use std::fmt;
use std::ops::Range;

use driftless_plugin_api::Span;
use driftless_plugin_api::descriptor::{Unit, unit};
use driftless_plugin_api::document::{Element, Mistake, text};
use driftless_plugin_api::event::EventCode;

pub(super) use metric::{Meaning, Metric};

use crate::diagnostic::Diagnostics;
use crate::plan::{Plan, Stream};

/// One expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// As it was written.
    pub text: String,
    pub(super) subject: Subject,
    pub(super) comparison: Comparison,
    /// In the metric's own unit.
    pub(super) limit: f64,
    /// What counts begins here…
    pub(super) after: Span,
    /// …and ends here.
    pub(super) until: Option<Span>,
    /// Where the name of the subject stands.
    name_span: Range<usize>,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// Streams: `*`, a source, or `source -> renderer`.
    Streams(String, Metric),
    /// Filters: `*`, or a name.
    Filters(String, Metric),
    /// How often an event was posted.
    Events(EventCode),
}

/// How a value is compared with its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    Equal,
    NotEqual,
    AtLeast,
    More,
}

impl Comparison {
    /// Longest first, so that `<=` is not read as `<`.
    const ALL: [(&str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        (">", Self::More),
    ];

    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::Equal => value == limit,
            Self::NotEqual => value != limit,
            Self::AtLeast => value >= limit,
            Self::More => value > limit,
        }
    }

    /// Whether a value that can only grow, and is `value` now, can never hold again.
    pub fn is_lost_for_growing(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value >= limit,
            Self::AtMost | Self::Equal => value > limit,
            Self::NotEqual | Self::AtLeast | Self::More => false,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const EXPECTED: &str = "such as `streams.*.error_ns.max < 1ms after 5s`";

/// Reads one item of the list `expect` in `document`.
pub(super) fn parse(
    element: &Element<'_>,
    document: &str,
) -> Result<crate::manifest::Placed<Expectation>, Mistake> {
    let text = text(element)?;
    let span = element.span();
    // Inside its quotes the text begins, unless it is written with escapes.
    let written = document.get(span.clone()).unwrap_or_default();
    let base = span.start + written.find(text.as_str()).unwrap_or(0);
    let value = read(&text, base).map_err(|mut mistake| {
        mistake.span = mistake.span.filter(|found| found.end <= span.end).or(Some(span.clone()));
        mistake
    })?;
    Ok(crate::manifest::Placed { value, span })
}

fn read(text: &str, base: usize) -> Result<Expectation, Mistake> {
    let whole = base..base + text.len();
    let found = Comparison::ALL
        .into_iter()
        // The arrow of `source -> renderer` is no comparison.
        .filter_map(|(sign, it)| Some((text.replace("->", "  ").find(sign)?, sign, it)))
        .min_by_key(|(at, ..)| *at);
    let Some((at, sign, comparison)) = found else {
        let mistake = Mistake::new(whole, "this compares nothing");
        return Err(mistake.expected(format!("a comparison, {EXPECTED}")));
    };
    let (path, rest) = (text[..at].trim(), &text[at + sign.len()..]);
    let path_span = base..base + at;
    let (subject, name_span) = subject(path, &path_span)?;
    let rest_base = base + at + sign.len();
    let (rest, until) = clause(rest, rest_base, " until ")?;
    let (value, after) = clause(rest, rest_base, " after ")?;
    let value_span = rest_base..rest_base + value.len();
    let limit = subject.meaning().read(value.trim()).ok_or_else(|| {
        let found = format!("`{}` is no value for `{path}`", value.trim());
        Mistake::new(value_span, found).expected(subject.meaning().example())
    })?;
    Ok(Expectation {
        text: text.to_owned(),
        subject,
        comparison,
        limit,
        after: after.unwrap_or(Span::ZERO),
        until,
        name_span,
    })
}

/// Cuts ` after 5s` off the end of `text`.
fn clause<'a>(text: &'a str, base: usize, word: &str) -> Result<(&'a str, Option<Span>), Mistake> {
    let Some((before, time)) = text.rsplit_once(word) else { return Ok((text, None)) };
    let start = base + before.len() + word.len();
    match unit::time(time.trim()).filter(|time| *time >= Span::ZERO) {
        Some(time) => Ok((before, Some(time))),
        None => {
            let found = format!("`{}` is no time", time.trim());
            let mistake = Mistake::new(start..start + time.len(), found);
            Err(mistake.expected("a time with its unit, such as `5s`"))
        }
    }
}

fn subject(path: &str, span: &Range<usize>) -> Result<(Subject, Range<usize>), Mistake> {
    let groups = ["streams", "filters", "events"];
    let (group, rest) = path.split_once('.').unwrap_or((path, ""));
    let group_span = span.start..span.start + group.len();
    let rest_span = group_span.end + 1..span.start + path.len();
    match group {
        "streams" => {
            let (name, metric) = metric::of_streams(rest, &rest_span)?;
            let name_span = rest_span.start..rest_span.start + name.len();
            Ok((Subject::Streams(name.to_owned(), metric), name_span))
        }
        "filters" => {
            let (name, metric) = metric::of_filters(rest, &rest_span)?;
            let name_span = rest_span.start..rest_span.start + name.len();
            Ok((Subject::Filters(name.to_owned(), metric), name_span))
        }
        "events" => {
            let known = || EventCode::ALL.iter().map(|code| code.name());
            let code = EventCode::ALL.iter().find(|code| code.name() == rest);
            match code {
                Some(code) => Ok((Subject::Events(*code), rest_span)),
                None => Err(Mistake::unknown(rest_span, "event", rest, known())),
            }
        }
        _ => Err(Mistake::unknown(group_span, "group", group, groups)),
    }
}

impl Subject {
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Streams(_, metric) | Self::Filters(_, metric) => metric.meaning(),
            Self::Events(_) => Meaning::Count,
        }
    }
}

/// A stream by the names of its ends.
pub(super) fn ends(plan: &Plan, stream: &Stream) -> [String; 3] {
    let (source, renderer) =
        (&plan.filters[stream.source.filter].name, &plan.filters[stream.renderer].name);
    let pin = plan.output_name(stream.source);
    [source.clone(), format!("{source} -> {renderer}"), format!("{pin} -> {renderer}")]
}

impl Expectation {
    /// Checks that the graph has what is spoken of.
    pub(super) fn check(&self, plan: &Plan, diagnostics: &mut Diagnostics) {
        let (name, known) = match &self.subject {
            Subject::Events(_) => return,
            Subject::Streams(name, _) => {
                (name, plan.settled.streams.iter().flat_map(|it| ends(plan, it)).collect())
            }
            Subject::Filters(name, _) => {
                (name, plan.filters.iter().map(|it| it.name.clone()).collect::<Vec<_>>())
            }
        };
        if name != "*" && !known.contains(name) {
            let known = known.iter().map(String::as_str).chain(["*"]);
            let message = format!("the graph has no `{name}`");
            diagnostics.unknown(self.name_span.clone(), message, name, known);
        }
    }

    /// The limit, or a value beside it, in words.
    pub(super) fn show(&self, value: f64) -> String {
        self.subject.meaning().show(value)
    }
}

impl Meaning {
    /// A value with its unit, in the metric's own unit.
    pub fn read(self, text: &str) -> Option<f64> {
        if self == Self::Truth {
            return match text {
                "true" => Some(1.0),
                "false" => Some(0.0),
                _ => None,
            };
        }
        let (number, symbol) = unit::split(text)?;
        let own = match (self, symbol) {
            (_, "") => return Some(number),
            (Self::Time, _) => Unit::Nanoseconds,
            (Self::Rate, _) => Unit::PartsPerMillion,
            (Self::Count, "frames") => return Some(number),
            _ => return None,
        };
        Unit::from_symbol(symbol)?.convert(number, own)
    }
}

#[cfg(test)]
mod tests;
