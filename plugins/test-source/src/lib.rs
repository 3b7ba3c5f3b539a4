//! A live source of audio or video whose every fault can be set: what tests and examples run on.
//!
//! | module         | what is in it                                              |
//! |----------------|------------------------------------------------------------|
//! | `setup`        | the settings, checked against each other                   |
//! | `schedule`     | when each sample is captured and delivered                 |
//! | `stamper`      | time stamps and stream offset                              |
//! | `dropouts`     | what is missing                                            |
//! | `produce`      | one sample, from its position to its delivery              |
//! | `media`        | sound or pictures, counted in positions                    |
//! | `sound`        | sine, ticks, noise, silence                                |
//! | `picture`      | numbered pictures, written with `font`                     |
//! | `easel`        | pictures that are painted over                             |
//!
//! A frame at position n is captured at one instant, derived from n, from when the run began and from
//! the rate error; the sample that begins with it is delivered `latency` later, plus jitter. Everything
//! follows from [`Output::now`] and the host's seed, so a run in virtual time repeats to the digit.

mod capabilities;
mod dropouts;
mod easel;
mod font;
mod media;
mod picture;
mod produce;
mod schedule;
mod setup;
mod sound;
mod stamper;

use driftless_plugin_api::{
    Clock, ClockState, Cue, Filter, FilterError, Flow, Gate, Host, HostTime, Latency, Marker,
    MediaPattern, MediaType, Output, Pin, Pins, PushSource, PushSourceFlags, Settings,
    SimulatedClock, Source, Span, State, Status, StreamControl, Wake, export_plugin,
};
use fastrand::Rng;

pub use driftless_frame_code as frame_code;

use easel::Easel;
use schedule::Schedule;
use setup::Setup;
use stamper::{Captured, Origin, Stamper};

/// The only pin.
const OUT: u32 = 0;

/// The filter `driftless.test-source`.
#[derive(Debug)]
pub struct TestSource {
    host: Host,
    setup: Setup,
    connected: bool,
    /// What it offers as a clock; it runs on while the source is paused or stopped.
    hardware: SimulatedClock,
    stamper: Stamper,
    gate: Gate,
    /// The run, from its first step until the next pause.
    run: Option<Schedule>,
    jitter: Rng,
    noise: Rng,
    easel: Easel,
    /// Position of the next frame.
    position: i64,
    progress: Progress,
    counts: Counts,
}

/// How far the stream is.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// The segment was announced.
    announced: bool,
    /// The next sample does not follow the last one delivered (LS-109).
    broken: bool,
    /// The end of the stream was sent.
    ended: bool,
}

/// What happened since activation, in samples.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    delivered: u64,
    dropped_out: u64,
    withheld: u64,
    gated: u64,
}

impl TestSource {
    fn is_live(&self) -> bool {
        !self.setup.flags.contains(PushSourceFlags::NOT_LIVE)
    }

    /// One past the position of the last frame.
    fn end(&self) -> i64 {
        self.setup.stop_after.map_or(i64::MAX, |after| self.setup.media.frames_before(after))
    }

    fn publish_clock(&mut self, output: &Output<'_>) {
        if self.setup.offers_clock {
            self.host.publish_clock(self.hardware.read(&self.host, output.now()));
        }
    }

    /// Starts a run, if none is going on, and says when the next sample is due.
    fn schedule(&mut self, clock: &ClockState, output: &Output<'_>) -> HostTime {
        let position = self.setup.media.time_of(self.position);
        let Self { host, run, stamper, setup, jitter, .. } = self;
        run.get_or_insert_with(|| {
            let at = stamper.earliest(clock, output.now());
            stamper.begin(clock, Captured { position, at, stepped: Span::ZERO });
            let delay = (setup.latency, setup.jitter);
            Schedule::start(host, setup.rate_error_ppm, delay, jitter.fork(), position, at)
        })
        .due()
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Wake {
        if !std::mem::replace(&mut self.progress.ended, true) {
            output.mark(OUT, Marker::EndOfStream);
        }
        Wake::Ended
    }

    /// Delivers all that is due; the source sets the pace.
    fn step_live(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let clock = self.host.clock();
        if clock.state() != State::Running {
            return Ok(Wake::OnSignal);
        }
        while self.position < self.end() {
            let due = self.schedule(&clock, output);
            if due > output.now() {
                return Ok(Wake::At(due));
            }
            // What is live goes on whether or not it is heard (LS-6).
            self.produce(&clock, output)?;
        }
        Ok(self.finish(output))
    }

    /// Delivers one sample whenever it is asked, in Paused too; whoever takes it sets the pace.
    fn step_at_hand(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        if self.position >= self.end() {
            return Ok(self.finish(output));
        }
        let clock = self.host.clock();
        match self.produce(&clock, output)? {
            Flow::Continue => Ok(Wake::At(output.now())),
            Flow::Stop => Ok(Wake::OnSignal),
        }
    }
}

impl Filter for TestSource {
    const ID: &'static str = "driftless.test-source";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let setup = Setup::read(settings)?;
        let origin = match setup.flags {
            flags if flags.contains(PushSourceFlags::NOT_LIVE) => Origin::Count,
            flags if flags.contains(PushSourceFlags::PRIVATE_CLOCK) => Origin::Private,
            _ => Origin::Graph,
        };
        Ok(Self {
            connected: false,
            hardware: SimulatedClock::new(setup.rate_error_ppm),
            stamper: Stamper::new(setup.stamps, origin, setup.latency, setup.hold),
            gate: Gate::default(),
            run: None,
            jitter: Rng::with_seed(host.seed()),
            noise: Rng::with_seed(host.seed()),
            easel: Easel::default(),
            position: 0,
            progress: Progress::default(),
            counts: Counts::default(),
            host,
            setup,
        })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![self.setup.media.media_type().into()]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let made = self.setup.media.media_type();
        if media != made {
            let text =
                format!("the source makes {made}, not {media}; its settings say what it makes");
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        }
        self.connected = true;
        Ok(())
    }

    fn disconnect(&mut self, _pin: Pin) {
        self.connected = false;
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        let seed = self.host.seed();
        (self.jitter, self.noise) = (Rng::with_seed(seed), Rng::with_seed(!seed));
        (self.position, self.counts) = (0, Counts::default());
        self.progress = Progress { broken: true, ..Progress::default() };
        self.stamper.restart();
        self.easel = self.setup.media.easel();
        if self.setup.offers_clock {
            // The graph sets its start by this clock before the first step.
            self.host.publish_clock(self.hardware.read(&self.host, self.host.now()));
        }
        Ok(())
    }

    fn pause(&mut self) {
        if self.is_live() {
            // What was captured and not delivered yet is lost: nothing stale after a pause (LS-11).
            self.run = None;
            self.progress.broken = true;
        }
    }

    fn deactivate(&mut self) {
        self.run = None;
        self.easel = Easel::default();
    }

    fn cue(&self) -> Cue {
        if self.is_live() { Cue::CantCue } else { Cue::Done }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let Counts { delivered, dropped_out, withheld, gated } = self.counts;
        vec![
            ("delivered", delivered),
            ("dropped_out", dropped_out),
            ("withheld", withheld),
            ("gated", gated),
        ]
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        Some(self)
    }

    fn clock(&mut self) -> Option<&mut dyn Clock> {
        Some(self)
    }

    fn stream_control(&mut self) -> Option<&mut dyn StreamControl> {
        Some(self)
    }

    fn pins(&mut self) -> Option<&mut dyn Pins> {
        Some(self)
    }
}

impl Source for TestSource {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        self.publish_clock(output);
        if self.is_live() { self.step_live(output) } else { self.step_at_hand(output) }
    }
}

export_plugin! {
    source(TestSource),
}

#[cfg(test)]
mod tests;
