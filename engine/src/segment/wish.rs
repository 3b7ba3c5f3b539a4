//! When a segment is to be stepped, and how long that may wait.

use driftless_plugin_api::{HostTime, Span, Wake};

/// When a segment is to be stepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// From when on there is something to do: when virtual time does it.
    pub due: Wake,
    /// Until when nobody can tell that it was not done yet: so long real time may wait for other work,
    /// because one wake-up for both costs half.
    pub latest: Wake,
}

impl Wish {
    /// Nothing to do before a signal.
    pub const NONE: Self = Self { due: Wake::OnSignal, latest: Wake::OnSignal };

    /// At `at`, or up to `slack` later.
    pub fn within(at: HostTime, slack: Span) -> Self {
        Self { due: Wake::At(at), latest: Wake::At(at + slack) }
    }

    /// The earlier of both, each way.
    pub fn or(self, other: Self) -> Self {
        Self { due: self.due.or(other.due), latest: self.latest.or(other.latest) }
    }

    /// The same, but nothing before `now`.
    pub fn not_before(self, now: HostTime) -> Self {
        let not_before = |wake| match wake {
            Wake::At(at) => Wake::At(at.max(now)),
            wake => wake,
        };
        Self { due: not_before(self.due), latest: not_before(self.latest) }
    }

    /// Up to `slack` after it is due, whatever it said before.
    pub fn put_off(self, slack: Span) -> Self {
        match self.due {
            Wake::At(at) => Self::within(at, slack),
            wake => wake.into(),
        }
    }
}

impl From<Wake> for Wish {
    /// At that time, as exactly as can be.
    fn from(wake: Wake) -> Self {
        Self { due: wake, latest: wake }
    }
}
