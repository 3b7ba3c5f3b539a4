//! The tables of a filter in C as those of a filter in Rust.
//!
//! `step`, `receive`, `ready` and what else has the same form in both are the plugin's own functions.
//! The rest finds the plugin's table where the filter begins.
#![allow(unsafe_code)] // calls across the border to C

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Mutex, OnceLock, PoisonError};

use driftless_plugin_api::abi::abi_stable::prefix_type::PrefixTypeTrait;
use driftless_plugin_api::abi::abi_stable::std_types::{ROption, RResult, RString, RVec};
use driftless_plugin_api::abi::c::{CCounter, CFilterTable};
use driftless_plugin_api::abi::filter::{FilterRef, FilterTable, RawCounter, RawError};
use driftless_plugin_api::abi::host::{RawMarker, RawOutput};
use driftless_plugin_api::abi::media::RawMedia;
use driftless_plugin_api::abi::sample::RawSample;
use driftless_plugin_api::abi::wake::RawWake;
use driftless_plugin_api::capability::clock::{ClockRef, ClockTable};
use driftless_plugin_api::capability::clock_slave::{ClockSlaveRef, ClockSlaveTable};
use driftless_plugin_api::capability::latency::{LatencyRef, LatencyTable};
use driftless_plugin_api::capability::pins::{PinsRef, PinsTable};
use driftless_plugin_api::capability::push_source::{PushSourceRef, PushSourceTable};
use driftless_plugin_api::capability::quality_control::QualityControlRef;
use driftless_plugin_api::capability::renderer_statistics::{
    RendererStatisticsRef, RendererStatisticsTable,
};
use driftless_plugin_api::capability::stream_control::{StreamControlRef, StreamControlTable};
use driftless_plugin_api::{Sample, Status, Wake};

use super::{failure, no_reason, text};

/// How many media types or counters a filter may have.
const ROOM: usize = 64;

/// The table for filters with the table `c`; made once for each.
pub(super) fn filter(c: &'static CFilterTable) -> FilterRef {
    static MADE: OnceLock<Mutex<HashMap<usize, FilterRef>>> = OnceLock::new();
    let mut made = MADE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    *made.entry(std::ptr::from_ref(c).addr()).or_insert_with(|| {
        FilterTable {
            destroy: c.destroy,
            media_types,
            connect,
            disconnect: c.disconnect.unwrap_or(no_disconnect),
            change_state,
            cue: c.cue.unwrap_or(cued),
            step: c.step.unwrap_or(when_signalled),
            receive: c.receive.unwrap_or(no_receive),
            mark: c.mark.unwrap_or(pass_on),
            ready: c.ready.unwrap_or(always_ready),
            counters,
            latency,
            push_source,
            clock,
            clock_slave,
            renderer_statistics,
            stream_control,
            pins,
            quality_control,
            ready_for,
        }
        .leak_into_prefix()
    })
}

/// The plugin's table.
///
/// # Safety
///
/// `filter` is a live filter in C, whose table was found to be whole when it was made.
unsafe fn of(filter: *mut c_void) -> &'static CFilterTable {
    // SAFETY: the caller's own promise: a filter begins with the pointer to its table.
    let table = unsafe { filter.cast::<*const CFilterTable>().read() };
    // SAFETY: tables live as long as their library, which is never closed.
    unsafe { &*table }
}

unsafe extern "C" fn no_disconnect(_: *mut c_void, _: u32) {}

unsafe extern "C" fn cued(_: *mut c_void) -> Status {
    Status::OK
}

unsafe extern "C" fn when_signalled(_: *mut c_void, _: *const RawOutput) -> RawWake {
    Wake::OnSignal.into()
}

unsafe extern "C" fn always_ready(_: *mut c_void) -> bool {
    true
}

unsafe extern "C" fn no_receive(
    _: *mut c_void,
    _: u32,
    sample: *mut RawSample,
    _: *const RawOutput,
) -> Status {
    // SAFETY: the caller gives the sample up, whatever the answer.
    drop(unsafe { Sample::take(sample) });
    Status::INVALID_DIRECTION
}

unsafe extern "C" fn pass_on(
    _: *mut c_void,
    _: u32,
    marker: *const RawMarker,
    output: *const RawOutput,
) -> Status {
    // SAFETY: the caller passes a table that is valid during the call.
    let output = unsafe { &*output };
    for pin in 0..output.pins {
        // SAFETY: as above; the marker too.
        unsafe { (output.mark)(output.instance, pin, marker, output.now) };
    }
    Status::OK
}

unsafe extern "C" fn media_types(filter: *mut c_void, pin: u32) -> RVec<RawMedia> {
    // SAFETY: the engine passes live filters; likewise below.
    let Some(media_types) = unsafe { of(filter) }.media_types else {
        return RVec::from(vec![RawMedia::default()]);
    };
    let mut types = [RawMedia::default(); ROOM];
    // SAFETY: there is room for as many as is said.
    let count = unsafe { media_types(filter, pin, types.as_mut_ptr(), ROOM) };
    types[..count.min(ROOM)].into()
}

/// Calls what answers with a status and a reason.
fn with_reason(call: impl FnOnce(*mut super::CReason) -> Status) -> RResult<(), RawError> {
    let mut reason = no_reason();
    match call(&raw mut reason) {
        status if status.is_success() => RResult::ROk(()),
        status => RResult::RErr(failure(status, &reason).into()),
    }
}

unsafe extern "C" fn connect(
    filter: *mut c_void,
    pin: u32,
    media: RawMedia,
) -> RResult<(), RawError> {
    // SAFETY: see `media_types`.
    let connect = unsafe { of(filter) }.connect;
    // SAFETY: see `media_types`; media type and reason live during the call.
    with_reason(|reason| unsafe { connect(filter, pin, &raw const media, reason) })
}

unsafe extern "C" fn change_state(
    filter: *mut c_void,
    transition: u32,
    base: i64,
) -> RResult<(), RawError> {
    // SAFETY: see `media_types`.
    let Some(change_state) = unsafe { of(filter) }.change_state else { return RResult::ROk(()) };
    // SAFETY: see `media_types`; the reason lives during the call.
    with_reason(|reason| unsafe { change_state(filter, transition, base, reason) })
}

unsafe extern "C" fn counters(filter: *mut c_void) -> RVec<RawCounter> {
    // SAFETY: see `media_types`.
    let Some(counters) = unsafe { of(filter) }.counters else { return RVec::new() };
    let mut list = [CCounter { name: std::ptr::null(), value: 0 }; ROOM];
    // SAFETY: there is room for as many as is said.
    let count = unsafe { counters(filter, list.as_mut_ptr(), ROOM) };
    let counter = |counter: &CCounter| {
        // SAFETY: names live as long as the library.
        let name = unsafe { text(counter.name) }?;
        Some(RawCounter { name: name.into(), value: counter.value })
    };
    list[..count.min(ROOM)].iter().filter_map(counter).collect()
}

/// C has no quality control yet.
unsafe extern "C" fn ready_for(_: *mut c_void, _: u32) -> bool {
    true
}

unsafe extern "C" fn quality_control(_: *mut c_void) -> ROption<QualityControlRef> {
    ROption::RNone
}

/// One of the tables of capabilities: made once, offered by filters that have it in C.
macro_rules! capabilities {
    ($($name:ident: $reference:ident = $table:expr;)*) => {$(
        unsafe extern "C" fn $name(filter: *mut c_void) -> ROption<$reference> {
            static TABLE: OnceLock<$reference> = OnceLock::new();
            // SAFETY: see `media_types`.
            let offered = !unsafe { of(filter) }.$name.is_null();
            offered.then(|| *TABLE.get_or_init(|| $table.leak_into_prefix())).into()
        }
    )*};
}

capabilities! {
    latency: LatencyRef = LatencyTable { latency: latency_of, holds };
    push_source: PushSourceRef = PushSourceTable {
        flags,
        set_flags,
        stamps,
        stream_offset,
        set_stream_offset,
        max_stream_offset,
        set_max_stream_offset,
    };
    clock: ClockRef = ClockTable { offers, identity };
    clock_slave: ClockSlaveRef = ClockSlaveTable { tolerance, set_tolerance };
    renderer_statistics: RendererStatisticsRef = RendererStatisticsTable { statistics };
    stream_control: StreamControlRef = StreamControlTable { start_at, stop_at };
    pins: PinsRef = PinsTable { category, misc_flags };
}

/// Functions of a capability: the plugin's of the same name, called with the same arguments.
macro_rules! forward {
    ($($name:ident = $capability:ident.$function:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {$(
        unsafe extern "C" fn $name(filter: *mut c_void $(, $argument: $type)*) -> $result {
            // SAFETY: see `media_types`.
            let capability = unsafe { of(filter) }.$capability;
            // SAFETY: it was found to be there; it lives as long as the library.
            let capability = unsafe { &*capability };
            // SAFETY: see `media_types`.
            unsafe { (capability.$function)(filter $(, $argument)*) }
        }
    )*};
}

forward! {
    stamps = push_source.stamps(pin: u32) -> u32;
    set_stream_offset = push_source.set_stream_offset(pin: u32, ns: i64) -> Status;
    offers = clock.offers() -> bool;
    tolerance = clock_slave.tolerance() -> i64;
    set_tolerance = clock_slave.set_tolerance(ns: i64) -> Status;
    statistics = renderer_statistics.statistics(
        into: *mut driftless_plugin_api::Statistics
    ) -> Status;
    start_at = stream_control.start_at(pin: u32, now: bool, at: i64, cookie: u32) -> Status;
    stop_at = stream_control.stop_at(
        pin: u32, now: bool, at: i64, extra: bool, cookie: u32
    ) -> Status;
    category = pins.category(pin: u32) -> u32;
    misc_flags = pins.misc_flags() -> u32;
}

/// Functions of a capability that write one number in C, and answer with it in Rust.
macro_rules! written {
    ($($name:ident = $capability:ident.$function:ident -> $number:ty;)*) => {$(
        unsafe extern "C" fn $name(filter: *mut c_void, pin: u32) -> RResult<$number, Status> {
            // SAFETY: see `media_types`.
            let capability = unsafe { of(filter) }.$capability;
            // SAFETY: it was found to be there; it lives as long as the library.
            let capability = unsafe { &*capability };
            let mut number = 0;
            // SAFETY: see `media_types`; there is room for the number.
            match unsafe { (capability.$function)(filter, pin, &raw mut number) } {
                status if status.is_success() => RResult::ROk(number),
                status => RResult::RErr(status),
            }
        }
    )*};
}

written! {
    latency_of = latency.latency -> i64;
    flags = push_source.flags -> u32;
    stream_offset = push_source.stream_offset -> i64;
    max_stream_offset = push_source.max_stream_offset -> i64;
}

unsafe extern "C" fn holds(filter: *mut c_void, pin: u32) -> i64 {
    // SAFETY: see `media_types`.
    let latency = unsafe { of(filter) }.latency;
    // SAFETY: it was found to be there; it lives as long as the library.
    match unsafe { &*latency }.holds {
        // SAFETY: see `media_types`.
        Some(holds) => unsafe { holds(filter, pin) },
        None => -1,
    }
}

unsafe extern "C" fn set_flags(_: *mut c_void, _: u32, _: u32) -> Status {
    Status::NOT_IMPLEMENTED
}

unsafe extern "C" fn set_max_stream_offset(filter: *mut c_void, pin: u32, ns: i64) -> Status {
    // SAFETY: see `media_types`.
    let push_source = unsafe { of(filter) }.push_source;
    // SAFETY: it was found to be there; it lives as long as the library.
    match unsafe { &*push_source }.set_max_stream_offset {
        // SAFETY: see `media_types`.
        Some(set) => unsafe { set(filter, pin, ns) },
        None => Status::NOT_IMPLEMENTED,
    }
}

unsafe extern "C" fn identity(filter: *mut c_void) -> RString {
    // SAFETY: see `media_types`.
    let clock = unsafe { of(filter) }.clock;
    // SAFETY: it was found to be there; it lives as long as the library.
    let Some(identity) = unsafe { &*clock }.identity else { return RString::new() };
    // SAFETY: see `media_types`.
    let name = unsafe { identity(filter) };
    // SAFETY: it is valid until the filter is called again.
    unsafe { text(name) }.unwrap_or_default().into()
}
