//! A filter as a table of functions.
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::std_types::{ROption, RResult, RSlice, RStr, RString, RVec};

use super::host::{RawHost, RawMarker, RawOutput};
use super::media::RawMedia;
use super::sample::RawSample;
use super::settings::RawSetting;
use super::status::Status;
use super::wake::RawWake;
use crate::capability::clock::ClockRef;
use crate::capability::clock_slave::ClockSlaveRef;
use crate::capability::latency::LatencyRef;
use crate::capability::pins::PinsRef;
use crate::capability::push_source::PushSourceRef;
use crate::capability::quality_control::QualityControlRef;
use crate::capability::renderer_statistics::RendererStatisticsRef;
use crate::capability::stream_control::StreamControlRef;

/// A failed call, with its reason.
#[repr(C)]
#[derive(StableAbi, Debug, Clone)]
pub struct RawError {
    /// Which kind of failure.
    pub status: Status,
    /// The reason, one sentence.
    pub text: RString,
}

/// A number that a filter counts for the report.
#[repr(C)]
#[derive(StableAbi, Debug, Clone)]
pub struct RawCounter {
    /// What is counted.
    pub name: RString,
    /// How many since activation.
    pub value: u64,
}

/// Pin numbers at the border: outputs have the highest bit set.
pub const OUTPUT: u32 = 1 << 31;

/// The life of a filter. No two functions run at once for one filter; which thread calls does not matter.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = FilterRef)))]
#[sabi(missing_field(option))]
pub struct FilterTable {
    /// Ends the filter. Not called on one that panicked.
    pub destroy: unsafe extern "C" fn(*mut c_void),
    /// What a pin proposes, in order of preference (LS-103).
    pub media_types: unsafe extern "C" fn(*mut c_void, u32) -> RVec<RawMedia>,
    /// Accepts a complete media type for a pin, or refuses it and changes nothing.
    pub connect: unsafe extern "C" fn(*mut c_void, u32, RawMedia) -> RResult<(), RawError>,
    /// Undoes `connect`.
    pub disconnect: unsafe extern "C" fn(*mut c_void, u32),
    /// 1 activate, 2 run (with the base time), 3 pause, 4 deactivate (LS-119).
    pub change_state: unsafe extern "C" fn(*mut c_void, u32, i64) -> RResult<(), RawError>,
    /// State query in Paused: OK, INTERMEDIATE or CANT_CUE (LS-7, LS-8).
    pub cue: unsafe extern "C" fn(*mut c_void) -> Status,
    /// Does what is due.
    pub step: unsafe extern "C" fn(*mut c_void, *const RawOutput) -> RawWake,
    /// Takes a sample over on an input pin.
    pub receive: unsafe extern "C" fn(*mut c_void, u32, *mut RawSample, *const RawOutput) -> Status,
    /// Takes a marker on an input pin.
    pub mark: unsafe extern "C" fn(*mut c_void, u32, *const RawMarker, *const RawOutput) -> Status,
    /// Whether a renderer has room for another sample, so that a source which can wait goes on.
    pub ready: unsafe extern "C" fn(*mut c_void) -> bool,
    /// Numbers for the report.
    pub counters: unsafe extern "C" fn(*mut c_void) -> RVec<RawCounter>,
    /// Capabilities; each may be missing.
    pub latency: unsafe extern "C" fn(*mut c_void) -> ROption<LatencyRef>,
    pub push_source: unsafe extern "C" fn(*mut c_void) -> ROption<PushSourceRef>,
    pub clock: unsafe extern "C" fn(*mut c_void) -> ROption<ClockRef>,
    pub clock_slave: unsafe extern "C" fn(*mut c_void) -> ROption<ClockSlaveRef>,
    pub renderer_statistics: unsafe extern "C" fn(*mut c_void) -> ROption<RendererStatisticsRef>,
    pub stream_control: unsafe extern "C" fn(*mut c_void) -> ROption<StreamControlRef>,
    #[sabi(last_prefix_field)]
    pub pins: unsafe extern "C" fn(*mut c_void) -> ROption<PinsRef>,
    pub quality_control: unsafe extern "C" fn(*mut c_void) -> ROption<QualityControlRef>,
    /// Whether an input pin has room for another sample, so that what waits before it may come.
    pub ready_for: unsafe extern "C" fn(*mut c_void, u32) -> bool,
}

/// A filter that was made.
#[repr(C)]
#[derive(StableAbi)]
pub struct RawFilter {
    /// Its state.
    pub instance: *mut c_void,
    /// Its functions.
    pub table: FilterRef,
}

/// A kind of filter that a library can make.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = FactoryRef)))]
#[sabi(missing_field(option))]
pub struct Factory {
    /// The filter's id, as in the descriptor.
    pub id: RStr<'static>,
    /// 1 source, 2 transform, 3 renderer.
    pub kind: u32,
    /// Makes one.
    #[sabi(last_prefix_field)]
    pub create:
        unsafe extern "C" fn(RSlice<'_, RawSetting>, RawHost) -> RResult<RawFilter, RawError>,
}
