//! What a filter gets from us: time, clock, events, buffers.

mod table;

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use driftless_plugin_api::FilterError;
use driftless_plugin_api::abi::buffer::BufferPool;
use driftless_plugin_api::abi::host::{RawHost, RawUpstream};
use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::{Called, Packet};
use driftless_plugin_api::time::HostTime;

use crate::clock::{ClockBoard, FilterId};
use crate::event::{Event, EventBus, is_failure};
use crate::executor::SegmentSignal;
use crate::growing::Growing;
use crate::loader::quality::Mailbox;
use crate::segment::arrivals::Arrivals;
use crate::simulate::Conditions;
use crate::trace::{Entry, Tracer};

/// Where host time comes from.
#[derive(Debug)]
pub enum HostClock {
    /// The operating system's monotonic clock, counted from here.
    Real(Instant),
    /// A number.
    Virtual(AtomicI64),
}

impl HostClock {
    /// Host time now. `[device]`
    pub fn now(&self) -> HostTime {
        HostTime::from_nanos(match self {
            // Starts at one second, so that "before the start" is a time too.
            Self::Real(origin) => 1_000_000_000 + origin.elapsed().as_nanos() as i64,
            Self::Virtual(now) => now.load(Ordering::Relaxed),
        })
    }
}

/// What devices and networks did, to be repeated.
#[derive(Debug, Default)]
pub struct Repeated {
    /// The filters whose devices called, or that took packets.
    filters: BTreeSet<usize>,
    /// The call that is repeated now, and whose device it was.
    call: Mutex<Option<(usize, Called)>>,
    /// Packets that are still to be taken in this step, and who took them.
    packets: Mutex<VecDeque<(usize, Packet)>>,
    /// Samples that found no room: the queue's connection, by its index in the plan, and the sample's number.
    dropped: BTreeSet<(usize, u64)>,
}

impl Repeated {
    /// What those of these filters did, and which samples found no room in the queue of which connection.
    pub fn of(filters: BTreeSet<usize>, dropped: BTreeSet<(usize, u64)>) -> Self {
        Self { filters, dropped, ..Self::default() }
    }

    /// Whether a sample found no room. `[streaming]`
    pub fn is_dropped(&self, connection: usize, sample: u64) -> bool {
        self.dropped.contains(&(connection, sample))
    }

    /// Says which call is to be repeated now, if any. `[main]`
    pub fn call(&self, call: Option<(usize, Called)>) {
        *lock(&self.call) = call;
    }

    /// Says which packets are to be taken in the next step. `[main]`
    pub fn packets(&self, packets: impl IntoIterator<Item = (usize, Packet)>) {
        lock(&self.packets).extend(packets);
    }
}

/// What all filters of a graph share.
#[derive(Debug)]
pub struct GraphHost {
    /// Host time.
    pub clock: HostClock,
    /// The reference clock.
    pub board: ClockBoard,
    /// Events.
    pub events: EventBus,
    /// Sample buffers.
    pub pool: BufferPool,
    /// What wakes the segments, by the executor's places.
    pub segments: Growing<SegmentSignal>,
    /// What random choices start from.
    pub seed: u64,
    /// What happens to simulated devices and sources; set before anything runs, or never.
    pub conditions: OnceLock<Conditions>,
    /// Who writes the timing of the run down; set before anything runs, or never.
    pub tracer: OnceLock<Tracer>,
    /// What devices and networks did, where a run is repeated; set before anything runs, or never.
    pub repeated: OnceLock<Repeated>,
}

impl GraphHost {
    /// The host of a graph without filters.
    pub fn new(clock: HostClock, seed: u64) -> Self {
        Self {
            clock,
            board: ClockBoard::default(),
            events: EventBus::default(),
            pool: BufferPool::new(),
            segments: Growing::default(),
            seed,
            conditions: OnceLock::new(),
            tracer: OnceLock::new(),
            repeated: OnceLock::new(),
        }
    }

    /// Writes down what happened, if somebody does. `[device]`
    pub fn trace(&self, entry: impl FnOnce() -> Entry) {
        if let Some(tracer) = self.tracer.get() {
            tracer.record(entry());
        }
    }

    /// Posts an event of the graph itself.
    pub fn post(&self, code: EventCode, p1: i64, p2: i64, text: &str) {
        self.post_of(None, code, p1, p2, text);
    }

    fn post_of(&self, filter: Option<&str>, code: EventCode, p1: i64, p2: i64, text: &str) {
        let filter = filter.map(str::to_owned);
        let at = self.board.stream_time(self.clock.now());
        self.events.post(&Event { code, filter, at, p1, p2, text: text.to_owned() });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// No place: the filter is in no segment yet.
const NOWHERE: usize = usize::MAX;

/// The host as one filter sees it, and what the engine knows of the filter as long as it lives.
#[derive(Debug)]
pub struct FilterHost {
    graph: Arc<GraphHost>,
    name: String,
    id: FilterId,
    /// It wants to be stepped.
    raised: AtomicBool,
    /// It presented all of its stream, or failed, since its latest run or flush (LS-114).
    complete: AtomicBool,
    /// Why it is out of the graph was told (LS-111).
    told_failure: AtomicBool,
    /// The executor's place of its segment.
    place: AtomicUsize,
    /// What it finds upstream of its input pins.
    upstream: Mutex<Vec<RawUpstream>>,
    /// Quality messages to it, and from it.
    pub quality: Mailbox,
    /// What came for it through queues.
    pub arrivals: Arrivals,
}

impl FilterHost {
    /// The host for the filter called `name`. `[main]`
    pub fn new(graph: &Arc<GraphHost>, name: &str) -> Arc<Self> {
        Arc::new(Self {
            graph: Arc::clone(graph),
            name: name.to_owned(),
            id: graph.board.join(),
            raised: AtomicBool::new(false),
            complete: AtomicBool::new(false),
            told_failure: AtomicBool::new(false),
            place: AtomicUsize::new(NOWHERE),
            upstream: Mutex::default(),
            quality: Mailbox::default(),
            arrivals: Arrivals::default(),
        })
    }

    /// One holder, ready to cross the border.
    pub fn into_raw(self: Arc<Self>) -> RawHost {
        RawHost { table: table::table(), instance: Arc::into_raw(self).cast() }
    }

    /// The filter's number.
    pub fn id(&self) -> FilterId {
        self.id
    }

    /// The same as a number: the filter's index in the plan that the graph was loaded with, and higher
    /// for those that came later. Conditions and traces go by it.
    fn number(&self) -> usize {
        self.id.number()
    }

    /// What it shares with all others.
    pub fn graph(&self) -> &GraphHost {
        &self.graph
    }

    /// Sets what it finds upstream of its input pins. `[main]`
    pub fn set_upstream(&self, pins: Vec<RawUpstream>) {
        *lock(&self.upstream) = pins;
    }

    /// Posts an event of the filter.
    pub fn post(&self, code: EventCode, p1: i64, p2: i64, text: &str) {
        let failed = is_failure(code);
        self.told_failure.fetch_or(failed, Ordering::Relaxed);
        if code == EventCode::COMPLETE || failed {
            self.set_complete(true);
        }
        self.graph.post_of(Some(&self.name), code, p1, p2, text);
    }

    /// Says why the filter failed, unless it did so itself (LS-111). `[streaming]`
    pub fn post_failure(&self, error: &FilterError) {
        if !self.has_told_failure() {
            self.post(EventCode::ERROR_ABORT, i64::from(error.status.0), 0, &error.text);
        }
    }

    /// Whether it is known why the filter failed.
    pub fn has_told_failure(&self) -> bool {
        self.told_failure.load(Ordering::Relaxed)
    }

    /// It begins anew, as if it had never failed.
    pub fn forget_failure(&self) {
        self.told_failure.store(false, Ordering::Relaxed);
    }

    /// Whether nothing more is to come of it: it presented all of its stream, or failed (LS-114). `[any]`
    pub fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    /// Says so, or that it begins anew.
    pub fn set_complete(&self, complete: bool) {
        self.complete.store(complete, Ordering::Release);
    }

    /// Says in which place its segment is. A signal raised meanwhile is found by that segment's first
    /// step: it was raised before the place was read, and is looked for after the place was written.
    pub fn set_place(&self, place: usize) {
        self.place.store(place, Ordering::SeqCst);
    }

    /// Lets the filter be stepped soon. `[any]`
    pub fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
        self.wake_segment();
    }

    /// Lets its segment be stepped soon, which need not mean the filter itself. `[any]`
    pub fn wake_segment(&self) {
        if let Some(signal) = self.graph.segments.get(self.place.load(Ordering::SeqCst)) {
            signal.wake();
        }
    }

    /// Takes its signal down; returns whether it was up. `[streaming]`
    pub fn lower(&self) -> bool {
        // Most are down, and reading costs less than swapping.
        self.raised.load(Ordering::SeqCst) && self.raised.swap(false, Ordering::SeqCst)
    }
}
