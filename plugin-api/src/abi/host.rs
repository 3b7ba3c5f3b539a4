//! What the host offers every filter, as a table of functions.
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::std_types::RStr;

use super::buffer::RawBuffer;
use super::status::Status;
use crate::capability::quality_control::RawQuality;

/// The reference clock as everyone may read it: an affine function of host time. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Default)]
pub struct RawClockState {
    /// Host time of the anchor, ns.
    pub host: i64,
    /// Reference time at the anchor, ns.
    pub reference: i64,
    /// Reference nanoseconds a host nanosecond, near 1.
    pub rate: f64,
    /// Reference time of stream time 0 (LS-66); valid while running.
    pub base: i64,
    /// Stream time while paused, ns.
    pub paused_at: i64,
    /// What every renderer adds to a stamp, ns (LS-M3).
    pub presentation_delay: i64,
    /// 0 stopped, 1 paused, 2 running.
    pub state: u32,
    /// Bit 0: there is a clock. Bit 1: it is the asking filter's own (G of LS-75).
    pub flags: u32,
    /// Changes whenever another clock is chosen (LS-76).
    pub epoch: u32,
    /// Always 0.
    pub reserved: u32,
}

/// One reading of a clock that a filter offers: host and reference time of the same instant. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq)]
pub struct RawClockReading {
    /// Host time, ns.
    pub host: i64,
    /// The clock's own time, ns.
    pub reference: i64,
    /// Clock nanoseconds a host nanosecond, near 1.
    pub rate: f64,
}

/// What a search upstream found (LS-36 to LS-40). Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Default)]
pub struct RawUpstream {
    /// Whether a live source is upstream (LS-1).
    pub live: u32,
    /// Whether a push source was found, so that what follows is valid.
    pub push_source: u32,
    /// Its flags.
    pub flags: u32,
    /// Always 0.
    pub reserved: u32,
    /// Its latency, ns; negative when unknown.
    pub latency: i64,
    /// Its stream offset, ns.
    pub offset: i64,
}

/// How far the host has pushed the clock of a simulated device off its own rate. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Default)]
pub struct RawDeviation {
    /// Nanoseconds that the clock has gained, in frames and readings.
    pub gained: i64,
    /// Nanoseconds that its readings alone have jumped by.
    pub stepped: i64,
    /// Nanoseconds gained a host nanosecond, now.
    pub rate: f64,
    /// Always 0.
    pub reserved: [u64; 2],
}

/// What becomes of something that a simulated device or source would do at a nominal time. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Default)]
pub struct RawFate {
    /// How much later it happens, ns.
    pub late: i64,
    /// How much longer than usual it takes on its way behind that, ns.
    pub delay: i64,
    /// How often it happens beyond once: -1 never, 0 once, 1 twice.
    pub more: i32,
    /// Always 0.
    pub reserved: u32,
    /// How much after the first the second happens, ns.
    pub again: i64,
    /// Always 0.
    pub more_reserved: [u64; 4],
}

/// One call of a device, or whether one is to be repeated. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Default)]
pub struct RawCall {
    /// Host time at which it came, ns.
    pub seen: i64,
    /// Host time at which it should have come, ns.
    pub due: i64,
    /// From then until what it asks for is heard, or since what it brings was captured, ns.
    pub delay: i64,
    /// Frames a second, true to nominal.
    pub rate: f64,
    /// How many frames.
    pub frames: u32,
    /// Of an answer: 0 calls are not repeated, 1 none is now, 2 this one.
    pub state: u32,
    /// Always 0.
    pub reserved: [u64; 2],
}

/// A packet from a network without its payload, or whether one is to be repeated. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Default)]
pub struct RawPacket {
    /// Host time of its arrival, ns.
    pub at: i64,
    /// Its first bytes.
    pub head: [u8; 12],
    /// Its length in bytes.
    pub length: u32,
    /// Of an answer: 0 packets are not repeated, 1 no more are now, 2 this one.
    pub state: u32,
    /// Always 0.
    pub reserved: [u32; 3],
}

/// The host's services. Every function may be called on any thread; those marked device-safe neither
/// allocate, lock nor enter the kernel.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = HostRef)))]
#[sabi(missing_field(option))]
pub struct HostTable {
    /// Host time, ns. Device-safe.
    pub now: unsafe extern "C" fn(*const c_void) -> i64,
    /// The reference clock and the graph's state. Device-safe.
    pub clock: unsafe extern "C" fn(*const c_void) -> RawClockState,
    /// Steps the filter soon.
    pub wake: unsafe extern "C" fn(*const c_void),
    /// A new reading of the clock that this filter offers; one thread only. Device-safe.
    pub publish_clock: unsafe extern "C" fn(*const c_void, RawClockReading),
    /// Posts an event.
    pub event: unsafe extern "C" fn(*const c_void, u32, i64, i64, RStr<'_>),
    /// Writes a line to the log; levels 1 error to 5 trace.
    pub log: unsafe extern "C" fn(*const c_void, u32, RStr<'_>),
    /// A sample buffer from the graph's pool, or null above 128 MiB.
    pub take_buffer: unsafe extern "C" fn(*const c_void, usize) -> *mut RawBuffer,
    /// Searches upstream of an input pin for a push source.
    pub upstream: unsafe extern "C" fn(*const c_void, u32) -> RawUpstream,
    /// A number that is the same in every run with the same seed, and another for every filter.
    pub seed: unsafe extern "C" fn(*const c_void) -> u64,
    /// One more holder of the host's side.
    pub retain: unsafe extern "C" fn(*const c_void),
    /// One holder less.
    #[sabi(last_prefix_field)]
    pub release: unsafe extern "C" fn(*const c_void),
    /// How far a simulated clock is off at a host time. Device-safe but in virtual time.
    pub deviation: unsafe extern "C" fn(*const c_void, i64) -> RawDeviation,
    /// What becomes of what would happen at a host time; asked once for each, in order. Likewise.
    pub fate: unsafe extern "C" fn(*const c_void, i64) -> RawFate,
    /// The filter's device has called. Device-safe.
    pub called: unsafe extern "C" fn(*const c_void, RawCall),
    /// The call that a simulated device is to repeat now.
    pub call: unsafe extern "C" fn(*const c_void) -> RawCall,
    /// The filter took a packet from the network. Device-safe.
    pub arrived: unsafe extern "C" fn(*const c_void, RawPacket),
    /// The next packet that a simulated network is to repeat in this step.
    pub packet: unsafe extern "C" fn(*const c_void) -> RawPacket,
    /// Sends a quality message to what feeds an input pin.
    pub quality: unsafe extern "C" fn(*const c_void, u32, RawQuality) -> Status,
}

/// The table with the host's side of one filter.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct RawHost {
    /// The functions.
    pub table: HostRef,
    /// Their first argument.
    pub instance: *const c_void,
}

/// What travels between the samples of a stream (section 8.3). Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq)]
pub struct RawMarker {
    /// 1 end of stream, 2 begin flush, 3 end flush, 4 new segment; others are passed over.
    pub kind: u32,
    /// Always 0.
    pub reserved: u32,
    /// New segment: start, ns.
    pub start: i64,
    /// New segment: stop, ns.
    pub stop: i64,
    /// New segment: rate.
    pub rate: f64,
}

/// What a filter has at hand while it streams. Valid for one call. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct RawOutput {
    /// First argument of the functions.
    pub instance: *mut c_void,
    /// Host time of this step, ns.
    pub now: i64,
    /// How many output pins are connected.
    pub pins: u32,
    /// Always 0.
    pub reserved: u32,
    /// Hands a sample to what is connected to an output pin; the sample is taken over in any case.
    pub deliver:
        unsafe extern "C" fn(*mut c_void, u32, *mut super::sample::RawSample, i64) -> Status,
    /// Sends a marker through an output pin.
    pub mark: unsafe extern "C" fn(*mut c_void, u32, *const RawMarker, i64) -> Status,
    /// Always 0.
    pub reserved_functions: [usize; 2],
}
