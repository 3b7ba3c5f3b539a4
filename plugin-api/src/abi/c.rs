//! The border for plugins in C, C++, or whatever can make C structures. `c/driftless.h` is made of it.
//!
//! It says the same as [`super::filter`] in C's words: a library exports one [`CLibrary`] as
//! `driftless_c_plugin`, which leads to its factories; a factory makes filters; a filter begins with a
//! pointer to its [`CFilterTable`]. Samples, media types, markers, clocks and statistics are the very
//! structures that Rust plugins use, and the functions called with each sample are called directly.
//!
//! There is nothing here to check layouts by, so every structure is frozen but for one thing: one that
//! begins with its `size` may get longer in a minor version, and neither side looks beyond the size that
//! the other one states. Texts are UTF-8 and end with a zero byte. No function may let an exception
//! out or end its thread. A null pointer where "may be null" is said stands for what is said there.
#![allow(unsafe_code)] // function pointers across the border

use std::ffi::{c_char, c_void};
use std::mem::{offset_of, size_of};

use abi_stable::StableAbi;

use super::buffer::RawBuffer;
use super::host::{RawClockReading, RawClockState, RawMarker, RawOutput, RawUpstream};
use super::media::RawMedia;
use super::sample::RawSample;
use super::status::Status;
use super::wake::RawWake;
use crate::capability::renderer_statistics::Statistics;

/// The value of [`CLibrary::magic`]: "drft", read as a little-endian number.
pub const MAGIC: u32 = 0x7466_7264;

/// What a library exports under the name `driftless_c_plugin`.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CLibrary {
    /// DRIFTLESS_MAGIC.
    pub magic: u32,
    /// Major version of the header it was compiled with; the host's must be the same.
    pub major: u32,
    /// Minor version of that header; the host's may be another.
    pub minor: u32,
    /// sizeof(driftless_library)
    pub size: u32,
    /// How many factories there are.
    pub count: usize,
    /// The factories, one for each filter of the descriptor.
    pub factories: *const *const CFactory,
}

impl CLibrary {
    /// Bytes of it in plugin-api 1.0: every library has so many.
    pub const LEAST: usize = offset_of!(Self, factories) + size_of::<*const *const CFactory>();
}

// SAFETY: what a library exports is constant.
unsafe impl Sync for CLibrary {}

/// A kind of filter that a library can make.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CFactory {
    /// sizeof(driftless_factory)
    pub size: u32,
    /// 1 source, 2 transform, 3 renderer.
    pub kind: u32,
    /// The filter's id, as in the descriptor.
    pub id: *const c_char,
    /// Makes a filter from its complete settings, or returns null and says why in `reason`. What it
    /// returns points to a structure that begins with a `const driftless_filter_table *`. The settings
    /// are valid during the call, `host` until the filter's `destroy` has returned. `[main]`
    pub create: unsafe extern "C" fn(
        settings: *const CSetting,
        count: usize,
        host: *const CHost,
        reason: *mut CReason,
    ) -> *mut c_void,
}

impl CFactory {
    /// Bytes of it in plugin-api 1.0: every factory has so many.
    pub const LEAST: usize = offset_of!(Self, create) + size_of::<fn()>();
}

// SAFETY: a factory is constant.
unsafe impl Sync for CFactory {}

/// Why something failed: a sentence, written by the plugin.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CReason {
    /// It ends with a zero byte.
    pub text: [c_char; 256],
}

/// A setting: what the manifest says, or the descriptor's default.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CSetting {
    /// Its name.
    pub name: *const c_char,
    /// 0 boolean, 1 integer, 2 number, 3 time, 4 text, 5 words; others are to be passed over.
    pub kind: u32,
    /// How many words there are, for kind 5.
    pub count: u32,
    /// Boolean (0, 1), integer, or time in ns.
    pub integer: i64,
    /// Number, in the unit of the descriptor.
    pub number: f64,
    /// Text; empty for other kinds.
    pub text: *const c_char,
    /// Words; null for other kinds.
    pub words: *const *const c_char,
}

/// A number that a filter counts for the report.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct CCounter {
    /// What is counted; lives as long as the library.
    pub name: *const c_char,
    /// How many since activation.
    pub value: u64,
}

/// The life of a filter. No two functions run at once for one filter; which thread calls does not
/// matter. Each is given what `create` returned. Pins are numbered within their direction in the
/// descriptor's order; outputs have the highest bit set.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CFilterTable {
    /// sizeof(driftless_filter_table)
    pub size: u32,
    /// Always 0.
    pub reserved: u32,
    /// Ends the filter. `[main]`
    pub destroy: unsafe extern "C" fn(filter: *mut c_void),
    /// Writes what a pin proposes, best first, at most `room` of them, and returns how many it wrote.
    /// May be null: any. `[main]`
    pub media_types: Option<
        unsafe extern "C" fn(
            filter: *mut c_void,
            pin: u32,
            types: *mut RawMedia,
            room: usize,
        ) -> usize,
    >,
    /// Accepts a complete media type for a pin; or refuses it, changes nothing, and says what would be
    /// accepted. `[main]`
    pub connect: unsafe extern "C" fn(
        filter: *mut c_void,
        pin: u32,
        media: *const RawMedia,
        reason: *mut CReason,
    ) -> Status,
    /// Undoes `connect`. May be null: nothing to do. `[main]`
    pub disconnect: Option<unsafe extern "C" fn(filter: *mut c_void, pin: u32)>,
    /// 1 activate, 2 run (stream time 0 is at the reference time `base`), 3 pause, 4 deactivate.
    /// May be null: nothing to do. `[main]`
    pub change_state: Option<
        unsafe extern "C" fn(
            filter: *mut c_void,
            transition: u32,
            base: i64,
            reason: *mut CReason,
        ) -> Status,
    >,
    /// DRIFTLESS_OK, DRIFTLESS_INTERMEDIATE or DRIFTLESS_CANT_CUE. May be null: OK. `[main]`
    pub cue: Option<unsafe extern "C" fn(filter: *mut c_void) -> Status>,
    /// Does what is due, and says when to be called again. May be null: when signalled. `[streaming]`
    pub step:
        Option<unsafe extern "C" fn(filter: *mut c_void, output: *const RawOutput) -> RawWake>,
    /// Takes a sample over, which is to be delivered or released. DRIFTLESS_FALSE: send no more. A
    /// failure ends the branch; see `driftless_fail`. May be null in a source. `[streaming]`
    pub receive: Option<
        unsafe extern "C" fn(
            filter: *mut c_void,
            pin: u32,
            sample: *mut RawSample,
            output: *const RawOutput,
        ) -> Status,
    >,
    /// Takes a marker. May be null: it is passed on through all output pins. `[streaming]`
    pub mark: Option<
        unsafe extern "C" fn(
            filter: *mut c_void,
            pin: u32,
            marker: *const RawMarker,
            output: *const RawOutput,
        ) -> Status,
    >,
    /// Whether a renderer has room for another sample. May be null: always. `[streaming]`
    pub ready: Option<unsafe extern "C" fn(filter: *mut c_void) -> bool>,
    /// Writes at most `room` numbers for the report, and returns how many it wrote. May be null: none.
    /// `[main]`
    pub counters: Option<
        unsafe extern "C" fn(filter: *mut c_void, counters: *mut CCounter, room: usize) -> usize,
    >,
    /// How long a sample takes through the filter. May be null.
    pub latency: *const CLatency,
    /// What a live source promises of its stamps. May be null.
    pub push_source: *const CPushSource,
    /// A clock on offer. May be null.
    pub clock: *const CClock,
    /// A renderer that follows another clock. May be null.
    pub clock_slave: *const CClockSlave,
    /// How well a renderer keeps time. May be null.
    pub renderer_statistics: *const CRendererStatistics,
    /// Starting and stopping of pins. May be null.
    pub stream_control: *const CStreamControl,
    /// What the filter and its pins are for. May be null.
    pub pins: *const CPins,
}

impl CFilterTable {
    /// Bytes of it in plugin-api 1.0: every filter's table has so many.
    pub const LEAST: usize = offset_of!(Self, pins) + size_of::<*const CPins>();
}

// SAFETY: a table is constant.
unsafe impl Sync for CFilterTable {}

/// See [`crate::Latency`]. `[main]`
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CLatency {
    /// sizeof(driftless_latency)
    pub size: usize,
    /// Writes nanoseconds.
    pub latency: unsafe extern "C" fn(filter: *mut c_void, pin: u32, ns: *mut i64) -> Status,
    /// How much of the stream a pin can hold back on top, ns; negative when that is not known.
    /// May be null: not known.
    pub holds: Option<unsafe extern "C" fn(filter: *mut c_void, pin: u32) -> i64>,
}

/// See [`crate::PushSource`]. `[main]`
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CPushSource {
    /// sizeof(driftless_push_source)
    pub size: usize,
    /// Writes bits: 1 matches rates itself, 2 not live, 4 private clock.
    pub flags: unsafe extern "C" fn(filter: *mut c_void, pin: u32, flags: *mut u32) -> Status,
    /// Which instant stamps name: 0 delivery, 1 capture, 2 none.
    pub stamps: unsafe extern "C" fn(filter: *mut c_void, pin: u32) -> u32,
    /// Writes the offset in force, ns.
    pub stream_offset: unsafe extern "C" fn(filter: *mut c_void, pin: u32, ns: *mut i64) -> Status,
    /// Sets what is added to every stamp from the next sample on, ns.
    pub set_stream_offset: unsafe extern "C" fn(filter: *mut c_void, pin: u32, ns: i64) -> Status,
    /// Writes the largest offset that the pin's buffering supports, ns.
    pub max_stream_offset:
        unsafe extern "C" fn(filter: *mut c_void, pin: u32, ns: *mut i64) -> Status,
    /// Tells the largest offset that this graph may use, ns. May be null: not implemented.
    pub set_max_stream_offset:
        Option<unsafe extern "C" fn(filter: *mut c_void, pin: u32, ns: i64) -> Status>,
}

/// See [`crate::Clock`]. `[main]`
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CClock {
    /// sizeof(driftless_clock)
    pub size: usize,
    /// Whether it is on offer.
    pub offers: unsafe extern "C" fn(filter: *mut c_void) -> bool,
    /// The oscillator's name, valid until the filter is called again; empty: nobody else's.
    /// May be null: empty.
    pub identity: Option<unsafe extern "C" fn(filter: *mut c_void) -> *const c_char>,
}

/// See [`crate::ClockSlave`]. `[main]`
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CClockSlave {
    /// sizeof(driftless_clock_slave)
    pub size: usize,
    /// Nanoseconds.
    pub tolerance: unsafe extern "C" fn(filter: *mut c_void) -> i64,
    /// Nanoseconds.
    pub set_tolerance: unsafe extern "C" fn(filter: *mut c_void, ns: i64) -> Status,
}

/// See [`crate::RendererStatistics`]. `[main]`
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CRendererStatistics {
    /// sizeof(driftless_renderer_statistics)
    pub size: usize,
    /// Fills the structure.
    pub statistics:
        unsafe extern "C" fn(filter: *mut c_void, statistics: *mut Statistics) -> Status,
}

/// See [`crate::StreamControl`]. A time is a flag "now" and nanoseconds, INT64_MAX meaning never.
/// `[main]`
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CStreamControl {
    /// sizeof(driftless_stream_control)
    pub size: usize,
    /// Starts a pin's stream.
    pub start_at: unsafe extern "C" fn(
        filter: *mut c_void,
        pin: u32,
        now: bool,
        at: i64,
        cookie: u32,
    ) -> Status,
    /// Stops it, after one more sample if `extra`.
    pub stop_at: unsafe extern "C" fn(
        filter: *mut c_void,
        pin: u32,
        now: bool,
        at: i64,
        extra: bool,
        cookie: u32,
    ) -> Status,
}

/// See [`crate::Pins`]. `[main]`
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CPins {
    /// sizeof(driftless_pins)
    pub size: usize,
    /// 0 capture, 1 preview, 2 other.
    pub category: unsafe extern "C" fn(filter: *mut c_void, pin: u32) -> u32,
    /// 1 renderer, 2 source.
    pub misc_flags: unsafe extern "C" fn(filter: *mut c_void) -> u32,
}

/// The host as one filter sees it.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CHost {
    /// Its services.
    pub table: *const CHostTable,
    /// The first argument of each.
    pub instance: *const c_void,
}

/// The host's services. Every function may be called on any thread; those marked device-safe neither
/// allocate, lock nor enter the kernel.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct CHostTable {
    /// Bytes of this table; functions beyond it are not there.
    pub size: usize,
    /// Host time, ns. Device-safe.
    pub now: unsafe extern "C" fn(host: *const c_void) -> i64,
    /// The reference clock and the graph's state. Device-safe.
    pub clock: unsafe extern "C" fn(host: *const c_void) -> RawClockState,
    /// Steps the filter soon.
    pub wake: unsafe extern "C" fn(host: *const c_void),
    /// A new reading of the clock that this filter offers; one thread only. Device-safe.
    pub publish_clock: unsafe extern "C" fn(host: *const c_void, reading: RawClockReading),
    /// Posts an event.
    pub event:
        unsafe extern "C" fn(host: *const c_void, code: u32, p1: i64, p2: i64, text: *const c_char),
    /// Writes a line to the log; levels 1 error to 5 trace.
    pub log: unsafe extern "C" fn(host: *const c_void, level: u32, text: *const c_char),
    /// A sample buffer of the graph's pool with one holder, or null above 128 MiB. Its bytes are at
    /// `data`. What only one holds may be written.
    pub take_buffer: unsafe extern "C" fn(host: *const c_void, bytes: usize) -> *mut RawBuffer,
    /// One more holder of a buffer. Device-safe.
    pub retain_buffer: unsafe extern "C" fn(buffer: *mut RawBuffer),
    /// One holder less; the last one returns the buffer to its pool.
    pub release_buffer: unsafe extern "C" fn(buffer: *mut RawBuffer),
    /// Whether there is one holder only, so that the buffer may be written. Device-safe.
    pub is_sole_holder: unsafe extern "C" fn(buffer: *const RawBuffer) -> bool,
    /// Searches upstream of an input pin for a push source.
    pub upstream: unsafe extern "C" fn(host: *const c_void, pin: u32) -> RawUpstream,
    /// A number that is the same in every run with the same seed, and another for every filter.
    pub seed: unsafe extern "C" fn(host: *const c_void) -> u64,
}
