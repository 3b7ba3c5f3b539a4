//! What a simulated device or source asks its host: what happens to it.
//!
//! A device made of timers, or a source that makes its own packets, plays under whatever conditions the
//! host decides on: a clock that drifts, callbacks that are late, packets that get lost. It asks before
//! everything it does, and says in its descriptor (`[filter.simulation]`) which of them it can do.
//! Outside a simulation, and with a host that is older than this, nothing ever happens to anybody.

use super::{ClockReading, Host};
use crate::abi::host::{RawDeviation, RawFate};
use crate::time::{HostTime, ReferenceTime, Span};

/// How far a simulated clock was pushed off its own rate, as of one host time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Deviation {
    /// What the clock has gained since the run began: so much more is played or captured, and read.
    pub gained: Span,
    /// What its readings and stamps have jumped by, while its frames went on evenly.
    pub stepped: Span,
    /// What it gains a host nanosecond, now.
    pub rate: f64,
}

/// What becomes of one thing that would happen at a nominal time: a callback, a packet, a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// How much later it happens. Where order must be kept, what follows is never before it.
    pub late: Span,
    /// How much longer it takes behind that: a longer way, a larger buffer. May be negative.
    pub delay: Span,
    /// How often it happens: 0 lost, or the device is gone; 1; 2 twice.
    pub times: u32,
    /// How much after the first the second one happens.
    pub again: Span,
}

impl Default for Fate {
    fn default() -> Self {
        Self { late: Span::ZERO, delay: Span::ZERO, times: 1, again: Span::ZERO }
    }
}

impl From<RawFate> for Fate {
    fn from(raw: RawFate) -> Self {
        Self {
            late: Span::from_nanos(raw.late.max(0)),
            delay: Span::from_nanos(raw.delay),
            times: (raw.more.clamp(-1, 1) + 1).unsigned_abs(),
            again: Span::from_nanos(raw.again.max(0)),
        }
    }
}

impl From<Fate> for RawFate {
    fn from(fate: Fate) -> Self {
        Self {
            late: fate.late.nanos(),
            delay: fate.delay.nanos(),
            more: fate.times.min(2) as i32 - 1,
            again: fate.again.nanos(),
            ..Self::default()
        }
    }
}

impl From<RawDeviation> for Deviation {
    fn from(raw: RawDeviation) -> Self {
        let RawDeviation { gained, stepped, rate, .. } = raw;
        Self { gained: Span::from_nanos(gained), stepped: Span::from_nanos(stepped), rate }
    }
}

impl From<Deviation> for RawDeviation {
    fn from(deviation: Deviation) -> Self {
        let Deviation { gained, stepped, rate } = deviation;
        Self { gained: gained.nanos(), stepped: stepped.nanos(), rate, ..Self::default() }
    }
}

impl Host {
    /// How far the clock of this filter's simulated device is off at host time `at`. `[streaming]`
    pub fn deviation(&self, at: HostTime) -> Deviation {
        let Some(deviation) = self.0.table.deviation() else { return Deviation::default() };
        // SAFETY: the table is valid as long as this holder.
        unsafe { deviation(self.0.instance, at.nanos()) }.into()
    }

    /// What becomes of what this filter's simulated device or source would do at `nominal`. Asked once
    /// for each thing, in the order of their nominal times. `[streaming]`
    pub fn fate(&self, nominal: HostTime) -> Fate {
        let Some(fate) = self.0.table.fate() else { return Fate::default() };
        // SAFETY: see `deviation`.
        unsafe { fate(self.0.instance, nominal.nanos()) }.into()
    }
}

/// The clock of a simulated device: host time, faster by a rate error of its own and by what the host
/// says happens to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedClock {
    error: f64,
    /// Host time that it counts from, and what it had gained by then.
    origin: Option<(HostTime, Span)>,
    /// What it had gained when it was last asked, from where the next search begins.
    gained: Span,
}

impl SimulatedClock {
    /// A clock that is `rate_error_ppm` faster than host time and has not been switched on yet.
    pub const fn new(rate_error_ppm: f64) -> Self {
        Self { error: rate_error_ppm * 1e-6, origin: None, gained: Span::ZERO }
    }

    /// Counts from host time `at` on. `[any]`
    pub fn start(&mut self, host: &Host, at: HostTime) {
        self.gained = host.deviation(at).gained;
        self.origin = Some((at, self.gained));
    }

    /// What the clock shows at host time `now`; the first time it is asked, it shows 0. `[any]`
    pub fn read(&mut self, host: &Host, now: HostTime) -> ClockReading {
        if self.origin.is_none() {
            self.start(host, now);
        }
        let (origin, gained) = self.origin.unwrap_or_default();
        let deviation = host.deviation(now);
        let since = now - origin;
        let own = scaled(since, self.error) + (deviation.gained - gained) + deviation.stepped;
        ClockReading {
            host: now,
            reference: ReferenceTime::ZERO + since + own,
            rate: 1.0 + self.error + deviation.rate,
        }
    }

    /// The host time at which `span` of this clock has passed since it was started. `[any]`
    pub fn host_time(&mut self, host: &Host, span: Span) -> HostTime {
        let (origin, gained_before) = self.origin.unwrap_or_default();
        loop {
            let own = span - (self.gained - gained_before);
            let at = origin + own + scaled(own, -self.error / (1.0 + self.error));
            let gained = host.deviation(at).gained;
            // A rate error is small, so every round brings two more digits at least.
            if (gained - self.gained).abs() <= Span::from_nanos(1) {
                return at;
            }
            self.gained = gained;
        }
    }
}

/// The small difference that the rate error makes; adding it to the span keeps all of its digits.
fn scaled(span: Span, error: f64) -> Span {
    Span::from_nanos((span.nanos() as f64 * error).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::host;

    #[test]
    fn a_clock_500_ppm_fast_gains_half_a_millisecond_a_second_and_takes_as_much_less_host_time() {
        let (host, mut clock) = (host(), SimulatedClock::new(500.0));
        let start = HostTime::from_nanos(77);
        assert_eq!(clock.read(&host, start).reference, ReferenceTime::ZERO);
        let second = clock.read(&host, start + Span::from_secs(1));
        assert_eq!((second.reference.nanos(), second.rate), (1_000_500_000, 1.0005));
        let span = Span::from_nanos(1_000_500_000);
        assert_eq!(clock.host_time(&host, span), start + Span::from_secs(1));
    }

    #[test]
    fn a_day_of_the_clock_and_back_is_off_by_no_more_than_rounding() {
        for ppm in [-20_000.0, -451.0, 0.0, 0.01, 500.0] {
            let (host, mut clock) = (host(), SimulatedClock::new(ppm));
            clock.start(&host, HostTime::ZERO);
            let day = Span::from_secs(86_400);
            let shown = clock.read(&host, HostTime::ZERO + day).reference - ReferenceTime::ZERO;
            let back = clock.host_time(&host, shown) - HostTime::ZERO;
            assert!((back - day).nanos().abs() <= 1, "{ppm} ppm");
        }
    }
}
