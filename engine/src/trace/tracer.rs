//! Takes entries from the segments' threads and the devices' callbacks into a file.

use std::fs::File;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use driftless_plugin_api::HostTime;

use super::{Entry, format};
use crate::plan::Plan;

/// Entries that wait for the thread that writes them: half a minute of a small graph, a second of one of
/// a hundred streams.
const CAPACITY: usize = 1 << 15;
/// How often that thread looks for entries: seldom, since waking costs more than all the entries of a
/// second do, and sooner where they come so fast that a quarter of the room was taken. Nobody wakes it:
/// that is a system call, and whoever records is on a device's thread.
const POLL: RangeInclusive<Duration> = Duration::from_millis(20)..=Duration::from_secs(4);

/// Takes entries; whoever calls it neither waits nor allocates. `[any]`
#[derive(Debug, Clone)]
pub struct Tracer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    entries: ArrayQueue<Entry>,
    lost: AtomicU64,
    over: AtomicBool,
}

/// The thread that writes. Ended with [`finish`](Self::finish), or when it is dropped.
#[derive(Debug)]
pub struct Written {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Tracer {
    /// Creates the file for the timing of `plan`. `[main]`
    ///
    /// # Errors
    ///
    /// The system's, when the file or the thread cannot be made.
    pub fn create(path: &Path, plan: &Plan, seed: u64) -> io::Result<(Self, Written)> {
        let filters: Vec<String> = plan.filters.iter().map(|it| it.name.clone()).collect();
        let mut file = File::create(path)?;
        file.write_all(&format::header(&filters, seed))?;
        let entries = ArrayQueue::new(CAPACITY);
        let shared =
            Arc::new(Shared { entries, lost: AtomicU64::new(0), over: AtomicBool::new(false) });
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("driftless-trace".to_owned())
            .spawn(move || write(&theirs, file))?;
        Ok((Self(Arc::clone(&shared)), Written { shared, thread: Some(thread) }))
    }

    /// Takes an entry, or counts it as lost. `[device]`
    pub fn record(&self, entry: Entry) {
        if self.0.entries.push(entry).is_err() {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Written {
    /// Writes what is left. Returns how many entries were lost. `[main]`
    ///
    /// # Errors
    ///
    /// The system's; what was written before is good.
    pub fn finish(mut self) -> io::Result<u64> {
        self.end()?;
        Ok(self.shared.lost.load(Ordering::Relaxed))
    }

    fn end(&mut self) -> io::Result<()> {
        self.shared.over.store(true, Ordering::Release);
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.thread().unpark();
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that writes panicked")))
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // Nobody is left to be told that the disk is full.
        let _ = self.end();
    }
}

fn write(shared: &Shared, mut file: File) -> io::Result<()> {
    let (mut last, mut told, mut bytes) = (HostTime::ZERO, 0, Vec::new());
    let mut poll = *POLL.start();
    loop {
        // Read before the queue is: what came before the end is not missed.
        let over = shared.over.load(Ordering::Acquire);
        poll = next_poll(poll, shared.entries.len());
        while let Some(entry) = shared.entries.pop() {
            format::write(&entry, &mut last, &mut bytes);
        }
        let lost = shared.lost.load(Ordering::Relaxed);
        if lost > told {
            format::write(&Entry::Lost { count: lost - told }, &mut last, &mut bytes);
            told = lost;
        }
        // At once and whole: a process that dies loses what came since, and leaves no torn entry.
        file.write_all(&bytes)?;
        bytes.clear();
        if over {
            return Ok(());
        }
        thread::park_timeout(poll);
    }
}

/// How long to wait next, where so many entries were `found` after that long.
pub(super) fn next_poll(after: Duration, found: usize) -> Duration {
    match found {
        _ if found >= CAPACITY / 4 => *POLL.start(),
        _ if found >= CAPACITY / 16 => after,
        _ => (after * 2).min(*POLL.end()),
    }
}
