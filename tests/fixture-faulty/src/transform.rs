//! A transform with one fault.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};

use driftless_plugin_api::{
    Filter, FilterError, Flow, Host, Latency, Marker, MediaPattern, MediaType, Output, Pin, Sample,
    Settings, Span, State, Status, Transform,
};

use crate::asks::Asks;

/// The filter `faulty.transform`.
#[derive(Debug)]
pub struct FaultyTransform {
    host: Host,
    fault: String,
    media: Option<MediaType>,
    /// What is late.
    past: VecDeque<f32>,
    /// What never goes away.
    memory: f32,
    asks: Asks,
    /// The latency that it declares.
    latency: Span,
    /// Which of all filters of this process it is.
    number: u32,
}

impl FaultyTransform {
    fn has(&self, fault: &str) -> bool {
        self.fault == fault
    }

    /// What it does wrong to the values of a sample.
    fn spoil(&mut self, values: &mut [f32]) {
        if self.has("aborts-at-8191") && values.len() == 8191 * 2 {
            std::process::abort();
        }
        if self.has("hangs-on-nan") && values.iter().any(|value| value.is_nan()) {
            std::thread::park(); // for ever: nobody knows this thread
        }
        if self.has("keeps-nan") {
            self.memory += values.iter().map(|value| value * 0.0).sum::<f32>();
            values.iter_mut().for_each(|value| *value += self.memory);
        }
        if self.has("late") {
            for value in values.iter_mut() {
                self.past.push_back(*value);
                *value = self.past.pop_front().unwrap_or(0.0);
            }
        }
        if self.has("differs") {
            values.iter_mut().for_each(|value| *value += self.number as f32 * 1e-6);
        }
    }
}

impl Filter for FaultyTransform {
    const ID: &'static str = "faulty.transform";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let (fault, level) = (settings.text("fault")?.to_owned(), settings.number("level")?);
        assert!(!(fault == "limit-panics" && level == 0.0), "0 dB is too loud");
        assert!(!(fault == "beyond-panics" && level > 0.0), "more than 0 dB is too loud");
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            host,
            fault,
            media: None,
            past: VecDeque::new(),
            memory: 0.0,
            asks: Asks::default(),
            latency: settings.time("latency")?,
            number,
        })
    }

    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![self.media.map_or(MediaPattern::AUDIO, MediaPattern::from)]
    }

    fn connect(&mut self, _: Pin, media: MediaType) -> Result<(), FilterError> {
        let wanted = self.media.map_or(MediaPattern::AUDIO, MediaPattern::from);
        let fast = matches!(media, MediaType::Audio(format) if format.rate_hz > 100_000);
        let refused = !wanted.admits(media) && !self.has("accepts-anything");
        if refused || (fast && self.has("refuses-its-proposal")) {
            return Err(Status::TYPE_NOT_ACCEPTED.into());
        }
        self.media = self.media.or(Some(media));
        Ok(())
    }

    fn disconnect(&mut self, _: Pin) {
        self.media = None;
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        self.past = if self.has("late") { vec![0.0; 4800].into() } else { VecDeque::new() };
        self.past.reserve(1);
        Ok(())
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }
}

impl Latency for FaultyTransform {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Ok(self.latency)
    }
}

impl Transform for FaultyTransform {
    fn receive(
        &mut self,
        _: u32,
        mut sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        if self.has("hides-new-media") {
            sample.set_new_media(None);
        }
        if self.has("drops-marks") {
            sample.set_discontinuity(false);
        }
        if self.has("drops-beyond-4096") {
            sample.truncate(4096 * 2 * size_of::<f32>());
        }
        self.asks.ask(&self.fault);
        let host = self.host.clone();
        self.spoil(sample.values_mut(&host).ok_or(Status::FAIL)?);
        Ok(output.deliver(0, sample))
    }

    fn mark(&mut self, _: u32, marker: Marker, output: &mut Output<'_>) -> Result<(), FilterError> {
        let running = self.host.clock().state() == State::Running;
        let early = marker == Marker::BeginFlush && !running;
        assert!(!(early && self.has("flush-in-pause-panics")), "a flush in pause");
        if marker != Marker::EndOfStream || !self.has("keeps-the-end") {
            output.mark_all(marker);
        }
        Ok(())
    }
}
