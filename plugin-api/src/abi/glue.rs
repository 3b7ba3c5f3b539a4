//! From an author's traits to the tables of functions, with a panic barrier at every entry.
#![allow(unsafe_code)] // the plugin's side of the border

use std::ffi::c_void;

use abi_stable::prefix_type::WithMetadata;
use abi_stable::std_types::{ROption, RResult, RSlice, RStr, RVec};

use super::filter::{Factory, FactoryRef, FilterRef, FilterTable, RawCounter, RawError, RawFilter};
use super::host::{RawHost, RawMarker, RawOutput};
use super::media::RawMedia;
use super::panic::barrier;
use super::role::Role;
use super::sample::RawSample;
use super::settings::{RawSetting, from_raw};
use super::status::Status;
use super::wake::RawWake;
use crate::abi::wake::Wake;
use crate::capability;
use crate::error::FilterError;
use crate::event::EventCode;
use crate::filter::{Cue, Filter, Flow, Pin};
use crate::host::Host;
use crate::output::Output;
use crate::sample::Sample;
use crate::time::ReferenceTime;

/// A filter behind the border.
struct Slot<F> {
    filter: F,
    host: Host,
    /// It panicked: whatever it holds may be half changed, so nobody calls it again.
    poisoned: bool,
}

/// Calls the filter behind `instance`; a panic poisons it, and `fallback` is the answer from then on.
///
/// # Safety
///
/// `instance` came from [`factory`] of the same filter type, is not destroyed, and nobody else uses it
/// during the call.
pub(crate) unsafe fn ask<F: Filter, R>(
    instance: *mut c_void,
    fallback: R,
    call: impl FnOnce(&mut F) -> R,
) -> R {
    // SAFETY: the caller's own promise.
    let slot = unsafe { &mut *instance.cast::<Slot<F>>() };
    if slot.poisoned {
        return fallback;
    }
    match barrier(|| call(&mut slot.filter)) {
        Ok(answer) => answer,
        Err(message) => {
            slot.poisoned = true;
            slot.host.event(EventCode::FILTER_POISONED, 0, 0, &message);
            fallback
        }
    }
}

/// The factory of a filter type; like all tables it lives in the library's read-only data. `[main]`
pub fn factory<F: Filter, R: Role<F>>() -> FactoryRef {
    FactoryRef(
        const {
            &WithMetadata::new(Factory {
                id: RStr::from_str(F::ID),
                kind: R::KIND,
                create: create::<F, R>,
            })
        }
        .static_as_prefix(),
    )
}

fn table<F: Filter, R: Role<F>>() -> FilterRef {
    FilterRef(
        const {
            &WithMetadata::new(FilterTable {
                destroy: destroy::<F>,
                media_types: media_types::<F>,
                connect: connect::<F>,
                disconnect: disconnect::<F>,
                change_state: change_state::<F>,
                cue: cue::<F>,
                step: step::<F, R>,
                receive: receive::<F, R>,
                mark: mark::<F, R>,
                ready: ready::<F, R>,
                counters: counters::<F>,
                latency: latency::<F>,
                push_source: push_source::<F>,
                clock: clock::<F>,
                clock_slave: clock_slave::<F>,
                renderer_statistics: renderer_statistics::<F>,
                stream_control: stream_control::<F>,
                pins: pins::<F>,
                quality_control: quality_control::<F>,
                ready_for: ready_for::<F, R>,
            })
        }
        .static_as_prefix(),
    )
}

fn panicked(message: &str) -> RawError {
    FilterError::with(Status::PANICKED, format!("the plugin panicked: {message}")).into()
}

unsafe extern "C" fn create<F: Filter, R: Role<F>>(
    settings: RSlice<'_, RawSetting>,
    host: RawHost,
) -> RResult<RawFilter, RawError> {
    // SAFETY: the caller gives up one holder of its host.
    let host = unsafe { Host::from_raw(host) };
    let for_filter = host.clone();
    match barrier(|| F::create(&from_raw(settings), for_filter)) {
        Ok(Ok(filter)) => {
            let slot = Box::new(Slot { filter, host, poisoned: false });
            let instance = Box::into_raw(slot).cast::<c_void>();
            RResult::ROk(RawFilter { instance, table: table::<F, R>() })
        }
        Ok(Err(error)) => RResult::RErr(error.into()),
        Err(message) => RResult::RErr(panicked(&message)),
    }
}

unsafe extern "C" fn destroy<F: Filter>(instance: *mut c_void) {
    // SAFETY: the caller gives the filter up; it came from `create` of this type.
    let slot = unsafe { Box::from_raw(instance.cast::<Slot<F>>()) };
    if slot.poisoned {
        // Its own drop may panic again or touch what is half changed: better to leak it.
        std::mem::forget(slot);
        return;
    }
    let Slot { filter, host, .. } = *slot;
    if let Err(message) = barrier(|| drop(filter)) {
        host.event(EventCode::FILTER_POISONED, 0, 0, &message);
    }
}

unsafe extern "C" fn media_types<F: Filter>(instance: *mut c_void, pin: u32) -> RVec<RawMedia> {
    let types = |filter: &mut F| {
        filter.media_types(Pin::from_raw(pin)).into_iter().map(RawMedia::from).collect()
    };
    // SAFETY: the caller passes an instance of this table's filter type; likewise below.
    unsafe { ask(instance, RVec::new(), types) }
}

unsafe extern "C" fn connect<F: Filter>(
    instance: *mut c_void,
    pin: u32,
    media: RawMedia,
) -> RResult<(), RawError> {
    let accept = |filter: &mut F| {
        let media = media.complete().ok_or(Status::TYPE_NOT_ACCEPTED)?;
        filter.connect(Pin::from_raw(pin), media)
    };
    // SAFETY: see `media_types`.
    unsafe { ask(instance, Err(Status::PANICKED.into()), accept) }.map_err(RawError::from).into()
}

unsafe extern "C" fn disconnect<F: Filter>(instance: *mut c_void, pin: u32) {
    // SAFETY: see `media_types`.
    unsafe { ask(instance, (), |filter: &mut F| filter.disconnect(Pin::from_raw(pin))) }
}

unsafe extern "C" fn change_state<F: Filter>(
    instance: *mut c_void,
    transition: u32,
    base: i64,
) -> RResult<(), RawError> {
    let change = |filter: &mut F| match transition {
        1 => filter.activate(),
        2 => filter.run(ReferenceTime::from_nanos(base)),
        3 => {
            filter.pause();
            Ok(())
        }
        4 => {
            filter.deactivate();
            Ok(())
        }
        _ => Err(Status::INVALID_ARGUMENT.into()),
    };
    // SAFETY: see `media_types`.
    unsafe { ask(instance, Err(Status::PANICKED.into()), change) }.map_err(RawError::from).into()
}

unsafe extern "C" fn cue<F: Filter>(instance: *mut c_void) -> Status {
    let cue = |filter: &mut F| match filter.cue() {
        Cue::Done => Status::OK,
        Cue::Intermediate => Status::INTERMEDIATE,
        Cue::CantCue => Status::CANT_CUE,
    };
    // SAFETY: see `media_types`.
    unsafe { ask(instance, Status::PANICKED, cue) }
}

/// Runs a streaming call with what the filter has at hand; posts its failure as an event. What leaves
/// the panic barrier is a plain answer: it is run for every sample, and moving a [`FilterError`] or a
/// [`Sample`] across costs more than the call.
///
/// # Safety
///
/// As [`ask`]; `output` is valid during the call.
#[inline]
unsafe fn stream<F: Filter, A>(
    instance: *mut c_void,
    output: *const RawOutput,
    panicked: A,
    failed: impl FnOnce(Status) -> A,
    call: impl FnOnce(&mut F, &mut Output<'_>) -> Result<A, FilterError>,
) -> A {
    // SAFETY: the caller's own promise.
    let slot = unsafe { &mut *instance.cast::<Slot<F>>() };
    let Slot { filter, host, .. } = slot;
    let host = &*host;
    // SAFETY: the caller's own promise.
    let mut output = unsafe { Output::from_raw(output) };
    let answer = barrier(|| match call(filter, &mut output) {
        Ok(answer) => answer,
        Err(error) => failed(post_failure(host, &error)),
    });
    answer.unwrap_or_else(|message| {
        slot.poisoned = true;
        slot.host.event(EventCode::FILTER_POISONED, 0, 0, &message);
        panicked
    })
}

#[cold]
fn post_failure(host: &Host, error: &FilterError) -> Status {
    host.event(EventCode::ERROR_ABORT, i64::from(error.status.0), 0, &error.text);
    if error.status.is_success() { Status::FAIL } else { error.status }
}

/// Whether the filter panicked before.
///
/// # Safety
///
/// As [`ask`].
#[inline]
unsafe fn is_poisoned<F: Filter>(instance: *mut c_void) -> bool {
    // SAFETY: the caller's own promise.
    unsafe { (*instance.cast::<Slot<F>>()).poisoned }
}

unsafe extern "C" fn step<F: Filter, R: Role<F>>(
    instance: *mut c_void,
    output: *const RawOutput,
) -> RawWake {
    // SAFETY: see `media_types`.
    if unsafe { is_poisoned::<F>(instance) } {
        return RawWake::PANICKED;
    }
    let ended = |_| RawWake::from(Wake::Ended);
    let step = |filter: &mut F, output: &mut Output<'_>| R::step(filter, output).map(Into::into);
    // SAFETY: see `media_types`; the caller passes a valid table.
    unsafe { stream(instance, output, RawWake::PANICKED, ended, step) }
}

unsafe extern "C" fn receive<F: Filter, R: Role<F>>(
    instance: *mut c_void,
    pin: u32,
    sample: *mut RawSample,
    output: *const RawOutput,
) -> Status {
    // SAFETY: see `media_types`.
    if unsafe { is_poisoned::<F>(instance) } {
        // SAFETY: the caller gives the sample up, whatever the answer.
        drop(unsafe { Sample::take(sample) });
        return Status::PANICKED;
    }
    let receive = |filter: &mut F, output: &mut Output<'_>| {
        // SAFETY: the caller gives the sample up; it is taken in here because moving it is not free.
        let sample = unsafe { Sample::take(sample) };
        Ok(match R::receive(filter, pin, sample, output)? {
            Flow::Continue => Status::OK,
            Flow::Stop => Status::FALSE,
        })
    };
    // SAFETY: see `step`.
    unsafe { stream(instance, output, Status::PANICKED, |status| status, receive) }
}

unsafe extern "C" fn mark<F: Filter, R: Role<F>>(
    instance: *mut c_void,
    pin: u32,
    marker: *const RawMarker,
    output: *const RawOutput,
) -> Status {
    // SAFETY: see `media_types`.
    if unsafe { is_poisoned::<F>(instance) } {
        return Status::PANICKED;
    }
    // SAFETY: the caller passes a valid marker.
    let Some(marker) = (unsafe { marker.read() }).marker() else {
        return Status::OK;
    };
    let mark = |filter: &mut F, output: &mut Output<'_>| {
        R::mark(filter, pin, marker, output).map(|()| Status::OK)
    };
    // SAFETY: see `step`.
    unsafe { stream(instance, output, Status::PANICKED, |status| status, mark) }
}

unsafe extern "C" fn ready<F: Filter, R: Role<F>>(instance: *mut c_void) -> bool {
    // SAFETY: see `media_types`.
    unsafe { ask(instance, true, |filter: &mut F| R::ready(filter)) }
}

unsafe extern "C" fn ready_for<F: Filter, R: Role<F>>(instance: *mut c_void, pin: u32) -> bool {
    // SAFETY: see `media_types`.
    unsafe { ask(instance, true, |filter: &mut F| R::ready_for(filter, pin)) }
}

unsafe extern "C" fn counters<F: Filter>(instance: *mut c_void) -> RVec<RawCounter> {
    let raw = |(name, value): (&str, u64)| RawCounter { name: name.into(), value };
    let counters = |filter: &mut F| filter.counters().into_iter().map(raw).collect();
    // SAFETY: see `media_types`.
    unsafe { ask(instance, RVec::new(), counters) }
}

macro_rules! capabilities {
    ($($name:ident: $reference:ident;)*) => {$(
        unsafe extern "C" fn $name<F: Filter>(
            instance: *mut c_void,
        ) -> ROption<capability::$name::$reference> {
            // SAFETY: see `media_types`.
            let offered = unsafe { ask(instance, false, |filter: &mut F| filter.$name().is_some()) };
            offered.then(capability::$name::table::<F>).into()
        }
    )*};
}

capabilities! {
    latency: LatencyRef;
    push_source: PushSourceRef;
    clock: ClockRef;
    clock_slave: ClockSlaveRef;
    renderer_statistics: RendererStatisticsRef;
    stream_control: StreamControlRef;
    pins: PinsRef;
    quality_control: QualityControlRef;
}
