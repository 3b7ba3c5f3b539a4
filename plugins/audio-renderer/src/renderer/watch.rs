//! What in the statistics is worth an event.

use driftless_plugin_api::{EventCode, Host, Span, Statistics};

/// A crystal is not further off than this, ppm.
const SUSPICIOUS_PPM: f64 = 1_000.0;

/// Compares the newest statistics with those before. `[streaming]`
#[derive(Debug, Default)]
pub(super) struct Watch {
    before: Statistics,
    suspicious: bool,
}

impl Watch {
    /// Posts what is new.
    pub fn look(&mut self, now: &Statistics, host: &Host) {
        if now.presented == self.before.presented && now.breaks == self.before.breaks {
            return;
        }
        self.look_at_starts(now, host);
        self.look_at_clock(now, host);
        self.before = *now;
    }

    fn look_at_starts(&self, now: &Statistics, host: &Host) {
        if now.resyncs > self.before.resyncs {
            let off = Span::from_nanos(self.before.error_now);
            let text = format!("playing started over; it was {off:+} off");
            host.event(EventCode::RESYNC, off.nanos(), 0, &text);
        } else if now.breaks > self.before.breaks {
            host.event(EventCode::STARVATION, 0, 0, "nothing was there to be played");
        }
    }

    fn look_at_clock(&mut self, now: &Statistics, host: &Host) {
        let suspicious = now.ppm.abs() > SUSPICIOUS_PPM;
        if suspicious && !self.suspicious {
            let text = format!("the stream's clock is {:+.0} ppm off the device's", now.ppm);
            host.event(EventCode::CLOCK_SUSPICIOUS, now.ppm as i64, 0, &text);
        }
        self.suspicious = suspicious;
    }
}
