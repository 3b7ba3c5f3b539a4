//! What a filter under test finds around it: time, the graph's clock, upstream, and who listens.

use std::time::Duration;

use super::Driver;
use crate::host::{Called, ClockState, Fate, Upstream};
use crate::time::{HostTime, Span};

/// The graph's clock in a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TestClock {
    /// None.
    None,
    /// Another's, at host time times this rate.
    Other(f64),
    /// The filter's own: what it publishes.
    Own,
}

impl Driver {
    /// Host time.
    pub fn now(&self) -> HostTime {
        self.host.now()
    }

    /// Sets host time, unless it passes by itself.
    pub fn set_now(&mut self, now: HostTime) {
        self.host.set_now(now);
    }

    /// Advances host time.
    pub fn advance(&mut self, span: Span) {
        self.set_now(self.now() + span);
    }

    /// From now on host time passes by itself, for a filter with a device that is real.
    pub fn let_time_pass(&mut self) {
        self.host.let_time_pass();
    }

    /// Clock and state as the filter sees them.
    pub fn clock(&self) -> ClockState {
        ClockState(self.host.clock())
    }

    /// Lets the graph have no clock, one that the filter does not own, or the filter's own; a clock
    /// that is not its own runs at host time times `rate`.
    pub fn set_clock(&mut self, clock: TestClock) {
        self.host.set_clock(clock);
    }

    /// The graph's clock steps by so much, as a sound card's does whose server stood still.
    pub fn step_clock(&mut self, by: Span) {
        self.host.edit(|clock| clock.reference += by.nanos());
    }

    /// What every renderer adds to a stamp.
    pub fn set_presentation_delay(&mut self, delay: Span) {
        self.host.edit(|clock| clock.presentation_delay = delay.nanos());
    }

    /// What becomes of everything that a simulated device or source would do from now on.
    pub fn set_fate(&mut self, fate: Fate) {
        self.host.set_fate(fate);
    }

    /// What the filter's simulated device repeats in each step, as when a run is repeated from its trace;
    /// `None`: it goes by its own timers.
    pub fn set_repeated_call(&mut self, call: Option<Called>) {
        self.host.set_repeated_call(call);
    }

    /// Waits, in real time, until the filter asks for a step from a thread of its own; returns whether it
    /// did within `timeout`.
    pub fn wait_until_woken(&self, timeout: Duration) -> bool {
        self.host.wait_until_woken(timeout)
    }

    /// Calls `hook` on every thread but this one from which the filter calls the host as a device's callback does:
    /// [`publish_clock`](crate::Host::publish_clock), [`called`](crate::Host::called). Only the first hook counts.
    pub fn on_device_call(&mut self, hook: fn()) {
        self.host.set_device_calls(hook);
    }

    /// What a search upstream finds.
    pub fn set_upstream(&mut self, upstream: Upstream) {
        self.host.set_upstream(upstream);
    }
}
