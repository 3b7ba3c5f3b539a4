//! What a filter under test sends: samples, markers, events, messages, clock readings.
#![allow(unsafe_code)] // it stands on the host's side of the border

use std::collections::BTreeMap;
use std::ffi::c_void;

use super::{Driver, Posted};
use crate::abi::host::{RawMarker, RawOutput};
use crate::abi::sample::RawSample;
use crate::abi::status::Status;
use crate::abi::wake::Wake;
use crate::capability::quality_control::Quality;
use crate::host::ClockReading;
use crate::output::Marker;
use crate::sample::Sample;
use crate::time::{HostTime, Span};

/// What came out of the output pins.
#[derive(Default)]
pub(super) struct Outlet {
    samples: BTreeMap<u32, Vec<Sample>>,
    markers: BTreeMap<u32, Vec<Marker>>,
    flow: BTreeMap<u32, Status>,
}

impl Outlet {
    /// What a filter is given for its streaming calls, with the first `pins` connected.
    pub(super) fn output(&mut self, now: HostTime, pins: u32) -> RawOutput {
        RawOutput {
            instance: (&raw mut *self).cast::<c_void>(),
            now: now.nanos(),
            pins,
            reserved: 0,
            deliver,
            mark,
            reserved_functions: [0; 2],
        }
    }
}

impl Driver {
    /// The samples delivered through an output pin so far; they are taken away.
    pub fn delivered(&mut self, pin: u32) -> Vec<Sample> {
        self.outlet.samples.remove(&pin).unwrap_or_default()
    }

    /// Steps the filter whenever it asked to be, for `span`; what was delivered through an output pin, each
    /// with the host time of its delivery.
    pub fn collect(&mut self, pin: u32, span: Span) -> Vec<(HostTime, Sample)> {
        let until = self.now() + span;
        let mut collected = Vec::new();
        loop {
            let (wake, now) = (self.step(), self.now());
            collected.extend(self.delivered(pin).into_iter().map(|sample| (now, sample)));
            match wake {
                Wake::At(at) if at <= until => self.set_now(at.max(now)),
                _ => break,
            }
        }
        self.set_now(until);
        collected
    }

    /// The markers sent through an output pin so far; they are taken away.
    pub fn marked(&mut self, pin: u32) -> Vec<Marker> {
        self.outlet.markers.remove(&pin).unwrap_or_default()
    }

    /// Lets what is behind an output pin answer with `status` from now on.
    pub fn answer(&mut self, pin: u32, status: Status) {
        self.outlet.flow.insert(pin, status);
    }

    /// The events posted so far; they are taken away.
    pub fn events(&self) -> Vec<Posted> {
        self.host.take_events()
    }

    /// The quality messages sent upstream so far; they are taken away.
    pub fn quality_messages(&self) -> Vec<Quality> {
        self.host.take_quality()
    }

    /// The newest clock reading that the filter published.
    pub fn published_clock(&self) -> Option<ClockReading> {
        self.host.published_clock()
    }
}

unsafe extern "C" fn deliver(
    instance: *mut c_void,
    pin: u32,
    sample: *mut RawSample,
    _now: i64,
) -> Status {
    // SAFETY: the driver passes its own outlet, which nobody else uses during the call.
    let outlet = unsafe { &mut *instance.cast::<Outlet>() };
    // SAFETY: the filter gives the sample up.
    outlet.samples.entry(pin).or_default().push(unsafe { Sample::take(sample) });
    outlet.flow.get(&pin).copied().unwrap_or(Status::OK)
}

unsafe extern "C" fn mark(
    instance: *mut c_void,
    pin: u32,
    marker: *const RawMarker,
    _now: i64,
) -> Status {
    // SAFETY: see `deliver`.
    let outlet = unsafe { &mut *instance.cast::<Outlet>() };
    // SAFETY: the filter passes a marker that lives during the call.
    if let Some(marker) = unsafe { marker.read() }.marker() {
        outlet.markers.entry(pin).or_default().push(marker);
    }
    Status::OK
}
