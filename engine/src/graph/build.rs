//! From a plan to loaded filters in their segments.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;

use crossbeam_queue::SegQueue;
use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::host::State;
use driftless_plugin_api::{MediaType, Pin, Span};

use super::{Graph, RunError, RunOptions, negotiate};
use crate::catalog::Provider;
use crate::clock::Forwards;
use crate::executor::{Executor, RealTime, SegmentSignal, Signal, VirtualTime};
use crate::loader::chain::Chain;
use crate::loader::error::LoadError;
use crate::loader::host::{FilterHost, GraphHost, HostClock};
use crate::loader::instance::Instance;
use crate::loader::library::{self, Maker};
use crate::loader::process;
use crate::plan::{Facts, Plan};
use crate::segment::queue::Queue;
use crate::segment::{Head, Input, Segment};

/// In which time a graph is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Real,
    Virtual,
}

impl Graph {
    /// Loads the filters of `plan` and connects them; the graph is stopped. `[main]`
    ///
    /// # Errors
    ///
    /// The first library, filter or connection that fails; nothing runs.
    pub(super) fn load(plan: Plan, mut options: RunOptions, time: Time) -> Result<Self, RunError> {
        // In virtual time the thread is the caller's own, and time waits for it.
        options.real_time_priority &= time == Time::Real;
        let names = plan.filters.iter().map(|filter| filter.name.clone()).collect();
        let clock = match time {
            Time::Real => HostClock::Real(Instant::now()),
            Time::Virtual => HostClock::Virtual(AtomicI64::new(1_000_000_000)),
        };
        let host = Arc::new(GraphHost::new(clock, names, options.seed));
        let inbox = host.events.subscribe();
        let ready = Arc::new(SegQueue::new());
        let signals = signals(&plan, time, &ready);
        host.quality.set_signals(
            (0..plan.filters.len())
                .map(|filter| {
                    let (segment, at) = place(&plan, filter);
                    Signal::of_filter(&signals[segment], at)
                })
                .collect(),
        );
        let instances = instances(&plan, &host, &signals)?;
        let media = connect(&plan, &instances)?;
        let segments = segments(&plan, &host, &signals, instances, &media);
        let executor = match time {
            Time::Real => Executor::Real(RealTime::start(segments, &host, options.patience)),
            Time::Virtual => Executor::Virtual(VirtualTime::new(segments, ready, &host)),
        };
        Ok(Self {
            facts: Facts::declared(&plan.filters),
            settled: plan.settled.clone(),
            state: State::Stopped,
            events: Vec::new(),
            complete: BTreeSet::new(),
            started: None,
            ran: Span::ZERO,
            shown: Forwards::default(),
            told_priority: false,
            plan,
            options,
            host,
            executor,
            media,
            inbox,
        })
    }
}

fn signals(plan: &Plan, time: Time, ready: &Arc<SegQueue<usize>>) -> Vec<Arc<SegmentSignal>> {
    let signal = |(index, segment): (usize, &crate::plan::Segment)| match time {
        Time::Real => SegmentSignal::for_thread(segment.filters.len()),
        Time::Virtual => SegmentSignal::for_list(segment.filters.len(), index, Arc::clone(ready)),
    };
    plan.segments.iter().enumerate().map(signal).collect()
}

/// Which segment a filter is in, and at which place.
pub(super) fn place(plan: &Plan, filter: usize) -> (usize, usize) {
    let found = plan.segments.iter().enumerate().find_map(|(index, segment)| {
        Some((index, segment.filters.iter().position(|member| *member == filter)?))
    });
    found.expect("the plan cuts every filter into exactly one segment")
}

fn maker(plan: &Plan, index: usize) -> Result<Maker, RunError> {
    let filter = &plan.filters[index];
    let id = &filter.descriptor.id;
    match &filter.provider {
        Provider::Library(path) => {
            let failed = |error| RunError::Load {
                filter: filter.name.clone(),
                path: path.clone(),
                error: Box::new(error),
            };
            let library = library::load_with(path, filter.pinned, &plan.loading).map_err(failed)?;
            library.maker(id).ok_or_else(|| failed(LoadError::UnknownFilter(id.clone())))
        }
        Provider::Process(number) => process::factory(*number, id)
            .map(Maker::Rust)
            .ok_or_else(|| RunError::NotRegistered { filter: filter.name.clone() }),
    }
}

fn instances(
    plan: &Plan,
    host: &Arc<GraphHost>,
    signals: &[Arc<SegmentSignal>],
) -> Result<Vec<Instance>, RunError> {
    let make = |index: usize| {
        let filter = &plan.filters[index];
        let (segment, at) = place(plan, index);
        let signal = Signal::of_filter(&signals[segment], at);
        let its_host = FilterHost::new(Arc::clone(host), index, signal).into_raw();
        Instance::create(maker(plan, index)?, &filter.settings, its_host)
            .map_err(|error| RunError::Create { filter: filter.name.clone(), error })
    };
    (0..plan.filters.len()).map(make).collect()
}

/// Connects all pins, from the sources on, so that a transform knows its input before its output.
fn connect(plan: &Plan, instances: &[Instance]) -> Result<Vec<MediaType>, RunError> {
    let mut order: Vec<usize> = (0..plan.connections.len()).collect();
    order.sort_by_key(|index| plan.connections[*index].from);
    let mut media = vec![None; plan.connections.len()];
    for index in order {
        let connection = &plan.connections[index];
        let (from, to) = (connection.from, connection.to);
        if let Some(max) = plan.wishes.max_latency {
            // Before the connection, because some sources size their buffers by it (LS-46).
            instances[from.filter].set_max_stream_offset(Pin::Output(from.pin as u32), max);
        }
        let agreed = negotiate::connect(
            (&instances[from.filter], from.pin as u32),
            (&instances[to.filter], to.pin as u32),
            connection.media,
        );
        media[index] = Some(agreed.map_err(|why| RunError::Connect {
            from: plan.output_name(from),
            to: plan.input_name(to),
            why,
        })?);
    }
    Ok(media.into_iter().flatten().collect())
}

fn segments(
    plan: &Plan,
    host: &Arc<GraphHost>,
    signals: &[Arc<SegmentSignal>],
    instances: Vec<Instance>,
    media: &[MediaType],
) -> Vec<(Segment, Arc<SegmentSignal>)> {
    let mut instances: Vec<Option<Instance>> = instances.into_iter().map(Some).collect();
    let mut segments: Vec<Segment> = Vec::new();
    for (planned, signal) in plan.segments.iter().zip(signals) {
        let members = planned
            .filters
            .iter()
            .filter_map(|&filter| instances[filter].take().map(|instance| (filter, instance)));
        let mut chain = Chain::new(members.collect(), host);
        for (at, filter) in planned.filters.iter().enumerate() {
            chain.open_outputs(at, plan.filters[*filter].outputs.len());
        }
        let is_renderer = |at: &usize| plan.filters[planned.filters[*at]].is(FilterKind::Renderer);
        let renderers = (0..planned.filters.len()).filter(is_renderer).collect();
        // Until the filters are activated and have told whether they are live, sources wait.
        let source = plan.filters[planned.filters[0]].is(FilterKind::Source);
        let head = if source { Head::WaitingSource } else { Head::Queues };
        let signal = Arc::clone(signal);
        segments.push(Segment::new(chain, head, Vec::new(), Vec::new(), renderers, signal));
    }
    for (index, connection) in plan.connections.iter().enumerate() {
        let (from, to) = (place(plan, connection.from.filter), place(plan, connection.to.filter));
        let pins = (connection.from.pin, connection.to.pin);
        match &connection.queue {
            None => segments[from.0].chain_mut().link((from.1, pins.0), (to.1, pins.1)),
            Some(planned) => {
                let queue = Arc::new(Queue::new(
                    planned.capacity,
                    planned.leaky,
                    media[index],
                    connection.to.filter,
                    Signal::of_queues(&signals[to.0]),
                    Signal::of_queues(&signals[from.0]),
                ));
                segments[from.0].chain_mut().link_queue((from.1, pins.0), Arc::clone(&queue));
                segments[from.0].add_output(Arc::clone(&queue));
                segments[to.0].add_input(Input { queue, pin: pins.1 as u32 });
            }
        }
    }
    segments.into_iter().zip(signals.iter().cloned()).collect()
}
