//! The sample as it crosses the border. Frozen.

use abi_stable::StableAbi;

use super::buffer::RawBuffer;
use super::media::RawMedia;

/// A sample's header; [`crate::Sample`] is the safe view of it.
#[repr(C)]
#[derive(StableAbi, Debug)]
pub struct RawSample {
    /// Stream time at which it is due, ns; valid with TIME_VALID.
    pub start: i64,
    /// Stream time at which it ends, ns; valid with STOP_VALID.
    pub stop: i64,
    /// First frame (audio) or frame number (video); valid with MEDIA_TIME_VALID.
    pub media_start: i64,
    /// One past the last.
    pub media_stop: i64,
    /// [`crate::SampleFlags`].
    pub flags: u32,
    /// Which stream it belongs to; 0 in all that there is today.
    pub stream: u32,
    /// Bytes used of the buffer.
    pub length: usize,
    /// One reference to the data, or null.
    pub buffer: *mut RawBuffer,
    /// The new media type, from this sample on; valid with TYPE_CHANGED.
    pub media: RawMedia,
    /// Host time at which its data had arrived, ns; valid with ARRIVAL_VALID.
    pub arrival: i64,
    /// Always 0.
    pub reserved: u64,
}
