//! A thread border: samples go in on one segment's thread and come out on another's.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;
use driftless_plugin_api::output::Marker;
use driftless_plugin_api::{MediaType, Sample, Span, Status};

use crate::executor::Signal;
use crate::loader::chain::post_overrun;
use crate::loader::host::GraphHost;

/// What stands in a queue.
#[derive(Debug)]
pub enum Item {
    /// A sample, and how long it is.
    Sample(Sample, Span),
    /// A marker, in its place between samples.
    Marker(Marker),
}

/// Room for items, by what a queue may hold: one for each half millisecond, and packets are rarely
/// shorter.
const ITEMS: std::ops::RangeInclusive<usize> = 64..=8192;
/// Room that only markers may use, so that none is ever lost for a sample.
const MARKERS: usize = 16;

/// A bounded queue between two segments, lock-free. `[streaming]`
#[derive(Debug)]
pub struct Queue {
    items: ArrayQueue<Item>,
    capacity: Span,
    leaky: bool,
    media: MediaType,
    /// Index of the filter that reads, for events.
    reader: usize,
    /// Nanoseconds of media that stand in the queue.
    fill_ns: AtomicI64,
    lost: AtomicU64,
    filled: Signal,
    drained: Signal,
}

impl Queue {
    /// A queue of `capacity`; a leaky one drops its oldest sample when full, another refuses the
    /// newest. `filled` wakes the reader, `drained` the writer.
    pub fn new(
        capacity: Span,
        leaky: bool,
        media: MediaType,
        reader: usize,
        filled: Signal,
        drained: Signal,
    ) -> Self {
        let items = (capacity.nanos() / 500_000) as usize;
        let items = items.clamp(*ITEMS.start(), *ITEMS.end());
        Self {
            items: ArrayQueue::new(MARKERS + items),
            capacity,
            leaky,
            media,
            reader,
            fill_ns: AtomicI64::new(0),
            lost: AtomicU64::new(0),
            filled,
            drained,
        }
    }

    /// How much media stands in it.
    pub fn fill(&self) -> Span {
        Span::from_nanos(self.fill_ns.load(Ordering::Relaxed))
    }

    /// Whether another sample would be too much; a source that can wait does.
    pub fn is_full(&self) -> bool {
        self.fill() >= self.capacity || self.items.len() + MARKERS >= self.items.capacity()
    }

    /// Whether it drops rather than makes anybody wait.
    pub fn is_leaky(&self) -> bool {
        self.leaky
    }

    /// Samples lost so far.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Puts a sample in; when there is no room, one is lost and counted.
    pub fn push(&self, sample: Sample, graph: &GraphHost) -> Status {
        if self.is_full() {
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            // Told at 1, 10, 100 …: a stalled reader must not flood the events.
            if !self.leaky && is_power_of_ten(lost) {
                post_overrun(graph, self.reader, lost);
            }
            if !self.leaky {
                return Status::OK;
            }
            self.drop_oldest();
        }
        let length = length(&sample, self.media);
        if self.items.push(Item::Sample(sample, length)).is_ok() {
            self.fill_ns.fetch_add(length.nanos(), Ordering::Relaxed);
        }
        self.filled.raise();
        Status::OK
    }

    /// Puts a marker in. A flush empties the queue first (LS-115).
    pub fn push_marker(&self, marker: Marker) {
        if marker == Marker::BeginFlush {
            self.clear();
        }
        // Room is kept for markers; a reader that is so far behind loses its oldest item instead.
        if let Some(Item::Sample(_, length)) = self.items.force_push(Item::Marker(marker)) {
            self.fill_ns.fetch_sub(length.nanos(), Ordering::Relaxed);
        }
        self.filled.raise();
    }

    /// How many items there are.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// Takes the oldest item.
    pub fn pop(&self) -> Option<Item> {
        let was_full = self.is_full();
        let item = self.items.pop()?;
        if let Item::Sample(_, length) = &item {
            self.fill_ns.fetch_sub(length.nanos(), Ordering::Relaxed);
        }
        if was_full && !self.is_full() {
            self.drained.raise();
        }
        Some(item)
    }

    /// Drops everything.
    pub fn clear(&self) {
        while self.pop().is_some() {}
    }

    /// Drops the oldest sample. A marker before it goes behind what waits, where a segment or an end of
    /// stream is still valid.
    fn drop_oldest(&self) {
        for _ in 0..self.items.len() {
            match self.items.pop() {
                Some(Item::Sample(_, length)) => {
                    self.fill_ns.fetch_sub(length.nanos(), Ordering::Relaxed);
                    return;
                }
                // The room that it left is still there: only this side puts anything in.
                Some(marker) => drop(self.items.push(marker)),
                None => return,
            }
        }
    }
}

/// 1, 10, 100 …
fn is_power_of_ten(number: u64) -> bool {
    number > 0 && 10u64.pow(number.ilog10()) == number
}

/// How long a sample is: by what it holds.
fn length(sample: &Sample, media: MediaType) -> Span {
    match media {
        MediaType::Audio(format) => {
            let frames = sample.values().len() / format.channels.max(1) as usize;
            Span::of_frames(frames as i64, format.rate_hz)
        }
        MediaType::Video(format) => format.rate.start_of(1),
        _ => Span::ZERO,
    }
}
