//! The graph's clock and state, as filters see them.

use crate::abi::host::RawClockState;
use crate::time::{HostTime, ReferenceTime, Span, StreamTime};

/// The graph's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing is held.
    Stopped,
    /// Everything is held ready.
    Paused,
    /// Stream time advances.
    Running,
}

/// The reference clock and the graph's state, as of one moment: times convert by arithmetic. `[any]`
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClockState(pub RawClockState);

impl ClockState {
    /// Whether the graph has a clock (C of LS-75).
    pub const fn has_clock(&self) -> bool {
        self.0.flags & 1 != 0
    }

    /// Whether that clock is the asking filter's own (G of LS-75).
    pub const fn is_own_clock(&self) -> bool {
        self.0.flags & 2 != 0
    }

    /// Changes whenever another clock is chosen.
    pub const fn epoch(&self) -> u32 {
        self.0.epoch
    }

    /// The graph's state.
    pub const fn state(&self) -> State {
        match self.0.state {
            1 => State::Paused,
            2 => State::Running,
            _ => State::Stopped,
        }
    }

    /// What every renderer adds to a stamp: a sample stamped t is presented at stream time
    /// t + delay, the renderer's own device delay included (LS-M3).
    pub const fn presentation_delay(&self) -> Span {
        Span::from_nanos(self.0.presentation_delay)
    }

    /// Reference nanoseconds a host nanosecond, near 1.
    pub const fn rate(&self) -> f64 {
        self.0.rate
    }

    /// The reference clock at host time `at`.
    pub fn reference_time(&self, at: HostTime) -> ReferenceTime {
        let since = at - HostTime::from_nanos(self.0.host);
        // The rate is near 1: adding the small difference keeps all digits of the large number.
        let skew = (since.nanos() as f64 * (self.0.rate - 1.0)).round() as i64;
        ReferenceTime::from_nanos(self.0.reference) + since + Span::from_nanos(skew)
    }

    /// Stream time at host time `at` (LS-65): running, frozen while paused, 0 when stopped.
    pub fn stream_time(&self, at: HostTime) -> StreamTime {
        match self.state() {
            State::Running => {
                let since = self.reference_time(at) - ReferenceTime::from_nanos(self.0.base);
                StreamTime::ZERO + since
            }
            State::Paused => StreamTime::from_nanos(self.0.paused_at),
            State::Stopped => StreamTime::ZERO,
        }
    }

    /// Stream time at host time `at`; where the graph has no clock, the time since `begin`, which is all
    /// that a filter has then to count by (LS-64).
    pub fn stream_time_since(&self, at: HostTime, begin: HostTime) -> StreamTime {
        match self.has_clock() {
            true => self.stream_time(at),
            false => StreamTime::ZERO + (at - begin),
        }
    }

    /// The host time at which stream time will be `at`; never, unless running.
    pub fn host_time(&self, at: StreamTime) -> HostTime {
        if self.state() != State::Running {
            return HostTime::MAX;
        }
        self.host_time_of(ReferenceTime::from_nanos(self.0.base) + (at - StreamTime::ZERO))
    }

    /// The host time at which the reference clock shows `at`.
    pub fn host_time_of(&self, at: ReferenceTime) -> HostTime {
        let since = at - ReferenceTime::from_nanos(self.0.reference);
        let skew = (since.nanos() as f64 * (1.0 / self.0.rate - 1.0)).round() as i64;
        HostTime::from_nanos(self.0.host) + since + Span::from_nanos(skew)
    }
}

/// Watches a clock for steps: a sound card's stands still while its server does. `[any]`
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockSteps {
    before: Option<ClockState>,
}

impl ClockSteps {
    /// A clock that is off by less is only read badly; a device's time line glides over that.
    pub const LEAST: Span = Span::from_millis(1);

    /// By how much the clock has stepped since the call before, by both readings at host time `at`; `None` where
    /// it has not, and where it was another clock then.
    pub fn look(&mut self, clock: ClockState, at: HostTime) -> Option<Span> {
        let before = self.before.replace(clock)?;
        if !clock.has_clock() || clock.epoch() != before.epoch() {
            return None;
        }
        let stepped = clock.reference_time(at) - before.reference_time(at);
        (stepped.abs() > Self::LEAST).then_some(stepped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LS-65, LS-66
    #[test]
    fn stream_time_and_host_time_are_inverse_for_a_clock_that_is_off() {
        for ppm in [-5000.0, -100.0, 0.0, 100.0, 5000.0] {
            let clock = ClockState(RawClockState {
                host: 1_000_000_000,
                reference: 77_000_000_000,
                rate: 1.0 + ppm * 1e-6,
                base: 78_000_000_000,
                state: 2,
                flags: 1,
                ..RawClockState::default()
            });
            for ns in [0, 1_000, 3_600_000_000_000] {
                let stream = StreamTime::from_nanos(ns);
                let back = clock.stream_time(clock.host_time(stream));
                assert!(
                    (back - stream).nanos().abs() <= 1,
                    "{ppm} ppm: {stream:?} became {back:?}"
                );
            }
        }
    }

    /// LS-64
    #[test]
    fn without_a_clock_time_counts_from_where_one_began_and_with_one_it_is_stream_time() {
        let begin = HostTime::from_nanos(1_000);
        let clock =
            RawClockState { host: 1_000, base: 200, state: 2, rate: 1.0, ..Default::default() };
        for (flags, expected) in [(0, 500), (1, 300)] {
            let clock = ClockState(RawClockState { flags, ..clock });
            let time = clock.stream_time_since(HostTime::from_nanos(1_500), begin);
            assert_eq!(time.nanos(), expected);
        }
    }

    /// LS-65
    #[test]
    fn stream_time_stands_still_while_paused_and_is_undefined_while_stopped() {
        let paused = RawClockState { state: 1, paused_at: 5, rate: 1.0, ..Default::default() };
        for host in [0, 1, 1_000_000] {
            let host = HostTime::from_nanos(host);
            assert_eq!(ClockState(paused).stream_time(host), StreamTime::from_nanos(5));
            assert_eq!(ClockState::default().stream_time(host), StreamTime::ZERO);
        }
        assert_eq!(ClockState(paused).host_time(StreamTime::ZERO), HostTime::MAX);
    }

    /// LS-84
    #[test]
    fn a_step_is_told_once_and_neither_a_bad_reading_nor_another_clock_is_one() {
        let clock = |reference_us: i64, epoch, flags| {
            let reference = reference_us * 1_000;
            ClockState(RawClockState { reference, epoch, flags, rate: 1.0, ..Default::default() })
        };
        let mut steps = ClockSteps::default();
        let readings = [
            (clock(0, 1, 1), None),
            (clock(20_000, 1, 1), Some(Span::from_millis(20))),
            (clock(20_000, 1, 1), None),
            (clock(20_900, 1, 1), None),
            (clock(0, 1, 1), Some(Span::from_micros(-20_900))),
            (clock(50_000, 2, 1), None),
            (clock(90_000, 2, 0), None),
        ];
        for (number, (clock, expected)) in readings.into_iter().enumerate() {
            assert_eq!(steps.look(clock, HostTime::ZERO), expected, "reading {number}");
        }
    }
}
