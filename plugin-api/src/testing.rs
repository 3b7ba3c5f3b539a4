//! Running a filter in a unit test, without host or library.
//!
//! A [`Driver`] is a host with time as a number: the test says what time it is, steps a source, hands
//! samples to a transform or renderer, and looks at what came out.
//!
//! ```
//! # use driftless_plugin_api::*;
//! # struct Gain;
//! # impl Filter for Gain {
//! #     const ID: &'static str = "example.gain";
//! #     fn create(_: &Settings, _: Host) -> Result<Self, FilterError> { Ok(Self) }
//! #     fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> { Ok(()) }
//! # }
//! # impl Transform for Gain {
//! #     fn receive(&mut self, _: u32, sample: Sample, out: &mut Output<'_>) -> Result<Flow, FilterError> {
//! #         Ok(out.deliver(0, sample))
//! #     }
//! # }
//! use driftless_plugin_api::testing::{Driver, audio};
//!
//! let mut driver = Driver::transform::<Gain>(Settings::default()).unwrap();
//! driver.connect(Pin::Input(0), audio(48_000, 1)).unwrap();
//! driver.connect(Pin::Output(0), audio(48_000, 1)).unwrap();
//! driver.run().unwrap();
//! let sample = driver.audio_sample(&[0.25, 0.5], Some(StreamTime::ZERO));
//! driver.receive(0, sample).unwrap();
//! assert_eq!(driver.delivered(0)[0].values(), [0.25, 0.5]);
//! ```
#![allow(unsafe_code)] // it stands on the host's side of the border

mod capabilities;
mod host;
mod outlet;
mod surroundings;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::abi::filter::{FactoryRef, RawFilter};
use crate::abi::glue::factory;
use crate::abi::host::{RawHost, RawMarker};
use crate::abi::role::{AsRenderer, AsSource, AsTransform};
use crate::abi::settings::to_raw;
use crate::abi::status::Status;
use crate::abi::wake::Wake;
use crate::descriptor::{Descriptor, Given};
use crate::error::FilterError;
use crate::event::EventCode;
use crate::filter::{Cue, Flow, Pin, Renderer, Source, Transform};
use crate::host::{Host, TakeBuffer};
use crate::media::{AudioFormat, MediaPattern, MediaType};
use crate::output::Marker;
use crate::sample::Sample;
use crate::settings::Settings;
use crate::time::{HostTime, StreamTime};

use host::TestHost;
use outlet::Outlet;

pub use surroundings::TestClock;

/// An event that a filter posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// What it is about.
    pub code: EventCode,
    /// First number.
    pub p1: i64,
    /// Second number.
    pub p2: i64,
    /// The sentence.
    pub text: String,
}

/// The audio type of that rate and number of channels.
pub fn audio(rate_hz: u32, channels: u32) -> MediaType {
    MediaType::Audio(AudioFormat { rate_hz, channels })
}

/// The settings of a filter as its descriptor, the text of a `plugin.toml`, completes what is `given`, such as
/// `("gain", "-6 dB")`.
///
/// # Panics
///
/// If the descriptor has a mistake or no such filter, or a setting is wrong; it is said which.
pub fn settings(descriptor: &str, filter: &str, given: &[(&str, &str)]) -> Settings {
    let descriptor =
        Descriptor::parse(descriptor).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let given: Vec<_> = given.iter().map(|(name, value)| Given::new(name, value)).collect();
    let filter = descriptor.filter(filter).unwrap_or_else(|| panic!("there is no `{filter}`"));
    filter.settings(&given).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// A host for a piece of a filter that is tested alone.
pub fn host() -> Host {
    // SAFETY: one holder is handed over.
    unsafe { Host::from_raw(TestHost::raw(&Arc::default())) }
}

/// An order of the main thread (LS-119), with its number at the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Stopped to paused.
    Activate = 1,
    /// Paused to running.
    Run,
    /// Running to paused.
    Pause,
    /// Paused to stopped.
    Deactivate,
}

impl Order {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 4] = [Self::Activate, Self::Run, Self::Pause, Self::Deactivate];
}

/// A host for one filter, in virtual time; it goes through the same tables as the engine. `[main]`
pub struct Driver {
    filter: RawFilter,
    host: Arc<TestHost>,
    outlet: Box<Outlet>,
    outputs: u32,
    /// What the filter was given the address of; dropped after its end.
    _lent: Box<dyn Any>,
}

impl Driver {
    /// Makes a source.
    ///
    /// # Errors
    ///
    /// What the filter's `create` said; likewise below.
    pub fn source<F: Source>(settings: Settings) -> Result<Self, FilterError> {
        Self::of(factory::<F, AsSource>(), &settings)
    }

    /// Makes a transform.
    ///
    /// # Errors
    ///
    /// See [`source`](Self::source).
    pub fn transform<F: Transform>(settings: Settings) -> Result<Self, FilterError> {
        Self::of(factory::<F, AsTransform>(), &settings)
    }

    /// Makes a renderer.
    ///
    /// # Errors
    ///
    /// See [`source`](Self::source).
    pub fn renderer<F: Renderer>(settings: Settings) -> Result<Self, FilterError> {
        Self::of(factory::<F, AsRenderer>(), &settings)
    }

    /// Makes whatever a factory makes, such as one of a loaded library.
    ///
    /// # Errors
    ///
    /// See [`source`](Self::source).
    pub fn of(factory: FactoryRef, settings: &Settings) -> Result<Self, FilterError> {
        let raw = to_raw(settings);
        let make = |host| {
            // SAFETY: the settings live during the call; the host is handed over as one holder.
            let filter = unsafe { factory.create()(raw.as_rslice(), host) };
            Ok((filter.into_result().map_err(FilterError::from)?, ()))
        };
        // SAFETY: a factory makes filters that fit their tables, and it was called just now.
        unsafe { Self::with(make) }
    }

    /// Makes a filter in any other way, from the host that it is to have. What is lent to it is kept
    /// until after its end.
    ///
    /// # Errors
    ///
    /// See [`source`](Self::source).
    ///
    /// # Safety
    ///
    /// What `make` returns is a live filter that fits its table and that nobody else uses.
    pub unsafe fn with<L: 'static>(
        make: impl FnOnce(RawHost) -> Result<(RawFilter, L), FilterError>,
    ) -> Result<Self, FilterError> {
        let host = Arc::new(TestHost::default());
        let (filter, lent) = make(TestHost::raw(&host))?;
        let (outlet, outputs) = (Box::default(), 0);
        Ok(Self { filter, host, outlet, outputs, _lent: Box::new(lent) })
    }

    /// What a pin proposes.
    pub fn media_types(&self, pin: Pin) -> Vec<MediaPattern> {
        // SAFETY: the filter lives as long as `self`, and only one thread calls it; likewise below.
        let raw = unsafe { self.filter.table.media_types()(self.filter.instance, pin.to_raw()) };
        raw.iter().filter_map(|raw| raw.pattern()).collect()
    }

    /// Connects a pin.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn connect(&mut self, pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let connect = self.filter.table.connect();
        // SAFETY: see `media_types`.
        unsafe { connect(self.filter.instance, pin.to_raw(), media.into()) }.into_result()?;
        if let Pin::Output(number) = pin {
            self.outputs = self.outputs.max(number + 1);
        }
        Ok(())
    }

    /// Undoes [`connect`](Self::connect).
    pub fn disconnect(&mut self, pin: Pin) {
        // SAFETY: see `media_types`.
        unsafe { self.filter.table.disconnect()(self.filter.instance, pin.to_raw()) };
    }

    /// Gives an order, whether it is legal in this state or not.
    ///
    /// # Errors
    ///
    /// What the filter said; likewise below.
    pub fn order(&mut self, order: Order) -> Result<(), FilterError> {
        let now = self.now();
        let stream = self.clock().stream_time(now).nanos();
        let reference = self.clock().reference_time(now).nanos();
        self.host.edit(|clock| match order {
            Order::Activate => clock.state = 1,
            Order::Run => {
                clock.base = reference - clock.paused_at;
                clock.state = 2;
            }
            Order::Pause => (clock.state, clock.paused_at) = (1, stream),
            Order::Deactivate => (clock.state, clock.paused_at) = (0, 0),
        });
        let change = self.filter.table.change_state();
        // SAFETY: see `media_types`.
        let answer = unsafe { change(self.filter.instance, order as u32, self.host.base()) };
        Ok(answer.into_result()?)
    }

    /// Stopped to paused.
    ///
    /// # Errors
    ///
    /// See [`order`](Self::order).
    pub fn activate(&mut self) -> Result<(), FilterError> {
        self.order(Order::Activate)
    }

    /// Stopped or paused to running; stream time 0 is now, or goes on where it was paused.
    ///
    /// # Errors
    ///
    /// See [`order`](Self::order).
    pub fn run(&mut self) -> Result<(), FilterError> {
        if self.clock().state() == crate::State::Stopped {
            self.activate()?;
        }
        self.order(Order::Run)
    }

    /// Running to paused.
    ///
    /// # Errors
    ///
    /// See [`order`](Self::order).
    pub fn pause(&mut self) -> Result<(), FilterError> {
        self.order(Order::Pause)
    }

    /// Paused to stopped.
    ///
    /// # Errors
    ///
    /// See [`order`](Self::order).
    pub fn deactivate(&mut self) -> Result<(), FilterError> {
        self.order(Order::Deactivate)
    }

    /// Whether a pause is complete.
    pub fn cue(&self) -> Cue {
        // SAFETY: see `media_types`.
        match unsafe { self.filter.table.cue()(self.filter.instance) } {
            Status::INTERMEDIATE => Cue::Intermediate,
            Status::CANT_CUE => Cue::CantCue,
            _ => Cue::Done,
        }
    }

    /// Steps the filter at the present time.
    pub fn step(&mut self) -> Wake {
        let now = self.now();
        let output = self.outlet.output(now, self.outputs);
        // SAFETY: see `media_types`; the table lives during the call.
        unsafe { self.filter.table.step()(self.filter.instance, &raw const output) }.into()
    }

    /// Steps the filter whenever it asked to be, until `until`; returns its last wish.
    pub fn step_until(&mut self, until: HostTime) -> Wake {
        loop {
            match self.step() {
                Wake::At(at) if at <= until => self.set_now(at.max(self.now())),
                wake => {
                    self.set_now(until.max(self.now()));
                    return wake;
                }
            }
        }
    }

    /// Hands a sample to an input pin.
    ///
    /// # Errors
    ///
    /// The status, when the filter failed; the sentence is among the [`events`](Self::events).
    pub fn receive(&mut self, input: u32, sample: Sample) -> Result<Flow, Status> {
        let now = self.now();
        let output = self.outlet.output(now, self.outputs);
        let mut raw = std::mem::ManuallyDrop::new(sample.into_raw());
        let receive = self.filter.table.receive();
        // SAFETY: see `media_types`; the sample is given up.
        match unsafe { receive(self.filter.instance, input, &raw mut *raw, &raw const output) } {
            Status::OK => Ok(Flow::Continue),
            Status::FALSE => Ok(Flow::Stop),
            status => Err(status),
        }
    }

    /// Hands a marker to an input pin.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    pub fn mark(&mut self, input: u32, marker: Marker) -> Result<(), Status> {
        let now = self.now();
        let output = self.outlet.output(now, self.outputs);
        let marker = RawMarker::from(marker);
        let mark = self.filter.table.mark();
        // SAFETY: see `media_types`; marker and table live during the call.
        match unsafe { mark(self.filter.instance, input, &raw const marker, &raw const output) } {
            status if status.is_success() => Ok(()),
            status => Err(status),
        }
    }

    /// Whether a renderer has room.
    pub fn ready(&self) -> bool {
        // SAFETY: see `media_types`.
        unsafe { self.filter.table.ready()(self.filter.instance) }
    }

    /// Whether an input of a transform has room.
    pub fn ready_for(&self, input: u32) -> bool {
        // SAFETY: see `ready`.
        self.filter.table.ready_for().is_none_or(|it| unsafe { it(self.filter.instance, input) })
    }

    /// What the filter counts.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        // SAFETY: see `media_types`.
        let raw = unsafe { self.filter.table.counters()(self.filter.instance) };
        raw.into_iter().map(|counter| (counter.name.to_string(), counter.value)).collect()
    }

    /// A sample of audio values, stamped or not.
    pub fn audio_sample(&self, values: &[f32], start: Option<StreamTime>) -> Sample {
        let mut sample = self.sample(size_of_val(values));
        if let Some(room) = sample.values_mut(self.host.pool()) {
            room.copy_from_slice(values);
        }
        sample.set_times(start, None);
        sample
    }

    /// A sample of `bytes` bytes, at most 128 MiB.
    pub fn sample(&self, bytes: usize) -> Sample {
        let buffer = TakeBuffer::take(self.host.pool(), bytes).expect("a test's sample is small");
        Sample::from_buffer(buffer, bytes)
    }

    /// A host such as the filter was given.
    pub fn host(&self) -> Host {
        // SAFETY: `raw` hands over one holder.
        unsafe { Host::from_raw(TestHost::raw(&self.host)) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SAFETY: see `media_types`; the filter is given up here.
        unsafe { self.filter.table.destroy()(self.filter.instance) };
    }
}

#[cfg(test)]
mod tests;
