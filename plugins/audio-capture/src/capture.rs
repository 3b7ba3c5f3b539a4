//! The filter: states, samples out, events.

mod capabilities;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use driftless_plugin_api::{
    Clock, ClockState, Cue, EventCode, Filter, FilterError, Gate, Host, Latency, Marker,
    MediaPattern, MediaType, Output, Pin, Pins, PushSource, Sample, Settings, Source, Span, State,
    Status, StreamControl, Wake,
};

use crate::cutter::{Block, Cutter};
use crate::device::{self, Device, News};
use crate::options::Options;
use crate::recorder::{Counts, Recorder};
use crate::stamper::Stamper;

/// The only pin.
const OUT: u32 = 0;

/// How late a segment may be woken, or a callback come, without missing the latency that was told.
const LATENESS: Span = Span::from_millis(5);

/// The filter `driftless.audio-capture`.
pub struct AudioCapture {
    host: Host,
    options: Options,
    connected: bool,
    stamper: Stamper,
    gate: Gate,
    active: Option<Active>,
}

/// What there is from activation to deactivation. The device goes first when it is dropped.
struct Active {
    device: Box<dyn Device>,
    cutter: Cutter,
    counts: Arc<Counts>,
    /// The run has begun: what is captured is delivered.
    running: bool,
    /// The segment was announced.
    announced: bool,
    /// The next sample does not follow the last one delivered (LS-109).
    broken: bool,
    /// Number of the frame behind the newest sample.
    position: i64,
    delivered: u64,
    withheld: u64,
    gated: u64,
}

/// What decides whether a block is delivered, and with which times.
struct Admission<'a> {
    stamper: &'a mut Stamper,
    gate: &'a mut Gate,
}

impl std::fmt::Debug for AudioCapture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioCapture").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Filter for AudioCapture {
    const ID: &'static str = "driftless.audio-capture";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let options = Options::read(settings)?;
        let stamper = Stamper::new(options.format.rate_hz, options.hold);
        Ok(Self { host, options, connected: false, stamper, gate: Gate::default(), active: None })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(self.options.format).into()]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let captured = MediaType::Audio(self.options.format);
        if media != captured {
            let text = format!(
                "the source captures {captured}, not {media}; its settings `rate` and `channels` say so"
            );
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        }
        self.connected = true;
        Ok(())
    }

    fn disconnect(&mut self, _pin: Pin) {
        self.connected = false;
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        let (recorder, reader, counts) = Recorder::new(self.host.clone(), &self.options);
        let device = device::open(&self.options, &self.host, recorder)?;
        self.stamper.restart();
        let cutter = Cutter::new(reader, self.options.block_frames);
        self.active = Some(Active::new(device, cutter, counts));
        Ok(())
    }

    fn pause(&mut self) {
        if let Some(active) = &mut self.active {
            // What was captured and not delivered yet is lost: nothing stale after a pause (LS-11).
            (active.running, active.broken) = (false, true);
        }
    }

    fn deactivate(&mut self) {
        self.active = None;
    }

    fn cue(&self) -> Cue {
        Cue::CantCue
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let Some(Active { counts, device, delivered, withheld, gated, .. }) = &self.active else {
            return Vec::new();
        };
        vec![
            ("delivered", *delivered),
            ("withheld", *withheld),
            ("gated", *gated),
            ("callbacks", counts.callbacks.load(Relaxed)),
            ("frames lost to overruns", counts.overrun_frames.load(Relaxed)),
            ("device xruns", device.xruns()),
            ("device restarts", counts.device_restarts.load(Relaxed)),
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

impl Source for AudioCapture {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let Some(active) = &mut self.active else { return Ok(Wake::OnSignal) };
        let clock = self.host.clock();
        // The device goes on while the graph is paused, and so does its clock.
        let wake = active.device.step(output.now());
        active.tell(&self.host);
        if clock.state() == State::Running {
            active.begin(&mut self.stamper, &clock, output);
            let mut admission = Admission { stamper: &mut self.stamper, gate: &mut self.gate };
            active.deliver(&mut admission, &clock, &self.host, output)?;
        }
        Ok(Wake::At(wake))
    }
}

impl Active {
    /// A device that was opened, and nothing delivered yet.
    fn new(device: Box<dyn Device>, cutter: Cutter, counts: Arc<Counts>) -> Self {
        Self {
            device,
            cutter,
            counts,
            running: false,
            announced: false,
            broken: true,
            position: 0,
            delivered: 0,
            withheld: 0,
            gated: 0,
        }
    }

    /// Posts what happened to the device since the last step.
    fn tell(&mut self, host: &Host) {
        while let Some(news) = self.device.news() {
            match news {
                News::Lost(text) => host.event(EventCode::DEVICE_LOST, 0, 0, &text),
                News::Back(text) => host.event(EventCode::DEVICE_LOST, 0, 1, &text),
            }
        }
    }

    /// Starts a run, if none is going on: what was captured before it is forgotten.
    fn begin(&mut self, stamper: &mut Stamper, clock: &ClockState, output: &Output<'_>) {
        if !std::mem::replace(&mut self.running, true) {
            self.cutter.begin(stamper.begin(clock, output.now()));
        }
    }

    /// Delivers all blocks that are complete.
    fn deliver(
        &mut self,
        admission: &mut Admission<'_>,
        clock: &ClockState,
        host: &Host,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        while let Some(block) = self.cutter.next() {
            self.broken |= block.frames.0 != self.position;
            self.position = block.frames.1;
            let captured = admission.stamper.capture_times(clock, &block);
            let Some(times) = admission.stamper.offset.admit(captured) else {
                self.withheld += 1;
                self.broken = true;
                continue;
            };
            let passes = admission.gate.passes(Some(times));
            admission.gate.tell(host, Pin::Output(OUT));
            if !passes {
                self.gated += 1;
                self.broken = true;
                continue;
            }
            let mut sample = sample(host, &block)?;
            sample.set_times(Some(times.0), Some(times.1));
            let follows = admission.stamper.deliver(times, captured.1);
            sample.set_discontinuity(std::mem::take(&mut self.broken) || !follows);
            if !std::mem::replace(&mut self.announced, true) {
                output.mark(OUT, Marker::LIVE_SEGMENT);
            }
            self.delivered += 1;
            // What is live goes on whether or not it is heard (LS-6).
            output.deliver(OUT, sample);
        }
        Ok(())
    }
}

fn sample(host: &Host, block: &Block<'_>) -> Result<Sample, FilterError> {
    let sample = host.sample(size_of_val(block.values));
    let mut sample = sample.ok_or_else(|| FilterError::new("a block is larger than any buffer"))?;
    if let Some(values) = sample.values_mut(host) {
        values.copy_from_slice(block.values);
    }
    sample.set_media_times(Some(block.frames));
    Ok(sample)
}

/// What `latency` asks for, and no less than is needed: a block that is filled with whole periods, what
/// the device holds back, up to a block until somebody looks, and some lateness.
fn needed_latency(options: &Options, device: &dyn Device) -> Span {
    let filling = options.block().max(device.period());
    options.latency.max(filling + device.delay() + options.block() + LATENESS)
}
