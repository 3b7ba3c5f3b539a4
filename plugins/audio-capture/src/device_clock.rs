//! The device's clock: when which frame was handed over, smoothed, and the reference clock made from it.
//!
//! The reference clock on offer is the count of frames as time; only where it meets host time is
//! estimated. It goes on over lost devices and new ones.

use driftless_plugin_api::{ClockReading, HostTime, ReferenceTime, Span};
use driftless_rate_match::{Anchor, Timeline};

/// A step of the line by more than this is doubted, until it has lasted: a busy system is late for a
/// while, by 5 to 10 ms, and then catches up; a device that lost frames stays where it is.
const STEP: Span = Span::from_millis(2);
/// How long it must last, seconds.
const PATIENCE_S: f64 = 2.0;
/// So long nothing is doubted yet: a device that starts may hand over its backlog first.
const STARTING_S: f64 = 0.25;

/// Counts a device's frames against host time. `[device]`
#[derive(Debug)]
pub(crate) struct DeviceClock {
    timeline: Timeline,
    rate_hz: u32,
    /// Frames handed over so far.
    position: i64,
    /// Frame and reference time that the clock on offer counts from; none before the first period.
    anchor: Option<(i64, ReferenceTime)>,
    reading: ClockReading,
    /// Frames since the device started, and since a step of the line is doubted.
    since_start: usize,
    in_doubt: usize,
}

impl DeviceClock {
    /// A clock that goes with the host's until a device is heard of.
    pub fn new(rate_hz: u32, now: HostTime) -> Self {
        let reference = ReferenceTime::from_nanos(now.nanos());
        Self {
            timeline: Timeline::new(f64::from(rate_hz), Anchor::Earliest),
            rate_hz,
            position: 0,
            anchor: None,
            reading: ClockReading { host: now, reference, rate: 1.0 },
            since_start: 0,
            in_doubt: 0,
        }
    }

    /// Frames handed over so far.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// `frames` frames were there at `seen`, late or in time; returns when the last of them was, smoothed.
    pub fn tick(&mut self, seen: HostTime, frames: usize) -> HostTime {
        self.position += frames as i64;
        self.timeline.observe(self.position, seen.nanos());
        let line = HostTime::from_nanos(self.timeline.time_of(self.position));
        let host = self.steady(line, frames);
        let (from, reference) = self.anchor.unwrap_or_else(|| (self.position, self.at(host)));
        self.anchor = Some((from, reference));
        self.reading = ClockReading {
            host,
            reference: reference + Span::of_frames(self.position - from, self.rate_hz),
            rate: 1.0 + self.timeline.rate_ppm() * 1e-6,
        };
        host
    }

    /// The line's time, or, while a step of it is doubted, the last time and `frames` more.
    fn steady(&mut self, line: HostTime, frames: usize) -> HostTime {
        let seconds = |frames: usize| frames as f64 / f64::from(self.rate_hz);
        let gone_ns = seconds(frames) * 1e9 / self.reading.rate;
        let expected = self.reading.host + Span::from_nanos(gone_ns.round() as i64);
        self.since_start += frames;
        self.in_doubt = if (line - expected).abs() > STEP { self.in_doubt + frames } else { 0 };
        let is_believed =
            seconds(self.since_start) < STARTING_S || seconds(self.in_doubt) > PATIENCE_S;
        if self.in_doubt > 0 && !is_believed { expected } else { line }
    }

    /// Another device goes on with the count.
    pub fn restart(&mut self) {
        self.timeline.clear();
        self.anchor = None;
        (self.since_start, self.in_doubt) = (0, 0);
    }

    /// The newest reading of the clock on offer.
    pub fn reading(&self) -> ClockReading {
        self.reading
    }

    /// The clock on offer at host time `at`, going by the newest reading.
    fn at(&self, at: HostTime) -> ReferenceTime {
        let ClockReading { host, reference, rate } = self.reading;
        let since = at - host;
        let skew = (since.nanos() as f64 * (rate - 1.0)).round() as i64;
        reference + since + Span::from_nanos(skew)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LS-69, LS-M15
    #[test]
    fn the_clock_on_offer_runs_forwards_at_the_devices_rate_over_late_callbacks_and_a_new_device() {
        let (rate_hz, frames, ppm) = (48_000, 480, 300.0);
        let mut start = HostTime::from_nanos(7_000_000_000);
        let mut clock = DeviceClock::new(rate_hz, start);
        let mut last = clock.reading();
        for device in 0..2 {
            for period in 1..2_000_i64 {
                let exact = period as f64 * 10e6 / (1.0 + ppm * 1e-6);
                let late = (period * 7_919 % 1_000) * 1_000;
                clock.tick(start + Span::from_nanos(exact as i64 + late), frames);
                let reading = clock.reading();
                assert!(reading.reference >= last.reference, "device {device} period {period}");
                last = reading;
            }
            let off_ppm = (last.rate - 1.0) * 1e6 - ppm;
            assert!(off_ppm.abs() < 20.0, "{off_ppm} ppm off");
            start = last.host + Span::from_millis(70);
            clock.restart();
        }
    }

    #[test]
    fn callbacks_that_are_late_for_a_second_move_nothing_and_lost_frames_move_it_for_good() {
        let mut clock = DeviceClock::new(48_000, HostTime::ZERO);
        let mut tick = |period: i64, late: i64| {
            let exact = HostTime::ZERO + Span::from_millis(10 * period);
            clock.tick(exact + Span::from_millis(late), 480) - exact
        };
        let mut off = |periods: std::ops::Range<i64>, late| {
            periods.map(|period| tick(period, late)).map(Span::abs).max().unwrap_or_default()
        };
        assert!(off(1..1000, 0) < Span::from_millis(1));
        assert!(off(1000..1100, 8) < Span::from_millis(1));
        assert!(off(1100..2000, 0) < Span::from_millis(1));
        off(2000..2500, 8);
        let lost = off(2500..2600, 8);
        assert!((lost - Span::from_millis(8)).abs() < Span::from_millis(1), "{lost}");
    }
}
