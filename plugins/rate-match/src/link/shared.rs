//! What both ends of a link see: single numbers, the newest wins.

use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicUsize, Ordering::Relaxed,
};

use super::{Against, LinkConfig};

#[derive(Debug)]
pub(super) struct Shared {
    against: AtomicU8,
    target_delay_ns: AtomicI64,
    /// Frames that have left the ring and are not played yet.
    waiting_frames: AtomicUsize,
    /// Flushes asked for.
    flushes: AtomicU32,
    /// Pauses that have begun.
    pauses: AtomicU32,
    pub ended: AtomicBool,
}

impl Shared {
    pub fn new(config: &LinkConfig) -> Self {
        Self {
            against: AtomicU8::new(code(config.against)),
            target_delay_ns: AtomicI64::new(config.target_delay_ns),
            waiting_frames: AtomicUsize::new(0),
            flushes: AtomicU32::new(0),
            pauses: AtomicU32::new(0),
            ended: AtomicBool::new(false),
        }
    }

    pub fn against(&self) -> Against {
        match self.against.load(Relaxed) {
            1 => Against::Stamps,
            2 => Against::PrivateStamps,
            3 => Against::Arrivals,
            _ => Against::Nothing,
        }
    }

    pub fn set_against(&self, against: Against) {
        self.against.store(code(against), Relaxed);
    }

    pub fn flushes(&self) -> u32 {
        self.flushes.load(Relaxed)
    }

    pub fn flush(&self) {
        self.flushes.fetch_add(1, Relaxed);
    }

    pub fn pauses(&self) -> u32 {
        self.pauses.load(Relaxed)
    }

    pub fn pause(&self) {
        self.pauses.fetch_add(1, Relaxed);
    }

    pub fn target_delay_ns(&self) -> i64 {
        self.target_delay_ns.load(Relaxed)
    }

    pub fn set_target_delay_ns(&self, delay_ns: i64) {
        self.target_delay_ns.store(delay_ns.max(0), Relaxed);
    }

    pub fn waiting_frames(&self) -> usize {
        self.waiting_frames.load(Relaxed)
    }

    pub fn set_waiting_frames(&self, frames: usize) {
        self.waiting_frames.store(frames, Relaxed);
    }
}

fn code(against: Against) -> u8 {
    match against {
        Against::Nothing => 0,
        Against::Stamps => 1,
        Against::PrivateStamps => 2,
        Against::Arrivals => 3,
    }
}
