//! A queue before a device, and a loop that keeps it at its level.

use crate::{
    rivals::{Driver, Level, Loop},
    scenario::Scenario,
    simulate::{DEVICE_LATENCY, End, PERIOD, Point, Trace, device_time},
    source::{BLOCK, Packet, RATE, Source},
};

/// A queue of which only the level is looked at.
pub struct Fill<L> {
    by: L,
    driver: Driver,
    level: Level,
    written: i64,
    playing: bool,
    /// When the device asked last, by its own clock.
    asked: Option<f64>,
    delay_ms: f64,
    lost: f64,
}

impl<L: Loop> Fill<L> {
    pub fn new(scenario: &Scenario, by: L) -> Self {
        // The middle of three callbacks at once is that of its clock.
        let early_s = if scenario.bursts { 0.010 } else { 0.0 };
        Self {
            by,
            driver: Driver::new(PERIOD as f64, RATE, early_s),
            level: Level::default(),
            written: 0,
            playing: false,
            asked: None,
            delay_ms: scenario.target_ms + scenario.arrival.mean_ms() + early_s * 1e3,
            lost: 0.0,
        }
    }

    /// Sets the queue to its target: what is too much is lost.
    fn align(&mut self, fill: f64) {
        self.lost += (self.level.fill - fill).max(0.0);
        self.level.fill = fill;
        self.by.restart();
    }
}

impl<L: Loop> End for Fill<L> {
    fn write(&mut self, packet: &Packet) {
        let end = packet.first + BLOCK;
        if end > self.written {
            self.level.fill += (end - self.written) as f64;
            self.level.newest_s = packet.arrived;
            self.written = end;
        }
    }

    fn period(&mut self, k: i64, now: f64, source: &Source<'_>, trace: &mut Trace) {
        let t = device_time(source.scenario, k);
        let period_s = PERIOD as f64 / RATE;
        let passed = t - self.asked.replace(t).unwrap_or(t - period_s);
        let clock = self.driver.wake(now, (passed - period_s).abs() > period_s / 2.0);
        let target = (source.scenario.target_ms * 1e-3 - DEVICE_LATENCY) * RATE;
        let target_fill = target - self.level.on_their_way(clock, RATE);
        if !self.playing {
            self.playing = self.level.fill >= target_fill.max(PERIOD as f64);
            if !self.playing {
                return;
            }
            let before = self.lost;
            self.align(target_fill);
            self.lost = before;
        }
        let error = self.level.fill - target_fill;
        let ratio = self.by.step(error);
        let is_beyond = error.abs() > self.by.tolerance_frames();
        if is_beyond {
            self.align(target_fill);
        }
        let delay = t + DEVICE_LATENCY - source.time_of(self.written as f64 - self.level.fill);
        trace.points.push(Point {
            t,
            ratio_ppm: (ratio - 1.0) * 1e6,
            true_ppm: (source.scenario.source_ppm)(t),
            delay_error_ms: delay * 1e3 - self.delay_ms,
            playing: !is_beyond,
        });
        let wanted = PERIOD as f64 * ratio;
        let is_short = wanted > self.level.fill;
        let events = trace.discontinuities.get_or_insert_default();
        events.extend((is_beyond || is_short).then_some(t));
        if is_short {
            self.lost += wanted - self.level.fill;
            self.playing = false;
        }
        self.level.fill = (self.level.fill - wanted).max(0.0);
    }

    fn finish(&mut self, _source: &Source<'_>, trace: &mut Trace) {
        trace.lost_frames = self.lost as usize;
    }
}
