//! The filters of one segment, which call each other through their output pins.
#![allow(unsafe_code)] // filters hold pointers to their neighbours while they call each other

mod node;

use std::ptr::NonNull;
use std::sync::Arc;

use driftless_plugin_api::MediaType;

use super::host::FilterHost;
use super::instance::Instance;
use crate::segment::queue::Queue;
use node::To;
pub use node::{Node, Traffic};

/// A node outside of a chain: nothing leads to it, and it leads nowhere.
pub struct OwnedNode(NonNull<Node>);

// SAFETY: instances are `Send`, queues and hosts are shared between threads by their own means, and
// nobody else reaches the node: its links are open outside of a chain.
unsafe impl Send for OwnedNode {}

impl OwnedNode {
    /// A filter with so many output pins, all of them open.
    pub fn new(instance: Instance, host: Arc<FilterHost>, outputs: usize) -> Self {
        let node = Box::new(Node::new(instance, host));
        let mut node = Self(NonNull::from(Box::leak(node)));
        // Only here does the node learn where it lies.
        node.node().set_place(node.0);
        node.set_outputs(outputs);
        node
    }

    /// The filter.
    pub fn node(&self) -> &Node {
        // SAFETY: made from a box in `new`, and freed in `drop` only.
        unsafe { self.0.as_ref() }
    }

    /// Gives it so many output pins; those that were there go on as they were.
    pub fn set_outputs(&mut self, pins: usize) {
        self.node().set_outputs(pins);
    }
}

impl Drop for OwnedNode {
    fn drop(&mut self) {
        // SAFETY: made from a box in `new`, and given up here; nobody is being called.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// The filters of one segment, in the plan's order. It belongs to one thread at a time.
pub struct Chain {
    nodes: Vec<OwnedNode>,
}

impl Chain {
    /// A chain of filters; nothing is linked yet.
    pub fn new(nodes: Vec<OwnedNode>) -> Self {
        Self { nodes }
    }

    /// The filters, no longer linked.
    pub fn dissolve(self) -> Vec<OwnedNode> {
        self.nodes().for_each(Node::unlink);
        self.nodes
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
        self.nodes[at].node()
    }

    /// All filters, in order.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = &Node> + ExactSizeIterator {
        self.nodes.iter().map(OwnedNode::node)
    }

    /// Leads an output pin to an input pin of another filter of the chain.
    pub fn link(&mut self, from: (usize, usize), to: (usize, usize)) {
        let to = To::Filter { node: self.nodes[to.0].0, pin: to.1 as u32 };
        self.node(from.0).lead(from.1, to);
    }

    /// Leads an output pin into a queue.
    pub fn link_queue(&mut self, from: (usize, usize), queue: Arc<Queue>) {
        self.node(from.0).lead(from.1, To::Queue(queue));
    }

    /// What leaves an output pin is another stream to its receiver, perhaps of another media type.
    pub fn renew(&mut self, from: (usize, usize), new_media: Option<MediaType>) {
        self.node(from.0).renew(from.1, new_media);
    }

    /// Whoever was told to stop because a filter was whose output has been renewed may send again (LS-111).
    pub fn reopen(&mut self) {
        self.nodes().rev().for_each(Node::reopen);
        self.nodes().for_each(Node::forget_renewal);
    }

    /// Puts filters that failed, but did not panic, back into the graph, for the next run.
    pub fn forgive(&mut self) {
        self.nodes().for_each(Node::forgive);
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.nodes().map(|node| node.host.id().number())).finish()
    }
}
