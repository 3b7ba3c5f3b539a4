//! The time line of a device that was just opened.

use crate::clock_line::Anchor;
use crate::timeline::Timeline;

/// The first callbacks fill the device's buffer, one right after the other; they tell nothing. ns.
const FILLING_NS: i64 = 200_000_000;
/// Then the time line is found, ns.
const FINDING_NS: i64 = 400_000_000;
/// And then it is confirmed by as many callbacks,
const CONFIRMING: usize = 9;
/// of which the typical one is no further off than this, ns. A server that sets up other clients beside this one
/// asks for a quarter of a second's worth at other times than later.
const NEAR_NS: i64 = 1_000_000;
/// A device whose callbacks never come when the others say is taken as it is after so many tries.
const TRIES: u32 = 3;

/// How far the time line of a device is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Callbacks may fill a buffer, and are not looked at; from the first of them on, ns.
    Filling(Option<i64>),
    /// The time line is found, since then, ns.
    Finding(i64),
    /// So many callbacks have come that may confirm it.
    Confirming(usize),
    /// It may be played by.
    Settled,
}

/// A [`Timeline`] that says when it can be relied on. `[device]`
///
/// What is played by a time line that is still being found follows it by milliseconds a second, as if the device's
/// rate were off by thousands of ppm. So a device plays silence until its first callbacks, less than a second of
/// them, have said when they come.
///
/// ```
/// # use driftless_rate_match::{Anchor, Settling};
/// let mut device = Settling::new(48_000.0, Anchor::Mean);
/// for callback in 0..200 {
///     let now_ns = callback * 10_000_000 + 1_000 * (callback % 7);
///     let play_ns = device.ask(now_ns, 480);
///     match device.is_settled() {
///         true => { /* player.fill(out, play_ns); */ }
///         false => { /* out.fill(0.0); */ }
///     }
///     # assert_eq!(device.is_settled(), callback >= 70);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Settling {
    timeline: Timeline,
    /// Frames asked for so far.
    position: i64,
    stage: Stage,
    tries: u32,
    /// How late the callbacks came that may confirm it, ns.
    late_ns: [i64; CONFIRMING],
}

impl Settling {
    /// For a device of this nominal rate, frames a second; the line goes along its earliest callbacks, or through
    /// their middle. `[main]`
    pub fn new(rate_hz: f64, anchor: Anchor) -> Self {
        Self {
            timeline: Timeline::new(rate_hz, anchor),
            position: 0,
            stage: Stage::Filling(None),
            tries: 0,
            late_ns: [0; CONFIRMING],
        }
    }

    /// A period of `frames` was asked for at `seen_ns`; returns when it should have been, going by all before it,
    /// ns. What is added to that until its first frame is heard is for the caller to know. `[device]`
    pub fn ask(&mut self, seen_ns: i64, frames: usize) -> i64 {
        self.begin_period(seen_ns);
        self.timeline.observe(self.position, seen_ns);
        let due_ns = self.timeline.time_of(self.position);
        self.position += frames as i64;
        self.end_period(seen_ns - due_ns);
        due_ns
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether it may be played by.
    pub fn is_settled(&self) -> bool {
        self.stage == Stage::Settled
    }

    /// How much faster than nominal the device runs, ppm.
    pub fn rate_ppm(&self) -> f64 {
        self.timeline.rate_ppm()
    }

    fn begin_period(&mut self, now_ns: i64) {
        match self.stage {
            Stage::Filling(None) => self.stage = Stage::Filling(Some(now_ns)),
            Stage::Filling(Some(since)) if now_ns - since >= FILLING_NS => self.find(now_ns),
            Stage::Finding(since) if now_ns - since >= FINDING_NS => {
                self.timeline.align(self.position);
                self.stage = Stage::Confirming(0);
            }
            Stage::Confirming(CONFIRMING) => self.judge(now_ns),
            _ => {}
        }
    }

    fn end_period(&mut self, late_ns: i64) {
        if let Stage::Confirming(callbacks) = self.stage {
            self.late_ns[callbacks] = late_ns;
            self.stage = Stage::Confirming(callbacks + 1);
        }
    }

    fn judge(&mut self, now_ns: i64) {
        self.late_ns.sort_unstable();
        self.tries += 1;
        if self.late_ns[CONFIRMING / 2].abs() > NEAR_NS && self.tries < TRIES {
            return self.find(now_ns);
        }
        self.timeline.align(self.position);
        self.stage = Stage::Settled;
    }

    /// What was seen so far tells nothing.
    fn find(&mut self, now_ns: i64) {
        self.timeline.clear();
        self.stage = Stage::Finding(now_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a device that asks for 25 ms at a time, each `late_us(n)` late, is settled, s, and how far its times
    /// of the next second are off then, us.
    fn settled(late_us: impl Fn(i64) -> i64) -> (f64, i64) {
        let mut device = Settling::new(48_000.0, Anchor::Mean);
        let mut settled = None;
        let mut most_us = 0;
        for n in 0..400 {
            let exact_ns = 25_000_000 * n;
            let due_ns = device.ask(exact_ns + late_us(n) * 1_000, 1_200);
            if device.is_settled() {
                let at = *settled.get_or_insert(n);
                let off_us = (due_ns - exact_ns) / 1_000;
                most_us = if n < at + 40 { off_us.abs().max(most_us) } else { most_us };
            }
        }
        (settled.expect("it settles at last") as f64 * 0.025, most_us)
    }

    #[test]
    fn a_device_is_settled_when_its_callbacks_come_as_those_before_say() {
        type LateUs = fn(i64) -> i64;
        let noise_us = |n: i64| n * 7_919 % 61 - 30;
        let table: [(&str, LateUs, f64, i64); 5] = [
            ("a steady one", |_| 0, 1.0, 40),
            ("one that is late now and then", |n| if n % 7 == 3 { 9_000 } else { 0 }, 1.0, 200),
            ("one that fills its buffer", |n| (n - 4).min(0) * 25_000, 1.0, 40),
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
