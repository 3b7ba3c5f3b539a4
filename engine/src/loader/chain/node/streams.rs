//! Streams that begin and end at a filter because its graph changes (LS-125).
#![allow(unsafe_code)] // filters hold pointers to their neighbours

use std::ptr::NonNull;

use driftless_plugin_api::output::Marker;
use driftless_plugin_api::{HostTime, MediaType};

use super::Node;
use super::link::{Link, Passage, To};

impl Node {
    /// What leaves an output pin is another stream from now on.
    pub(in crate::loader::chain) fn renew(&self, pin: usize, new_media: Option<MediaType>) {
        let link = &mut self.links.borrow_mut()[pin];
        self.may_send_again(link.reopen());
        link.start_over();
        link.new_media.set(new_media);
        self.renewed.set(true);
    }

    /// Those behind it whose output was renewed, and that had said stop, are sent samples again.
    pub(in crate::loader::chain) fn reopen(&self) {
        let links = self.links.borrow();
        // SAFETY: the chain keeps all of its nodes.
        let is_renewed = |node: &NonNull<Self>| unsafe { node.as_ref() }.renewed.get();
        let leads_on =
            |link: &&Link| matches!(&link.to, To::Filter { node, .. } if is_renewed(node));
        let reopened = links.iter().filter(leads_on).fold(false, |any, link| link.reopen() | any);
        self.may_send_again(reopened);
        self.renewed.set(reopened | self.renewed.get());
    }

    /// All that was to be reopened has been.
    pub(in crate::loader::chain) fn forget_renewal(&self) {
        self.renewed.set(false);
    }

    /// A source that waits because it was told to stop is stepped.
    fn may_send_again(&self, was_stopped: bool) {
        if was_stopped {
            self.host.raise();
        }
    }

    /// A stream arrives at `pin` that is another than before. Where the one before had reached its end,
    /// a flush makes the filter, and all below it, take samples again (LS-115).
    pub fn begin_stream(&self, pin: u32, now: HostTime) {
        let was_told = self.ended_inputs.borrow().contains(&pin);
        let links = self.links.borrow();
        let has_ended =
            links.is_empty() || links.iter().any(|link| link.passage.get() == Passage::Ended);
        drop(links);
        if was_told && has_ended {
            self.mark(pin, Marker::BeginFlush, now);
            self.mark(pin, Marker::EndFlush, now);
        }
        self.ended_inputs.borrow_mut().retain(|ended| *ended != pin);
    }

    /// The stream that arrived at `pin` is gone, and no other comes.
    pub fn lose_stream(&self, pin: u32, now: HostTime) {
        if !self.ended_inputs.borrow().contains(&pin) {
            self.mark(pin, Marker::EndOfStream, now);
        }
    }
}
