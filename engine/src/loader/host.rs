//! What a filter gets from us: time, clock, events, buffers.
#![allow(unsafe_code)] // the host's side of the border

use std::collections::{BTreeSet, VecDeque};
use std::ffi::c_void;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use driftless_plugin_api::Status;
use driftless_plugin_api::abi::abi_stable::prefix_type::PrefixTypeTrait;
use driftless_plugin_api::abi::abi_stable::std_types::RStr;
use driftless_plugin_api::abi::buffer::{BufferPool, RawBuffer};
use driftless_plugin_api::abi::host::{
    HostRef, HostTable, RawCall, RawClockReading, RawClockState, RawDeviation, RawFate, RawHost,
    RawPacket, RawUpstream,
};
use driftless_plugin_api::capability::quality_control::RawQuality;
use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::{Called, Packet};
use driftless_plugin_api::time::HostTime;
use driftless_plugin_api::{ClockReading, ReferenceTime};

use crate::clock::ClockBoard;
use crate::event::{Event, EventBus};
use crate::executor::Signal;
use crate::loader::quality::QualityMail;
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
}

impl Repeated {
    /// What those of these filters did.
    pub fn of(filters: BTreeSet<usize>) -> Self {
        Self { filters, ..Self::default() }
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
    /// Quality messages on their way.
    pub quality: QualityMail,
    /// Filters' names.
    pub names: Vec<String>,
    /// What random choices start from.
    pub seed: u64,
    /// What happens to simulated devices and sources; set before anything runs, or never.
    pub conditions: OnceLock<Conditions>,
    /// Who writes the timing of the run down; set before anything runs, or never.
    pub tracer: OnceLock<Tracer>,
    /// What devices and networks did, where a run is repeated; set before anything runs, or never.
    pub repeated: OnceLock<Repeated>,
    /// What each filter finds upstream of its input pins.
    upstream: Mutex<Vec<Vec<RawUpstream>>>,
}

impl GraphHost {
    /// The host of a graph whose filters have these names.
    pub fn new(clock: HostClock, names: Vec<String>, seed: u64) -> Self {
        Self {
            clock,
            board: ClockBoard::new(names.len()),
            events: EventBus::default(),
            pool: BufferPool::new(),
            quality: QualityMail::new(names.len()),
            upstream: Mutex::new(vec![Vec::new(); names.len()]),
            conditions: OnceLock::new(),
            tracer: OnceLock::new(),
            repeated: OnceLock::new(),
            names,
            seed,
        }
    }

    /// Sets what filter `filter` finds upstream of its input pins. `[main]`
    pub fn set_upstream(&self, filter: usize, pins: Vec<RawUpstream>) {
        if let Some(known) = lock(&self.upstream).get_mut(filter) {
            *known = pins;
        }
    }

    /// Writes down what happened, if somebody does. `[device]`
    pub fn trace(&self, entry: impl FnOnce() -> Entry) {
        if let Some(tracer) = self.tracer.get() {
            tracer.record(entry());
        }
    }

    /// Posts an event of `filter`, or of the graph itself.
    pub fn post(&self, filter: Option<usize>, code: EventCode, p1: i64, p2: i64, text: &str) {
        let filter = filter.and_then(|index| self.names.get(index)).cloned();
        let at = self.board.stream_time(self.clock.now());
        self.events.post(&Event { code, filter, at, p1, p2, text: text.to_owned() });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The host as one filter sees it.
#[derive(Debug)]
pub struct FilterHost {
    graph: Arc<GraphHost>,
    filter: usize,
    signal: Signal,
}

impl FilterHost {
    /// The host for filter number `filter`, which is woken through `signal`.
    pub fn new(graph: Arc<GraphHost>, filter: usize, signal: Signal) -> Self {
        Self { graph, filter, signal }
    }

    /// One holder, ready to cross the border.
    pub fn into_raw(self) -> RawHost {
        RawHost { table: table(), instance: Arc::into_raw(Arc::new(self)).cast() }
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
            deviation,
            fate,
            called,
            call,
            arrived,
            packet,
            quality,
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
    host.graph.board.state(Some(host.filter))
}

unsafe extern "C" fn wake(instance: *const c_void) {
    // SAFETY: see `now`.
    unsafe { host(instance) }.signal.raise();
}

unsafe extern "C" fn publish_clock(instance: *const c_void, reading: RawClockReading) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.graph.board.publish(host.filter, reading);
    host.graph.trace(|| Entry::Clock { filter: host.filter as u32, reading: known(reading) });
}

fn known(raw: RawClockReading) -> ClockReading {
    ClockReading {
        host: HostTime::from_nanos(raw.host),
        reference: ReferenceTime::from_nanos(raw.reference),
        rate: raw.rate,
    }
}

unsafe extern "C" fn event(instance: *const c_void, code: u32, p1: i64, p2: i64, text: RStr<'_>) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.graph.post(Some(host.filter), EventCode(code), p1, p2, text.as_str());
}

unsafe extern "C" fn log(instance: *const c_void, level: u32, text: RStr<'_>) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let filter = host.graph.names.get(host.filter).map_or("", String::as_str);
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
    let known = lock(&host.graph.upstream);
    known.get(host.filter).and_then(|pins| pins.get(pin as usize)).copied().unwrap_or_default()
}

unsafe extern "C" fn quality(instance: *const c_void, input: u32, quality: RawQuality) -> Status {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    match host.graph.quality.send(host.filter, input, quality) {
        true => Status::OK,
        false => Status::NOT_CONNECTED,
    }
}

unsafe extern "C" fn seed(instance: *const c_void) -> u64 {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    // Another number for every filter, far from its neighbours' (SplitMix64's increment).
    let step = (host.filter as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
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

unsafe extern "C" fn deviation(instance: *const c_void, at: i64) -> RawDeviation {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let conditions = host.graph.conditions.get();
    let deviation = conditions.map(|it| it.deviation(host.filter, HostTime::from_nanos(at)));
    deviation.map(RawDeviation::from).unwrap_or_default()
}

unsafe extern "C" fn fate(instance: *const c_void, nominal: i64) -> RawFate {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let conditions = host.graph.conditions.get();
    let fate = conditions.map(|it| it.fate(host.filter, HostTime::from_nanos(nominal)));
    fate.map(RawFate::from).unwrap_or_default()
}

unsafe extern "C" fn called(instance: *const c_void, call: RawCall) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.graph.trace(|| Entry::Call { filter: host.filter as u32, call: call.into() });
}

unsafe extern "C" fn call(instance: *const c_void) -> RawCall {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let Some(repeated) = host.graph.repeated.get() else { return RawCall::default() };
    match *lock(&repeated.call) {
        _ if !repeated.filters.contains(&host.filter) => RawCall::default(),
        Some((filter, call)) if filter == host.filter => call.into(),
        _ => RawCall { state: 1, ..RawCall::default() },
    }
}

unsafe extern "C" fn arrived(instance: *const c_void, packet: RawPacket) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.graph.trace(|| Entry::Packet { filter: host.filter as u32, packet: packet.into() });
}

unsafe extern "C" fn packet(instance: *const c_void) -> RawPacket {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let Some(repeated) = host.graph.repeated.get() else { return RawPacket::default() };
    if !repeated.filters.contains(&host.filter) {
        return RawPacket::default();
    }
    let mut packets = lock(&repeated.packets);
    let next = packets.iter().position(|(filter, _)| *filter == host.filter);
    let next = next.and_then(|index| packets.remove(index));
    next.map_or(RawPacket { state: 1, ..RawPacket::default() }, |(_, packet)| packet.into())
}
