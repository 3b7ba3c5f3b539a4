//! The device's clock: which frame was seen when, smoothed, and the reference clock made from it.
//!
//! Frames are counted from the activation on and never back, over lost devices and new ones. The
//! reference clock on offer is that count as time; only where it meets host time is estimated.

use driftless_plugin_api::{ClockReading, HostTime, ReferenceTime, Span};
use driftless_rate_match::Timeline;

/// The first callbacks of a device fill its buffer, one right after the other; they tell nothing about its rate.
const FILLING: u32 = 50;

/// Counts a device's frames against host time. `[device]`
#[derive(Debug)]
pub(crate) struct DeviceClock {
    timeline: Timeline,
    rate_hz: u32,
    /// Frames asked for so far.
    position: i64,
    /// Host time that the time line counts from.
    origin: HostTime,
    /// Frame and reference time that the clock on offer counts from.
    anchor: (i64, ReferenceTime),
    reading: ClockReading,
    /// The next period begins a new count: another device, or one that stood still.
    restarted: bool,
    /// Callbacks until the device's buffer is taken to be full.
    filling: u32,
}

impl DeviceClock {
    /// A clock that goes with the host's until a device is heard of.
    pub fn new(rate_hz: u32, now: HostTime) -> Self {
        let reference = ReferenceTime::from_nanos(now.nanos());
        Self {
            timeline: Timeline::new(f64::from(rate_hz)),
            rate_hz,
            position: 0,
            origin: HostTime::ZERO,
            anchor: (0, reference),
            reading: ClockReading { host: now, reference, rate: 1.0 },
            restarted: true,
            filling: FILLING,
        }
    }

    /// Frame 0 is to be counted from `origin` on, where it may have been before a pause. The clock on
    /// offer goes on as if it had never stood still.
    pub fn set_origin(&mut self, origin: HostTime) {
        self.anchor = (0, self.at(origin));
        self.origin = origin;
        (self.restarted, self.filling) = (false, 0);
    }

    /// Another device goes on with the count.
    pub fn restart(&mut self) {
        self.timeline.clear();
        self.origin = HostTime::ZERO;
        (self.restarted, self.filling) = (true, FILLING);
    }

    /// A period of `frames` was asked for at `seen`; returns when that was, smoothed.
    pub fn tick(&mut self, seen: HostTime, frames: usize) -> HostTime {
        self.look_at_filling();
        if self.restarted {
            self.anchor = (self.position, self.at(seen));
            self.restarted = false;
        }
        self.timeline.observe(self.position, (seen - self.origin).nanos());
        let host = self.origin + Span::from_nanos(self.timeline.time_of(self.position));
        let (frame, reference) = self.anchor;
        self.reading = ClockReading {
            host,
            reference: reference + Span::of_frames(self.position - frame, self.rate_hz),
            rate: 1.0 + self.timeline.rate_ppm() * 1e-6,
        };
        self.position += frames as i64;
        host
    }

    fn look_at_filling(&mut self) {
        if self.filling > 0 {
            self.filling -= 1;
            if self.filling == 0 {
                self.timeline.clear();
                self.restarted = true;
            }
        }
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
        let mut clock = DeviceClock::new(rate_hz, HostTime::from_nanos(7_000_000_000));
        let mut last = clock.reading();
        let mut start = HostTime::from_nanos(7_000_000_000);
        for device in 0..2 {
            for period in 0..2_000_i64 {
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
    fn a_device_that_stood_still_goes_on_where_it_was_and_its_clock_did_not_stop() {
        let mut clock = DeviceClock::new(48_000, HostTime::ZERO);
        clock.set_origin(HostTime::ZERO);
        for period in 0..100 {
            clock.tick(HostTime::ZERO + Span::from_millis(10 * period), 480);
        }
        // Paused at 1 s, run again at 3 s with stream time going on at 1 s.
        clock.set_origin(HostTime::ZERO + Span::from_secs(2));
        let host = clock.tick(HostTime::ZERO + Span::from_secs(3), 480);
        assert_eq!(host, HostTime::ZERO + Span::from_secs(3));
        assert_eq!(clock.reading().reference, ReferenceTime::ZERO + Span::from_secs(3));
    }
}
