//! Players on their way to the device, and back to where they were made.
//!
//! What the streaming side allocates it also frees: a player that was replaced travels back. They
//! travel in boxes: a player by value is too large for the stack of JACK's threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::Voice;

/// Formats that may change before the device has taken up the first of them.
const ROOM: usize = 4;

/// The streaming side's end. `[streaming]`
pub(crate) struct Handover {
    next: HeapProd<Box<Voice>>,
    old: HeapCons<Box<Voice>>,
    shared: Arc<Shared>,
}

/// The device's end. `[device]`
pub(super) struct Inbox {
    next: HeapCons<Box<Voice>>,
    old: HeapProd<Box<Voice>>,
    shared: Arc<Shared>,
    drained: bool,
}

#[derive(Default)]
struct Shared {
    following: AtomicBool,
}

/// Both ends. `[main]`
pub(super) fn handover() -> (Handover, Inbox) {
    let (next_in, next_out) = HeapRb::new(ROOM).split();
    let (old_in, old_out) = HeapRb::new(ROOM).split();
    let shared = Arc::new(Shared::default());
    let handover = Handover { next: next_in, old: old_out, shared: Arc::clone(&shared) };
    (handover, Inbox { next: next_out, old: old_in, shared, drained: false })
}

impl Handover {
    /// Sends a player; it begins to play when the one before has nothing left. False when too many
    /// are on their way.
    pub fn send(&mut self, voice: Box<Voice>) -> bool {
        self.collect();
        self.next.try_push(voice).is_ok()
    }

    /// Frees what came back.
    pub fn collect(&mut self) {
        self.old.clear();
    }

    /// Tells whether the rate is matched at all.
    pub fn set_following(&self, following: bool) {
        self.shared.following.store(following, Relaxed);
    }
}

impl Inbox {
    /// The next player, if it may begin; without one before, it always may.
    pub fn next(&mut self, first: bool) -> Option<Box<Voice>> {
        let may = first || (self.drained && !self.old.is_full());
        if may { self.next.try_pop() } else { None }
    }

    /// Sends a player back. There is room: `next` saw to it.
    pub fn give_back(&mut self, voice: Box<Voice>) {
        self.drained = false;
        // Freed here in the worst case, which is wrong only for the time it takes.
        let _ = self.old.try_push(voice);
    }

    /// Tells whether the player at work has nothing left.
    pub fn set_drained(&mut self, drained: bool) {
        self.drained = drained;
    }

    /// Whether the rate is matched at all.
    pub fn following(&self) -> bool {
        self.shared.following.load(Relaxed)
    }
}
