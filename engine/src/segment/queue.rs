//! A thread border: samples go in on one segment's thread and come out on another's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;
use driftless_plugin_api::output::Marker;
use driftless_plugin_api::{EventCode, MediaType, Sample, SampleFlags, Span, Status};

use crate::loader::host::FilterHost;
use crate::trace::Entry;

/// What stands in a queue.
#[derive(Debug)]
pub enum Item {
    /// A sample, how long it is, and its number among all that were put in.
    Sample(Sample, Span, u64),
    /// A marker, in its place between samples.
    Marker(Marker),
}

/// Room for items, by what a queue may hold: one for each half millisecond, and packets are rarely
/// shorter. A short queue has more: it may grow with the graph's latency.
const ITEMS: std::ops::RangeInclusive<usize> = 1024..=8192;
/// Room that only markers may use, so that none is ever lost for a sample.
const MARKERS: usize = 16;

/// A bounded queue between two segments, lock-free. `[streaming]`
#[derive(Debug)]
pub struct Queue {
    /// The connection in which it stands, by its index in the plan.
    connection: usize,
    items: ArrayQueue<Item>,
    /// In nanoseconds; it follows the graph's latency.
    capacity_ns: AtomicI64,
    leaky: bool,
    media: MediaType,
    /// The filter that reads, and with which input pin.
    reader: Arc<FilterHost>,
    pin: u32,
    /// The filter that writes.
    writer: Arc<FilterHost>,
    /// Nanoseconds of media that stand in the queue.
    fill_ns: AtomicI64,
    /// Samples that the writer has put in, with those that were lost.
    sent: AtomicU64,
    lost: AtomicU64,
    /// Items at its head that have stood there since before a pause.
    stale: AtomicUsize,
    /// The number of the sample that follows the last one taken.
    next: AtomicU64,
    /// A flush stands in it, or its end was not taken yet.
    flushing: AtomicBool,
}

impl Queue {
    /// The queue of a connection, of `capacity`, before the input `pin` of `reader`; a leaky one drops its
    /// oldest sample when full, another refuses the newest. `[main]`
    pub fn new(
        connection: usize,
        capacity: Span,
        leaky: bool,
        media: MediaType,
        writer: Arc<FilterHost>,
        (reader, pin): (Arc<FilterHost>, u32),
    ) -> Self {
        let items = (capacity.nanos() / 500_000) as usize;
        let items = items.clamp(*ITEMS.start(), *ITEMS.end());
        reader.arrivals.expect(pin);
        Self {
            connection,
            items: ArrayQueue::new(MARKERS + items),
            capacity_ns: AtomicI64::new(capacity.nanos()),
            leaky,
            media,
            reader,
            pin,
            writer,
            fill_ns: AtomicI64::new(0),
            sent: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            stale: AtomicUsize::new(0),
            next: AtomicU64::new(0),
            flushing: AtomicBool::new(false),
        }
    }

    /// Changes how much it holds. What is in it stays. `[main]`
    pub fn set_capacity(&self, capacity: Span) {
        self.capacity_ns.store(capacity.nanos(), Ordering::Relaxed);
        self.writer.wake_segment();
    }

    /// How much media stands in it.
    pub fn fill(&self) -> Span {
        Span::from_nanos(self.fill_ns.load(Ordering::Relaxed))
    }

    /// Whether another sample would be too much; a source that can wait does.
    pub fn is_full(&self) -> bool {
        self.fill().nanos() >= self.capacity_ns.load(Ordering::Relaxed)
            || self.items.len() + MARKERS >= self.items.capacity()
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
    pub fn push(&self, sample: Sample) -> Status {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let keeps = match self.reader.graph().repeated.get() {
            // Which samples find no room is a race between two threads, and the outcome was written down.
            Some(repeated) => !repeated.is_dropped(self.connection, number) || self.lose(number),
            None if !self.is_full() => true,
            None if self.leaky => self.drop_oldest(),
            None => self.lose(number),
        };
        if keeps {
            let length = length(&sample, self.media);
            if self.items.push(Item::Sample(sample, length, number)).is_ok() {
                self.fill_ns.fetch_add(length.nanos(), Ordering::Relaxed);
            }
            self.tell_reader();
        }
        Status::OK
    }

    fn tell_reader(&self) {
        self.reader.arrivals.note(self.pin);
        self.reader.wake_segment();
    }

    /// Counts a sample that found no room, or had to make it. Returns that it is not kept.
    fn lose(&self, number: u64) -> bool {
        let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
        let graph = self.reader.graph();
        graph.trace(|| Entry::Dropped {
            at: graph.clock.now(),
            connection: self.connection as u32,
            sample: number,
        });
        // Told at 1, 10, 100 …: a stalled reader must not flood the events.
        if !self.leaky && is_power_of_ten(lost) {
            let text = format!("the queue before it was full; {lost} samples lost so far");
            self.reader.post(EventCode::QUEUE_OVERRUN, lost as i64, 0, &text);
        }
        false
    }

    /// Puts a marker in. A flush empties the queue first (LS-115).
    pub fn push_marker(&self, marker: Marker) {
        if marker == Marker::BeginFlush {
            // What comes behind the flush still belongs to the segment that stood in the queue.
            if let Some(segment) = self.flush() {
                self.insert(segment);
            }
            self.flushing.store(true, Ordering::Relaxed);
        }
        self.insert(marker);
    }

    /// Drops everything; returns the newest segment among it.
    fn flush(&self) -> Option<Marker> {
        self.stale.store(0, Ordering::Relaxed);
        self.flushing.store(false, Ordering::Relaxed);
        let mut segment = None;
        while let Some(item) = self.take() {
            if let Item::Marker(marker @ Marker::NewSegment { .. }) = item {
                segment = Some(marker);
            }
        }
        segment
    }

    fn insert(&self, marker: Marker) {
        // Room is kept for markers; a reader that is so far behind loses its oldest item instead.
        if let Some(Item::Sample(_, length, _)) = self.items.force_push(Item::Marker(marker)) {
            self.fill_ns.fetch_sub(length.nanos(), Ordering::Relaxed);
        }
        self.tell_reader();
    }

    /// Whether a flush stands in it: that waits for nobody's room, because it makes room (LS-115).
    pub fn is_flushing(&self) -> bool {
        self.flushing.load(Ordering::Relaxed)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many items there are.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// What stands in it now was sent before the pause that has begun.
    pub fn mark_stale(&self) {
        self.stale.store(self.items.len(), Ordering::Relaxed);
    }

    /// Takes the oldest item that a pause did not make stale (LS-11). A sample says so when those before it
    /// are lost (LS-109).
    pub fn pop(&self) -> Option<Item> {
        loop {
            let mut item = self.take()?;
            let one_less = |stale: usize| stale.checked_sub(1);
            let is_stale =
                self.stale.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok();
            if let Item::Sample(sample, _, number) = &mut item {
                if is_stale && sample.flags().contains(SampleFlags::FLUSH_ON_PAUSE) {
                    continue;
                }
                // Only the reader touches it, so nothing has to be exchanged at once.
                if self.next.load(Ordering::Relaxed) != *number {
                    sample.set_discontinuity(true);
                }
                self.next.store(*number + 1, Ordering::Relaxed);
            }
            return Some(item);
        }
    }

    /// Takes the oldest item.
    fn take(&self) -> Option<Item> {
        let was_full = self.is_full();
        let item = self.items.pop()?;
        match &item {
            Item::Sample(_, length, _) => {
                self.fill_ns.fetch_sub(length.nanos(), Ordering::Relaxed);
            }
            Item::Marker(Marker::EndFlush) => self.flushing.store(false, Ordering::Relaxed),
            Item::Marker(_) => {}
        }
        if was_full && !self.is_full() {
            self.writer.wake_segment();
        }
        Some(item)
    }

    /// Drops everything.
    pub fn clear(&self) {
        self.flush();
    }

    /// Drops the oldest sample. A marker before it goes behind what waits, where a segment or an end of
    /// stream is still valid. Returns that there is room.
    fn drop_oldest(&self) -> bool {
        for _ in 0..self.items.len() {
            match self.items.pop() {
                Some(Item::Sample(_, length, number)) => {
                    self.fill_ns.fetch_sub(length.nanos(), Ordering::Relaxed);
                    self.lose(number);
                    break;
                }
                // The room that it left is still there: only this side puts anything in.
                Some(marker) => drop(self.items.push(marker)),
                None => break,
            }
        }
        true
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
