//! Loops that steer by the fill of a queue: PipeWire's two, and a plain proportional-integral one.
//!
//! What PipeWire does is taken from its sources (facts; the code here is our own):
//!
//! | here                   | there                                                                              |
//! |------------------------|------------------------------------------------------------------------------------|
//! | [`Locked`]             | `spa/include/spa/utils/dll.h`: the gains of LS-M12                                 |
//! | [`Follower`]           | `update_time` and `alsa_read_sync` in `spa/plugins/alsa/alsa-pcm.c` (0095d79): two sound cards. Bandwidth from 0.128 Hz, every 3 s set to mean and deviation over 1000, not below 0.001 Hz; the error clamped, and realigned once where it is larger (LS-M13) |
//! | [`Rtp`]                | `rtp_audio_process_playback` in `src/modules/module-rtp/audio.c` (0121bdc): a network. Bandwidth 0.016 Hz for good (`SPA_DLL_BW_MIN`, of a period of 128 frames), the error clamped to 2 ms (`ERROR_MSEC`) |
//! | [`Level`]              | the same function: frames that are on their way, `clock.nsec - last_recv_timestamp`, count as if they had come, so that blocks make no saw tooth of the fill |
//! | [`Driver`]             | `alsa_timer_wakeup_event`: `clock.nsec` is when the driver's own loop expected to wake, not when it woke, so that a late callback is not taken for a change of the fill |
//!
//! All three are given the same level, by the same clock: the plain loop as well, though such loops
//! mostly look at the raw fill. Where the sources leave a choice it is made in the rivals' favour: a device
//! that lost time tells so (`EPIPE`), of reordered packets only the newest counts as the last received, and
//! where callbacks come in bursts the driver begins in their middle.

use std::f64::consts::TAU;

/// Seconds over which the bandwidth is kept (`BW_PERIOD`).
const KEPT_S: f64 = 3.0;
/// Widest and narrowest bandwidth of the adaptive loop, Hz.
const WIDEST_HZ: f64 = 0.128;
const NARROWEST_HZ: f64 = 0.001;

/// Makes a ratio from the error of the level, once a period.
pub trait Loop {
    /// Input frames per output frame. `error_frames`: level less target.
    fn step(&mut self, error_frames: f64) -> f64;

    /// Error beyond which the queue is set to its target at once, frames.
    fn tolerance_frames(&self) -> f64 {
        f64::INFINITY
    }

    /// The queue was set to its target, or filled anew.
    fn restart(&mut self);
}

/// The delay-locked loop: proportional gain `1.5 w / period`, two one-pole low passes of `1 - exp(-20 w)`,
/// an integrator of `w / 1.5`, with `w = 2 π bandwidth period / rate`.
struct Locked {
    /// Of the low passes and the integrator.
    state: [f64; 3],
    gains: [f64; 3],
}

impl Locked {
    fn new(bandwidth_hz: f64, period: f64, rate: f64) -> Self {
        let mut locked = Self { state: [0.0; 3], gains: [0.0; 3] };
        locked.set_bandwidth(bandwidth_hz, period, rate);
        locked
    }

    fn set_bandwidth(&mut self, bandwidth_hz: f64, period: f64, rate: f64) {
        let w = TAU * bandwidth_hz * period / rate;
        self.gains = [1.0 - (-20.0 * w).exp(), 1.5 * w / period, w / 1.5];
    }

    fn update(&mut self, error: f64) -> f64 {
        let [low_pass, proportional, integral] = self.gains;
        let [first, second, sum] = &mut self.state;
        *first += low_pass * (proportional * error - *first);
        *second += low_pass * (*first - *second);
        *sum += integral * *second;
        1.0 - (*second + *sum)
    }
}

/// A loop whose bandwidth follows its error: an ALSA device's.
struct Adaptive {
    locked: Locked,
    period: f64,
    rate: f64,
    /// Error beyond which it is clamped, frames.
    most: f64,
    mean: f64,
    variance: f64,
    kept_s: f64,
}

impl Adaptive {
    fn new(period: f64, rate: f64) -> Self {
        let most = (period / 2.0).max(256.0);
        let locked = Locked::new(WIDEST_HZ, period, rate);
        Self { locked, period, rate, most, mean: 0.0, variance: 0.0, kept_s: 0.0 }
    }

    fn update(&mut self, error: f64) -> f64 {
        let error = error.clamp(-self.most, self.most);
        let correction = self.locked.update(error);
        let window = self.rate / self.period;
        let mean = (self.mean * window + (error - self.mean)) / (window + 1.0);
        self.variance =
            (self.variance * window + (error - self.mean) * (error - mean)) / (window + 1.0);
        self.mean = mean;
        self.kept_s += self.period / self.rate;
        if self.kept_s > KEPT_S {
            let wanted_hz = (self.mean.abs() + self.variance.abs().sqrt()) / 1000.0;
            let bandwidth_hz = wanted_hz.clamp(NARROWEST_HZ, WIDEST_HZ);
            self.locked.set_bandwidth(bandwidth_hz, self.period, self.rate);
            self.kept_s = 0.0;
        }
        correction
    }

    fn restart(&mut self) {
        self.locked.state = [0.0; 3];
    }
}

/// An ALSA device that follows another.
pub struct Follower(Adaptive);

impl Follower {
    pub fn new(period: f64, rate: f64) -> Self {
        Self(Adaptive::new(period, rate))
    }
}

impl Loop for Follower {
    fn step(&mut self, error_frames: f64) -> f64 {
        self.0.update(-error_frames)
    }

    fn tolerance_frames(&self) -> f64 {
        self.0.most.min(self.0.period)
    }

    fn restart(&mut self) {
        self.0.restart();
    }
}

/// A stream from the network.
pub struct Rtp {
    locked: Locked,
    /// Error beyond which it is clamped, frames.
    most: f64,
}

impl Rtp {
    pub fn new(rate: f64) -> Self {
        Self { locked: Locked::new(0.016, 128.0, rate), most: 2e-3 * rate }
    }
}

impl Loop for Rtp {
    fn step(&mut self, error_frames: f64) -> f64 {
        self.locked.update((-error_frames).clamp(-self.most, self.most))
    }

    fn restart(&mut self) {
        self.locked.state = [0.0; 3];
    }
}

/// Proportional and integral part of the error, critically damped at 0.05 Hz.
pub struct Pi {
    proportional: f64,
    integral: f64,
    sum: f64,
}

impl Pi {
    pub fn new(period: f64, rate: f64) -> Self {
        let w = TAU * 0.05;
        Self { proportional: 2.0 * w / rate, integral: w * w / rate * period / rate, sum: 0.0 }
    }
}

impl Loop for Pi {
    fn step(&mut self, error_frames: f64) -> f64 {
        self.sum += self.integral * error_frames;
        1.0 + self.proportional * error_frames + self.sum
    }

    fn restart(&mut self) {}
}

/// The device's own loop: when it expects to wake.
pub struct Driver {
    adaptive: Adaptive,
    next_s: Option<f64>,
    /// How much earlier than the first callback the middle of a burst is, seconds.
    early_s: f64,
}

impl Driver {
    pub fn new(period: f64, rate: f64, early_s: f64) -> Self {
        Self { adaptive: Adaptive::new(period, rate), next_s: None, early_s }
    }

    /// A callback came at `now`: the clock's time of it, seconds. A device that lost time begins anew.
    pub fn wake(&mut self, now: f64, has_lost_time: bool) -> f64 {
        if has_lost_time {
            self.next_s = None;
            self.adaptive.restart();
        }
        let expected = self.next_s.unwrap_or(now - self.early_s);
        let Adaptive { period, rate, .. } = self.adaptive;
        let correction = self.adaptive.update((now - expected) * rate);
        self.next_s = Some(expected + period / correction / rate);
        expected
    }
}

/// Fill of a queue, whole blocks, and when the newest came.
#[derive(Default)]
pub struct Level {
    pub fill: f64,
    pub newest_s: f64,
}

impl Level {
    /// Frames that have not come by `clock`, but are made, or the other way round.
    pub fn on_their_way(&self, clock: f64, rate: f64) -> f64 {
        (clock - self.newest_s) * rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source 100 ppm fast that comes in blocks of 240 frames, a device that asks for 480.
    #[test]
    fn no_loop_sees_the_saw_tooth_that_blocks_make_of_the_fill() {
        const RATE: f64 = 48_000.0;
        let loops: [(Box<dyn Loop>, f64); 3] = [
            (Box::new(Follower::new(480.0, RATE)), 3.0),
            (Box::new(Rtp::new(RATE)), 3.0),
            (Box::new(Pi::new(480.0, RATE)), 3.0),
        ];
        for (index, (mut by, most_ppm)) in loops.into_iter().enumerate() {
            let (mut level, mut blocks) = (Level { fill: 1_440.0, newest_s: 0.0 }, 0.0);
            for period in 0..12_000 {
                let clock = f64::from(period) * 0.010;
                while (blocks + 1.0) * 0.005 / (1.0 + 100e-6) <= clock {
                    blocks += 1.0;
                    level = Level {
                        fill: level.fill + 240.0,
                        newest_s: blocks * 0.005 / (1.0 + 100e-6),
                    };
                }
                let there = level.fill + level.on_their_way(clock, RATE);
                let ratio = by.step(there - 1_440.0);
                let off_ppm = (ratio - 1.0) * 1e6 - 100.0;
                assert!(period < 9_000 || off_ppm.abs() < most_ppm, "{index}: {off_ppm} ppm");
                level.fill -= 480.0 * ratio;
            }
        }
    }
}
