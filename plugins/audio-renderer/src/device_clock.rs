//! The reference clock on offer: a device's count of frames, as time.
//!
//! Frames are counted from the activation on and never back, over lost devices and new ones; only
//! where the count meets host time is estimated, by the device's [`Asked`].

use driftless_plugin_api::{ClockReading, HostTime, ReferenceTime, Span};

use crate::device::Asked;

/// Counts frames over all devices. `[device]`
#[derive(Debug)]
pub(crate) struct DeviceClock {
    rate_hz: u32,
    /// Frames asked for so far.
    position: i64,
    /// Frame and reference time that the clock counts from.
    anchor: (i64, ReferenceTime),
    reading: ClockReading,
    /// The next period begins a new count.
    restarted: bool,
}

impl DeviceClock {
    /// A clock that goes with the host's until a device is heard of.
    pub fn new(rate_hz: u32, now: HostTime) -> Self {
        let reference = ReferenceTime::from_nanos(now.nanos());
        Self {
            rate_hz,
            position: 0,
            anchor: (0, reference),
            reading: ClockReading { host: now, reference, rate: 1.0 },
            restarted: true,
        }
    }

    /// Frame 0 is to be counted from `origin` on, where it may have been before a pause. The clock
    /// goes on as if it had never stood still.
    pub fn set_origin(&mut self, origin: HostTime) {
        self.anchor = (0, self.at(origin));
        self.restarted = false;
    }

    /// Another device goes on with the count.
    pub fn restart(&mut self) {
        self.restarted = true;
    }

    /// A period of `frames` was asked for.
    pub fn tick(&mut self, asked: &Asked, frames: usize) {
        if self.restarted {
            self.anchor = (self.position, self.at(asked.due));
            self.restarted = false;
        }
        let (frame, reference) = self.anchor;
        self.reading = ClockReading {
            host: asked.due,
            reference: reference + Span::of_frames(self.position - frame, self.rate_hz),
            rate: asked.rate,
        };
        self.position += frames as i64;
    }

    /// The newest reading.
    pub fn reading(&self) -> ClockReading {
        self.reading
    }

    /// The clock at host time `at`, going by the newest reading.
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
    use crate::device::DeviceLine;

    /// LS-69, LS-M15
    #[test]
    fn the_clock_on_offer_runs_forwards_at_the_devices_rate_over_late_callbacks_and_a_new_device() {
        let (rate_hz, frames, ppm) = (48_000, 480, 300.0);
        let mut clock = DeviceClock::new(rate_hz, HostTime::from_nanos(7_000_000_000));
        let mut last = clock.reading();
        let mut start = HostTime::from_nanos(7_000_000_000);
        for device in 0..2 {
            let mut line = DeviceLine::new(rate_hz);
            for period in 0..2_000_i64 {
                let exact = period as f64 * 10e6 / (1.0 + ppm * 1e-6);
                let late = (period * 7_919 % 1_000) * 1_000;
                let asked = line.ask(start + Span::from_nanos(exact as i64 + late), frames);
                clock.tick(&asked, frames);
                let reading = clock.reading();
                assert!(reading.reference >= last.reference, "device {device} period {period}");
                last = reading;
            }
            let off_ppm = (last.rate - 1.0) * 1e6 - ppm;
            assert!(off_ppm.abs() < 1.0, "{off_ppm} ppm off");
            start = last.host + Span::from_millis(70);
            clock.restart();
        }
    }

    #[test]
    fn a_device_that_stood_still_goes_on_where_it_was_and_its_clock_did_not_stop() {
        let mut clock = DeviceClock::new(48_000, HostTime::ZERO);
        let mut line = DeviceLine::new(48_000);
        clock.set_origin(HostTime::ZERO);
        for period in 0..100 {
            clock.tick(&line.ask(HostTime::ZERO + Span::from_millis(10 * period), 480), 480);
        }
        // Paused at 1 s, run again at 3 s with stream time going on at 1 s.
        line.set_origin(HostTime::ZERO + Span::from_secs(2));
        clock.set_origin(HostTime::ZERO + Span::from_secs(2));
        let asked = line.ask(HostTime::ZERO + Span::from_secs(3), 480);
        clock.tick(&asked, 480);
        assert_eq!(asked.due, HostTime::ZERO + Span::from_secs(3));
        assert_eq!(clock.reading().reference, ReferenceTime::ZERO + Span::from_secs(3));
    }
}
