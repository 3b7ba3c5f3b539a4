//! What a filter and its pins are for (LS-1 to LS-3, LS-95).
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::prefix_type::WithMetadata;

use crate::abi::glue::ask;
use crate::filter::{Filter, Pin};

/// What a pin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum PinCategory {
    /// Captured data, stamped, every sample of it.
    Capture,
    /// A view of captured data: not stamped, droppable (LS-95, LS-96).
    Preview,
    /// Anything else.
    #[default]
    Other,
}

impl PinCategory {
    /// The category of that name in a descriptor.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "capture" => Some(Self::Capture),
            "preview" => Some(Self::Preview),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}

/// Flag of [`Pins::misc_flags`]: the filter is a renderer (LS-2).
pub const IS_RENDERER: u32 = 0x1;
/// Flag of [`Pins::misc_flags`]: the filter is a source (LS-2).
pub const IS_SOURCE: u32 = 0x2;

/// A filter that says what it and its pins are for. `[main]`
pub trait Pins {
    /// What `pin` is for.
    fn category(&self, _pin: Pin) -> PinCategory {
        PinCategory::Other
    }

    /// [`IS_RENDERER`] and [`IS_SOURCE`].
    fn misc_flags(&self) -> u32;
}

/// [`Pins`] at the border.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PinsRef)))]
#[sabi(missing_field(option))]
pub struct PinsTable {
    /// 0 capture, 1 preview, 2 other.
    pub category: unsafe extern "C" fn(*mut c_void, u32) -> u32,
    /// Bits.
    #[sabi(last_prefix_field)]
    pub misc_flags: unsafe extern "C" fn(*mut c_void) -> u32,
}

/// The table of a filter type; it lives in the library's read-only data.
pub(crate) fn table<F: Filter>() -> PinsRef {
    PinsRef(const { &WithMetadata::new(PinsTable { category: category::<F>, misc_flags: misc_flags::<F> }) }.static_as_prefix())
}

unsafe extern "C" fn category<F: Filter>(instance: *mut c_void, pin: u32) -> u32 {
    let number = |filter: &mut F| match filter.pins().map(|pins| pins.category(Pin::from_raw(pin)))
    {
        Some(PinCategory::Capture) => 0,
        Some(PinCategory::Preview) => 1,
        _ => 2,
    };
    // SAFETY: the caller passes an instance of this table's filter type; likewise below.
    unsafe { ask(instance, 2, number) }
}

unsafe extern "C" fn misc_flags<F: Filter>(instance: *mut c_void) -> u32 {
    let flags = |filter: &mut F| filter.pins().map_or(0, |pins| pins.misc_flags());
    // SAFETY: see `category`.
    unsafe { ask(instance, 0, flags) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::push_source::PushSourceFlags;

    /// LS-2, and the flags of section 3.
    #[test]
    fn flags_of_filters_and_pins_have_the_values_of_the_original() {
        assert_eq!((IS_RENDERER, IS_SOURCE), (0x1, 0x2));
        let flags = [
            PushSourceFlags::INTERNAL_RATE_MATCHING,
            PushSourceFlags::NOT_LIVE,
            PushSourceFlags::PRIVATE_CLOCK,
        ];
        assert_eq!(flags.map(|it| it.0), [0x1, 0x2, 0x4]);
    }
}
