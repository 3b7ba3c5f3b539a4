//! What a filter under test offers beyond the core, asked through its tables as the engine asks.
#![allow(unsafe_code)] // it stands on the host's side of the border

use super::Driver;
use crate::abi::status::Status;
use crate::capability::clock_slave::ClockSlaveRef;
use crate::capability::latency::LatencyRef;
use crate::capability::pins::PinCategory;
use crate::capability::push_source::{PushSourceFlags, PushSourceRef, Stamps};
use crate::capability::renderer_statistics::Statistics;
use crate::capability::stream_control::{StreamControlRef, When};
use crate::filter::Pin;
use crate::time::Span;

impl Driver {
    fn latency_table(&self) -> Result<LatencyRef, Status> {
        // SAFETY: the filter lives as long as `self`, and only one thread calls it; likewise below.
        let table = unsafe { self.filter.table.latency()(self.filter.instance) };
        table.into_option().ok_or(Status::NO_INTERFACE)
    }

    fn push_source_table(&self) -> Result<PushSourceRef, Status> {
        // SAFETY: see `latency_table`.
        let table = unsafe { self.filter.table.push_source()(self.filter.instance) };
        table.into_option().ok_or(Status::NO_INTERFACE)
    }

    fn clock_slave_table(&self) -> Result<ClockSlaveRef, Status> {
        // SAFETY: see `latency_table`.
        let table = unsafe { self.filter.table.clock_slave()(self.filter.instance) };
        table.into_option().ok_or(Status::NO_INTERFACE)
    }

    fn stream_control_table(&self) -> Result<StreamControlRef, Status> {
        // SAFETY: see `latency_table`.
        let table = unsafe { self.filter.table.stream_control()(self.filter.instance) };
        table.into_option().ok_or(Status::NO_INTERFACE)
    }

    /// The latency of a pin.
    ///
    /// # Errors
    ///
    /// The filter's answer, or [`Status::NO_INTERFACE`]; likewise below.
    pub fn latency(&self, pin: Pin) -> Result<Span, Status> {
        let table = self.latency_table()?;
        // SAFETY: see `latency_table`.
        let answer = unsafe { table.latency()(self.filter.instance, pin.to_raw()) };
        answer.into_result().map(Span::from_nanos)
    }

    /// How much of a stream it can hold back, if it can say.
    pub fn holds(&self, pin: Pin) -> Option<Span> {
        let holds = self.latency_table().ok()?.holds()?;
        // SAFETY: see `latency_table`.
        let ns = unsafe { holds(self.filter.instance, pin.to_raw()) };
        (ns >= 0).then(|| Span::from_nanos(ns))
    }

    /// The flags of a push source.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn push_source_flags(&self, pin: Pin) -> Result<PushSourceFlags, Status> {
        let table = self.push_source_table()?;
        // SAFETY: see `latency_table`.
        let answer = unsafe { table.flags()(self.filter.instance, pin.to_raw()) };
        answer.into_result().map(PushSourceFlags)
    }

    /// Asks a push source for other flags.
    pub fn set_push_source_flags(&mut self, pin: Pin, flags: PushSourceFlags) -> Status {
        self.push_source_table().map_or_else(
            |status| status,
            // SAFETY: see `latency_table`.
            |table| unsafe { table.set_flags()(self.filter.instance, pin.to_raw(), flags.0) },
        )
    }

    /// Which instant a push source's stamps name.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn stamps(&self, pin: Pin) -> Result<Stamps, Status> {
        let table = self.push_source_table()?;
        // SAFETY: see `latency_table`.
        Ok(match unsafe { table.stamps()(self.filter.instance, pin.to_raw()) } {
            1 => Stamps::Capture,
            2 => Stamps::None,
            _ => Stamps::Delivery,
        })
    }

    /// The stream offset of a pin.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn stream_offset(&self, pin: Pin) -> Result<Span, Status> {
        let table = self.push_source_table()?;
        // SAFETY: see `latency_table`.
        let answer = unsafe { table.stream_offset()(self.filter.instance, pin.to_raw()) };
        answer.into_result().map(Span::from_nanos)
    }

    /// Sets the stream offset of a pin.
    pub fn set_stream_offset(&mut self, pin: Pin, offset: Span) -> Status {
        self.push_source_table().map_or_else(
            |status| status,
            |table| {
                let set = table.set_stream_offset();
                // SAFETY: see `latency_table`.
                unsafe { set(self.filter.instance, pin.to_raw(), offset.nanos()) }
            },
        )
    }

    /// The largest stream offset of a pin.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn max_stream_offset(&self, pin: Pin) -> Result<Span, Status> {
        let table = self.push_source_table()?;
        // SAFETY: see `latency_table`.
        let answer = unsafe { table.max_stream_offset()(self.filter.instance, pin.to_raw()) };
        answer.into_result().map(Span::from_nanos)
    }

    /// Tells a pin the largest stream offset that the graph may use.
    pub fn set_max_stream_offset(&mut self, pin: Pin, max: Span) -> Status {
        self.push_source_table().map_or_else(
            |status| status,
            |table| {
                let set = table.set_max_stream_offset();
                // SAFETY: see `latency_table`.
                unsafe { set(self.filter.instance, pin.to_raw(), max.nanos()) }
            },
        )
    }

    /// Whether a clock is on offer.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn offers_clock(&self) -> Result<bool, Status> {
        // SAFETY: see `latency_table`.
        let table = unsafe { self.filter.table.clock()(self.filter.instance) };
        let table = table.into_option().ok_or(Status::NO_INTERFACE)?;
        // SAFETY: see `latency_table`.
        Ok(unsafe { table.offers()(self.filter.instance) })
    }

    /// What a pin is for.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn category(&self, pin: Pin) -> Result<PinCategory, Status> {
        // SAFETY: see `latency_table`.
        let table = unsafe { self.filter.table.pins()(self.filter.instance) };
        let table = table.into_option().ok_or(Status::NO_INTERFACE)?;
        // SAFETY: see `latency_table`.
        Ok(match unsafe { table.category()(self.filter.instance, pin.to_raw()) } {
            0 => PinCategory::Capture,
            1 => PinCategory::Preview,
            _ => PinCategory::Other,
        })
    }

    /// The tolerance of a renderer that follows a clock.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn tolerance(&self) -> Result<Span, Status> {
        let table = self.clock_slave_table()?;
        // SAFETY: see `latency_table`.
        Ok(Span::from_nanos(unsafe { table.tolerance()(self.filter.instance) }))
    }

    /// Sets it.
    pub fn set_tolerance(&mut self, tolerance: Span) -> Status {
        self.clock_slave_table().map_or_else(
            |status| status,
            // SAFETY: see `latency_table`.
            |table| unsafe { table.set_tolerance()(self.filter.instance, tolerance.nanos()) },
        )
    }

    /// Whether the filter's pins can be started and stopped.
    pub fn has_stream_control(&self) -> bool {
        self.stream_control_table().is_ok()
    }

    /// Starts the stream of a pin.
    pub fn start_at(&mut self, pin: Pin, when: When, cookie: u32) -> Status {
        let (now, at) = when.to_raw();
        self.stream_control_table().map_or_else(
            |status| status,
            |table| {
                let start_at = table.start_at();
                // SAFETY: see `latency_table`.
                unsafe { start_at(self.filter.instance, pin.to_raw(), now, at, cookie) }
            },
        )
    }

    /// Stops it, with one more sample or not.
    pub fn stop_at(&mut self, pin: Pin, when: When, send_extra: bool, cookie: u32) -> Status {
        let (now, at) = when.to_raw();
        self.stream_control_table().map_or_else(
            |status| status,
            |table| {
                let stop_at = table.stop_at();
                // SAFETY: see `latency_table`.
                unsafe { stop_at(self.filter.instance, pin.to_raw(), now, at, send_extra, cookie) }
            },
        )
    }

    /// A renderer's statistics.
    ///
    /// # Errors
    ///
    /// See [`latency`](Self::latency).
    pub fn statistics(&self) -> Result<Statistics, Status> {
        // SAFETY: see `latency_table`.
        let table = unsafe { self.filter.table.renderer_statistics()(self.filter.instance) };
        let table = table.into_option().ok_or(Status::NO_INTERFACE)?;
        let mut statistics = Statistics::default();
        // SAFETY: see `latency_table`; the structure has room for one.
        let status = unsafe { table.statistics()(self.filter.instance, &raw mut statistics) };
        if status.is_success() { Ok(statistics) } else { Err(status) }
    }
}
