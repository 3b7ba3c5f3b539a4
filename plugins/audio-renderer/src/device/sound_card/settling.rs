//! What the first callbacks of a stream are for: finding out when they come and when they are heard.
//!
//! Nothing is played through a stream before that. A time line that is still being found moves by
//! milliseconds a second, which would be followed as if the device's rate were off by thousands of ppm.

use driftless_plugin_api::{HostTime, Span};
use driftless_rate_match::Anchor;

use super::steady::Steady;
use crate::device::{Asked, DeviceLine};

/// The first callbacks fill the device's buffer, one right after the other; they tell nothing.
const FILLING: Span = Span::from_millis(200);
/// Then the time line and the delay are found.
const FINDING: Span = Span::from_millis(600);

/// Callback times, delay and period of one stream. `[device]`
#[derive(Debug)]
pub(super) struct Settling {
    rate_hz: u32,
    line: DeviceLine,
    delay: Steady,
    period: Steady,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Since the first callback.
    Filling(Option<HostTime>),
    Finding(HostTime),
    Settled,
}

impl Settling {
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            line: DeviceLine::new(rate_hz, Anchor::Mean),
            delay: Steady::middle(),
            period: Steady::longest(),
            stage: Stage::Filling(None),
        }
    }

    /// A period of `frames` was asked for at `seen`; the sound system says that it is heard `told`
    /// later, zero where it does not know. Returns that, smoothed: a period is the least it can be.
    pub fn ask(&mut self, seen: HostTime, told: Span, frames: usize) -> (Asked, Span) {
        self.move_on(seen);
        let asked = self.line.ask(seen, frames);
        let period = Span::of_frames(frames as i64, self.rate_hz);
        self.period.hear(period);
        // What is told goes down while the callback is late.
        self.delay.hear((told + (seen - asked.due)).max(period));
        (asked, self.delay.get())
    }

    fn move_on(&mut self, now: HostTime) {
        match self.stage {
            Stage::Filling(None) => self.stage = Stage::Filling(Some(now)),
            Stage::Filling(Some(since)) if now - since >= FILLING => {
                self.line.forget();
                self.delay.forget();
                self.period.forget();
                self.stage = Stage::Finding(now);
            }
            Stage::Finding(since) if now - since >= FINDING => {
                self.delay.keep();
                self.period.keep();
                self.line.settle();
                self.stage = Stage::Settled;
            }
            _ => {}
        }
    }

    /// What the sound system asks for at a time.
    pub fn period(&mut self) -> Span {
        self.period.get()
    }

    /// Whether it is all known.
    pub fn is_settled(&self) -> bool {
        self.stage == Stage::Settled
    }
}
