//! The functions that a filter calls, behind the table that it is given.
#![allow(unsafe_code)] // the host's side of the border

use std::ffi::c_void;
use std::sync::{Arc, OnceLock};

use driftless_plugin_api::abi::abi_stable::prefix_type::PrefixTypeTrait;
use driftless_plugin_api::abi::abi_stable::std_types::RStr;
use driftless_plugin_api::abi::buffer::RawBuffer;
use driftless_plugin_api::abi::host::{
    HostRef, HostTable, RawCall, RawClockReading, RawClockState, RawDeviation, RawFate, RawPacket,
    RawUpstream,
};
use driftless_plugin_api::capability::quality_control::RawQuality;
use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::time::HostTime;
use driftless_plugin_api::{ClockReading, ReferenceTime, Status};

use super::{FilterHost, lock};
use crate::trace::Entry;

/// The table, the same for all filters.
pub(super) fn table() -> HostRef {
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
    host.graph.trace(|| Entry::Clock { filter: host.number() as u32, reading: known(reading) });
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

unsafe extern "C" fn quality(instance: *const c_void, input: u32, quality: RawQuality) -> Status {
    // SAFETY: see `now`.
    match unsafe { host(instance) }.quality.send(input, quality) {
        true => Status::OK,
        false => Status::NOT_CONNECTED,
    }
}

unsafe extern "C" fn seed(instance: *const c_void) -> u64 {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    // Another number for every filter, far from its neighbours' (SplitMix64's increment).
    let step = (host.number() as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
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
    let deviation = conditions.map(|it| it.deviation(host.number(), HostTime::from_nanos(at)));
    deviation.map(RawDeviation::from).unwrap_or_default()
}

unsafe extern "C" fn fate(instance: *const c_void, nominal: i64) -> RawFate {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let conditions = host.graph.conditions.get();
    let fate = conditions.map(|it| it.fate(host.number(), HostTime::from_nanos(nominal)));
    fate.map(RawFate::from).unwrap_or_default()
}

unsafe extern "C" fn called(instance: *const c_void, call: RawCall) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.graph.trace(|| Entry::Call { filter: host.number() as u32, call: call.into() });
}

unsafe extern "C" fn call(instance: *const c_void) -> RawCall {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let Some(repeated) = host.graph.repeated.get() else { return RawCall::default() };
    match *lock(&repeated.call) {
        _ if !repeated.filters.contains(&host.number()) => RawCall::default(),
        Some((filter, call)) if filter == host.number() => call.into(),
        _ => RawCall { state: 1, ..RawCall::default() },
    }
}

unsafe extern "C" fn arrived(instance: *const c_void, packet: RawPacket) {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    host.graph.trace(|| Entry::Packet { filter: host.number() as u32, packet: packet.into() });
}

unsafe extern "C" fn packet(instance: *const c_void) -> RawPacket {
    // SAFETY: see `now`.
    let host = unsafe { host(instance) };
    let Some(repeated) = host.graph.repeated.get() else { return RawPacket::default() };
    if !repeated.filters.contains(&host.number()) {
        return RawPacket::default();
    }
    let mut packets = lock(&repeated.packets);
    let next = packets.iter().position(|(filter, _)| *filter == host.number());
    let next = next.and_then(|index| packets.remove(index));
    next.map_or(RawPacket { state: 1, ..RawPacket::default() }, |(_, packet)| packet.into())
}
