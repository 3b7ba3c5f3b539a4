//! `"camera.video -> preview"`: chains of connections inside a TOML string.

use std::ops::Range;

use driftless_plugin_api::document::{Element, Mistake, Mistakes, kind};

use super::{ConnectionEntry, End, Placed};

const EXPECTED: &str = "filters joined by arrows, such as `microphone -> gain -> speakers` or `camera.video -> preview`";

/// Whether `name` can be a filter's name: letters, digits, hyphens, underscores.
pub(super) fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.chars().all(good)
}

/// The connections of one chain; what is wrong with it goes to `mistakes`.
pub(super) fn chain(
    element: &Element<'_>,
    text: &str,
    mistakes: &Mistakes,
) -> Vec<ConnectionEntry> {
    let Some(chain) = element.get_ref().as_str() else {
        let mistake = Mistake::new(element.span(), format!("found {}", kind(element)));
        mistakes.add(mistake.expected(EXPECTED));
        return Vec::new();
    };
    let place = Place::of(element.span(), chain, text);
    let mut ends = Vec::new();
    let mut start = 0;
    for part in chain.split("->") {
        ends.push(end(part, start, &place, mistakes));
        start += part.len() + "->".len();
    }
    if ends.len() < 2 {
        let mistake = Mistake::new(element.span(), format!("\"{chain}\" connects nothing"));
        mistakes.add(mistake.expected(EXPECTED));
    }
    for end in middle(&ends).iter().flatten() {
        if let Some(pin) = &end.pin {
            let found =
                format!("`{}` could be an input or an output of `{}`", pin.value, end.filter.value);
            let mistake = Mistake::new(pin.span.clone(), found);
            mistakes.add(mistake.expected("two connections, one to the filter and one from it"));
        }
    }
    ends.windows(2)
        .filter_map(|pair| match pair {
            [Some(from), Some(to)] => Some(ConnectionEntry { from: from.clone(), to: to.clone() }),
            _ => None,
        })
        .collect()
}

fn middle<T>(list: &[T]) -> &[T] {
    list.get(1..list.len().saturating_sub(1)).unwrap_or_default()
}

/// `filter` or `filter.pin`, found `start` bytes into the chain.
fn end(part: &str, start: usize, place: &Place, mistakes: &Mistakes) -> Option<End> {
    let name = part.trim();
    let start = start + part.len() - part.trim_start().len();
    let span = place.range(start..start + name.len().max(1));
    let (filter, pin) = match name.split_once('.') {
        Some((filter, pin)) => (filter, Some(pin)),
        None => (name, None),
    };
    if !is_name(filter) || !pin.is_none_or(is_name) {
        let found = match name {
            "" => "an end of this connection is missing".to_owned(),
            _ => format!("`{name}` is neither a filter nor a filter and its pin"),
        };
        mistakes.add(Mistake::new(span, found).expected(EXPECTED));
        return None;
    }
    let pin_start = start + filter.len() + 1;
    Some(End {
        filter: Placed { value: filter.to_owned(), span: place.range(start..start + filter.len()) },
        pin: pin.map(|pin| Placed {
            value: pin.to_owned(),
            span: place.range(pin_start..pin_start + pin.len()),
        }),
        span,
    })
}

/// Where the characters of a TOML string stand in the file.
struct Place {
    whole: Range<usize>,
    /// Where its first character stands; `None` if escapes make its characters and the file's differ.
    start: Option<usize>,
}

impl Place {
    fn of(whole: Range<usize>, value: &str, text: &str) -> Self {
        let written = text.get(whole.clone()).unwrap_or_default();
        let start = written.find(value).filter(|_| !value.is_empty());
        Self { start: start.map(|start| whole.start + start), whole }
    }

    fn range(&self, inner: Range<usize>) -> Range<usize> {
        match self.start {
            Some(start) => start + inner.start..(start + inner.end).min(self.whole.end),
            None => self.whole.clone(),
        }
    }
}
