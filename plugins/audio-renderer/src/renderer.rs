//! The filter: states, samples in, events out.

mod capabilities;
mod watch;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use driftless_plugin_api::{
    AudioFormat, Cue, EventCode, Filter, FilterError, Flow, Host, HostTime, Marker, MediaPattern,
    MediaType, Output, Pin, ReferenceTime, Renderer, Sample, SampleFlags, Settings, Span, State,
    Wake,
};
use driftless_rate_match::LinkConfig;

use crate::callback::{Callback, Counts, Snapshot};
use crate::device::{self, Device, News, StreamFormat};
use crate::intake::{Intake, audio_format};
use crate::options::Options;
use watch::Watch;

/// Frames that the resampler looks ahead at most, with some to spare.
const LOOKAHEAD_FRAMES: i64 = 128;

/// How late a segment may be woken without a gap in what a device plays that has no slack of its own.
const LATENESS: Span = Span::from_millis(5);

/// The filter `driftless.audio-renderer`.
pub struct AudioRenderer {
    host: Host,
    options: Options,
    format: Option<AudioFormat>,
    tolerance: Span,
    active: Option<Active>,
}

/// What there is from activation to deactivation. The device goes first when it is dropped.
struct Active {
    device: Box<dyn Device>,
    intake: Intake,
    newest: triple_buffer::Output<Snapshot>,
    counts: Arc<Counts>,
    watch: Watch,
    /// The latency that was told.
    latency: Span,
    flushing: bool,
    ended: bool,
    complete: bool,
}

impl std::fmt::Debug for AudioRenderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioRenderer").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Filter for AudioRenderer {
    const ID: &'static str = "driftless.audio-renderer";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let options = Options::read(settings)?;
        let tolerance = options.tolerance;
        Ok(Self { host, options, format: None, tolerance, active: None })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaPattern::AUDIO]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        self.format = Some(audio_format(media)?);
        Ok(())
    }

    fn disconnect(&mut self, _pin: Pin) {
        self.format = None;
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        let format = self.format.ok_or_else(|| {
            FilterError::new("the renderer's input is not connected, so its format is not known")
        })?;
        let AudioFormat { rate_hz, channels } = format;
        let mut device =
            device::open(&self.options, StreamFormat { rate_hz, channels }, &self.host)?;
        let (callback, handover, newest, counts) = Callback::new(
            self.host.clone(),
            device.rate_hz(),
            device.channels(),
            self.options.clock,
        );
        device.start(callback)?;
        let latency = needed_latency(&self.options, &*device);
        let link = LinkConfig {
            output_rate_hz: device.rate_hz(),
            quality: self.options.quality,
            slave_method: self.options.slave_method,
            tolerance_ns: self.tolerance.nanos(),
            ..LinkConfig::default()
        };
        let intake = Intake::new(self.host.clone(), handover, link, latency, format);
        self.active = Some(Active {
            device,
            intake,
            newest,
            counts,
            watch: Watch::default(),
            latency,
            flushing: false,
            ended: false,
            complete: false,
        });
        Ok(())
    }

    fn run(&mut self, base: ReferenceTime) -> Result<(), FilterError> {
        let clock = self.host.clock();
        if let Some(active) = &mut self.active {
            active.complete = false;
            let base = clock.has_clock().then(|| clock.host_time_of(base));
            active.device.run(base, self.host.now());
        }
        Ok(())
    }

    fn pause(&mut self) {
        if let Some(active) = &mut self.active {
            active.device.pause();
            active.intake.pause();
        }
    }

    fn deactivate(&mut self) {
        self.active = None;
    }

    fn cue(&self) -> Cue {
        let Some(active) = &self.active else { return Cue::Done };
        let cued = active.ended || active.intake.has_queued() || self.host.upstream(0).live;
        if cued { Cue::Done } else { Cue::Intermediate }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let Some(Active { counts, device, .. }) = &self.active else { return Vec::new() };
        vec![
            ("callbacks", counts.callbacks.load(Relaxed)),
            ("late callbacks", counts.late_callbacks.load(Relaxed)),
            ("device xruns", device.xruns()),
            ("device restarts", counts.device_restarts.load(Relaxed)),
            ("frames lost with the device", counts.lost_frames.load(Relaxed)),
            ("frames not recorded", counts.recording_lost_frames.load(Relaxed)),
        ]
    }

    fn latency(&mut self) -> Option<&mut dyn driftless_plugin_api::Latency> {
        Some(self)
    }

    fn clock(&mut self) -> Option<&mut dyn driftless_plugin_api::Clock> {
        Some(self)
    }

    fn clock_slave(&mut self) -> Option<&mut dyn driftless_plugin_api::ClockSlave> {
        Some(self)
    }

    fn renderer_statistics(&mut self) -> Option<&mut dyn driftless_plugin_api::RendererStatistics> {
        if let Some(active) = &mut self.active {
            active.newest.update();
        }
        Some(self)
    }
}

impl Renderer for AudioRenderer {
    fn receive(
        &mut self,
        _input: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        let Some(active) = &mut self.active else { return Ok(Flow::Stop) };
        if active.flushing {
            return Ok(Flow::Stop);
        }
        if !sample.flags().contains(SampleFlags::PREROLL) {
            active.intake.take(&sample, output.now())?; // what leads to the first frame is not heard (LS-108)
        }
        Ok(Flow::Continue)
    }

    fn mark(
        &mut self,
        _input: u32,
        marker: Marker,
        _output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        let Some(active) = &mut self.active else { return Ok(()) };
        match marker {
            Marker::EndOfStream => {
                active.ended = true;
                active.intake.end();
            }
            Marker::BeginFlush => {
                active.flushing = true;
                (active.ended, active.complete) = (false, false);
                active.intake.flush();
            }
            Marker::EndFlush => active.flushing = false,
            Marker::NewSegment { rate, .. } => active.intake.new_segment(rate),
        }
        Ok(())
    }

    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let Some(active) = &mut self.active else { return Ok(Wake::OnSignal) };
        let wake = active.device.step(output.now());
        active.tell(&self.options, &self.host, output.now());
        Ok(wake.map_or(Wake::OnSignal, Wake::At))
    }

    fn ready(&self) -> bool {
        self.active.as_ref().is_none_or(|active| active.intake.has_room())
    }
}

impl Active {
    /// Posts what happened since the last step.
    fn tell(&mut self, options: &Options, host: &Host, now: HostTime) {
        while let Some(news) = self.device.news() {
            match news {
                News::Lost(text) => host.event(EventCode::DEVICE_LOST, 0, 0, &text),
                News::Back(text) => host.event(EventCode::DEVICE_LOST, 0, 1, &text),
                News::Warning(text) => host.event(EventCode::WARNING, 0, 0, &text),
            }
        }
        let snapshot = *self.newest.read();
        self.watch.look(&snapshot.statistics, now, host);
        self.tell_latency(options, host);
        let drained = match self.intake.has_link() {
            true => snapshot.drained_at.is_some_and(|at| at <= now),
            false => true,
        };
        if self.ended && drained && !self.complete && host.clock().state() == State::Running {
            self.complete = true;
            host.event(EventCode::COMPLETE, 0, 0, "");
        }
    }

    /// A delay that grew by less is covered by the lateness that was allowed for; one that shrank is
    /// kept, since a new latency is heard (LS-24, LS-M4).
    fn tell_latency(&mut self, options: &Options, host: &Host) {
        let needed = needed_latency(options, &*self.device);
        if needed <= self.latency + LATENESS {
            return;
        }
        let text = format!("the device needs {needed} now, {} more", needed - self.latency);
        self.latency = needed;
        self.intake.set_latency(needed);
        host.event(EventCode::LATENCY_CHANGED, 0, 0, &text);
    }
}

/// What `latency` asks for, and no less than the device needs: a period that is being filled, the
/// device's delay, what the resampler looks ahead, and some lateness.
fn needed_latency(options: &Options, device: &dyn Device) -> Span {
    let lookahead = Span::of_frames(LOOKAHEAD_FRAMES, device.rate_hz());
    options.latency.max(device.delay() + device.period() + lookahead + LATENESS)
}
