//! What an output pin leads to, and how far the stream is that goes there.

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Arc;

use driftless_plugin_api::MediaType;

use super::Node;
use crate::segment::queue::Queue;

/// What an output pin leads to, and how far its stream is.
#[derive(Default)]
pub(super) struct Link {
    pub to: To,
    /// A segment was announced (LS-116).
    pub announced: Cell<bool>,
    /// A sample has passed.
    pub begun: Cell<bool>,
    /// What may go there.
    pub passage: Cell<Passage>,
    /// To be attached to the first sample: the receiver knew another type (LS-110).
    pub new_media: Cell<Option<MediaType>>,
}

/// What goes through a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Passage {
    /// Everything.
    #[default]
    Open,
    /// A flush is under way: no samples until it ends (LS-115).
    Flushing,
    /// The receiver wants no samples until it is stopped or flushed (LS-111).
    Stopped,
    /// The end was sent: nothing follows it, and no second one (LS-113).
    Ended,
}

#[derive(Default)]
pub(in crate::loader::chain) enum To {
    /// Nothing: samples are dropped.
    #[default]
    Open,
    /// Another filter of the same chain.
    Filter { node: NonNull<Node>, pin: u32 },
    /// A thread border.
    Queue(Arc<Queue>),
}

impl Link {
    /// Another stream goes there from now on.
    pub fn start_over(&mut self) {
        *self = Self { to: std::mem::take(&mut self.to), ..Self::default() };
    }

    /// Forgets that the receiver said stop. Returns whether it had.
    pub fn reopen(&self) -> bool {
        let was_stopped = self.passage.get() == Passage::Stopped;
        if was_stopped {
            self.passage.set(Passage::Open);
            self.begun.set(false);
        }
        was_stopped
    }
}
