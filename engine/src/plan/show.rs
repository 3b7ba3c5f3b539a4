//! The plan as text for people and as JSON for programs.

use std::fmt;

use driftless_plugin_api::SlaveMethod;
use serde_json::{Value, json};

use super::latency::{Range, RendererPath};
use super::{PinNumber, Plan, Stream};
use crate::manifest::schema;

impl Plan {
    /// A source pin as a person would call it: the pin's name only where there are several.
    pub fn source_name(&self, pin: PinNumber) -> String {
        match self.filters[pin.filter].outputs.len() {
            1 => self.filters[pin.filter].name.clone(),
            _ => self.output_name(pin),
        }
    }

    /// The plan as JSON, with the keys that the report has too. Times are in nanoseconds.
    pub fn json(&self) -> Value {
        let settled = &self.settled;
        json!({
            "clock": { "filter": settled.clock.name(self), "why": settled.clock.why },
            "latency_ns": settled.timing.latency().nanos(),
            "target_ns": settled.timing.target.nanos(),
            "presentation_delay_ns": settled.timing.presentation_delay.nanos(),
            "streams": settled.streams.iter().map(|it| self.stream_json(it)).collect::<Vec<_>>(),
            "paths": settled.timing.paths.iter().map(|it| self.path_json(it)).collect::<Vec<_>>(),
            "filters": self.filters_json(),
            "connections": self.connections_json(),
            "segments": self.segments.iter().map(|segment| {
                segment.filters.iter().map(|&index| &self.filters[index].name).collect::<Vec<_>>()
            }).collect::<Vec<_>>(),
            "notes": settled.timing.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    fn stream_json(&self, stream: &Stream) -> Value {
        json!({
            "source": self.source_name(stream.source),
            "renderer": self.filters[stream.renderer].name,
            "latency_ns": stream.latency.map(|latency| latency.nanos()),
            "offset_ns": stream.offset.map(|offset| offset.nanos()),
            "match": {
                "row": stream.matching.row(),
                "against": stream.matching.against().name(),
                "method": stream.matching.method.map(SlaveMethod::name),
                "why": stream.matching.why,
            },
        })
    }

    fn path_json(&self, path: &RendererPath) -> Value {
        let RendererPath { renderer, path } = path;
        json!({
            "renderer": self.filters[*renderer].name,
            "live": path.live,
            "least_ns": path.least.nanos(),
            "most_ns": path.most.map(|most| most.nanos()),
        })
    }

    fn filters_json(&self) -> Vec<Value> {
        let filters = self.filters.iter().map(|filter| {
            let settings =
                filter.settings.iter().map(|(name, it)| (name.to_owned(), schema::value(it)));
            json!({
                "name": filter.name,
                "plugin": filter.descriptor.id,
                "kind": filter.descriptor.kind.name(),
                "settings": settings.collect::<serde_json::Map<_, _>>(),
            })
        });
        filters.collect()
    }

    fn connections_json(&self) -> Vec<Value> {
        let latencies = &self.settled.timing.connections;
        let range = |range: Option<Range>| range.map(|it| [it.least.nanos(), it.most.nanos()]);
        let connections = self.connections.iter().zip(latencies).map(|(connection, latency)| {
            json!({
                "from": self.output_name(connection.from),
                "to": self.input_name(connection.to),
                "media": connection.media.to_string(),
                "since_capture_ns": range(latency.captured),
                "until_presentation_ns": range(latency.presented),
                "queue": connection.queue.as_ref().map(|queue| json!({
                    "capacity_ns": queue.capacity.nanos(),
                    "leaky": queue.leaky,
                    "why": queue.why,
                })),
            })
        });
        connections.collect()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sections = [self.decisions(), self.streams(), self.threads(), self.notes()];
        let sections: Vec<String> =
            sections.into_iter().filter(|rows| !rows.is_empty()).map(|rows| align(&rows)).collect();
        f.write_str(&sections.join("\n"))
    }
}

impl Plan {
    fn decisions(&self) -> Vec<Vec<String>> {
        let (clock, timing) = (&self.settled.clock, &self.settled.timing);
        let slowest = timing.slowest.map(|pin| self.source_name(pin));
        let capped = self.wishes.max_latency.is_some_and(|cap| cap == timing.target);
        let sources = match slowest {
            Some(_) if capped => format!("{} is `max-latency`", timing.target),
            Some(slowest) if self.wishes.sync => {
                format!("{} to wait for `{slowest}`", timing.target)
            }
            Some(slowest) => format!("{} at most, by `{slowest}`", timing.target),
            None => "no live source says its latency".to_owned(),
        };
        let renderers = match timing.last {
            Some(last) => {
                format!(
                    ", {} until `{}` presents",
                    timing.presentation_delay, self.filters[last].name
                )
            }
            None => String::new(),
        };
        let sync = match self.wishes.sync {
            true => ["on", "each live source adds its stream offset"],
            false => ["off", "no stream offsets: streams stay apart by their latencies"],
        };
        vec![
            row(["reference clock", clock.name(self), &clock.why]),
            row(["graph latency", &timing.latency().to_string(), &format!("{sources}{renderers}")]),
            row(["synchronisation", sync[0], sync[1]]),
        ]
    }

    fn streams(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["source", "latency", "offset", "renderer", "rate match"])];
        rows.extend(self.settled.streams.iter().map(|stream| {
            let matching = match stream.matching.row() {
                None => format!("none: {}", stream.matching.why),
                Some(number) => {
                    let against = stream.matching.against();
                    format!("{against} (row {number}): {}", stream.matching.why)
                }
            };
            row([
                &self.source_name(stream.source),
                &stream.latency.map_or("unknown".to_owned(), |it| it.to_string()),
                &stream.offset.map_or("none".to_owned(), |it| format!("{it:+}")),
                &self.filters[stream.renderer].name,
                &matching,
            ])
        }));
        rows
    }

    fn threads(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["thread", "filters", "queue before it"])];
        for (number, segment) in self.segments.iter().enumerate() {
            let names: Vec<&str> =
                segment.filters.iter().map(|&index| self.filters[index].name.as_str()).collect();
            let queues = segment.reads.iter().filter_map(|&index| {
                let connection = &self.connections[index];
                let queue = connection.queue.as_ref()?;
                let leaky = if queue.leaky { " leaky" } else { "" };
                let from = self.output_name(connection.from);
                Some(format!("{}{leaky} from {from}: {}", queue.capacity, queue.why))
            });
            let queues = queues.collect::<Vec<_>>().join("; ");
            rows.push(row([&(number + 1).to_string(), &names.join(", "), &queues]));
        }
        rows
    }

    fn notes(&self) -> Vec<Vec<String>> {
        self.settled.timing.notes.iter().map(|note| row([&format!("note: {note}")])).collect()
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Columns as wide as their widest cell, three spaces apart.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("   ").trim_end());
        out.push('\n');
    }
    out
}
