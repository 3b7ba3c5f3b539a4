//! What can be expected of a stream or a filter, under the names of the report's JSON.

use std::ops::Range;

use driftless_plugin_api::Span;
use driftless_plugin_api::document::Mistake;

/// One number of a stream or of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulate) enum Metric {
    ErrorNow,
    ErrorMean,
    ErrorRms,
    ErrorMax,
    PpmNow,
    PpmMean,
    PpmStd,
    LockedAfter,
    Locked,
    Fill,
    Presented,
    DroppedFrames,
    InsertedFrames,
    ConcealedFrames,
    Underruns,
    Overruns,
    Resyncs,
    Received,
    Delivered,
    Failed,
    /// One that the filter counts itself.
    Counter(String),
}

/// What a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulate) enum Meaning {
    /// Nanoseconds.
    Time,
    /// Parts per million.
    Rate,
    /// How many.
    Count,
    /// 1 or 0.
    Truth,
}

/// When a number can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulate) enum Nature {
    /// At any time.
    Level,
    /// It only grows: too much is too much at once, too little only at the end.
    Growing,
    /// Only at the end.
    Final,
}

const STREAMS: [(&str, Metric); 17] = [
    ("error_ns.now", Metric::ErrorNow),
    ("error_ns.mean", Metric::ErrorMean),
    ("error_ns.rms", Metric::ErrorRms),
    ("error_ns.max", Metric::ErrorMax),
    ("ppm.now", Metric::PpmNow),
    ("ppm.mean", Metric::PpmMean),
    ("ppm.std", Metric::PpmStd),
    ("locked_after_ns", Metric::LockedAfter),
    ("locked", Metric::Locked),
    ("fill_ns", Metric::Fill),
    ("presented", Metric::Presented),
    ("dropped_frames", Metric::DroppedFrames),
    ("inserted_frames", Metric::InsertedFrames),
    ("concealed_frames", Metric::ConcealedFrames),
    ("underruns", Metric::Underruns),
    ("overruns", Metric::Overruns),
    ("resyncs", Metric::Resyncs),
];

const FILTERS: [(&str, Metric); 3] =
    [("received", Metric::Received), ("delivered", Metric::Delivered), ("failed", Metric::Failed)];

/// Splits `*.error_ns.max` into whose and which.
pub(super) fn of_streams<'a>(
    path: &'a str,
    span: &Range<usize>,
) -> Result<(&'a str, Metric), Mistake> {
    split(path, &STREAMS).ok_or_else(|| unknown(path, span, STREAMS.iter().map(|(name, _)| *name)))
}

/// Splits `radio.counters.lost` into whose and which.
pub(super) fn of_filters<'a>(
    path: &'a str,
    span: &Range<usize>,
) -> Result<(&'a str, Metric), Mistake> {
    if let Some((name, counter)) = path.split_once(".counters.") {
        return Ok((name, Metric::Counter(counter.to_owned())));
    }
    let known = FILTERS.iter().map(|(name, _)| *name).chain(["counters.NAME"]);
    split(path, &FILTERS).ok_or_else(|| unknown(path, span, known))
}

fn split<'a>(path: &'a str, known: &[(&str, Metric)]) -> Option<(&'a str, Metric)> {
    known.iter().find_map(|(name, metric)| {
        let whose = path.strip_suffix(name)?.strip_suffix('.')?;
        Some((whose, metric.clone()))
    })
}

fn unknown<'k>(
    path: &str,
    span: &Range<usize>,
    known: impl IntoIterator<Item = &'k str>,
) -> Mistake {
    let name = path.split_once('.').map_or(path, |(_, name)| name);
    let start = span.end.saturating_sub(name.len()).max(span.start.min(span.end));
    Mistake::unknown(start..span.end, "number", name, known)
}

impl Metric {
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::ErrorNow | Self::ErrorMean | Self::ErrorRms | Self::ErrorMax => Meaning::Time,
            Self::LockedAfter | Self::Fill => Meaning::Time,
            Self::PpmNow | Self::PpmMean | Self::PpmStd => Meaning::Rate,
            Self::Locked | Self::Failed => Meaning::Truth,
            _ => Meaning::Count,
        }
    }

    pub fn nature(&self) -> Nature {
        match self {
            Self::ErrorNow | Self::PpmNow | Self::Fill | Self::Locked => Nature::Level,
            Self::ErrorMean | Self::ErrorRms | Self::PpmMean | Self::PpmStd => Nature::Final,
            Self::LockedAfter => Nature::Final,
            _ => Nature::Growing,
        }
    }
}

impl Meaning {
    /// What a value may look like.
    pub fn example(self) -> &'static str {
        match self {
            Self::Time => "a time, such as `1ms`, or a number of nanoseconds",
            Self::Rate => "a rate, such as `5ppm`",
            Self::Count => "a whole number",
            Self::Truth => "`true` or `false`",
        }
    }

    /// A value in words.
    pub fn show(self, value: f64) -> String {
        match self {
            _ if !value.is_finite() => "never".to_owned(),
            Self::Time => Span::from_nanos(value.round() as i64).to_string(),
            Self::Rate => format!("{value:.3} ppm"),
            Self::Count => format!("{value}"),
            Self::Truth => (value != 0.0).to_string(),
        }
    }
}
