//! The filters of one segment, which call each other through their output pins.
#![allow(unsafe_code)] // filters hold pointers to their neighbours while they call each other

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;

use driftless_plugin_api::abi::host::{RawMarker, RawOutput};
use driftless_plugin_api::abi::sample::RawSample;
use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::output::Marker;
use driftless_plugin_api::{HostTime, Sample, Status, Wake};

use super::host::GraphHost;
use super::instance::Instance;
use crate::segment::queue::Queue;

/// What an output pin leads to.
enum Link {
    /// Nothing: samples are dropped.
    Open,
    /// Another filter of the same chain.
    Filter { node: NonNull<Node>, pin: u32 },
    /// A thread border.
    Queue(Arc<Queue>),
}

/// One filter in its place. All of it is used through shared references, because filters call each
/// other while they are being called; only one thread does so at a time.
pub struct Node {
    /// The filter's index in the plan.
    pub filter: usize,
    /// The filter.
    pub instance: Instance,
    links: RefCell<Vec<Link>>,
    /// What the filter is shown during a call; made once, because only the time in it changes.
    output: Cell<RawOutput>,
    graph: Arc<GraphHost>,
    /// It was handed something since it was last asked when to be stepped.
    touched: Cell<bool>,
    /// It failed or panicked: what it is sent is dropped, and downstream was told the end.
    failed: Cell<bool>,
    /// It has sent the end of its stream, so nobody else needs to.
    ended: Cell<bool>,
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
    /// Steps the filter.
    pub fn step(&self, now: HostTime) -> Wake {
        if self.failed.get() {
            return Wake::Ended;
        }
        self.touched.set(false);
        let wake = self.instance.step(self.output(now.nanos()));
        if self.instance.is_poisoned() {
            self.fail(now.nanos());
        }
        wake
    }

    /// Lets the filter act on the quality messages that came for it; the others go on upstream (LS-117).
    pub fn heed_quality(&self) {
        while let Some((pin, quality)) = self.graph.quality.take(self.filter) {
            if self.failed.get() || self.instance.notify(pin, quality) != Status::OK {
                self.graph.quality.pass_on(self.filter, quality);
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
        if !self.ended.get() {
            self.mark_outputs(&RawMarker::from(Marker::EndOfStream), now.nanos());
        }
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

    /// Takes the sample at `raw` over, whatever happens. Inlined where a neighbour delivers: a hop is two
    /// calls and not three, and what returns from deep chains is guessed wrong by the processor.
    #[inline(always)]
    fn take(&self, pin: u32, raw: *mut RawSample, now: i64) -> Status {
        if self.failed.get() {
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
        if self.failed.get() {
            return Status::FALSE;
        }
        self.touched.set(true);
        let status = self.instance.mark(pin, marker, self.output(now));
        self.judged(status, now)
    }

    /// A failure ends this branch and is no failure for the sender (LS-101, LS-111).
    fn judged(&self, status: Status, now: i64) -> Status {
        if status.is_success() {
            return status;
        }
        self.fail(now);
        Status::FALSE
    }

    /// Takes the filter out of the graph: downstream is told that the stream has ended.
    #[cold]
    fn fail(&self, now: i64) {
        if !self.failed.replace(true) {
            self.mark_outputs(&RawMarker::from(Marker::EndOfStream), now);
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
        match self.links.borrow().get(pin as usize) {
            Some(Link::Filter { node, pin }) => {
                // SAFETY: the chain keeps all of its nodes until none of them is called any more.
                unsafe { node.as_ref() }.take(*pin, raw, now)
            }
            link => self.leave(link, raw),
        }
    }

    /// The sample leaves the chain.
    #[inline(never)]
    fn leave(&self, link: Option<&Link>, raw: *mut RawSample) -> Status {
        // SAFETY: the filter gives the sample up.
        let sample = unsafe { Sample::take(raw) };
        match link {
            Some(Link::Queue(queue)) => queue.push(sample, &self.graph),
            _ => Status::OK,
        }
    }

    fn forward_marker(&self, pin: u32, marker: &RawMarker, now: i64) -> Status {
        if marker.marker() == Some(Marker::EndOfStream) {
            self.ended.set(true);
        }
        match self.links.borrow().get(pin as usize) {
            Some(Link::Filter { node, pin }) => {
                // SAFETY: see `forward`.
                let node = unsafe { node.as_ref() };
                node.take_marker(*pin, marker, now)
            }
            Some(Link::Queue(queue)) => {
                if let Some(marker) = marker.marker() {
                    queue.push_marker(marker);
                }
                Status::OK
            }
            _ => Status::OK,
        }
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

/// The filters of one segment, in the plan's order. It belongs to one thread at a time.
pub struct Chain {
    nodes: Vec<NonNull<Node>>,
}

// SAFETY: the nodes are reached through this chain only, instances are `Send`, and queues and the
// graph's host are shared between threads by their own means.
unsafe impl Send for Chain {}

impl Chain {
    /// A chain of filters, each with its index in the plan; nothing is linked yet.
    pub fn new(filters: Vec<(usize, Instance)>, graph: &Arc<GraphHost>) -> Self {
        let node = |(filter, instance)| {
            let node = Node {
                filter,
                instance,
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
                graph: Arc::clone(graph),
                touched: Cell::new(false),
                failed: Cell::new(false),
                ended: Cell::new(false),
                received: Cell::new(0),
                delivered: Cell::new(0),
            };
            let node = NonNull::from(Box::leak(Box::new(node)));
            // SAFETY: made just now; only here does the node learn where it lies.
            let output = unsafe { node.as_ref() }.output.as_ptr();
            // SAFETY: as above, nobody else uses it yet.
            unsafe { (*output).instance = node.as_ptr().cast() };
            node
        };
        Self { nodes: filters.into_iter().map(node).collect() }
    }

    /// How many filters there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The filter at a place in the chain.
    pub fn node(&self, at: usize) -> &Node {
        // SAFETY: nodes live as long as the chain.
        unsafe { self.nodes[at].as_ref() }
    }

    /// All filters, in order.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = &Node> {
        // SAFETY: see `node`.
        self.nodes.iter().map(|node| unsafe { node.as_ref() })
    }

    /// Where a filter of the plan stands in the chain.
    pub fn position(&self, filter: usize) -> Option<usize> {
        self.nodes().position(|node| node.filter == filter)
    }

    /// Gives the filter at `at` so many output pins, all of them open.
    pub fn open_outputs(&mut self, at: usize, pins: usize) {
        self.node(at).links.borrow_mut().resize_with(pins, || Link::Open);
        // SAFETY: nobody is being called, and the chain is borrowed by its owner alone.
        unsafe { (*self.node(at).output.as_ptr()).pins = pins as u32 };
    }

    /// Leads an output pin to an input pin of another filter of the chain.
    pub fn link(&mut self, from: (usize, usize), to: (usize, usize)) {
        let link = Link::Filter { node: self.nodes[to.0], pin: to.1 as u32 };
        self.node(from.0).links.borrow_mut()[from.1] = link;
    }

    /// Leads an output pin into a queue.
    pub fn link_queue(&mut self, from: (usize, usize), queue: Arc<Queue>) {
        self.node(from.0).links.borrow_mut()[from.1] = Link::Queue(queue);
    }

    /// Puts filters that failed, but did not panic, back into the graph, for the next run.
    pub fn forgive(&mut self) {
        for node in self.nodes() {
            node.failed.set(node.instance.is_poisoned());
            node.ended.set(false);
        }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        for node in self.nodes.drain(..) {
            // SAFETY: made from a box in `new`, and given up here; nobody is being called.
            drop(unsafe { Box::from_raw(node.as_ptr()) });
        }
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.nodes().map(|node| node.filter)).finish()
    }
}

/// Posts that a queue lost samples; called when the loss ends or first begins, never per sample.
pub(crate) fn post_overrun(graph: &GraphHost, filter: usize, lost: u64) {
    let text = format!("the queue before it was full; {lost} samples lost so far");
    graph.post(Some(filter), EventCode::QUEUE_OVERRUN, lost as i64, 0, &text);
}
