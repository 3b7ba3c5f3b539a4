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
const FINDING: Span = Span::from_millis(400);
/// And then they are confirmed by as many callbacks,
const CONFIRMING: usize = 9;
/// of which the typical one is no further off than this. A server that sets up other clients beside this one
/// asks for a quarter of a second's worth at other times than later.
const NEAR: Span = Span::from_millis(1);
/// A device whose callbacks never come when the others say is taken as it is after so many tries.
const TRIES: u32 = 3;

/// Callback times, delay and period of one stream. `[device]`
#[derive(Debug)]
pub(super) struct Settling {
    rate_hz: u32,
    line: DeviceLine,
    delay: Steady,
    period: Steady,
    /// By how much callbacks come later than the time line says.
    late: Steady,
    tries: u32,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Since the first callback.
    Filling(Option<HostTime>),
    Finding(HostTime),
    /// For so many callbacks.
    Confirming(usize),
    Settled,
}

impl Settling {
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            line: DeviceLine::new(rate_hz, Anchor::Mean),
            delay: Steady::middle(),
            period: Steady::longest(),
            late: Steady::middle(),
            tries: 0,
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
        if let Stage::Confirming(_) = self.stage {
            self.late.hear(seen - asked.due);
        }
        (asked, self.delay.get())
    }

    fn move_on(&mut self, now: HostTime) {
        match self.stage {
            Stage::Filling(None) => self.stage = Stage::Filling(Some(now)),
            Stage::Filling(Some(since)) if now - since >= FILLING => self.find(now),
            Stage::Finding(since) if now - since >= FINDING => {
                self.line.settle();
                self.late.forget();
                self.stage = Stage::Confirming(0);
            }
            Stage::Confirming(CONFIRMING) => {
                let late = self.late.get();
                self.tries += 1;
                if (late > NEAR || -late > NEAR) && self.tries < TRIES {
                    return self.find(now);
                }
                self.delay.keep();
                self.period.keep();
                self.line.settle();
                self.stage = Stage::Settled;
            }
            Stage::Confirming(callbacks) => self.stage = Stage::Confirming(callbacks + 1),
            _ => {}
        }
    }

    /// What was seen so far tells nothing.
    fn find(&mut self, now: HostTime) {
        self.line.forget();
        self.delay.forget();
        self.period.forget();
        self.stage = Stage::Finding(now);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// When a device that asks for 25 ms at a time, each `late_us(n)` late, is settled, s, and how far the
    /// callbacks of the next second are off then, us.
    fn settled(late_us: impl Fn(i64) -> i64) -> (f64, i64) {
        let mut settling = Settling::new(48_000);
        let mut settled = None;
        let mut most_us = 0;
        for n in 0..400 {
            let exact = Span::from_millis(25 * n);
            let seen = HostTime::ZERO + exact + Span::from_micros(late_us(n));
            let (asked, _) = settling.ask(seen, Span::from_millis(50), 1_200);
            if settling.is_settled() {
                let at = *settled.get_or_insert(n);
                let off_us = (asked.due - HostTime::ZERO - exact).nanos() / 1_000;
                most_us = if n < at + 40 { off_us.abs().max(most_us) } else { most_us };
            }
        }
        (settled.expect("it settles at last") as f64 * 0.025, most_us)
    }

    #[test]
    fn a_device_is_settled_when_its_callbacks_come_as_those_before_say() {
        type LateUs = fn(i64) -> i64;
        let noise_us = |n: i64| n * 7_919 % 61 - 30;
        let table: [(&str, LateUs, f64, i64); 4] = [
            ("a steady one", |_| 0, 1.0, 40),
            ("one that is late now and then", |n| if n % 7 == 3 { 9_000 } else { 0 }, 1.0, 200),
            ("one that begins elsewhere", |n| if n < 19 { -5_000 } else { 0 }, 1.6, 200),
            ("bursts of three", |n| (1 - n % 3) * 25_000, 1.0, 4_000),
        ];
        for (what, late_us, most_s, most_us) in table {
            let (after_s, off_us) = settled(|n| late_us(n) + noise_us(n));
            assert!(after_s <= most_s, "{what}: after {after_s} s");
            assert!(off_us <= most_us, "{what}: {off_us} us off");
        }
        let (after_s, _) = settled(|n| n * n * 400);
        assert!(after_s < 3.0, "one that is never steady: after {after_s} s");
    }
}
