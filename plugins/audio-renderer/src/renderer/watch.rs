//! What in the statistics is worth an event.

use driftless_plugin_api::{EventCode, Host, HostTime, Span, Statistics};

/// A crystal is not further off than this, ppm.
const SUSPICIOUS_PPM: f64 = 1_000.0;
/// Events of one kind are this far apart at least.
const APART: Span = Span::from_secs(1);

/// Compares the newest statistics with those before. `[streaming]`
#[derive(Debug, Default)]
pub(super) struct Watch {
    before: Statistics,
    starts: Seldom,
    breaks: Seldom,
    /// How far off it was before the newest start.
    off: Span,
    suspicious: bool,
}

impl Watch {
    /// Posts what is new.
    pub fn look(&mut self, newest: &Statistics, now: HostTime, host: &Host) {
        self.count(newest);
        if let Some(count) = self.starts.due(now) {
            let text = format!("playing started over{}; it was {:+} off", times(count), self.off);
            host.event(EventCode::RESYNC, self.off.nanos(), count as i64, &text);
        }
        if let Some(count) = self.breaks.due(now) {
            let text = format!("nothing was there to be played{}", times(count));
            host.event(EventCode::STARVATION, 0, count as i64, &text);
        }
        self.look_at_clock(newest, host);
        self.before = *newest;
    }

    fn count(&mut self, newest: &Statistics) {
        let starts = newest.resyncs.saturating_sub(self.before.resyncs);
        if starts > 0 {
            self.off = Span::from_nanos(self.before.error_now);
        }
        self.starts.waiting += starts;
        self.breaks.waiting +=
            newest.breaks.saturating_sub(self.before.breaks).saturating_sub(starts);
    }

    /// Before it is locked the ratio works off errors too, and says nothing of the clock.
    fn look_at_clock(&mut self, newest: &Statistics, host: &Host) {
        let suspicious = newest.locked == 1 && newest.ppm.abs() > SUSPICIOUS_PPM;
        if suspicious && !self.suspicious {
            let text = format!("the stream's clock is {:+.0} ppm off the device's", newest.ppm);
            host.event(EventCode::CLOCK_SUSPICIOUS, newest.ppm as i64, 0, &text);
        }
        self.suspicious = suspicious;
    }
}

/// Something that may happen often and is told seldom, with a count.
#[derive(Debug, Default)]
struct Seldom {
    told: Option<HostTime>,
    waiting: u64,
}

impl Seldom {
    /// How often it happened since it was last told, if it is to be told now.
    fn due(&mut self, now: HostTime) -> Option<u64> {
        let may = self.told.is_none_or(|told| now - told >= APART);
        if self.waiting == 0 || !may {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.waiting))
    }
}

fn times(count: u64) -> String {
    if count == 1 { String::new() } else { format!(", {count} times") }
}
