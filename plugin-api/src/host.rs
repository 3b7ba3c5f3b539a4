//! The host's services, as filters see them.
#![allow(unsafe_code)] // the one safe view of the host's table

mod clock;
mod conditions;
mod repeat;

use crate::abi::buffer::{Buffer, BufferPool};
use crate::abi::host::{RawClockReading, RawHost, RawUpstream};
use crate::abi::status::Status;
use crate::capability::push_source::PushSourceFlags;
use crate::capability::quality_control::Quality;
use crate::event::EventCode;
use crate::sample::Sample;
use crate::time::{HostTime, ReferenceTime, Span};

pub use clock::{ClockState, ClockSteps, State};
pub use conditions::{Deviation, Fate, SimulatedClock};
pub use repeat::{Called, Packet, Repeat};

/// The host, as one filter sees it. Cheap to clone; may be sent to the filter's own threads. `[any]`
///
/// Methods tagged `[device]` neither allocate, lock nor enter the kernel.
#[derive(Debug)]
pub struct Host(RawHost);

impl std::fmt::Debug for RawHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawHost")
    }
}

// SAFETY: the host promises that every function of its table may be called on any thread, and counts
// the holders of its side.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Clone for Host {
    fn clone(&self) -> Self {
        // SAFETY: the instance is alive as long as this holder.
        unsafe { self.0.table.retain()(self.0.instance) };
        Self(self.0)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: this holder was counted once.
        unsafe { self.0.table.release()(self.0.instance) };
    }
}

/// How bad a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed.
    Error = 1,
    /// Something is not as it should be.
    Warn,
    /// Something a user may want to know.
    Info,
    /// Something a developer may want to know.
    Debug,
    /// Everything.
    Trace,
}

/// One reading of a clock: host time and the clock's own time at the same instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockReading {
    /// Host time.
    pub host: HostTime,
    /// The clock's time.
    pub reference: ReferenceTime,
    /// Clock nanoseconds a host nanosecond, near 1.
    pub rate: f64,
}

/// What a search upstream found (LS-36 to LS-40).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upstream {
    /// Whether a live source is upstream (V of LS-75).
    pub live: bool,
    /// The push source nearest upstream, if there is one.
    pub push_source: Option<UpstreamPushSource>,
}

/// A push source upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamPushSource {
    /// Its flags (F of LS-75).
    pub flags: PushSourceFlags,
    /// Its latency, if it told.
    pub latency: Option<Span>,
    /// Its stream offset.
    pub offset: Span,
}

impl Host {
    /// Takes over one holder.
    ///
    /// # Safety
    ///
    /// `raw` is a live host of which the caller gives up one holder.
    pub unsafe fn from_raw(raw: RawHost) -> Self {
        Self(raw)
    }

    /// Host time now. Filters are told the time where they stream; this is for their own threads and
    /// device callbacks. `[device]`
    pub fn now(&self) -> HostTime {
        // SAFETY: the table is valid as long as this holder; likewise below.
        HostTime::from_nanos(unsafe { self.0.table.now()(self.0.instance) })
    }

    /// The reference clock and the graph's state, as of now. `[device]`
    pub fn clock(&self) -> ClockState {
        // SAFETY: see `now`.
        ClockState(unsafe { self.0.table.clock()(self.0.instance) })
    }

    /// Asks for a step soon, from the filter's own thread.
    pub fn wake(&self) {
        // SAFETY: see `now`.
        unsafe { self.0.table.wake()(self.0.instance) };
    }

    /// Publishes a reading of the clock that this filter offers. One thread only; readings must be
    /// smooth and run forwards (LS-69, LS-M15). `[device]`
    #[inline(always)] // so that the function that calls the host is the plugin's: `validate` watches that one
    pub fn publish_clock(&self, reading: ClockReading) {
        let ClockReading { host, reference, rate } = reading;
        let reading = RawClockReading { host: host.nanos(), reference: reference.nanos(), rate };
        // SAFETY: see `now`.
        unsafe { self.0.table.publish_clock()(self.0.instance, reading) };
    }

    /// Posts an event; `text` is one sentence for the user, or empty.
    pub fn event(&self, code: EventCode, p1: i64, p2: i64, text: &str) {
        // SAFETY: see `now`.
        unsafe { self.0.table.event()(self.0.instance, code.0, p1, p2, text.into()) };
    }

    /// Writes a line to the log.
    pub fn log(&self, level: LogLevel, text: &str) {
        // SAFETY: see `now`.
        unsafe { self.0.table.log()(self.0.instance, level as u32, text.into()) };
    }

    /// A sample of `bytes` bytes from the graph's pool, without times, its contents arbitrary; `None`
    /// above 128 MiB. `[streaming]`
    pub fn sample(&self, bytes: usize) -> Option<Sample> {
        Some(Sample::from_buffer(self.take(bytes)?, bytes))
    }

    /// A sample of `frames` frames of `channels` values. `[streaming]`
    pub fn audio_sample(&self, frames: usize, channels: u32) -> Option<Sample> {
        self.sample(frames.checked_mul(channels as usize)?.checked_mul(size_of::<f32>())?)
    }

    /// Searches upstream of input pin `input` for a push source (LS-40).
    pub fn upstream(&self, input: u32) -> Upstream {
        // SAFETY: see `now`.
        let raw: RawUpstream = unsafe { self.0.table.upstream()(self.0.instance, input) };
        Upstream {
            live: raw.live != 0,
            push_source: (raw.push_source != 0).then(|| UpstreamPushSource {
                flags: PushSourceFlags(raw.flags),
                latency: (raw.latency >= 0).then(|| Span::from_nanos(raw.latency)),
                offset: Span::from_nanos(raw.offset),
            }),
        }
    }

    /// Tells who feeds input pin `input` that samples come too late or too many (LS-117). `[streaming]`
    ///
    /// Returns [`Status::OK`] when it is on its way, [`Status::NOT_CONNECTED`] when nobody feeds the pin,
    /// [`Status::NOT_IMPLEMENTED`] by a host that is older.
    pub fn quality(&self, input: u32, quality: Quality) -> Status {
        match self.0.table.quality() {
            // SAFETY: see `now`.
            Some(send) => unsafe { send(self.0.instance, input, quality.into()) },
            None => Status::NOT_IMPLEMENTED,
        }
    }

    /// A number for this filter's random choices: the same in every run with the same seed.
    pub fn seed(&self) -> u64 {
        // SAFETY: see `now`.
        unsafe { self.0.table.seed()(self.0.instance) }
    }
}

/// Where sample buffers come from.
pub trait TakeBuffer {
    /// A buffer of at least `bytes`, its contents arbitrary; `None` above 128 MiB.
    fn take(&self, bytes: usize) -> Option<Buffer>;
}

impl TakeBuffer for Host {
    fn take(&self, bytes: usize) -> Option<Buffer> {
        // SAFETY: see `now`.
        let raw = unsafe { self.0.table.take_buffer()(self.0.instance, bytes) };
        // SAFETY: the host hands over one reference, or null.
        unsafe { Buffer::from_raw(raw) }
    }
}

impl TakeBuffer for BufferPool {
    fn take(&self, bytes: usize) -> Option<Buffer> {
        self.take(bytes)
    }
}
