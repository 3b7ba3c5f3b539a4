//! TOML into a [`Scenario`].

use std::path::Path;

use driftless_plugin_api::Span;
use driftless_plugin_api::descriptor::{Disturbance, Unit, unit};
use driftless_plugin_api::document::{
    self, Element, Mistake, Mistakes, Table, list_of, number, parsed, text,
};

use super::episodes::{Starts, When};
use super::expect;
use super::rate::{RateChange, RateShape};
use super::scenario::{JitterShape, Planned, Scenario, What};
use crate::diagnostic::{Diagnostics, Texts};
use crate::manifest::Placed;

/// What happens to the machine as a whole.
const MACHINE_STALL: &str = "machine-stall";

pub(super) fn scenario(path: &Path, text: &str) -> Result<Scenario, Diagnostics> {
    let mut texts = Texts::default();
    texts.add(path.display().to_string(), text);
    let mistakes = Mistakes::default();
    let root = document::parse(text, &mistakes);
    let mut root = Table::new(root.get_ref(), 0..0, "", &mistakes);
    let mut scenario = Scenario { texts: texts.clone(), ..Scenario::default() };
    scenario.expectations = root
        .optional("expect", |element| list_of(element, |item| expect::parse(item, text)))
        .unwrap_or_default();
    for kind in Disturbance::ALL {
        let tables = root.list(kind.name()).into_iter();
        scenario
            .disturbances
            .extend(tables.filter_map(|table| disturbance(kind, table, &mistakes)));
    }
    scenario.disturbances.sort_by_key(|planned| planned.span.start);
    for mut table in root.list(MACHINE_STALL) {
        let when = when(&mut table, &mistakes, Length::Needed);
        table.finish();
        scenario.machine_stalls.extend(when);
    }
    for (key, _) in root.rest() {
        let known =
            Disturbance::ALL.map(Disturbance::name).into_iter().chain(["expect", MACHINE_STALL]);
        mistakes.add(Mistake::unknown(key.span(), "table", key.get_ref(), known));
    }

    let mut diagnostics = Diagnostics::new(texts);
    for mistake in mistakes.into_sorted() {
        diagnostics.mistake(mistake, 0..0);
    }
    diagnostics.into_result()?;
    Ok(scenario)
}

fn disturbance(kind: Disturbance, mut table: Table<'_>, mistakes: &Mistakes) -> Option<Planned> {
    let span = table.span();
    let filter = table
        .required("filter", |element| Ok(Placed { value: text(element)?, span: element.span() }));
    let what = what(kind, &mut table, mistakes);
    table.finish();
    Some(Planned { filter: filter?, what: what?, span })
}

fn what(kind: Disturbance, table: &mut Table<'_>, mistakes: &Mistakes) -> Option<What> {
    let length = match kind {
        Disturbance::ClockStep => Length::None,
        Disturbance::Stall | Disturbance::Absence => Length::Needed,
        _ => Length::Optional,
    };
    Some(match kind {
        Disturbance::Rate => {
            let by_ppm = table.required("by", ppm);
            let shape = rate_shape(table);
            let when = when(table, mistakes, length)?;
            What::Rate(RateChange { shape: shape?, by_ppm: by_ppm?, when })
        }
        Disturbance::ClockStep => {
            let by = table.required("by", time);
            What::ClockStep { when: when(table, mistakes, length)?, by: by? }
        }
        Disturbance::Jitter => {
            let shape = table.optional("shape", jitter_shape).unwrap_or(JitterShape::Uniform);
            let by = table.required("by", positive_time);
            What::Jitter { when: when(table, mistakes, length)?, shape, by: by? }
        }
        Disturbance::Loss => {
            let share = table.required("share", share);
            What::Loss { when: when(table, mistakes, length)?, share: share? }
        }
        Disturbance::Duplicate => {
            let share = table.required("share", share);
            let by = table.optional("by", positive_time).unwrap_or(Span::from_millis(1));
            What::Duplicate { when: when(table, mistakes, length)?, share: share?, by }
        }
        Disturbance::Reorder => {
            let share = table.required("share", share);
            let by = table.required("by", positive_time);
            What::Reorder { when: when(table, mistakes, length)?, share: share?, by: by? }
        }
        Disturbance::Stall => What::Stall(when(table, mistakes, length)?),
        Disturbance::Absence => What::Absence(when(table, mistakes, length)?),
        Disturbance::Latency => {
            let by = table.required("by", time);
            What::Latency { when: when(table, mistakes, length)?, by: by? }
        }
    })
}

/// Whether something has a length.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    None,
    Optional,
    Needed,
}

/// `at = "10 s"`, or a list of times, or `every = "10 min"` for random times; `for = "200 ms"`.
fn when(table: &mut Table<'_>, mistakes: &Mistakes, length: Length) -> Option<When> {
    let at = table.optional("at", times);
    let every = table.optional("every", positive_time);
    let length = match length {
        Length::None => None,
        Length::Optional => table.optional("for", positive_time),
        Length::Needed => Some(table.required("for", positive_time)?),
    };
    if let (true, Some(span)) = (at.is_some(), table.key_span("every")) {
        let found = "`every` makes random times, and `at` gives them";
        mistakes.add(Mistake::new(span, found).expected("one of the two"));
    }
    let starts = match (at, every) {
        (_, Some(mean)) => Starts::Random(mean),
        (at, None) => Starts::At(at.unwrap_or_else(|| vec![Span::ZERO])),
    };
    Some(When { starts, length })
}

fn rate_shape(table: &mut Table<'_>) -> Option<RateShape> {
    const SHAPES: [&str; 5] = ["constant", "step", "ramp", "sine", "walk"];
    let shape = table.optional("shape", |element| word(element, "shape", &SHAPES));
    let shape = match table.key_span("shape") {
        Some(_) => shape?,
        None => "step".to_owned(),
    };
    Some(match shape.as_str() {
        "ramp" => RateShape::Ramp { over: table.required("over", positive_time)? },
        "walk" => RateShape::Walk { over: table.required("over", positive_time)? },
        "sine" => RateShape::Sine { period: table.required("period", positive_time)? },
        _ => RateShape::Step,
    })
}

fn jitter_shape(element: &Element<'_>) -> Result<JitterShape, Mistake> {
    let shapes = ["uniform", "gaussian", "exponential", "bursts"];
    Ok(match word(element, "shape", &shapes)?.as_str() {
        "gaussian" => JitterShape::Gaussian,
        "exponential" => JitterShape::Exponential,
        "bursts" => JitterShape::Bursts,
        _ => JitterShape::Uniform,
    })
}

fn word(element: &Element<'_>, what: &str, known: &[&'static str]) -> Result<String, Mistake> {
    let word = text(element)?;
    match known.contains(&word.as_str()) {
        true => Ok(word),
        false => Err(Mistake::unknown(element.span(), what, &word, known.iter().copied())),
    }
}

fn times(element: &Element<'_>) -> Result<Vec<Span>, Mistake> {
    let mut times = match element.get_ref().as_array() {
        Some(_) => list_of(element, not_negative_time)?,
        None => vec![not_negative_time(element)?],
    };
    times.sort();
    Ok(times)
}

const TIME: &str = "a time with its unit, such as \"10 ms\"";

fn time(element: &Element<'_>) -> Result<Span, Mistake> {
    parsed(element, TIME, |text| unit::time(text.trim_start_matches('+')))
}

fn not_negative_time(element: &Element<'_>) -> Result<Span, Mistake> {
    parsed(element, TIME, |text| unit::time(text).filter(|time| *time >= Span::ZERO))
}

fn positive_time(element: &Element<'_>) -> Result<Span, Mistake> {
    let expected = "a time above zero with its unit, such as \"10 ms\"";
    parsed(element, expected, |text| unit::time(text).filter(|time| *time > Span::ZERO))
}

/// A clock further off than this is none.
const MOST_PPM: f64 = 10_000.0;

fn ppm(element: &Element<'_>) -> Result<f64, Mistake> {
    let expected = "a rate error within ±10000 ppm, such as \"50 ppm\"";
    parsed(element, expected, |text| {
        let (number, symbol) = unit::split(text.trim_start_matches('+'))?;
        let ppm = Unit::from_symbol(symbol)?.convert(number, Unit::PartsPerMillion)?;
        Some(ppm).filter(|ppm| ppm.abs() <= MOST_PPM)
    })
}

fn share(element: &Element<'_>) -> Result<f64, Mistake> {
    let expected = "a share from 0 to 1, or \"2 %\"";
    let share = match element.get_ref().as_str() {
        Some(_) => parsed(element, expected, |text| {
            let (number, symbol) = unit::split(text)?;
            (symbol == "%").then_some(number / 100.0)
        })?,
        None => number(element)?,
    };
    match (0.0..=1.0).contains(&share) {
        true => Ok(share),
        false => {
            let found = format!("{share} is no share");
            Err(Mistake::new(element.span(), found).expected(expected))
        }
    }
}
