//! Filters that offer a reference clock (section 5).
//!
//! A clock is not asked for the time. It publishes readings, pairs of host time and its own time with
//! the rate between them, through [`Host::publish_clock`](crate::Host::publish_clock), from whichever
//! one thread knows; anybody may then compute its time at any host time, without calling into the
//! plugin and without a lock (LS-M15).
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::prefix_type::WithMetadata;
use abi_stable::std_types::RString;

use crate::abi::glue::ask;
use crate::filter::Filter;

/// A filter that offers a clock. `[main]`
pub trait Clock {
    /// Whether the clock is on offer, with the present settings and device.
    fn offers(&self) -> bool;

    /// Names the oscillator behind the clock. Two filters with the same name here run on the same
    /// crystal, so nothing between them needs resampling (LS-M10). Empty: nobody else's.
    fn identity(&self) -> String {
        String::new()
    }
}

/// [`Clock`] at the border.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = ClockRef)))]
#[sabi(missing_field(option))]
pub struct ClockTable {
    /// Whether it is on offer.
    pub offers: unsafe extern "C" fn(*mut c_void) -> bool,
    /// The oscillator's name, or empty.
    #[sabi(last_prefix_field)]
    pub identity: unsafe extern "C" fn(*mut c_void) -> RString,
}

/// The table of a filter type; it lives in the library's read-only data.
pub(crate) fn table<F: Filter>() -> ClockRef {
    ClockRef(
        const { &WithMetadata::new(ClockTable { offers: offers::<F>, identity: identity::<F> }) }
            .static_as_prefix(),
    )
}

unsafe extern "C" fn offers<F: Filter>(instance: *mut c_void) -> bool {
    let offers = |filter: &mut F| filter.clock().is_some_and(|clock| clock.offers());
    // SAFETY: the caller passes an instance of this table's filter type; likewise below.
    unsafe { ask(instance, false, offers) }
}

unsafe extern "C" fn identity<F: Filter>(instance: *mut c_void) -> RString {
    let identity =
        |filter: &mut F| filter.clock().map(|clock| clock.identity()).unwrap_or_default();
    // SAFETY: see `offers`.
    unsafe { ask(instance, String::new(), identity) }.into()
}
