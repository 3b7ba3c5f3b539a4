//! How often each request was made, and where the first came from.

use std::io::Write;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::{NAMES, Request, caller};

/// A count and a place for each kind of request.
pub(crate) struct Tally {
    counts: [AtomicU64; NAMES.len()],
    callers: [AtomicUsize; NAMES.len()],
}

impl Tally {
    pub(crate) const fn new() -> Self {
        Self {
            counts: [const { AtomicU64::new(0) }; NAMES.len()],
            callers: [const { AtomicUsize::new(0) }; NAMES.len()],
        }
    }

    pub(crate) fn clear(&self) {
        self.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    }

    pub(crate) fn add(&self, request: Request, caller: usize) {
        if self.counts[request as usize].fetch_add(1, Ordering::Relaxed) == 0 {
            self.callers[request as usize].store(caller, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed))
    }

    /// One line for each kind that was asked for; what does not fit is left out: the first lines say enough.
    pub(crate) fn write(&self, text: &mut [u8]) -> usize {
        let room = text.len();
        let mut rest = text;
        for ((name, count), place) in NAMES.iter().zip(self.counts()).zip(&self.callers) {
            if count > 0 {
                let place = caller::name(place.load(Ordering::Relaxed));
                let _ = writeln!(rest, "{count} x {name} from {place}");
            }
        }
        room - rest.len()
    }
}
