//! The host's side of a unit test.
#![allow(unsafe_code)] // it stands on the host's side of the border

use std::ffi::c_void;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::std_types::RStr;

use super::{Posted, TestClock};
use crate::abi::buffer::{BufferPool, RawBuffer};
use crate::abi::host::{
    HostRef, HostTable, RawCall, RawClockReading, RawClockState, RawDeviation, RawFate, RawHost,
    RawPacket, RawUpstream,
};
use crate::abi::status::Status;
use crate::capability::quality_control::{Quality, RawQuality};
use crate::event::EventCode;
use crate::host::{Called, ClockReading, Fate, Upstream};
use crate::time::{HostTime, ReferenceTime};

/// What a filter under test is given for a host.
pub(super) struct TestHost {
    now: AtomicI64,
    /// Since when time passes by itself.
    passes_since: OnceLock<Instant>,
    told: Mutex<Told>,
    woken: Condvar,
    pool: BufferPool,
    /// Who waits for calls of devices, on what thread.
    device_calls: OnceLock<(ThreadId, fn())>,
}

#[derive(Default)]
struct Told {
    clock: RawClockState,
    own: bool,
    published: Option<RawClockReading>,
    upstream: RawUpstream,
    events: Vec<Posted>,
    fate: Fate,
    repeated: RawCall,
    /// The filter asked for a step since somebody waited for that.
    asked: bool,
    quality: Vec<Quality>,
}

impl Default for TestHost {
    fn default() -> Self {
        let clock = RawClockState { rate: 1.0, flags: 1, ..RawClockState::default() };
        Self {
            now: AtomicI64::new(0),
            passes_since: OnceLock::new(),
            told: Mutex::new(Told { clock, ..Told::default() }),
            woken: Condvar::new(),
            pool: BufferPool::new(),
            device_calls: OnceLock::new(),
        }
    }
}

impl TestHost {
    /// One holder of `host`, as it crosses the border.
    pub(super) fn raw(host: &Arc<Self>) -> RawHost {
        RawHost { table: table(), instance: Arc::into_raw(Arc::clone(host)).cast() }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn pool(&self) -> &BufferPool {
        &self.pool
    }

    pub(super) fn now(&self) -> HostTime {
        let passed = self.passes_since.get().map_or(0, |since| since.elapsed().as_nanos() as i64);
        HostTime::from_nanos(self.now.load(Ordering::Relaxed) + passed)
    }

    pub(super) fn set_now(&self, now: HostTime) {
        if self.passes_since.get().is_none() {
            self.now.store(now.nanos(), Ordering::Relaxed);
        }
    }

    pub(super) fn let_time_pass(&self) {
        self.passes_since.get_or_init(Instant::now);
    }

    pub(super) fn base(&self) -> i64 {
        self.told().clock.base
    }

    pub(super) fn clock(&self) -> RawClockState {
        let told = self.told();
        match told.published {
            Some(RawClockReading { host, reference, rate }) if told.own => {
                RawClockState { host, reference, rate, ..told.clock }
            }
            _ => told.clock,
        }
    }

    pub(super) fn edit(&self, edit: impl FnOnce(&mut RawClockState)) {
        edit(&mut self.told().clock);
    }

    pub(super) fn set_clock(&self, clock: TestClock) {
        let mut told = self.told();
        told.own = clock == TestClock::Own;
        told.clock.epoch += 1;
        told.clock.flags = match clock {
            TestClock::None => 0,
            TestClock::Other(_) => 1,
            TestClock::Own => 3,
        };
        if let TestClock::Other(rate) = clock {
            told.clock.rate = rate;
        }
    }

    pub(super) fn set_upstream(&self, upstream: Upstream) {
        let source = upstream.push_source;
        self.told().upstream = RawUpstream {
            live: u32::from(upstream.live),
            push_source: u32::from(source.is_some()),
            flags: source.map_or(0, |source| source.flags.0),
            reserved: 0,
            latency: source.and_then(|source| source.latency).map_or(-1, |span| span.nanos()),
            offset: source.map_or(0, |source| source.offset.nanos()),
        };
    }

    pub(super) fn set_fate(&self, fate: Fate) {
        self.told().fate = fate;
    }

    pub(super) fn set_repeated_call(&self, call: Option<Called>) {
        self.told().repeated = call.map(RawCall::from).unwrap_or_default();
    }

    pub(super) fn wait_until_woken(&self, timeout: Duration) -> bool {
        let waited = self.woken.wait_timeout_while(self.told(), timeout, |told| !told.asked);
        let (mut told, _) = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
        std::mem::take(&mut told.asked)
    }

    pub(super) fn set_device_calls(&self, hook: fn()) {
        self.device_calls.get_or_init(|| (thread::current().id(), hook));
    }

    fn device_called(&self) {
        if let Some((own, hook)) = self.device_calls.get()
            && *own != thread::current().id()
        {
            hook();
        }
    }

    pub(super) fn take_events(&self) -> Vec<Posted> {
        std::mem::take(&mut self.told().events)
    }

    pub(super) fn take_quality(&self) -> Vec<Quality> {
        std::mem::take(&mut self.told().quality)
    }

    pub(super) fn published_clock(&self) -> Option<ClockReading> {
        self.told().published.map(|reading| ClockReading {
            host: HostTime::from_nanos(reading.host),
            reference: ReferenceTime::from_nanos(reading.reference),
            rate: reading.rate,
        })
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
/// `instance` is a holder that [`TestHost::raw`] gave, not released yet.
unsafe fn host<'a>(instance: *const c_void) -> &'a TestHost {
    // SAFETY: the caller's own promise.
    unsafe { &*instance.cast::<TestHost>() }
}

unsafe extern "C" fn now(instance: *const c_void) -> i64 {
    // SAFETY: filters pass the instance they were given; likewise below.
    unsafe { host(instance) }.now().nanos()
}

unsafe extern "C" fn clock(instance: *const c_void) -> RawClockState {
    // SAFETY: see `now`.
    unsafe { host(instance) }.clock()
}

unsafe extern "C" fn wake(instance: *const c_void) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.told().asked = true;
    host.woken.notify_all();
}

unsafe extern "C" fn publish_clock(instance: *const c_void, reading: RawClockReading) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.told().published = Some(reading);
    host.device_called();
}

unsafe extern "C" fn event(instance: *const c_void, code: u32, p1: i64, p2: i64, text: RStr<'_>) {
    let posted = Posted { code: EventCode(code), p1, p2, text: text.to_string() };
    // SAFETY: see `now`.
    unsafe { host(instance) }.told().events.push(posted);
}

unsafe extern "C" fn log(_instance: *const c_void, _level: u32, _text: RStr<'_>) {}

unsafe extern "C" fn take_buffer(instance: *const c_void, bytes: usize) -> *mut RawBuffer {
    // SAFETY: see `now`.
    let buffer = unsafe { host(instance) }.pool.take(bytes);
    buffer.map_or(std::ptr::null_mut(), |buffer| buffer.into_raw())
}

unsafe extern "C" fn upstream(instance: *const c_void, _pin: u32) -> RawUpstream {
    // SAFETY: see `now`.
    unsafe { host(instance) }.told().upstream
}

unsafe extern "C" fn quality(instance: *const c_void, _input: u32, quality: RawQuality) -> Status {
    // SAFETY: see `now`.
    unsafe { host(instance) }.told().quality.push(quality.into());
    Status::OK
}

unsafe extern "C" fn seed(_instance: *const c_void) -> u64 {
    1
}

unsafe extern "C" fn retain(instance: *const c_void) {
    // SAFETY: see `now`.
    unsafe { Arc::increment_strong_count(instance.cast::<TestHost>()) };
}

unsafe extern "C" fn release(instance: *const c_void) {
    // SAFETY: see `now`; the holder is given up.
    unsafe { Arc::decrement_strong_count(instance.cast::<TestHost>()) };
}

unsafe extern "C" fn deviation(_instance: *const c_void, _at: i64) -> RawDeviation {
    RawDeviation::default()
}

unsafe extern "C" fn fate(instance: *const c_void, _nominal: i64) -> RawFate {
    // SAFETY: see `now`.
    unsafe { host(instance) }.told().fate.into()
}

unsafe extern "C" fn called(instance: *const c_void, _call: RawCall) {
    // SAFETY: see `now`.
    unsafe { host(instance) }.device_called();
}

unsafe extern "C" fn call(instance: *const c_void) -> RawCall {
    // SAFETY: see `now`.
    unsafe { host(instance) }.told().repeated
}

unsafe extern "C" fn arrived(_instance: *const c_void, _packet: RawPacket) {}

unsafe extern "C" fn packet(_instance: *const c_void) -> RawPacket {
    RawPacket::default()
}
