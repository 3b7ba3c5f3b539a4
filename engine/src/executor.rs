//! Who calls the segments, and when: in real time, threads of their own or shared ones; in virtual
//! time, one loop.

pub mod priority;
mod real;
mod signal;
mod simulated;

use driftless_plugin_api::HostTime;

pub use real::{Alarms, RealTime};
pub use signal::SegmentSignal;
pub use simulated::VirtualTime;

use crate::segment::Segment;

/// A segment does not answer: one of its filters blocks or loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck {
    /// The segment's place.
    pub place: usize,
}

/// What a place is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// Filters of the segment, about.
    pub filters: usize,
    /// Whether its first filter is a live source.
    pub live: bool,
}

/// Drives segments. `[main]`
#[derive(Debug)]
pub enum Executor {
    /// By the operating system's clock.
    Real(RealTime),
    /// By a number.
    Virtual(VirtualTime),
}

impl Executor {
    /// A place for a segment: a thread, a share of one, or a turn in the loop. Returns its number.
    pub fn open(&mut self, stand: Stand) -> usize {
        match self {
            Self::Real(executor) => executor.open(stand),
            Self::Virtual(executor) => executor.open(),
        }
    }

    /// Whether such a segment may stand at this place.
    pub fn fits(&self, place: usize, stand: Stand) -> bool {
        match self {
            Self::Real(executor) => executor.fits(place, stand),
            Self::Virtual(_) => true,
        }
    }

    /// Puts a segment in its place, which is empty, and drives it from now on.
    ///
    /// # Errors
    ///
    /// [`Stuck`] when there is no thread for it; likewise below when it does not come round to it.
    pub fn put(&mut self, place: usize, segment: Segment) -> Result<(), Stuck> {
        match self {
            Self::Real(executor) => executor.put(place, segment),
            Self::Virtual(executor) => {
                executor.put(place, segment);
                Ok(())
            }
        }
    }

    /// Takes the segment out of its place, between two of its steps; it stands still from then on.
    ///
    /// # Errors
    ///
    /// See [`put`](Self::put).
    pub fn take(&mut self, place: usize) -> Result<Segment, Stuck> {
        match self {
            Self::Real(executor) => executor.take(place),
            Self::Virtual(executor) => executor.take(place).ok_or(Stuck { place }),
        }
    }

    /// Gives up a place; a segment that is stuck in it is left behind.
    pub fn close(&mut self, place: usize) {
        match self {
            Self::Real(executor) => executor.close(place),
            Self::Virtual(executor) => drop(executor.take(place)),
        }
    }

    /// Runs `order` on the segment in `place`, between two of its steps, and returns the answer.
    ///
    /// # Errors
    ///
    /// See [`put`](Self::put).
    pub fn order<R: Send + 'static>(
        &mut self,
        place: usize,
        order: impl FnOnce(&mut Segment, HostTime) -> R + Send + 'static,
    ) -> Result<R, Stuck> {
        match self {
            Self::Real(executor) => executor.order(place, order),
            Self::Virtual(executor) => executor.order(place, order).ok_or(Stuck { place }),
        }
    }

    /// The places whose segment has been in one step or order for longer than its patience.
    pub fn overdue(&self) -> Vec<usize> {
        match self {
            Self::Real(executor) => executor.overdue(),
            // Time waits for it.
            Self::Virtual(_) => Vec::new(),
        }
    }
}
