//! One filter in its place: what it is handed, and what it hands on.
#![allow(unsafe_code)] // filters hold pointers to their neighbours while they call each other

mod link;
mod states;
mod streams;

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;

use driftless_plugin_api::abi::host::{RawMarker, RawOutput};
use driftless_plugin_api::abi::sample::RawSample;
use driftless_plugin_api::host::State;
use driftless_plugin_api::output::Marker;
use driftless_plugin_api::{FilterError, HostTime, Sample, SampleFlags, Span, Status, Wake};

use crate::loader::host::FilterHost;
use crate::loader::instance::Instance;
pub(super) use link::To;
use link::{Link, Passage};

/// One filter in its place. All of it is used through shared references, because filters call each
/// other while they are being called; only one thread does so at a time.
pub struct Node {
    /// The filter.
    pub instance: Instance,
    /// What the engine knows of it.
    pub host: Arc<FilterHost>,
    links: RefCell<Vec<Link>>,
    /// What the filter is shown during a call; made once, because only the time in it changes.
    output: Cell<RawOutput>,
    /// It was handed something since it was last asked when to be stepped.
    touched: Cell<bool>,
    /// It failed or panicked: what it is sent is dropped, and downstream was told the end.
    failed: Cell<bool>,
    /// The state that the filter itself is in.
    state: Cell<State>,
    /// Input pins that were told the end of their stream.
    ended_inputs: RefCell<Vec<u32>>,
    /// Another stream leaves it than before, or goes on, while the graph changes.
    renewed: Cell<bool>,
    /// The newest segment that it announced.
    segment: Cell<Option<Marker>>,
    /// Added to its stamps: a source that is not live counts from 0 whenever it joins.
    shift: Cell<Span>,
    received: Cell<u64>,
    delivered: Cell<u64>,
}

/// What a filter has handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Samples handed to it.
    pub received: u64,
    /// Samples that it delivered.
    pub delivered: u64,
    /// It failed and is out of the graph.
    pub failed: bool,
}

impl Node {
    pub(super) fn new(instance: Instance, host: Arc<FilterHost>) -> Self {
        Self {
            instance,
            host,
            links: RefCell::default(),
            output: Cell::new(RawOutput {
                instance: std::ptr::null_mut(),
                now: 0,
                pins: 0,
                reserved: 0,
                deliver,
                mark,
                reserved_functions: [0; 2],
            }),
            touched: Cell::new(false),
            failed: Cell::new(false),
            state: Cell::new(State::Stopped),
            ended_inputs: RefCell::default(),
            renewed: Cell::new(false),
            segment: Cell::new(None),
            shift: Cell::new(Span::ZERO),
            received: Cell::new(0),
            delivered: Cell::new(0),
        }
    }

    /// Says where it lies, for the filter's calls to find it; nobody is being called.
    pub(super) fn set_place(&self, place: NonNull<Self>) {
        // SAFETY: only this thread uses the node, and no filter is called.
        unsafe { (*self.output.as_ptr()).instance = place.as_ptr().cast() };
    }

    /// Gives it so many output pins; those that were there go on as they were.
    pub(super) fn set_outputs(&self, pins: usize) {
        self.links.borrow_mut().resize_with(pins, Link::default);
        // SAFETY: see `set_place`.
        unsafe { (*self.output.as_ptr()).pins = pins as u32 };
    }

    /// Opens all output pins, and lets them remember how far their streams are.
    pub(super) fn unlink(&self) {
        self.links.borrow_mut().iter_mut().for_each(|link| link.to = To::Open);
    }

    pub(super) fn lead(&self, pin: usize, to: To) {
        self.links.borrow_mut()[pin].to = to;
    }

    /// As it was before its first run, but for a panic.
    pub(super) fn forgive(&self) {
        self.failed.set(self.instance.is_poisoned());
        self.host.forget_failure();
        self.host.set_complete(self.failed.get());
        self.ended_inputs.borrow_mut().clear();
        self.segment.set(None);
        self.shift.set(Span::ZERO);
        self.links.borrow_mut().iter_mut().for_each(Link::start_over);
    }

    /// Steps the filter.
    pub fn step(&self, now: HostTime) -> Wake {
        if self.failed.get() {
            return Wake::Ended;
        }
        self.touched.set(false);
        let wake = self.instance.step(self.output(now.nanos()));
        // A failure in a step is an event and the end; in C it is told like that too.
        if wake == Wake::Ended && (self.instance.is_poisoned() || self.host.has_told_failure()) {
            self.fail(&Status::PANICKED.into(), now);
        }
        wake
    }

    /// Lets the filter act on the quality messages that came for it; the others go on upstream (LS-117).
    pub fn heed_quality(&self) {
        while let Some((pin, quality)) = self.host.quality.take() {
            if self.failed.get() || self.instance.notify(pin, quality) != Status::OK {
                self.host.quality.pass_on(quality);
            }
        }
    }

    /// Hands the filter a sample.
    pub fn receive(&self, pin: u32, sample: Sample, now: HostTime) -> Status {
        let mut raw = ManuallyDrop::new(sample.into_raw());
        self.take(pin, &raw mut *raw, now.nanos())
    }

    /// Hands the filter a marker.
    pub fn mark(&self, pin: u32, marker: Marker, now: HostTime) -> Status {
        self.take_marker(pin, &RawMarker::from(marker), now.nanos())
    }

    /// Tells everybody downstream that the stream has ended, unless the filter did so itself.
    pub fn end_stream(&self, now: HostTime) {
        self.mark_outputs(&RawMarker::from(Marker::EndOfStream), now.nanos());
    }

    /// From now on its stamps are this much later.
    pub fn set_shift(&self, shift: Span) {
        self.shift.set(shift);
    }

    /// Whether it was handed something since its last step.
    pub fn is_touched(&self) -> bool {
        self.touched.get()
    }

    /// What it has handled.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            received: self.received.get(),
            delivered: self.delivered.get(),
            failed: self.failed.get(),
        }
    }

    /// What the filter is shown in a call at `now`.
    fn output(&self, now: i64) -> *const RawOutput {
        let output = self.output.as_ptr();
        // SAFETY: only this thread uses the node, and no filter is called while it is being called.
        unsafe { (*output).now = now };
        output
    }

    /// Whether it takes nothing: it failed, or is stopped (LS-111).
    fn is_closed(&self) -> bool {
        self.failed.get() || self.state.get() == State::Stopped
    }

    /// Takes the sample at `raw` over, whatever happens. Inlined where a neighbour delivers: a hop is two
    /// calls and not three, and what returns from deep chains is guessed wrong by the processor.
    #[inline(always)]
    fn take(&self, pin: u32, raw: *mut RawSample, now: i64) -> Status {
        if self.is_closed() {
            // SAFETY: the caller gives the sample up.
            drop(unsafe { Sample::take(raw) });
            return Status::FALSE;
        }
        self.touched.set(true);
        self.received.set(self.received.get() + 1);
        let status = self.instance.receive(pin, raw, self.output(now));
        self.judged(status, now)
    }

    fn take_marker(&self, pin: u32, marker: &RawMarker, now: i64) -> Status {
        if self.is_closed() {
            return Status::FALSE;
        }
        self.touched.set(true);
        match marker.marker() {
            Some(Marker::EndOfStream) => self.ended_inputs.borrow_mut().push(pin),
            Some(Marker::BeginFlush) => self.host.set_complete(false),
            Some(Marker::EndFlush) => self.ended_inputs.borrow_mut().retain(|ended| *ended != pin),
            _ => {}
        }
        let status = self.instance.mark(pin, marker, self.output(now));
        self.judged(status, now)
    }

    /// A failure ends this branch and is no failure for the sender (LS-101, LS-111).
    fn judged(&self, status: Status, now: i64) -> Status {
        if status.is_success() {
            return status;
        }
        self.drop_out(status, now);
        Status::FALSE
    }

    /// One in C may have kept its reason to itself.
    #[cold]
    fn drop_out(&self, status: Status, now: i64) {
        let text = "it took what came and answered that it failed, without a reason";
        self.fail(&FilterError::with(status, text), HostTime::from_nanos(now));
    }

    /// Takes the filter out of the graph: why is told, and downstream that the stream has ended.
    #[cold]
    pub fn fail(&self, error: &FilterError, now: HostTime) {
        if !self.failed.replace(true) {
            self.host.post_failure(error);
            self.end_stream(now);
        }
    }

    fn mark_outputs(&self, marker: &RawMarker, now: i64) {
        for pin in 0..self.links.borrow().len() as u32 {
            self.forward_marker(pin, marker, now);
        }
    }

    #[inline(always)]
    fn forward(&self, pin: u32, raw: *mut RawSample, now: i64) -> Status {
        self.delivered.set(self.delivered.get() + 1);
        let links = self.links.borrow();
        let link = links.get(pin as usize).filter(|link| link.passage.get() == Passage::Open);
        if let Some(link) = link {
            if !link.begun.get() {
                self.begin(pin, link, raw, now);
            }
            self.shift_stamps(raw);
            if let To::Filter { node, pin } = &link.to {
                // SAFETY: the chain keeps all of its nodes until none of them is called any more.
                let status = unsafe { node.as_ref() }.take(*pin, raw, now);
                if status != Status::OK {
                    link.passage.set(Passage::Stopped);
                }
                return status;
            }
        }
        leave(link, raw)
    }

    /// The first sample of a stream follows its segment, and nothing else (LS-109, LS-116).
    #[cold]
    fn begin(&self, pin: u32, link: &Link, raw: *mut RawSample, now: i64) {
        link.begun.set(true);
        if !link.announced.get() {
            let segment = self.segment.get().unwrap_or(Marker::LIVE_SEGMENT);
            self.forward_marker(pin, &RawMarker::from(segment), now);
        }
        // SAFETY: the filter gives the sample up, so its header is ours.
        let sample = unsafe { &mut *raw };
        sample.flags |= SampleFlags::DISCONTINUITY.0;
        if let Some(media) = link.new_media.take() {
            sample.flags |= SampleFlags::TYPE_CHANGED.0;
            sample.media = media.into();
        }
    }

    fn shift_stamps(&self, raw: *mut RawSample) {
        let shift = self.shift.get().nanos();
        if shift != 0 {
            // SAFETY: see `begin`.
            let sample = unsafe { &mut *raw };
            sample.start = sample.start.saturating_add(shift);
            sample.stop = sample.stop.saturating_add(shift);
        }
    }

    fn forward_marker(&self, pin: u32, raw: &RawMarker, now: i64) -> Status {
        let links = self.links.borrow();
        let (Some(link), Some(marker)) = (links.get(pin as usize), raw.marker()) else {
            return Status::OK;
        };
        match marker {
            Marker::EndOfStream if link.passage.replace(Passage::Ended) == Passage::Ended => {
                return Status::OK;
            }
            // The first sample behind it does not follow what was before it (LS-109).
            Marker::BeginFlush => {
                link.passage.set(Passage::Flushing);
                link.begun.set(false);
            }
            Marker::EndFlush if link.passage.get() == Passage::Flushing => {
                link.passage.set(Passage::Open);
            }
            Marker::NewSegment { .. } => {
                link.announced.set(true);
                self.segment.set(Some(marker));
            }
            _ => {}
        }
        match &link.to {
            // SAFETY: see `forward`.
            To::Filter { node, pin } => unsafe { node.as_ref() }.take_marker(*pin, raw, now),
            To::Queue(queue) => {
                queue.push_marker(marker);
                Status::OK
            }
            To::Open => Status::OK,
        }
    }
}

/// The sample leaves the chain.
#[inline(never)]
fn leave(link: Option<&Link>, raw: *mut RawSample) -> Status {
    // SAFETY: the filter gives the sample up.
    let sample = unsafe { Sample::take(raw) };
    match link.map(|link| &link.to) {
        Some(To::Queue(queue)) => queue.push(sample),
        Some(_) => Status::OK,
        None => Status::FALSE, // nothing goes there now, or a pin that does not exist
    }
}

unsafe extern "C" fn deliver(
    instance: *mut c_void,
    pin: u32,
    sample: *mut RawSample,
    now: i64,
) -> Status {
    // SAFETY: the filter passes on what its own `Node::output` gave it for the length of this call.
    unsafe { &*instance.cast::<Node>() }.forward(pin, sample, now)
}

unsafe extern "C" fn mark(
    instance: *mut c_void,
    pin: u32,
    marker: *const RawMarker,
    now: i64,
) -> Status {
    // SAFETY: see `deliver`.
    let node = unsafe { &*instance.cast::<Node>() };
    // SAFETY: the filter passes a marker that lives during the call.
    node.forward_marker(pin, unsafe { &*marker }, now)
}
