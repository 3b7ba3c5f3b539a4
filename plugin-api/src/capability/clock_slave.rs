//! How a renderer follows another clock, and how far off it may be before it drops or inserts (LS-83).
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::prefix_type::WithMetadata;

use crate::abi::glue::ask;
use crate::abi::status::Status;
use crate::filter::Filter;
use crate::time::Span;

/// How another clock is followed (LS-M9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlaveMethod {
    /// By the rate at which samples are consumed.
    Resample,
    /// By moving what is played, once the error is half the tolerance.
    Skew,
    /// Not at all: the error is only reported.
    None,
}

impl SlaveMethod {
    /// The method of that name in a descriptor or manifest.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Resample, Self::Skew, Self::None].into_iter().find(|method| method.name() == name)
    }

    /// As descriptors, manifests and plans write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resample => "resample",
            Self::Skew => "skew",
            Self::None => "none",
        }
    }
}

/// A renderer that follows another clock. `[main]`
pub trait ClockSlave {
    /// The tolerance in force.
    fn tolerance(&self) -> Span;

    /// Sets it, 1 to 1000 ms.
    ///
    /// Returns [`Status::OK`]; [`Status::NOT_STOPPED`] unless the filter is stopped;
    /// [`Status::INVALID_ARGUMENT`] out of range.
    fn set_tolerance(&mut self, tolerance: Span) -> Status;
}

/// [`ClockSlave`] at the border.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = ClockSlaveRef)))]
#[sabi(missing_field(option))]
pub struct ClockSlaveTable {
    /// Nanoseconds.
    pub tolerance: unsafe extern "C" fn(*mut c_void) -> i64,
    /// Nanoseconds.
    #[sabi(last_prefix_field)]
    pub set_tolerance: unsafe extern "C" fn(*mut c_void, i64) -> Status,
}

/// The table of a filter type; it lives in the library's read-only data.
pub(crate) fn table<F: Filter>() -> ClockSlaveRef {
    ClockSlaveRef(
        const {
            &WithMetadata::new(ClockSlaveTable {
                tolerance: tolerance::<F>,
                set_tolerance: set_tolerance::<F>,
            })
        }
        .static_as_prefix(),
    )
}

unsafe extern "C" fn tolerance<F: Filter>(instance: *mut c_void) -> i64 {
    let read = |filter: &mut F| filter.clock_slave().map_or(0, |slave| slave.tolerance().nanos());
    // SAFETY: the caller passes an instance of this table's filter type; likewise below.
    unsafe { ask(instance, 0, read) }
}

unsafe extern "C" fn set_tolerance<F: Filter>(instance: *mut c_void, tolerance: i64) -> Status {
    let set = |filter: &mut F| match filter.clock_slave() {
        Some(slave) => slave.set_tolerance(Span::from_nanos(tolerance)),
        None => Status::NO_INTERFACE,
    };
    // SAFETY: see `tolerance`.
    unsafe { ask(instance, Status::PANICKED, set) }
}
