//! What a filter gets from us: time, clock, events, buffers.
#![allow(unsafe_code)] // the host's side of the border

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use driftless_plugin_api::abi::abi_stable::prefix_type::PrefixTypeTrait;
use driftless_plugin_api::abi::abi_stable::std_types::RStr;
use driftless_plugin_api::abi::buffer::{BufferPool, RawBuffer};
use driftless_plugin_api::abi::host::{
    HostRef, HostTable, RawClockReading, RawClockState, RawHost, RawUpstream,
};
use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::time::HostTime;

use crate::clock::{ClockBoard, FilterId};
use crate::event::{Event, EventBus};
use crate::executor::SegmentSignal;
use crate::growing::Growing;

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
    /// The executor's place of its segment.
    place: AtomicUsize,
    /// What it finds upstream of its input pins.
    upstream: Mutex<Vec<RawUpstream>>,
}

impl FilterHost {
    /// The host for the filter called `name`. `[main]`
    pub fn new(graph: &Arc<GraphHost>, name: &str) -> Arc<Self> {
        Arc::new(Self {
            graph: Arc::clone(graph),
            name: name.to_owned(),
            id: graph.board.join(),
            raised: AtomicBool::new(false),
            place: AtomicUsize::new(NOWHERE),
            upstream: Mutex::default(),
        })
    }

    /// One holder, ready to cross the border.
    pub fn into_raw(self: Arc<Self>) -> RawHost {
        RawHost { table: table(), instance: Arc::into_raw(self).cast() }
    }

    /// The filter's number.
    pub fn id(&self) -> FilterId {
        self.id
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
        self.graph.post_of(Some(&self.name), code, p1, p2, text);
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

fn table() -> HostRef {
    static TABLE: OnceLock<HostRef> = OnceLock::new();
    *TABLE.get_or_init(|| {
        HostTable {
            now,
            clock,
            wake,
            publish_clock,
            event,
            log,
            take_buffer,
            upstream,
            seed,
            retain,
            release,
        }
        .leak_into_prefix()
    })
}

/// # Safety
///
/// `instance` is a holder that [`FilterHost::into_raw`] gave, not released yet.
unsafe fn host<'a>(instance: *const c_void) -> &'a FilterHost {
    // SAFETY: the caller's own promise.
    unsafe { &*instance.cast::<FilterHost>() }
}

unsafe extern "C" fn now(instance: *const c_void) -> i64 {
    // SAFETY: filters pass the instance they were given; likewise below.
    unsafe { host(instance) }.graph.clock.now().nanos()
}

unsafe extern "C" fn clock(instance: *const c_void) -> RawClockState {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.graph.board.state(Some(host.id))
}

unsafe extern "C" fn wake(instance: *const c_void) {
    // SAFETY: see `now`.
    unsafe { host(instance) }.raise();
}

unsafe extern "C" fn publish_clock(instance: *const c_void, reading: RawClockReading) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.graph.board.publish(host.id, reading);
}

unsafe extern "C" fn event(instance: *const c_void, code: u32, p1: i64, p2: i64, text: RStr<'_>) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.post(EventCode(code), p1, p2, text.as_str());
}

unsafe extern "C" fn log(instance: *const c_void, level: u32, text: RStr<'_>) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let filter = host.name.as_str();
    let text = text.as_str();
    match level {
        1 => tracing::error!(filter, "{text}"),
        2 => tracing::warn!(filter, "{text}"),
        3 => tracing::info!(filter, "{text}"),
        4 => tracing::debug!(filter, "{text}"),
        _ => tracing::trace!(filter, "{text}"),
    }
}

unsafe extern "C" fn take_buffer(instance: *const c_void, bytes: usize) -> *mut RawBuffer {
    // SAFETY: see `now`.
    let buffer = unsafe { host(instance) }.graph.pool.take(bytes);
    buffer.map_or(std::ptr::null_mut(), |buffer| buffer.into_raw())
}

unsafe extern "C" fn upstream(instance: *const c_void, pin: u32) -> RawUpstream {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    lock(&host.upstream).get(pin as usize).copied().unwrap_or_default()
}

unsafe extern "C" fn seed(instance: *const c_void) -> u64 {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    // Another number for every filter, far from its neighbours' (SplitMix64's increment).
    let step = (host.id.number() as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    host.graph.seed.wrapping_add(step)
}

unsafe extern "C" fn retain(instance: *const c_void) {
    // SAFETY: see `now`.
    unsafe { Arc::increment_strong_count(instance.cast::<FilterHost>()) };
}

unsafe extern "C" fn release(instance: *const c_void) {
    // SAFETY: see `now`; the holder is given up.
    unsafe { Arc::decrement_strong_count(instance.cast::<FilterHost>()) };
}
