//! Against what the rate is matched, and when that is asked again (LS-75 to LS-77).

use driftless_plugin_api::matching::{self, Decision, Inputs};
use driftless_plugin_api::{ClockState, Host, PushSourceFlags};

/// Samples in a row that must disagree before stamps count as come or gone (LS-76).
const DISAGREEING: u32 = 8;

/// Keeps the decision and what it was made from. `[streaming]`
#[derive(Debug)]
pub(crate) struct Decider {
    decided: Option<Decision>,
    stamped: bool,
    disagreeing: u32,
    /// The clock that was decided for: its epoch, whether it is there, whether it is our own.
    clock: (u32, bool, bool),
    due: bool,
}

impl Decider {
    /// Nothing is decided yet.
    pub fn new() -> Self {
        let clock = (0, false, false);
        Self { decided: None, stamped: false, disagreeing: 0, clock, due: true }
    }

    /// The format, the segment, the connection or something else changed: the next sample decides anew.
    pub fn ask_again(&mut self) {
        self.due = true;
    }

    /// A sample came. Returns the decision if it was made anew.
    pub fn sample(&mut self, host: &Host, clock: &ClockState, stamped: bool) -> Option<Decision> {
        let seen = (clock.epoch(), clock.has_clock(), clock.is_own_clock());
        self.due |= seen != self.clock;
        if self.due {
            self.stamped = stamped;
        } else if !self.has_turned(stamped) {
            return None;
        }
        (self.clock, self.due, self.disagreeing) = (seen, false, 0);
        let decision = matching::decide(self.inputs(host, clock));
        self.decided = Some(decision);
        Some(decision)
    }

    fn has_turned(&mut self, stamped: bool) -> bool {
        self.disagreeing = if stamped == self.stamped { 0 } else { self.disagreeing + 1 };
        let turned = self.disagreeing >= DISAGREEING;
        if turned {
            self.stamped = stamped;
        }
        turned
    }

    fn inputs(&self, host: &Host, clock: &ClockState) -> Inputs {
        let upstream = host.upstream(0);
        let flags = upstream.push_source.map_or(PushSourceFlags::NONE, |source| source.flags);
        Inputs {
            clock: clock.has_clock(),
            live: upstream.live,
            flags,
            stamped: self.stamped,
            own_clock: clock.is_own_clock(),
        }
    }

    /// The decision in force.
    pub fn decision(&self) -> Option<Decision> {
        self.decided
    }

    /// Whether samples are taken to be stamped.
    pub fn stamped(&self) -> bool {
        self.stamped
    }
}
