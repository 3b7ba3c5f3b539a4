//! How well a run did: for people as text, for programs as JSON, for the eye as a plot.

pub(crate) mod gather;
mod json;
mod plot;
mod show;

use driftless_plugin_api::{HostTime, Span};

use crate::event::Event;
use crate::plan::Match;
use crate::segment::recorder::Point;

/// How well a run did. `[any]`
#[derive(Debug, Clone)]
pub struct Report {
    /// The graph's name.
    pub name: String,
    /// How long it ran.
    pub duration: Span,
    /// The reference clock: the filter's name, `system` or `none`.
    pub clock: String,
    /// Why that one.
    pub clock_why: String,
    /// From capture to presentation.
    pub latency: Span,
    /// Host time of the first point that could be.
    pub started: HostTime,
    /// One for every source pin and renderer that are connected.
    pub streams: Vec<StreamReport>,
    /// The filters, each behind those that feed it.
    pub filters: Vec<FilterReport>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What could not be stopped or asked.
    pub failures: Vec<String>,
}

/// How well one stream did.
#[derive(Debug, Clone)]
pub struct StreamReport {
    /// The source's output pin: `camera`, or `camera.video` where it has several.
    pub source: String,
    /// The renderer.
    pub renderer: String,
    /// The source's latency, if it tells.
    pub latency: Option<Span>,
    /// Its stream offset, if it has one.
    pub offset: Option<Span>,
    /// Against what its renderer was to match rates.
    pub matching: Match,
    /// The row of the table that was in force at the end; 0 when the renderer has none.
    pub row: u32,
    /// Rate of the source's clock against the renderer's.
    pub ppm: Ppm,
    /// How far presentations were from their due time.
    pub error: Errors,
    /// From the first sample until locked; `None` if that did not happen.
    pub locked_after: Option<Span>,
    /// Frames dropped: late, overlapping, or to stay in sync.
    pub dropped_frames: u64,
    /// Frames of silence inserted to stay in sync or for gaps.
    pub inserted_frames: u64,
    /// Frames made up where data was missing.
    pub concealed_frames: u64,
    /// Device periods in which data was missing.
    pub underruns: u64,
    /// Times that data was lost because there was no room.
    pub overruns: u64,
    /// Presentations.
    pub presented: u64,
    /// Queued media at the end.
    pub fill: Span,
    /// Over time, at most some thousand points.
    pub points: Vec<Point>,
}

/// Parts per million.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ppm {
    /// The newest.
    pub now: f64,
    /// Mean while locked.
    pub mean: f64,
    /// Standard deviation while locked.
    pub std: f64,
}

/// How far presentations were from their due time; positive is late.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Errors {
    /// The newest.
    pub now: Span,
    /// Mean.
    pub mean: Span,
    /// Root of the mean square.
    pub rms: Span,
    /// Largest, without its sign.
    pub max: Span,
}

/// What one filter did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterReport {
    /// Its name in the manifest.
    pub name: String,
    /// Its id.
    pub plugin: String,
    /// Samples handed to it.
    pub received: u64,
    /// Samples that it delivered.
    pub delivered: u64,
    /// It failed or panicked.
    pub failed: bool,
    /// What it counts itself.
    pub counters: Vec<(String, u64)>,
}

impl Report {
    /// Whether something failed: a filter, or the stopping of one.
    pub fn has_failed(&self) -> bool {
        !self.failures.is_empty() || self.filters.iter().any(|filter| filter.failed)
    }

    /// The stream from a source to a renderer, by their names.
    pub fn stream(&self, source: &str, renderer: &str) -> Option<&StreamReport> {
        self.streams.iter().find(|stream| {
            let filter = stream.source.split('.').next().unwrap_or_default();
            (stream.source == source || filter == source) && stream.renderer == renderer
        })
    }

    /// What a filter did.
    pub fn filter(&self, name: &str) -> Option<&FilterReport> {
        self.filters.iter().find(|filter| filter.name == name)
    }
}
