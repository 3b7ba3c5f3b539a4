//! One filter: its functions and capabilities, called safely.
#![allow(unsafe_code)] // calls across the border

use std::cell::Cell;
use std::ffi::c_void;

use driftless_plugin_api::abi::abi_stable::std_types::RResult;
use driftless_plugin_api::abi::filter::{FilterRef, RawError};
use driftless_plugin_api::abi::host::{RawHost, RawMarker, RawOutput};
use driftless_plugin_api::abi::sample::RawSample;
use driftless_plugin_api::abi::settings::to_raw;
use driftless_plugin_api::abi::wake::RawWake;
use driftless_plugin_api::capability::clock::ClockRef;
use driftless_plugin_api::capability::clock_slave::ClockSlaveRef;
use driftless_plugin_api::capability::latency::LatencyRef;
use driftless_plugin_api::capability::pins::{PinCategory, PinsRef};
use driftless_plugin_api::capability::push_source::{PushSourceFlags, PushSourceRef, Stamps};
use driftless_plugin_api::capability::quality_control::{QualityControlRef, RawQuality};
use driftless_plugin_api::capability::renderer_statistics::{RendererStatisticsRef, Statistics};
use driftless_plugin_api::capability::stream_control::StreamControlRef;
use driftless_plugin_api::{
    Cue, FilterError, MediaPattern, MediaType, Pin, ReferenceTime, Settings, Span, Status, Wake,
    When,
};

use super::c_plugin;
use super::library::Maker;

/// A filter that a factory made. It belongs to one thread at a time. `[main]` and `[streaming]`
pub struct Instance {
    state: *mut c_void,
    table: FilterRef,
    // The hot ones, read out of the table once.
    step: unsafe extern "C" fn(*mut c_void, *const RawOutput) -> RawWake,
    receive: unsafe extern "C" fn(*mut c_void, u32, *mut RawSample, *const RawOutput) -> Status,
    ready: unsafe extern "C" fn(*mut c_void) -> bool,
    capabilities: Capabilities,
    poisoned: Cell<bool>,
    /// What a filter in C was given the address of; dropped after `destroy`.
    _lent: Option<c_plugin::Lent>,
}

// SAFETY: authors' filters are `Send` (a bound of the trait), and whoever owns the instance is the
// only one to call it.
unsafe impl Send for Instance {}

/// What a filter offers beyond the core.
#[derive(Clone, Copy)]
struct Capabilities {
    latency: Option<LatencyRef>,
    push_source: Option<PushSourceRef>,
    clock: Option<ClockRef>,
    clock_slave: Option<ClockSlaveRef>,
    statistics: Option<RendererStatisticsRef>,
    stream_control: Option<StreamControlRef>,
    pins: Option<PinsRef>,
    quality_control: Option<QualityControlRef>,
}

impl Capabilities {
    fn of(table: FilterRef, state: *mut c_void) -> Self {
        // SAFETY: the filter was made just now, by this table's factory; likewise below.
        let latency = unsafe { table.latency()(state) };
        // SAFETY: see above.
        let push_source = unsafe { table.push_source()(state) };
        // SAFETY: see above.
        let clock = unsafe { table.clock()(state) };
        // SAFETY: see above.
        let clock_slave = unsafe { table.clock_slave()(state) };
        // SAFETY: see above.
        let statistics = unsafe { table.renderer_statistics()(state) };
        // SAFETY: see above.
        let stream_control = unsafe { table.stream_control()(state) };
        // SAFETY: see above.
        let pins = unsafe { table.pins()(state) };
        // SAFETY: see above; a library that is older has no such function.
        let quality_control = table.quality_control().and_then(|it| unsafe { it(state) }.into());
        Self {
            quality_control,
            latency: latency.into(),
            push_source: push_source.into(),
            clock: clock.into(),
            clock_slave: clock_slave.into(),
            statistics: statistics.into(),
            stream_control: stream_control.into(),
            pins: pins.into(),
        }
    }
}

fn filter_result(result: RResult<(), RawError>) -> Result<(), FilterError> {
    result.into_result().map_err(FilterError::from)
}

impl Instance {
    /// Makes a filter.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn create(
        maker: impl Into<Maker>,
        settings: &Settings,
        host: RawHost,
    ) -> Result<Self, FilterError> {
        let (made, lent) = match maker.into() {
            Maker::Rust(factory) => {
                let raw = to_raw(settings);
                // SAFETY: the settings live during the call, and one holder of the host is handed over.
                let made = unsafe { factory.create()(raw.as_rslice(), host) };
                (made.into_result().map_err(FilterError::from)?, None)
            }
            Maker::C(factory) => {
                let (made, lent) = factory.create(settings, host)?;
                (made, Some(lent))
            }
        };
        let (state, table) = (made.instance, made.table);
        Ok(Self {
            state,
            table,
            step: table.step(),
            receive: table.receive(),
            ready: table.ready(),
            capabilities: Capabilities::of(table, state),
            poisoned: Cell::new(false),
            _lent: lent,
        })
    }

    /// Whether the filter panicked; it is never called again.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.get()
    }

    fn noted(&self, status: Status) -> Status {
        if status == Status::PANICKED {
            self.poisoned.set(true);
        }
        status
    }

    fn noted_error(&self, result: Result<(), FilterError>) -> Result<(), FilterError> {
        result.inspect_err(|error| {
            self.noted(error.status);
        })
    }

    /// What a pin proposes.
    pub fn media_types(&self, pin: Pin) -> Vec<MediaPattern> {
        // SAFETY: the instance is alive and called by its owner only; likewise below.
        let types = unsafe { self.table.media_types()(self.state, pin.to_raw()) };
        types.iter().filter_map(|raw| raw.pattern()).collect()
    }

    /// Offers a pin a media type.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn connect(&self, pin: Pin, media: MediaType) -> Result<(), FilterError> {
        // SAFETY: see `media_types`.
        let answer = unsafe { self.table.connect()(self.state, pin.to_raw(), media.into()) };
        self.noted_error(filter_result(answer))
    }

    /// Undoes `connect`.
    pub fn disconnect(&self, pin: Pin) {
        // SAFETY: see `media_types`.
        unsafe { self.table.disconnect()(self.state, pin.to_raw()) };
    }

    fn change_state(&self, transition: u32, base: i64) -> Result<(), FilterError> {
        // SAFETY: see `media_types`.
        let answer = unsafe { self.table.change_state()(self.state, transition, base) };
        self.noted_error(filter_result(answer))
    }

    /// Stopped to paused.
    ///
    /// # Errors
    ///
    /// What the filter said; likewise below.
    pub fn activate(&self) -> Result<(), FilterError> {
        self.change_state(1, 0)
    }

    /// Paused to running.
    ///
    /// # Errors
    ///
    /// See [`activate`](Self::activate).
    pub fn run(&self, base: ReferenceTime) -> Result<(), FilterError> {
        self.change_state(2, base.nanos())
    }

    /// Running to paused.
    ///
    /// # Errors
    ///
    /// Only that the filter panicked.
    pub fn pause(&self) -> Result<(), FilterError> {
        self.change_state(3, 0)
    }

    /// Paused to stopped.
    ///
    /// # Errors
    ///
    /// Only that the filter panicked.
    pub fn deactivate(&self) -> Result<(), FilterError> {
        self.change_state(4, 0)
    }

    /// Whether a pause is complete; a poisoned filter keeps nobody waiting.
    pub fn cue(&self) -> Cue {
        // SAFETY: see `media_types`.
        match self.noted(unsafe { self.table.cue()(self.state) }) {
            Status::INTERMEDIATE => Cue::Intermediate,
            Status::CANT_CUE => Cue::CantCue,
            _ => Cue::Done,
        }
    }

    /// Steps the filter. `[streaming]`
    pub(super) fn step(&self, output: *const RawOutput) -> Wake {
        // SAFETY: see `media_types`; the table lives during the call.
        let wake = unsafe { (self.step)(self.state, output) };
        if wake.kind == RawWake::PANICKED.kind {
            self.poisoned.set(true);
        }
        wake.into()
    }

    /// Hands a sample over, whatever the answer. `[streaming]`
    pub(super) fn receive(
        &self,
        pin: u32,
        sample: *mut RawSample,
        output: *const RawOutput,
    ) -> Status {
        // SAFETY: see `media_types`; the caller gives the sample up.
        self.noted(unsafe { (self.receive)(self.state, pin, sample, output) })
    }

    /// Hands a marker over. `[streaming]`
    pub(super) fn mark(&self, pin: u32, marker: &RawMarker, output: *const RawOutput) -> Status {
        // SAFETY: see `media_types`; marker and table live during the call.
        self.noted(unsafe { self.table.mark()(self.state, pin, marker, output) })
    }

    /// Tells the filter that what is behind an output pin is late or has too much. `[streaming]`
    pub(super) fn notify(&self, pin: u32, quality: RawQuality) -> Status {
        match self.capabilities.quality_control {
            Some(table) => self.noted({
                // SAFETY: see `media_types`.
                unsafe { table.notify()(self.state, Pin::Output(pin).to_raw(), quality) }
            }),
            None => Status::NO_INTERFACE,
        }
    }

    /// Whether a renderer has room. `[streaming]`
    pub fn ready(&self) -> bool {
        // SAFETY: see `media_types`.
        unsafe { (self.ready)(self.state) }
    }

    /// What the filter counts.
    pub fn counters(&self) -> Vec<(String, u64)> {
        // SAFETY: see `media_types`.
        let counters = unsafe { self.table.counters()(self.state) };
        counters.into_iter().map(|counter| (counter.name.into(), counter.value)).collect()
    }

    /// The latency of a pin; negative answers are errors (LS-19).
    ///
    /// # Errors
    ///
    /// The filter's answer, or [`Status::NO_INTERFACE`]; likewise below.
    pub fn latency(&self, pin: Pin) -> Result<Span, Status> {
        let table = self.capabilities.latency.ok_or(Status::NO_INTERFACE)?;
        // SAFETY: see `media_types`.
        let ns = unsafe { table.latency()(self.state, pin.to_raw()) }.into_result()?;
        if ns < 0 { Err(Status::INVALID_ARGUMENT) } else { Ok(Span::from_nanos(ns)) }
    }

    /// How much of the stream at a pin it can hold back, if it can say.
    pub fn holds(&self, pin: Pin) -> Option<Span> {
        let holds = self.capabilities.latency?.holds()?;
        // SAFETY: see `media_types`.
        let ns = unsafe { holds(self.state, pin.to_raw()) };
        (ns >= 0).then(|| Span::from_nanos(ns))
    }

    /// Whether its pins are push sources.
    pub fn is_push_source(&self) -> bool {
        self.capabilities.push_source.is_some()
    }

    /// The flags of a push source; a failure counts as none (LS-28).
    pub fn push_source_flags(&self, pin: Pin) -> PushSourceFlags {
        let flags = self.capabilities.push_source.map(|table| {
            // SAFETY: see `media_types`.
            unsafe { table.flags()(self.state, pin.to_raw()) }.unwrap_or(0)
        });
        PushSourceFlags(flags.unwrap_or(0))
    }

    /// Which instant its stamps name.
    pub fn stamps(&self, pin: Pin) -> Stamps {
        let stamps = self.capabilities.push_source.map(|table| {
            // SAFETY: see `media_types`.
            unsafe { table.stamps()(self.state, pin.to_raw()) }
        });
        match stamps {
            Some(1) => Stamps::Capture,
            Some(2) => Stamps::None,
            _ => Stamps::Delivery,
        }
    }

    /// Sets the stream offset of a pin.
    pub fn set_stream_offset(&self, pin: Pin, offset: Span) -> Status {
        match self.capabilities.push_source {
            Some(table) => self.noted({
                // SAFETY: see `media_types`.
                unsafe { table.set_stream_offset()(self.state, pin.to_raw(), offset.nanos()) }
            }),
            None => Status::NO_INTERFACE,
        }
    }

    /// The largest offset that the pin supports.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn max_stream_offset(&self, pin: Pin) -> Result<Span, Status> {
        let table = self.capabilities.push_source.ok_or(Status::NO_INTERFACE)?;
        // SAFETY: see `media_types`.
        let ns = unsafe { table.max_stream_offset()(self.state, pin.to_raw()) }.into_result()?;
        Ok(Span::from_nanos(ns))
    }

    /// Tells the pin the largest offset that this graph may use (LS-46).
    pub fn set_max_stream_offset(&self, pin: Pin, max: Span) -> Status {
        match self.capabilities.push_source {
            Some(table) => self.noted({
                // SAFETY: see `media_types`.
                unsafe { table.set_max_stream_offset()(self.state, pin.to_raw(), max.nanos()) }
            }),
            None => Status::NO_INTERFACE,
        }
    }

    /// Whether it offers a clock now.
    pub fn offers_clock(&self) -> bool {
        // SAFETY: see `media_types`.
        self.capabilities.clock.is_some_and(|table| unsafe { table.offers()(self.state) })
    }

    /// Misc flags (LS-2), if it has them.
    pub fn misc_flags(&self) -> Option<u32> {
        // SAFETY: see `media_types`.
        self.capabilities.pins.map(|table| unsafe { table.misc_flags()(self.state) })
    }

    /// What a pin is for (LS-3).
    pub fn category(&self, pin: Pin) -> PinCategory {
        let category = self.capabilities.pins.map(|table| {
            // SAFETY: see `media_types`.
            unsafe { table.category()(self.state, pin.to_raw()) }
        });
        match category {
            Some(0) => PinCategory::Capture,
            Some(1) => PinCategory::Preview,
            _ => PinCategory::Other,
        }
    }

    /// A renderer's statistics.
    pub fn statistics(&self) -> Option<Statistics> {
        let table = self.capabilities.statistics?;
        let mut statistics = Statistics::default();
        // SAFETY: see `media_types`; there is room for one structure.
        let status = unsafe { table.statistics()(self.state, &raw mut statistics) };
        status.is_success().then_some(statistics)
    }

    /// The tolerance of a renderer that follows a clock.
    pub fn tolerance(&self) -> Option<Span> {
        let table = self.capabilities.clock_slave?;
        // SAFETY: see `media_types`.
        Some(Span::from_nanos(unsafe { table.tolerance()(self.state) }))
    }

    /// Sets it (LS-83).
    pub fn set_tolerance(&self, tolerance: Span) -> Status {
        match self.capabilities.clock_slave {
            Some(table) => self.noted({
                // SAFETY: see `media_types`.
                unsafe { table.set_tolerance()(self.state, tolerance.nanos()) }
            }),
            None => Status::NO_INTERFACE,
        }
    }

    /// Starts the stream of a pin (LS-99).
    pub fn start_at(&self, pin: Pin, when: When, cookie: u32) -> Status {
        let (now, at) = when.to_raw();
        match self.capabilities.stream_control {
            Some(table) => self.noted({
                // SAFETY: see `media_types`.
                unsafe { table.start_at()(self.state, pin.to_raw(), now, at, cookie) }
            }),
            None => Status::NO_INTERFACE,
        }
    }

    /// Stops it, with one more sample or not.
    pub fn stop_at(&self, pin: Pin, when: When, send_extra: bool, cookie: u32) -> Status {
        let (now, at) = when.to_raw();
        match self.capabilities.stream_control {
            Some(table) => self.noted({
                // SAFETY: see `media_types`.
                unsafe { table.stop_at()(self.state, pin.to_raw(), now, at, send_extra, cookie) }
            }),
            None => Status::NO_INTERFACE,
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: the instance is given up here; the plugin leaks one that panicked.
        unsafe { self.table.destroy()(self.state) };
    }
}
