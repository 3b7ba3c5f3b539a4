//! Quality messages on their way upstream (LS-117): from the renderer's thread to that of who feeds it.

use std::sync::{Arc, Mutex, MutexGuard};

use crossbeam_queue::ArrayQueue;
use driftless_plugin_api::capability::quality_control::RawQuality;

use super::host::FilterHost;

/// Messages that wait for one filter; when there is no room the oldest goes, as it says least.
const WAITING: usize = 8;

/// Who feeds an input pin, and from which of its output pins.
pub type Feeder = (Arc<FilterHost>, u32);

/// What one filter has not heard yet, and who feeds it.
#[derive(Debug)]
pub struct Mailbox {
    /// What is connected to each of its input pins.
    feeders: Mutex<Vec<Option<Feeder>>>,
    waiting: ArrayQueue<(u32, RawQuality)>,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self { feeders: Mutex::default(), waiting: ArrayQueue::new(WAITING) }
    }
}

impl Mailbox {
    /// Says what is connected to the filter's input pins. `[main]`
    pub fn set_feeders(&self, inputs: Vec<Option<Feeder>>) {
        *self.feeders() = inputs;
    }

    fn feeders(&self) -> MutexGuard<'_, Vec<Option<Feeder>>> {
        // A list is whole whatever happened.
        self.feeders.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Sends a message from the filter's input pin `input` to what feeds it. Returns whether anything
    /// does. `[streaming]`
    pub fn send(&self, input: u32, quality: RawQuality) -> bool {
        let feeders = self.feeders();
        let feeder = feeders.get(input as usize).and_then(Option::as_ref);
        feeder.map(|feeder| post(feeder, quality)).is_some()
    }

    /// Sends it to all that feed the filter, which does not act on it. `[streaming]`
    pub fn pass_on(&self, quality: RawQuality) {
        self.feeders().iter().flatten().for_each(|feeder| post(feeder, quality));
    }

    /// The oldest message that the filter has not heard, with the output pin it is about. `[streaming]`
    pub fn take(&self) -> Option<(u32, RawQuality)> {
        self.waiting.pop()
    }
}

fn post((feeder, pin): &Feeder, quality: RawQuality) {
    feeder.quality.waiting.force_push((*pin, quality));
    feeder.raise();
}
