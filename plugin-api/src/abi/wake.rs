//! When a filter wants to be stepped again. Frozen.

use abi_stable::StableAbi;

use crate::time::HostTime;

/// When a filter wants to be stepped again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// At this time, or as soon after as possible; a time that has passed means at once.
    At(HostTime),
    /// Only when [`Host::wake`](crate::Host::wake) is called.
    OnSignal,
    /// Never: the stream has ended.
    Ended,
}

impl Wake {
    /// The earlier of two wishes. A signal is heard in any case, so `OnSignal` yields to a time.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(a), Self::At(b)) => Self::At(a.min(b)),
            (Self::At(at), _) | (_, Self::At(at)) => Self::At(at),
            (Self::OnSignal, _) | (_, Self::OnSignal) => Self::OnSignal,
            (Self::Ended, Self::Ended) => Self::Ended,
        }
    }
}

/// [`Wake`] as it crosses the border; an unknown `kind` counts as "when signalled".
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct RawWake {
    /// 0 at a time, 1 when signalled, 2 ended, 3 panicked.
    pub kind: u32,
    /// Always 0.
    pub reserved: u32,
    /// Host time in nanoseconds, for kind 0.
    pub at: i64,
}

impl RawWake {
    /// The answer of a filter that panicked in `step`.
    pub const PANICKED: Self = Self { kind: 3, reserved: 0, at: 0 };
}

impl From<Wake> for RawWake {
    fn from(wake: Wake) -> Self {
        let (kind, at) = match wake {
            Wake::At(at) => (0, at.nanos()),
            Wake::OnSignal => (1, 0),
            Wake::Ended => (2, 0),
        };
        Self { kind, reserved: 0, at }
    }
}

impl From<RawWake> for Wake {
    fn from(raw: RawWake) -> Self {
        match raw.kind {
            0 => Self::At(HostTime::from_nanos(raw.at)),
            2 | 3 => Self::Ended,
            _ => Self::OnSignal,
        }
    }
}
