//! Starting and stopping one pin's stream while the graph runs (LS-99).
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

mod gate;

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::prefix_type::WithMetadata;

use crate::abi::glue::ask;
use crate::abi::status::Status;
use crate::filter::{Filter, Pin};
use crate::time::StreamTime;

pub use gate::Gate;

/// When something is to happen. Preview pins accept only the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// At this stream time; a sample that spans it is delivered.
    At(StreamTime),
    /// Never: an earlier order is cancelled.
    Never,
}

impl When {
    /// Whether it is now, and the time at the border.
    pub const fn to_raw(self) -> (bool, i64) {
        match self {
            Self::Now => (true, 0),
            Self::At(at) => (false, at.nanos()),
            Self::Never => (false, i64::MAX),
        }
    }

    fn from_raw(now: bool, at: i64) -> Self {
        match (now, at) {
            (true, _) => Self::Now,
            (false, i64::MAX) => Self::Never,
            (false, at) => Self::At(StreamTime::from_nanos(at)),
        }
    }
}

/// A filter whose pins can be started and stopped; each pin has a [`Gate`]. `[main]`
pub trait StreamControl {
    /// Starts the stream of `pin`. A `cookie` other than 0 is told back with
    /// [`EventCode::STREAM_STARTED`](crate::EventCode::STREAM_STARTED), unless `when` is now or never.
    fn start_at(&mut self, pin: Pin, when: When, cookie: u32) -> Status;

    /// Stops it, likewise. With `send_extra` one more sample is delivered after the stop time, so that
    /// a multiplexer which waits for that time does not hang.
    fn stop_at(&mut self, pin: Pin, when: When, send_extra: bool, cookie: u32) -> Status;
}

/// [`StreamControl`] at the border. A time is a flag "now" and nanoseconds, `i64::MAX` meaning never.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = StreamControlRef)))]
#[sabi(missing_field(option))]
pub struct StreamControlTable {
    /// Pin, now, time, cookie.
    pub start_at: unsafe extern "C" fn(*mut c_void, u32, bool, i64, u32) -> Status,
    /// Pin, now, time, send extra, cookie.
    #[sabi(last_prefix_field)]
    pub stop_at: unsafe extern "C" fn(*mut c_void, u32, bool, i64, bool, u32) -> Status,
}

/// The table of a filter type; it lives in the library's read-only data.
pub(crate) fn table<F: Filter>() -> StreamControlRef {
    StreamControlRef(
        const {
            &WithMetadata::new(StreamControlTable {
                start_at: start_at::<F>,
                stop_at: stop_at::<F>,
            })
        }
        .static_as_prefix(),
    )
}

unsafe extern "C" fn start_at<F: Filter>(
    instance: *mut c_void,
    pin: u32,
    now: bool,
    at: i64,
    cookie: u32,
) -> Status {
    let order = |filter: &mut F| match filter.stream_control() {
        Some(control) => control.start_at(Pin::from_raw(pin), When::from_raw(now, at), cookie),
        None => Status::NO_INTERFACE,
    };
    // SAFETY: the caller passes an instance of this table's filter type; likewise below.
    unsafe { ask(instance, Status::PANICKED, order) }
}

unsafe extern "C" fn stop_at<F: Filter>(
    instance: *mut c_void,
    pin: u32,
    now: bool,
    at: i64,
    extra: bool,
    cookie: u32,
) -> Status {
    let when = When::from_raw(now, at);
    let order = |filter: &mut F| match filter.stream_control() {
        Some(control) => control.stop_at(Pin::from_raw(pin), when, extra, cookie),
        None => Status::NO_INTERFACE,
    };
    // SAFETY: see `start_at`.
    unsafe { ask(instance, Status::PANICKED, order) }
}
