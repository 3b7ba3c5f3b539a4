//! The recording of a virtual device: 32-bit float WAV, RF64 beyond 4 GiB (EBU Tech 3306).
//!
//! A thread of its own writes; the streaming side only fills a ring. The sizes in the header are
//! brought up to date every half second of audio, so a file whose program was killed opens.

mod wav;

use std::io;
use std::path::Path;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use wav::Wav;

/// How often the thread looks for work when nobody calls it.
const POLL: Duration = Duration::from_millis(20);

/// Takes frames and sees to it that they get into the file. Dropping it finishes the file.
pub(crate) struct Recording {
    ring: HeapProd<f32>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    ended: AtomicBool,
    failed: AtomicBool,
    failure: OnceLock<String>,
}

impl Recording {
    /// Creates the file and its thread. `[main]`
    pub fn create(path: &Path, rate_hz: u32, channels: u32) -> io::Result<Self> {
        let wav = Wav::create(path, rate_hz, channels as u16)?;
        // Two seconds, whatever the disk is doing.
        let (ring, frames) = HeapRb::new(2 * rate_hz as usize * channels as usize).split();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("driftless-recording".to_owned())
            .spawn(move || record(wav, frames, &theirs))?;
        Ok(Self { ring, shared, thread: Some(thread) })
    }

    /// Takes values, interleaved; returns how many could not be written. `[streaming]`
    ///
    /// It waits for the file only when two seconds are not written yet, which happens when time runs
    /// faster than real.
    pub fn write(&mut self, mut values: &[f32]) -> usize {
        while !self.shared.failed.load(Acquire) {
            let taken = self.ring.push_slice(values);
            values = &values[taken..];
            if values.is_empty() {
                return 0;
            }
            self.wake();
            thread::yield_now();
        }
        values.len()
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Why nothing is written any more, if so.
    pub fn failure(&self) -> Option<&str> {
        self.shared.failure.get().map(String::as_str)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.shared.ended.store(true, Release);
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic there has been told by its hook
        }
    }
}

fn record(mut wav: Wav, mut frames: HeapCons<f32>, shared: &Shared) {
    let outcome = write_until_ended(&mut wav, &mut frames, shared).and_then(|()| wav.finish());
    if let Err(cause) = outcome {
        let _ = shared.failure.set(cause.to_string());
        shared.failed.store(true, Release);
    }
}

fn write_until_ended(wav: &mut Wav, frames: &mut HeapCons<f32>, shared: &Shared) -> io::Result<()> {
    let mut values = vec![0.0; 1 << 14];
    loop {
        // Read before the ring is: what was written before the end is not missed.
        let ended = shared.ended.load(Acquire);
        while !frames.is_empty() {
            let count = frames.pop_slice(&mut values);
            wav.write(&values[..count])?;
        }
        if ended {
            return Ok(());
        }
        thread::park_timeout(POLL);
    }
}
