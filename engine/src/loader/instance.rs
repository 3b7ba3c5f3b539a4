//! One filter: its functions and, in `capabilities`, what it offers beyond them, called safely.
#![allow(unsafe_code)] // calls across the border

mod capabilities;

use std::cell::Cell;
use std::ffi::c_void;

use driftless_plugin_api::abi::abi_stable::std_types::RResult;
use driftless_plugin_api::abi::filter::{FilterRef, RawError};
use driftless_plugin_api::abi::host::{RawHost, RawMarker, RawOutput};
use driftless_plugin_api::abi::sample::RawSample;
use driftless_plugin_api::abi::settings::to_raw;
use driftless_plugin_api::abi::wake::RawWake;
use driftless_plugin_api::{
    Cue, FilterError, MediaPattern, MediaType, Pin, ReferenceTime, Settings, Status, Wake,
};

use super::c_plugin;
use super::library::Maker;
use capabilities::Capabilities;

/// A filter that a factory made. It belongs to one thread at a time. `[main]` and `[streaming]`
pub struct Instance {
    state: *mut c_void,
    table: FilterRef,
    // The hot ones, read out of the table once.
    step: unsafe extern "C" fn(*mut c_void, *const RawOutput) -> RawWake,
    receive: unsafe extern "C" fn(*mut c_void, u32, *mut RawSample, *const RawOutput) -> Status,
    ready: unsafe extern "C" fn(*mut c_void) -> bool,
    ready_for: Option<unsafe extern "C" fn(*mut c_void, u32) -> bool>,
    capabilities: Capabilities,
    poisoned: Cell<bool>,
    /// What a filter in C was given the address of; dropped after `destroy`.
    _lent: Option<c_plugin::Lent>,
}

// SAFETY: authors' filters are `Send` (a bound of the trait), and whoever owns the instance is the
// only one to call it.
unsafe impl Send for Instance {}

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
            ready_for: table.ready_for(),
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

    /// Whether a renderer has room. `[streaming]`
    pub fn ready(&self) -> bool {
        // SAFETY: see `media_types`.
        unsafe { (self.ready)(self.state) }
    }

    /// Whether an input pin of a transform has room; one that is older than the question has. `[streaming]`
    pub fn ready_for(&self, pin: u32) -> bool {
        // SAFETY: see `media_types`.
        self.ready_for.is_none_or(|ready_for| unsafe { ready_for(self.state, pin) })
    }

    /// What the filter counts.
    pub fn counters(&self) -> Vec<(String, u64)> {
        // SAFETY: see `media_types`.
        let counters = unsafe { self.table.counters()(self.state) };
        counters.into_iter().map(|counter| (counter.name.into(), counter.value)).collect()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: the instance is given up here; the plugin leaks one that panicked.
        unsafe { self.table.destroy()(self.state) };
    }
}
