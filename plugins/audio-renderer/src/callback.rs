//! The device side: fills periods. Nothing here allocates, frees, locks, logs or enters the kernel.

mod handover;
mod join;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use driftless_plugin_api::{ClockSteps, Host, HostTime, Span, State, Statistics};
use driftless_rate_match::Player;

pub(crate) use handover::Handover;

use crate::device::Asked;
use crate::device_clock::DeviceClock;
use crate::meter::{Meter, Played};
use handover::{Inbox, handover};
use join::Join;
pub(crate) use join::PIECE_FRAMES;

/// What plays one format of the stream.
pub(crate) struct Voice {
    pub player: Player,
    /// Frames of the stream that are played in a second.
    pub rate_hz: u32,
    /// The stream's.
    pub channels: usize,
    /// Whether the rate is matched at all.
    pub following: bool,
    /// Room for frames of the stream that become frames of the device, or nothing.
    pub scratch: Vec<f32>,
}

/// What the device side tells about itself; the newest is there to be read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Snapshot {
    pub statistics: Statistics,
    /// When the last frame of the stream is heard, once that is known.
    pub drained_at: Option<HostTime>,
}

/// Counted on the device side, read anywhere.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub callbacks: AtomicU64,
    pub late_callbacks: AtomicU64,
    pub lost_frames: AtomicU64,
    pub device_restarts: AtomicU64,
    pub recording_lost_frames: AtomicU64,
}

/// What the audio device's thread owns while the renderer is active. `[device]`
pub(crate) struct Callback {
    host: Host,
    clock: DeviceClock,
    offers_clock: bool,
    rate_hz: u32,
    channels: usize,
    inbox: Inbox,
    voice: Option<Box<Voice>>,
    clock_steps: ClockSteps,
    join: Join,
    drained_at: Option<HostTime>,
    meter: Meter,
    counts: Arc<Counts>,
    snapshots: triple_buffer::Input<Snapshot>,
}

impl Callback {
    /// One for a device of `rate_hz` and `channels`, with its other ends. `[main]`
    pub fn new(
        host: Host,
        rate_hz: u32,
        channels: usize,
        offers_clock: bool,
    ) -> (Self, Handover, triple_buffer::Output<Snapshot>, Arc<Counts>) {
        let clock = DeviceClock::new(rate_hz, host.now());
        if offers_clock {
            host.publish_clock(clock.reading());
        }
        let (handover, inbox) = handover();
        let (snapshots, newest) = triple_buffer::triple_buffer(&Snapshot::default());
        let counts = Arc::new(Counts::default());
        let callback = Self {
            host,
            clock,
            offers_clock,
            rate_hz,
            channels,
            inbox,
            voice: None,
            clock_steps: ClockSteps::default(),
            join: Join::new(rate_hz),
            drained_at: None,
            meter: Meter::default(),
            counts: Arc::clone(&counts),
            snapshots,
        };
        (callback, handover, newest, counts)
    }

    /// Fills `out`, one period, interleaved. `[device]`
    ///
    /// The device lets it be heard `delay` after it should have asked for it.
    pub fn period(&mut self, asked: Asked, delay: Span, out: &mut [f32]) {
        let frames = out.len() / self.channels;
        self.clock.tick(&asked, frames);
        if self.offers_clock {
            self.host.publish_clock(self.clock.reading());
        }
        self.count_callback(asked.seen - asked.due, frames);
        self.meter.set_device_delay(delay);
        self.render(asked.due + delay, out);
    }

    /// As [`period`](Self::period) for what is heard from `play` on.
    fn render(&mut self, play: HostTime, out: &mut [f32]) {
        let clock = self.host.clock();
        if clock.state() != State::Running {
            out.fill(0.0);
            self.join.leave();
            return;
        }
        let play_ns = clock.stream_time_since(play, HostTime::ZERO).nanos();
        let stepped = self.clock_steps.look(clock, play);
        self.adopt_voice();
        let Some(voice) = &mut self.voice else {
            out.fill(0.0);
            return;
        };
        if let Some(stepped) = stepped {
            voice.player.step_master(stepped.nanos());
        }
        let frames = out.len() / self.channels;
        let period = self.join.fill(voice, self.channels, play_ns, out);
        let (rate_hz, device_rate_hz) = (voice.rate_hz, self.rate_hz);
        let following = voice.following;
        self.meter.add(&period, Played { frames, device_rate_hz, rate_hz, following });
        let heard = play + Span::of_frames(frames as i64, self.rate_hz);
        self.drained_at = period.drained.then(|| self.drained_at.unwrap_or(heard));
        self.inbox.set_drained(period.drained);
        self.snapshots
            .write(Snapshot { statistics: self.meter.statistics(), drained_at: self.drained_at });
    }

    fn adopt_voice(&mut self) {
        if let Some(voice) = self.inbox.next(self.voice.is_none()) {
            self.join.forget();
            if let Some(old) = self.voice.replace(voice) {
                self.inbox.give_back(old);
            }
        }
        if let Some(voice) = &mut self.voice {
            voice.following = self.inbox.following();
        }
    }

    fn count_callback(&self, late: Span, frames: usize) {
        self.counts.callbacks.fetch_add(1, Relaxed);
        if late > Span::of_frames(frames as i64, 2 * self.rate_hz) {
            self.counts.late_callbacks.fetch_add(1, Relaxed);
        }
    }

    /// Frame 0 is counted from `origin` on. `[main]`
    pub fn set_origin(&mut self, origin: HostTime) {
        self.clock.set_origin(origin);
    }

    /// Another device takes over. `[any]`
    pub fn change_device(&mut self) {
        self.clock.restart();
        self.join.leave();
    }

    /// Who is asked for the time.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// What is counted.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }
}
