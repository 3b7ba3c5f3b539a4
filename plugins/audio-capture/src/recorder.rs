//! The device side: takes periods. Nothing here allocates, frees, locks, logs or enters the kernel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use driftless_plugin_api::{Host, HostTime, Span, State};

use crate::device_clock::DeviceClock;
use crate::options::Options;
use crate::ring::{Mark, RingReader, RingWriter, ring};

/// Counted on the device side, read anywhere.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub callbacks: AtomicU64,
    pub overrun_frames: AtomicU64,
    pub device_restarts: AtomicU64,
}

/// What the audio device's thread owns while the source is active. `[device]`
pub(crate) struct Recorder {
    host: Host,
    clock: DeviceClock,
    offers_clock: bool,
    rate_hz: u32,
    channels: usize,
    ring: RingWriter,
    counts: Arc<Counts>,
}

impl Recorder {
    /// One for a device that is not heard of yet, and the other end of its ring. `[main]`
    pub fn new(host: Host, options: &Options) -> (Self, RingReader, Arc<Counts>) {
        let (rate_hz, channels) = (options.format.rate_hz, options.format.channels as usize);
        let clock = DeviceClock::new(rate_hz, host.now());
        if options.clock {
            // The graph sets its start by this clock before the first period.
            host.publish_clock(clock.reading());
        }
        let (ring, reader) = ring(channels, options.buffer.frames(rate_hz).max(1) as usize);
        let counts = Arc::new(Counts::default());
        let recorder = Self {
            host,
            clock,
            offers_clock: options.clock,
            rate_hz,
            channels,
            ring,
            counts: Arc::clone(&counts),
        };
        (recorder, reader, counts)
    }

    /// Takes `values`, interleaved: one period that was there at `seen`, late or in time, and whose end
    /// was captured `delay` before it should have been there. `[device]`
    pub fn period(&mut self, seen: HostTime, delay: Span, values: &[f32]) {
        let (first, frames) = (self.clock.position(), values.len() / self.channels);
        let end = self.clock.tick(seen, frames) - delay;
        self.counts.callbacks.fetch_add(1, Relaxed);
        let reading = self.clock.reading();
        if self.offers_clock {
            self.host.publish_clock(reading);
        }
        if self.host.clock().state() != State::Running {
            return;
        }
        let frame_ns = 1e9 / (f64::from(self.rate_hz) * reading.rate);
        if !self.ring.push(values, Mark { first, frames, end, frame_ns }) {
            self.counts.overrun_frames.fetch_add(frames as u64, Relaxed);
        }
    }

    /// Another device takes over. `[any]`
    pub fn change_device(&mut self) {
        self.clock.restart();
        self.counts.device_restarts.fetch_add(1, Relaxed);
    }
}
