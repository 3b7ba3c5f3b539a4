//! A renderer whose device is a thread that wakes up every few milliseconds, with one fault there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use driftless_plugin_api::{
    Called, EventCode, Filter, FilterError, Flow, Host, Marker, MediaPattern, MediaType, Output,
    Pin, Renderer, Sample, Settings, Span, Status, Wake,
};

use crate::asks::Asks;

const PERIOD: Duration = Duration::from_millis(5);
const FRAMES: u32 = 240;

/// The filter `faulty.renderer`.
#[derive(Debug)]
pub struct FaultyRenderer {
    host: Host,
    fault: String,
    media: Option<MediaType>,
    device: Option<Device>,
    flushing: bool,
}

/// The thread, and what ends it.
#[derive(Debug)]
struct Device {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Device {
    fn start(host: Host, fault: String) -> Result<Self, FilterError> {
        let enough = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&enough);
        let periods = move || {
            let asks = Asks::default();
            while !end.load(Ordering::Relaxed) {
                period(&host, &fault, &asks);
                thread::sleep(PERIOD);
            }
        };
        let thread = thread::Builder::new().spawn(periods).map_err(|_| Status::FAIL)?;
        Ok(Self { enough, thread })
    }

    fn stop(self) {
        self.enough.store(true, Ordering::Relaxed);
        let _ = self.thread.join(); // a panic of it is told by the process
    }
}

/// The device's callback, which its thread calls once a period. `[device]`
#[inline(never)]
fn period(host: &Host, fault: &str, asks: &Asks) {
    let seen = host.now();
    let (rate, delay) = (48_000.0, Span::from_millis(5));
    host.called(Called { seen, due: seen, rate, delay, frames: FRAMES });
    asks.ask(fault.strip_prefix("device-").unwrap_or_default());
}

impl Filter for FaultyRenderer {
    const ID: &'static str = "faulty.renderer";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let fault = settings.text("fault")?.to_owned();
        Ok(Self { host, fault, media: None, device: None, flushing: false })
    }

    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![self.media.map_or(MediaPattern::AUDIO, MediaPattern::from)]
    }

    fn connect(&mut self, _: Pin, media: MediaType) -> Result<(), FilterError> {
        if !self.media.map_or(MediaPattern::AUDIO, MediaPattern::from).admits(media) {
            return Err(Status::TYPE_NOT_ACCEPTED.into());
        }
        self.media = Some(media);
        Ok(())
    }

    fn disconnect(&mut self, _: Pin) {
        self.media = None;
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        if self.device.is_none() {
            self.device = Some(Device::start(self.host.clone(), self.fault.clone())?);
        }
        Ok(())
    }

    fn deactivate(&mut self) {
        self.flushing = false;
        if let Some(device) = self.device.take() {
            device.stop();
        }
    }
}

impl Drop for FaultyRenderer {
    fn drop(&mut self) {
        self.deactivate();
    }
}

impl Renderer for FaultyRenderer {
    fn receive(&mut self, _: u32, _: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        Ok(if self.flushing { Flow::Stop } else { Flow::Continue })
    }

    fn mark(&mut self, _: u32, marker: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        match marker {
            Marker::BeginFlush => self.flushing = true,
            Marker::EndFlush => self.flushing = false,
            Marker::EndOfStream => self.host.event(EventCode::COMPLETE, 0, 0, ""),
            _ => {}
        }
        Ok(())
    }

    fn step(&mut self, _: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(Wake::OnSignal)
    }
}
