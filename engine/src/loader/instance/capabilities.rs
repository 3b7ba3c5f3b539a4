//! What a filter offers beyond the core, called safely.
#![allow(unsafe_code)] // calls across the border

use std::ffi::c_void;

use driftless_plugin_api::abi::filter::FilterRef;
use driftless_plugin_api::capability::clock::ClockRef;
use driftless_plugin_api::capability::clock_slave::ClockSlaveRef;
use driftless_plugin_api::capability::latency::LatencyRef;
use driftless_plugin_api::capability::pins::{PinCategory, PinsRef};
use driftless_plugin_api::capability::push_source::{PushSourceFlags, PushSourceRef, Stamps};
use driftless_plugin_api::capability::quality_control::{QualityControlRef, RawQuality};
use driftless_plugin_api::capability::renderer_statistics::{RendererStatisticsRef, Statistics};
use driftless_plugin_api::capability::stream_control::StreamControlRef;
use driftless_plugin_api::{Pin, Span, Status, When};

use super::Instance;

/// What a filter offers beyond the core.
#[derive(Clone, Copy)]
pub(super) struct Capabilities {
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
    pub(super) fn of(table: FilterRef, state: *mut c_void) -> Self {
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

impl Instance {
    /// Tells the filter that what is behind an output pin is late or has too much. `[streaming]`
    pub(in crate::loader) fn notify(&self, pin: u32, quality: RawQuality) -> Status {
        match self.capabilities.quality_control {
            Some(table) => self.noted({
                // SAFETY: the instance is alive and called by its owner only; likewise below.
                unsafe { table.notify()(self.state, Pin::Output(pin).to_raw(), quality) }
            }),
            None => Status::NO_INTERFACE,
        }
    }

    /// The latency of a pin; negative answers are errors (LS-19).
    ///
    /// # Errors
    ///
    /// The filter's answer, or [`Status::NO_INTERFACE`]; likewise below.
    pub fn latency(&self, pin: Pin) -> Result<Span, Status> {
        let table = self.capabilities.latency.ok_or(Status::NO_INTERFACE)?;
        // SAFETY: see `notify`.
        let ns = unsafe { table.latency()(self.state, pin.to_raw()) }.into_result()?;
        if ns < 0 { Err(Status::INVALID_ARGUMENT) } else { Ok(Span::from_nanos(ns)) }
    }

    /// How much of the stream at a pin it can hold back, if it can say.
    pub fn holds(&self, pin: Pin) -> Option<Span> {
        let holds = self.capabilities.latency?.holds()?;
        // SAFETY: see `notify`.
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
            // SAFETY: see `notify`.
            unsafe { table.flags()(self.state, pin.to_raw()) }.unwrap_or(0)
        });
        PushSourceFlags(flags.unwrap_or(0))
    }

    /// Which instant its stamps name.
    pub fn stamps(&self, pin: Pin) -> Stamps {
        let stamps = self.capabilities.push_source.map(|table| {
            // SAFETY: see `notify`.
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
                // SAFETY: see `notify`.
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
        // SAFETY: see `notify`.
        let ns = unsafe { table.max_stream_offset()(self.state, pin.to_raw()) }.into_result()?;
        Ok(Span::from_nanos(ns))
    }

    /// Tells the pin the largest offset that this graph may use (LS-46).
    pub fn set_max_stream_offset(&self, pin: Pin, max: Span) -> Status {
        match self.capabilities.push_source {
            Some(table) => self.noted({
                // SAFETY: see `notify`.
                unsafe { table.set_max_stream_offset()(self.state, pin.to_raw(), max.nanos()) }
            }),
            None => Status::NO_INTERFACE,
        }
    }

    /// Whether it offers a clock now.
    pub fn offers_clock(&self) -> bool {
        // SAFETY: see `notify`.
        self.capabilities.clock.is_some_and(|table| unsafe { table.offers()(self.state) })
    }

    /// The crystal it runs on, if it knows its name (LS-M10).
    pub fn crystal(&self) -> Option<String> {
        // SAFETY: see `notify`.
        let name = self.capabilities.clock.map(|table| unsafe { table.identity()(self.state) });
        name.map(String::from).filter(|name| !name.is_empty())
    }

    /// Misc flags (LS-2), if it has them.
    pub fn misc_flags(&self) -> Option<u32> {
        // SAFETY: see `notify`.
        self.capabilities.pins.map(|table| unsafe { table.misc_flags()(self.state) })
    }

    /// What a pin is for (LS-3).
    pub fn category(&self, pin: Pin) -> PinCategory {
        let category = self.capabilities.pins.map(|table| {
            // SAFETY: see `notify`.
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
        // SAFETY: see `notify`; there is room for one structure.
        let status = unsafe { table.statistics()(self.state, &raw mut statistics) };
        status.is_success().then_some(statistics)
    }

    /// The tolerance of a renderer that follows a clock.
    pub fn tolerance(&self) -> Option<Span> {
        let table = self.capabilities.clock_slave?;
        // SAFETY: see `notify`.
        Some(Span::from_nanos(unsafe { table.tolerance()(self.state) }))
    }

    /// Sets it (LS-83).
    pub fn set_tolerance(&self, tolerance: Span) -> Status {
        match self.capabilities.clock_slave {
            Some(table) => self.noted({
                // SAFETY: see `notify`.
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
                // SAFETY: see `notify`.
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
                // SAFETY: see `notify`.
                unsafe { table.stop_at()(self.state, pin.to_raw(), now, at, send_extra, cookie) }
            }),
            None => Status::NO_INTERFACE,
        }
    }
}
