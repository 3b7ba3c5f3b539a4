//! Collecting a report from the filters.

use driftless_plugin_api::{Span, Statistics};

use super::{Errors, FilterReport, Ppm, Report, StreamReport};
use crate::graph::Graph;
use crate::loader::chain::Traffic;
use crate::plan::Stream;
use crate::segment::Segment;
use crate::segment::recorder::Recorder;

/// What one filter says.
struct Answer {
    traffic: Traffic,
    counters: Vec<(String, u64)>,
    statistics: Option<Statistics>,
    recorder: Option<Recorder>,
}

/// Asks every filter, each on its own thread. A segment that is stuck is named and left out.
pub(crate) fn gather(graph: &mut Graph) -> Report {
    let mut answers: Vec<Option<Answer>> = graph.plan().filters.iter().map(|_| None).collect();
    let mut failures = Vec::new();
    for index in 0..graph.plan().segments.len() {
        match graph.order(index, |segment, _| ask(segment)) {
            Ok(told) => {
                for (filter, answer) in graph.plan().segments[index].filters.iter().zip(told) {
                    answers[*filter] = Some(answer);
                }
            }
            Err(stuck) => failures.push(stuck.to_string()),
        }
    }
    let plan = graph.plan();
    let settled = graph.settled();
    Report {
        name: plan.name.clone(),
        duration: graph.duration(),
        clock: settled.clock.name(plan).to_owned(),
        clock_why: settled.clock.why.clone(),
        latency: settled.timing.latency(),
        started: graph.started_at(),
        streams: settled.streams.iter().map(|it| stream(graph, it, &answers)).collect(),
        filters: answers.iter().enumerate().map(|(index, it)| filter(graph, index, it)).collect(),
        events: graph.seen().to_vec(),
        failures,
    }
}

fn ask(segment: &mut Segment) -> Vec<Answer> {
    let answer = |(at, node): (usize, &crate::loader::chain::Node)| Answer {
        traffic: node.traffic(),
        counters: node.instance.counters(),
        statistics: node.instance.statistics(),
        recorder: segment.recorder(at).cloned(),
    };
    segment.chain().nodes().enumerate().map(answer).collect()
}

fn filter(graph: &Graph, index: usize, answer: &Option<Answer>) -> FilterReport {
    let planned = &graph.plan().filters[index];
    let traffic = answer.as_ref().map(|answer| answer.traffic).unwrap_or_default();
    FilterReport {
        name: planned.name.clone(),
        plugin: planned.descriptor.id.clone(),
        received: traffic.received,
        delivered: traffic.delivered,
        // Who does not answer is stuck.
        failed: answer.is_none() || traffic.failed,
        counters: answer.as_ref().map(|answer| answer.counters.clone()).unwrap_or_default(),
    }
}

fn stream(graph: &Graph, stream: &Stream, answers: &[Option<Answer>]) -> StreamReport {
    let plan = graph.plan();
    let source = &plan.filters[stream.source.filter];
    let answer = answers[stream.renderer].as_ref();
    let statistics = answer.and_then(|answer| answer.statistics).unwrap_or_default();
    let recorder = answer.and_then(|answer| answer.recorder.clone()).unwrap_or_default();
    let single = source.outputs.len() == 1;
    StreamReport {
        source: if single { source.name.clone() } else { plan.output_name(stream.source) },
        renderer: plan.filters[stream.renderer].name.clone(),
        latency: stream.latency,
        offset: stream.offset,
        matching: stream.matching.clone(),
        row: statistics.row,
        ppm: Ppm { now: statistics.ppm, mean: recorder.ppm_mean(), std: recorder.ppm_deviation() },
        error: errors(&statistics),
        locked_after: (statistics.locked_after >= 0 && statistics.presented > 0)
            .then(|| Span::from_nanos(statistics.locked_after)),
        dropped_frames: statistics.dropped_frames,
        inserted_frames: statistics.inserted_frames,
        concealed_frames: statistics.concealed_frames,
        underruns: statistics.underruns,
        overruns: statistics.overruns,
        presented: statistics.presented,
        fill: Span::from_nanos(statistics.fill),
        points: recorder.points().to_vec(),
    }
}

fn errors(statistics: &Statistics) -> Errors {
    if statistics.presented == 0 {
        return Errors::default();
    }
    let count = statistics.presented as f64;
    let span = |ns: f64| Span::from_nanos(ns.round() as i64);
    Errors {
        now: Span::from_nanos(statistics.error_now),
        mean: span(statistics.error_sum / count),
        rms: span((statistics.error_square_sum / count).sqrt()),
        max: Span::from_nanos(statistics.error_max),
    }
}
