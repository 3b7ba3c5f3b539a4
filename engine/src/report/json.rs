//! The report as JSON, with the same keys as the plan where they mean the same.

use driftless_plugin_api::{SlaveMethod, Span};
use serde_json::{Map, Value, json};

use super::{Report, StreamReport};

impl Report {
    /// The report as JSON; times in nanoseconds, rates in parts per million.
    pub fn json(&self) -> Value {
        let streams: Vec<Value> = self.streams.iter().map(stream).collect();
        let filters: Vec<Value> = self.filters.iter().map(filter).collect();
        let events: Vec<Value> = self.events.iter().map(event).collect();
        json!({
            "graph": self.name,
            "duration_ns": self.duration.nanos(),
            "clock": { "filter": self.clock, "why": self.clock_why },
            "latency_ns": self.latency.nanos(),
            "streams": streams,
            "filters": filters,
            "events": events,
            "failures": self.failures,
        })
    }
}

fn nanos(span: Option<Span>) -> Value {
    span.map_or(Value::Null, |span| span.nanos().into())
}

fn stream(stream: &StreamReport) -> Value {
    let row = (stream.row != 0).then_some(stream.row).or(stream.matching.row().map(u32::from));
    json!({
        "source": stream.source,
        "renderer": stream.renderer,
        "latency_ns": nanos(stream.latency),
        "offset_ns": nanos(stream.offset),
        "match": {
            "row": row,
            "against": stream.matching.against().name(),
            "method": stream.matching.method.map(SlaveMethod::name),
            "why": stream.matching.why,
        },
        "ppm": { "now": stream.ppm.now, "mean": stream.ppm.mean, "std": stream.ppm.std },
        "error_ns": {
            "now": stream.error.now.nanos(),
            "mean": stream.error.mean.nanos(),
            "rms": stream.error.rms.nanos(),
            "max": stream.error.max.nanos(),
        },
        "locked_after_ns": nanos(stream.locked_after),
        "presented": stream.presented,
        "dropped_frames": stream.dropped_frames,
        "inserted_frames": stream.inserted_frames,
        "concealed_frames": stream.concealed_frames,
        "underruns": stream.underruns,
        "overruns": stream.overruns,
        "fill_ns": stream.fill.nanos(),
    })
}

fn filter(filter: &super::FilterReport) -> Value {
    let counters: Map<String, Value> =
        filter.counters.iter().map(|(name, value)| (name.clone(), (*value).into())).collect();
    json!({
        "filter": filter.name,
        "plugin": filter.plugin,
        "received": filter.received,
        "delivered": filter.delivered,
        "failed": filter.failed,
        "counters": counters,
    })
}

fn event(event: &crate::event::Event) -> Value {
    json!({
        "at_ns": event.at.nanos(),
        "filter": event.filter,
        "code": event.code.0,
        "event": event.code.name(),
        "p1": event.p1,
        "p2": event.p2,
        "text": event.text,
    })
}
