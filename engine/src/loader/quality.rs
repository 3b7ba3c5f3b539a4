//! Quality messages on their way upstream (LS-117): from the renderer's thread to that of who feeds it.

use std::sync::{Mutex, OnceLock};

use crossbeam_queue::ArrayQueue;
use driftless_plugin_api::capability::quality_control::RawQuality;

use crate::executor::Signal;

/// Messages that wait for one filter; when there is no room the oldest goes, as it says least.
const WAITING: usize = 8;

/// An output pin by the filter's index and its number.
pub type OutputPin = (usize, u32);

/// Who feeds whom, and what each filter has not heard yet.
#[derive(Debug)]
pub struct QualityMail {
    /// For each filter, what is connected to each of its input pins.
    routes: Mutex<Vec<Vec<Option<OutputPin>>>>,
    boxes: Vec<ArrayQueue<(u32, RawQuality)>>,
    signals: OnceLock<Vec<Signal>>,
}

impl QualityMail {
    /// For so many filters; nobody is connected yet.
    pub fn new(filters: usize) -> Self {
        Self {
            routes: Mutex::new(vec![Vec::new(); filters]),
            boxes: (0..filters).map(|_| ArrayQueue::new(WAITING)).collect(),
            signals: OnceLock::new(),
        }
    }

    /// How each filter is woken. `[main]`
    pub fn set_signals(&self, signals: Vec<Signal>) {
        // Set once, when the graph is built.
        let _ = self.signals.set(signals);
    }

    /// What is connected to the input pins of `filter`. `[main]`
    pub fn set_route(&self, filter: usize, inputs: Vec<Option<OutputPin>>) {
        if let Some(route) = self.routes().get_mut(filter) {
            *route = inputs;
        }
    }

    fn routes(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Option<OutputPin>>>> {
        // A list of numbers is whole whatever happened.
        self.routes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Sends a message from input pin `input` of `filter` to what feeds it. Returns whether anything
    /// does. `[streaming]`
    pub fn send(&self, filter: usize, input: u32, quality: RawQuality) -> bool {
        let to = self.routes().get(filter).and_then(|pins| *pins.get(input as usize)?);
        let Some((feeder, pin)) = to else { return false };
        let Some(mail) = self.boxes.get(feeder) else { return false };
        mail.force_push((pin, quality));
        if let Some(signal) = self.signals.get().and_then(|signals| signals.get(feeder)) {
            signal.raise();
        }
        true
    }

    /// Sends it to all that feed `filter`, which does not act on it. `[streaming]`
    pub fn pass_on(&self, filter: usize, quality: RawQuality) {
        let inputs = self.routes().get(filter).map_or(0, Vec::len);
        for input in 0..inputs as u32 {
            self.send(filter, input, quality);
        }
    }

    /// The oldest message that `filter` has not heard, with the output pin it is about. `[streaming]`
    pub fn take(&self, filter: usize) -> Option<(u32, RawQuality)> {
        self.boxes.get(filter)?.pop()
    }
}
