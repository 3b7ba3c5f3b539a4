//! How long a sample takes through a filter (section 2, LS-M1).
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::prefix_type::WithMetadata;
use abi_stable::std_types::RResult;

use crate::abi::glue::ask;
use crate::abi::status::Status;
use crate::filter::{Filter, Pin};
use crate::time::Span;

/// What a filter says about its latency. `[main]`
pub trait Latency {
    /// The time from a sample's capture (source) or arrival (transform, renderer) until it leaves the
    /// filter through `pin`; for a renderer, until it is heard or seen. Zero or more (LS-16, LS-17, LS-19).
    ///
    /// # Errors
    ///
    /// [`Status::NOT_CONNECTED`] while it is not known yet (LS-21); any failure excludes the pin from
    /// the graph's latency (LS-20). A latency that changes while running is told with
    /// [`EventCode::LATENCY_CHANGED`](crate::EventCode::LATENCY_CHANGED) (LS-24).
    fn latency(&self, pin: Pin) -> Result<Span, Status>;

    /// How much of the stream at `pin` a transform or renderer can hold back on top of its latency,
    /// `None` when it cannot say (LS-53, LS-M1). What a source can hold is its largest stream offset.
    fn holds(&self, _pin: Pin) -> Option<Span> {
        None
    }
}

/// [`Latency`] at the border.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = LatencyRef)))]
#[sabi(missing_field(option))]
pub struct LatencyTable {
    /// Nanoseconds.
    #[sabi(last_prefix_field)]
    pub latency: unsafe extern "C" fn(*mut c_void, u32) -> RResult<i64, Status>,
    /// Nanoseconds; negative when it is not known.
    pub holds: unsafe extern "C" fn(*mut c_void, u32) -> i64,
}

/// The table of a filter type; it lives in the library's read-only data.
pub(crate) fn table<F: Filter>() -> LatencyRef {
    LatencyRef(
        const { &WithMetadata::new(LatencyTable { latency: latency::<F>, holds: holds::<F> }) }
            .static_as_prefix(),
    )
}

unsafe extern "C" fn latency<F: Filter>(instance: *mut c_void, pin: u32) -> RResult<i64, Status> {
    let answer = |filter: &mut F| {
        filter.latency().ok_or(Status::NO_INTERFACE)?.latency(Pin::from_raw(pin)).map(Span::nanos)
    };
    // SAFETY: the caller passes an instance of this table's filter type; likewise below.
    unsafe { ask(instance, Err(Status::PANICKED), answer) }.into()
}

unsafe extern "C" fn holds<F: Filter>(instance: *mut c_void, pin: u32) -> i64 {
    let answer = |filter: &mut F| filter.latency()?.holds(Pin::from_raw(pin)).map(Span::nanos);
    // SAFETY: see `latency`.
    unsafe { ask(instance, None, answer) }.unwrap_or(-1)
}
