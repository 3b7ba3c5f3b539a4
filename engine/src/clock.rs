//! The reference clock: chosen among those that filters offer, read by everybody without a lock.
//!
//! A filter publishes readings of its clock; the board brings each into line with host time when it
//! is first heard, so that choosing a clock, or losing it, makes no jump in stream time (LS-M8).

mod snapshot;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use driftless_plugin_api::abi::host::{RawClockReading, RawClockState};
use driftless_plugin_api::host::{ClockState, State};
use driftless_plugin_api::time::{HostTime, ReferenceTime, Span, StreamTime};

use crate::growing::Growing;
use snapshot::Snapshot;

/// The number of a loaded filter. Its place in a plan changes when the graph does; this does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterId(usize);

impl FilterId {
    /// As a number, from 0 in the order in which filters were loaded.
    pub const fn number(self) -> usize {
        self.0
    }
}

/// Where the reference clock comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chosen {
    /// There is none (LS-64).
    None,
    /// The executor's host time.
    #[default]
    System,
    /// A filter's.
    Filter(FilterId),
}

/// A reading more than this away from where the last one pointed is a step of the clock, not drift.
const STEP: Span = Span::from_millis(50);

/// Clocks on offer, the one chosen, and the graph's state: all that a filter sees of time. `[any]`
#[derive(Debug)]
pub struct ClockBoard {
    offered: Growing<Offered>,
    graph: Snapshot<7>,
}

#[derive(Debug)]
struct Offered {
    heard: AtomicBool,
    /// What this filter adds to a stamp instead of the graph's delay, ns; negative for the graph's.
    own_delay: AtomicI64,
    /// Host time, calibrated reference time, rate, calibration.
    reading: Snapshot<4>,
}

/// What the graph manager decides; the fields of [`RawClockState`] that do not come from a clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GraphTime {
    /// Which clock.
    pub chosen: Chosen,
    /// Reference time of stream time 0 (LS-66).
    pub base: ReferenceTime,
    /// Stream time while paused.
    pub paused_at: StreamTime,
    /// What every renderer adds to a stamp.
    pub presentation_delay: Span,
    /// The graph's state.
    pub state: State,
    /// Counts the clocks chosen so far.
    pub epoch: u32,
    /// Added to the chosen clock's own time, so that a change of clock is no jump.
    pub shift: Span,
}

impl Default for GraphTime {
    fn default() -> Self {
        Self {
            chosen: Chosen::System,
            base: ReferenceTime::ZERO,
            paused_at: StreamTime::ZERO,
            presentation_delay: Span::ZERO,
            state: State::Stopped,
            epoch: 0,
            shift: Span::ZERO,
        }
    }
}

impl Default for ClockBoard {
    fn default() -> Self {
        let board = Self { offered: Growing::default(), graph: Snapshot::new([0; 7]) };
        board.set(GraphTime::default());
        board
    }
}

impl ClockBoard {
    /// Makes room for the clock of another filter. `[main]`
    pub fn join(&self) -> FilterId {
        let silent = Offered {
            heard: AtomicBool::new(false),
            own_delay: AtomicI64::new(-1),
            reading: Snapshot::new([0; 4]),
        };
        FilterId(self.offered.push(silent))
    }

    /// A new reading of the clock that `filter` offers; from one thread a filter. `[device]`
    pub fn publish(&self, filter: FilterId, reading: RawClockReading) {
        let Some(offered) = self.offered.get(filter.0) else { return };
        if !(0.5..2.0).contains(&reading.rate) {
            return; // not a clock: a rate of zero or NaN would freeze or poison stream time
        }
        let heard = offered.is_heard();
        // The first reading is brought in line with host time, which everybody used until now.
        let expected = if heard { offered.at(reading.host) } else { reading.host };
        let calibration = offered.reading.read()[3] as i64;
        let off = reading.reference.saturating_add(calibration).saturating_sub(expected);
        let calibration = if heard && Span::from_nanos(off).abs() <= STEP {
            calibration
        } else {
            expected.saturating_sub(reading.reference)
        };
        offered.reading.write([
            word(reading.host),
            word(reading.reference.saturating_add(calibration)),
            reading.rate.to_bits(),
            word(calibration),
        ]);
        offered.heard.store(true, Ordering::Release);
    }

    /// Whether the clock of `filter` was ever heard.
    pub fn is_heard(&self, filter: FilterId) -> bool {
        self.offered.get(filter.0).is_some_and(Offered::is_heard)
    }

    /// Lets `filter` add `delay` to a stamp, and not what the graph says (section 4). `[main]`
    pub fn set_own_delay(&self, filter: FilterId, delay: Span) {
        if let Some(filter) = self.offered.get(filter.0) {
            filter.own_delay.store(delay.nanos(), Ordering::Relaxed);
        }
    }

    /// Replaces what the graph manager decided. `[main]`, one caller at a time
    pub fn set(&self, time: GraphTime) {
        let chosen = match time.chosen {
            Chosen::None => -2,
            Chosen::System => -1,
            Chosen::Filter(filter) => filter.0 as i64,
        };
        self.graph.write([
            word(chosen),
            word(time.base.nanos()),
            word(time.paused_at.nanos()),
            word(time.presentation_delay.nanos()),
            match time.state {
                State::Stopped => 0,
                State::Paused => 1,
                State::Running => 2,
            },
            u64::from(time.epoch),
            word(time.shift.nanos()),
        ]);
    }

    /// What the graph manager decided.
    pub fn graph_time(&self) -> GraphTime {
        let words = self.graph.read();
        let signed = |index: usize| words[index] as i64;
        GraphTime {
            chosen: match signed(0) {
                -2 => Chosen::None,
                number if number >= 0 => Chosen::Filter(FilterId(number as usize)),
                _ => Chosen::System,
            },
            base: ReferenceTime::from_nanos(signed(1)),
            paused_at: StreamTime::from_nanos(signed(2)),
            presentation_delay: Span::from_nanos(signed(3)),
            state: match words[4] {
                1 => State::Paused,
                2 => State::Running,
                _ => State::Stopped,
            },
            epoch: words[5] as u32,
            shift: Span::from_nanos(signed(6)),
        }
    }

    /// Clock and state as `filter` sees them; `None` asks for nobody. `[device]`
    pub fn state(&self, filter: Option<FilterId>) -> RawClockState {
        self.state_by(&self.graph_time(), filter)
    }

    fn state_by(&self, time: &GraphTime, filter: Option<FilterId>) -> RawClockState {
        let offered = match time.chosen {
            Chosen::Filter(chosen) => self.offered.get(chosen.0).filter(|it| it.is_heard()),
            _ => None,
        };
        let (host, reference, rate) = offered.map_or((0, 0, 1.0), Offered::anchor);
        let has_clock = time.chosen != Chosen::None;
        let own = filter.is_some_and(|filter| time.chosen == Chosen::Filter(filter));
        let asking = filter.and_then(|filter| self.offered.get(filter.0));
        let own_delay = asking.map_or(-1, |asking| asking.own_delay.load(Ordering::Relaxed));
        RawClockState {
            host,
            reference: reference.saturating_add(time.shift.nanos()),
            rate,
            base: time.base.nanos(),
            paused_at: time.paused_at.nanos(),
            presentation_delay: match own_delay {
                0.. => own_delay,
                _ => time.presentation_delay.nanos(),
            },
            state: match time.state {
                State::Stopped => 0,
                State::Paused => 1,
                State::Running => 2,
            },
            flags: u32::from(has_clock) | u32::from(own) << 1,
            epoch: time.epoch,
            reserved: 0,
        }
    }

    /// The reference time at `now`.
    pub fn reference_time(&self, now: HostTime) -> ReferenceTime {
        ClockState(self.state(None)).reference_time(now)
    }

    /// The stream time at `now`.
    pub fn stream_time(&self, now: HostTime) -> StreamTime {
        ClockState(self.state(None)).stream_time(now)
    }

    /// Chooses another clock at `now`, without a jump in reference time (LS-M8). `[main]`
    pub fn choose(&self, chosen: Chosen, now: HostTime) {
        let before = self.reference_time(now);
        let mut time = self.graph_time();
        if time.chosen == chosen {
            return;
        }
        (time.chosen, time.epoch, time.shift) = (chosen, time.epoch + 1, Span::ZERO);
        time.shift = before - ClockState(self.state_by(&time, None)).reference_time(now);
        // In one write: a device thread that reads meanwhile sees no jump either.
        self.set(time);
    }
}

impl Offered {
    fn is_heard(&self) -> bool {
        self.heard.load(Ordering::Acquire)
    }

    /// Host time, reference time and rate.
    fn anchor(&self) -> (i64, i64, f64) {
        let [host, reference, rate, _] = self.reading.read();
        (host as i64, reference as i64, f64::from_bits(rate))
    }

    /// The clock extrapolated to host time `at`, ns.
    fn at(&self, at: i64) -> i64 {
        let (host, reference, rate) = self.anchor();
        let state = RawClockState { host, reference, rate, ..RawClockState::default() };
        ClockState(state).reference_time(HostTime::from_nanos(at)).nanos()
    }
}

fn word(signed: i64) -> u64 {
    signed as u64
}

/// Reference time as one reader sees it: never backwards (LS-69).
#[derive(Debug, Clone, Copy, Default)]
pub struct Forwards {
    last: Option<ReferenceTime>,
}

impl Forwards {
    /// The time to show for a reading, and whether it is the clock's own: a clock that stepped back
    /// repeats its last time until it has caught up.
    pub fn show(&mut self, reading: ReferenceTime) -> (ReferenceTime, bool) {
        let shown = self.last.map_or(reading, |last| last.max(reading));
        self.last = Some(shown);
        (shown, shown == reading)
    }
}

#[cfg(test)]
mod tests;
