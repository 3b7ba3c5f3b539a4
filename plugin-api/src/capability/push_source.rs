//! Live sources: what they promise of their stamps, and the stream offset they add (section 3).
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

mod offset;

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::prefix_type::WithMetadata;
use abi_stable::std_types::RResult;

use crate::abi::glue::ask;
use crate::abi::status::Status;
use crate::filter::{Filter, Pin};
use crate::time::Span;

pub use offset::{StreamOffset, Times};

/// What a push source is and can do; a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(transparent)]
pub struct PushSourceFlags(pub u32);

impl PushSourceFlags {
    /// Live, no rate matching of its own, stamps read from the graph's clock (LS-25).
    pub const NONE: Self = Self(0);
    /// The source matches rates itself; a renderer must not.
    pub const INTERNAL_RATE_MATCHING: Self = Self(0x1);
    /// Not to be treated as live, although it is a push source.
    pub const NOT_LIVE: Self = Self(0x2);
    /// Stamps come from a clock that the graph cannot see.
    pub const PRIVATE_CLOCK: Self = Self(0x4);

    /// Whether all of `flags` are set. Reserved and unknown bits never matter (LS-27).
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// The flag of that name in a descriptor or manifest.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "internal-rate-matching" => Some(Self::INTERNAL_RATE_MATCHING),
            "not-live" => Some(Self::NOT_LIVE),
            "private-clock" => Some(Self::PRIVATE_CLOCK),
            _ => None,
        }
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Which instant a source's own stamps name (LS-49).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Stamps {
    /// When the sample was delivered: the source's latency is in the stamp already.
    #[default]
    Delivery,
    /// When it was captured.
    Capture,
    /// Samples carry no stamps.
    None,
}

impl Stamps {
    /// The convention of that name in a descriptor or manifest.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "delivery" => Some(Self::Delivery),
            "capture" => Some(Self::Capture),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// A live source's output pin, which has a [`StreamOffset`]. `[main]`; the latency is in [`Latency`](super::latency::Latency),
/// which every push source has too.
pub trait PushSource {
    /// What the source is; renderers decide by it on rate matching (LS-25 to LS-29). Live, without
    /// anything special about it, where the source does not say.
    fn flags(&self, _pin: Pin) -> PushSourceFlags {
        PushSourceFlags::NONE
    }

    /// Which instant its own stamps name: the delivery, where the source does not say (LS-49).
    fn stamps(&self, _pin: Pin) -> Stamps {
        Stamps::Delivery
    }

    /// The offset in force; zero at first.
    fn stream_offset(&self, pin: Pin) -> Span;

    /// Sets the span **added** to start and stop of every stamped sample from the next one on
    /// (LS-30, LS-31, LS-35). A decrease must not make stamps run backwards (LS-32).
    ///
    /// Returns [`Status::OK`]; [`Status::FALSE`] above [`max_stream_offset`](Self::max_stream_offset),
    /// and the offset is in force all the same; [`Status::INVALID_ARGUMENT`] below zero, and nothing changed.
    fn set_stream_offset(&mut self, pin: Pin, offset: Span) -> Status;

    /// The largest offset that the pin's own buffering supports; at least its latency (LS-34).
    fn max_stream_offset(&self, pin: Pin) -> Span;

    /// Tells the pin, before it is connected, the largest offset that this graph may use (LS-33).
    fn set_max_stream_offset(&mut self, _pin: Pin, _max: Span) -> Status {
        Status::NOT_IMPLEMENTED
    }

    /// Present for completeness: request flags are not supported (section 3).
    fn set_flags(&mut self, _pin: Pin, _flags: PushSourceFlags) -> Status {
        Status::NOT_IMPLEMENTED
    }
}

/// [`PushSource`] at the border.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PushSourceRef)))]
#[sabi(missing_field(option))]
pub struct PushSourceTable {
    /// Bits of [`PushSourceFlags`].
    pub flags: unsafe extern "C" fn(*mut c_void, u32) -> RResult<u32, Status>,
    /// Always not implemented.
    pub set_flags: unsafe extern "C" fn(*mut c_void, u32, u32) -> Status,
    /// 0 delivery, 1 capture, 2 none.
    pub stamps: unsafe extern "C" fn(*mut c_void, u32) -> u32,
    /// Nanoseconds.
    pub stream_offset: unsafe extern "C" fn(*mut c_void, u32) -> RResult<i64, Status>,
    /// Nanoseconds.
    pub set_stream_offset: unsafe extern "C" fn(*mut c_void, u32, i64) -> Status,
    /// Nanoseconds.
    pub max_stream_offset: unsafe extern "C" fn(*mut c_void, u32) -> RResult<i64, Status>,
    /// Nanoseconds.
    #[sabi(last_prefix_field)]
    pub set_max_stream_offset: unsafe extern "C" fn(*mut c_void, u32, i64) -> Status,
}

/// The table of a filter type; it lives in the library's read-only data.
pub(crate) fn table<F: Filter>() -> PushSourceRef {
    PushSourceRef(
        const {
            &WithMetadata::new(PushSourceTable {
                flags: flags::<F>,
                set_flags: set_flags::<F>,
                stamps: stamps::<F>,
                stream_offset: stream_offset::<F>,
                set_stream_offset: set_stream_offset::<F>,
                max_stream_offset: max_stream_offset::<F>,
                set_max_stream_offset: set_max_stream_offset::<F>,
            })
        }
        .static_as_prefix(),
    )
}

/// Asks the push source behind `instance`.
///
/// # Safety
///
/// `instance` is a live one of filter type `F`, used by nobody else meanwhile.
unsafe fn with<F: Filter, R>(
    instance: *mut c_void,
    otherwise: impl Fn(Status) -> R,
    answer: impl FnOnce(&mut dyn PushSource) -> R,
) -> R {
    let found = |filter: &mut F| match filter.push_source() {
        Some(source) => answer(source),
        None => otherwise(Status::NO_INTERFACE),
    };
    // SAFETY: the caller's own promise.
    unsafe { ask(instance, otherwise(Status::PANICKED), found) }
}

unsafe extern "C" fn flags<F: Filter>(instance: *mut c_void, pin: u32) -> RResult<u32, Status> {
    // SAFETY: the caller passes an instance of this table's filter type; likewise below.
    unsafe {
        with::<F, _>(instance, RResult::RErr, |s| RResult::ROk(s.flags(Pin::from_raw(pin)).0))
    }
}

unsafe extern "C" fn set_flags<F: Filter>(instance: *mut c_void, pin: u32, flags: u32) -> Status {
    let set = |s: &mut dyn PushSource| s.set_flags(Pin::from_raw(pin), PushSourceFlags(flags));
    // SAFETY: see `flags`.
    unsafe { with::<F, _>(instance, |status| status, set) }
}

unsafe extern "C" fn stamps<F: Filter>(instance: *mut c_void, pin: u32) -> u32 {
    let number = |s: &mut dyn PushSource| match s.stamps(Pin::from_raw(pin)) {
        Stamps::Delivery => 0,
        Stamps::Capture => 1,
        Stamps::None => 2,
    };
    // SAFETY: see `flags`.
    unsafe { with::<F, _>(instance, |_| 0, number) }
}

unsafe extern "C" fn stream_offset<F: Filter>(
    instance: *mut c_void,
    pin: u32,
) -> RResult<i64, Status> {
    let read = |s: &mut dyn PushSource| RResult::ROk(s.stream_offset(Pin::from_raw(pin)).nanos());
    // SAFETY: see `flags`.
    unsafe { with::<F, _>(instance, RResult::RErr, read) }
}

unsafe extern "C" fn set_stream_offset<F: Filter>(
    instance: *mut c_void,
    pin: u32,
    offset: i64,
) -> Status {
    let offset = Span::from_nanos(offset);
    let set = |s: &mut dyn PushSource| s.set_stream_offset(Pin::from_raw(pin), offset);
    // SAFETY: see `flags`.
    unsafe { with::<F, _>(instance, |status| status, set) }
}

unsafe extern "C" fn max_stream_offset<F: Filter>(
    instance: *mut c_void,
    pin: u32,
) -> RResult<i64, Status> {
    let read =
        |s: &mut dyn PushSource| RResult::ROk(s.max_stream_offset(Pin::from_raw(pin)).nanos());
    // SAFETY: see `flags`.
    unsafe { with::<F, _>(instance, RResult::RErr, read) }
}

unsafe extern "C" fn set_max_stream_offset<F: Filter>(
    instance: *mut c_void,
    pin: u32,
    max: i64,
) -> Status {
    let max = Span::from_nanos(max);
    let set = |s: &mut dyn PushSource| s.set_max_stream_offset(Pin::from_raw(pin), max);
    // SAFETY: see `flags`.
    unsafe { with::<F, _>(instance, |status| status, set) }
}
