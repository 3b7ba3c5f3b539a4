//! What the first callbacks of a stream are for: finding out when they come and when they are heard.

use driftless_plugin_api::{HostTime, Span};
use driftless_rate_match::{Anchor, Settling, Stage};

use super::steady::Steady;
use crate::device::Asked;

/// Callback times, delay and period of one stream, of which nothing is played before they are known. `[device]`
#[derive(Debug)]
pub(super) struct StreamTimes {
    rate_hz: u32,
    /// Through the middle of the callbacks: the device tells its delay as well, and what the one is off by, the
    /// other takes back.
    times: Settling,
    delay: Steady,
    period: Steady,
}

impl StreamTimes {
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            times: Settling::new(f64::from(rate_hz), Anchor::Mean),
            delay: Steady::middle(),
            period: Steady::longest(),
        }
    }

    /// A period of `frames` was asked for at `seen`; the sound system says that it is heard `told`
    /// later, zero where it does not know. Returns that, smoothed: a period is the least it can be.
    pub fn ask(&mut self, seen: HostTime, told: Span, frames: usize) -> (Asked, Span) {
        let before = self.times.stage();
        let due = HostTime::from_nanos(self.times.ask(seen.nanos(), frames));
        match (before, self.times.stage()) {
            (Stage::Filling(_) | Stage::Confirming(_), Stage::Finding(_)) => {
                self.delay.forget();
                self.period.forget();
            }
            (Stage::Confirming(_), Stage::Settled) => {
                self.delay.keep();
                self.period.keep();
            }
            _ => {}
        }
        let period = Span::of_frames(frames as i64, self.rate_hz);
        self.period.hear(period);
        // What is told goes down while the callback is late.
        self.delay.hear((told + (seen - due)).max(period));
        let rate = 1.0 + self.times.rate_ppm() * 1e-6;
        (Asked { seen, due, rate }, self.delay.get())
    }

    /// What the sound system asks for at a time.
    pub fn period(&mut self) -> Span {
        self.period.get()
    }

    /// Whether it is all known.
    pub fn is_settled(&self) -> bool {
        self.times.is_settled()
    }
}
