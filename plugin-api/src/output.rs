//! What a filter has at hand while it streams: the time, and what its output pins lead to.
#![allow(unsafe_code)] // the one safe view of the frozen table

use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use crate::abi::host::{RawMarker, RawOutput};
use crate::abi::status::Status;
use crate::filter::Flow;
use crate::sample::Sample;
use crate::time::{HostTime, StreamTime};

/// What travels between the samples of a stream (section 8.3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Marker {
    /// Nothing follows (LS-113).
    EndOfStream,
    /// Drop everything held; what comes until [`EndFlush`](Self::EndFlush) is refused (LS-115).
    BeginFlush,
    /// All that comes now is newer than the flush.
    EndFlush,
    /// Stamps restart at 0 within these bounds (LS-116). They say when a sample is due at any rate; who
    /// plays audio resamples it by the rate.
    NewSegment {
        /// Where the segment starts in what was recorded.
        start: StreamTime,
        /// Where it stops there.
        stop: StreamTime,
        /// How fast it is played: 1.0 as recorded, and at 2.0 stamps are half as far apart.
        rate: f64,
    },
}

impl Marker {
    /// The segment of every live source (LS-116).
    pub const LIVE_SEGMENT: Self =
        Self::NewSegment { start: StreamTime::ZERO, stop: StreamTime::MAX, rate: 1.0 };
}

impl From<Marker> for RawMarker {
    fn from(marker: Marker) -> Self {
        let bare = |kind| Self { kind, reserved: 0, start: 0, stop: 0, rate: 0.0 };
        match marker {
            Marker::EndOfStream => bare(1),
            Marker::BeginFlush => bare(2),
            Marker::EndFlush => bare(3),
            Marker::NewSegment { start, stop, rate } => {
                Self { start: start.nanos(), stop: stop.nanos(), rate, ..bare(4) }
            }
        }
    }
}

impl RawMarker {
    /// The marker, or `None` for one that this version does not know.
    pub fn marker(self) -> Option<Marker> {
        match self.kind {
            1 => Some(Marker::EndOfStream),
            2 => Some(Marker::BeginFlush),
            3 => Some(Marker::EndFlush),
            4 => Some(Marker::NewSegment {
                start: StreamTime::from_nanos(self.start),
                stop: StreamTime::from_nanos(self.stop),
                rate: self.rate,
            }),
            _ => None,
        }
    }
}

/// What a filter has at hand while it streams. `[streaming]`
#[derive(Debug)]
pub struct Output<'a> {
    raw: *const RawOutput,
    _call: PhantomData<&'a RawOutput>,
}

impl Output<'_> {
    /// The view of a table that the host passed.
    ///
    /// # Safety
    ///
    /// `raw` is valid for the lifetime the caller chooses, and used by one thread.
    #[inline]
    pub unsafe fn from_raw(raw: *const RawOutput) -> Self {
        Self { raw, _call: PhantomData }
    }

    #[inline]
    fn raw(&self) -> &RawOutput {
        // SAFETY: `from_raw` was promised a valid table.
        unsafe { &*self.raw }
    }

    /// Host time of this step: the time at which the segment was woken, in real or virtual time.
    #[inline]
    pub fn now(&self) -> HostTime {
        HostTime::from_nanos(self.raw().now)
    }

    /// How many output pins there are; pins without a connection count too.
    pub fn pins(&self) -> u32 {
        self.raw().pins
    }

    /// Hands `sample` to what output pin `pin` is connected to, which is called at once on this
    /// thread. A pin without a connection drops it.
    #[inline]
    pub fn deliver(&mut self, pin: u32, sample: Sample) -> Flow {
        let mut sample = ManuallyDrop::new(sample);
        let raw = self.raw();
        // SAFETY: a valid table; the sample is taken over in any case, so it is not dropped here.
        let status = unsafe { (raw.deliver)(raw.instance, pin, sample.as_raw(), raw.now) };
        if status == Status::OK { Flow::Continue } else { Flow::Stop }
    }

    /// Sends `marker` through output pin `pin`.
    pub fn mark(&mut self, pin: u32, marker: Marker) {
        let marker = RawMarker::from(marker);
        let raw = self.raw();
        // SAFETY: a valid table; the marker is read during the call only.
        unsafe { (raw.mark)(raw.instance, pin, &raw const marker, raw.now) };
    }

    /// Sends `marker` through all output pins.
    pub fn mark_all(&mut self, marker: Marker) {
        for pin in 0..self.pins() {
            self.mark(pin, marker);
        }
    }
}
