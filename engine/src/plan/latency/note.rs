//! What the user should know about the timing.

use std::fmt;

use driftless_plugin_api::time::Span;

use super::shortage::Shortage;
use crate::plan::PinNumber;

/// Something about the timing that the user should know; an event when the graph runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The pin cannot say its latency, so it is not synchronised (LS-20).
    LatencyUnknown {
        /// The pin.
        pin: PinNumber,
        /// Its name.
        name: String,
    },
    /// The pin is slower than `max-latency` allows and plays late (LS-51).
    LatencyAboveCap {
        /// The pin.
        pin: PinNumber,
        /// Its name.
        name: String,
        /// How late.
        late: Span,
    },
    /// The offset is larger than the pin likes; it is in force, and data may be lost (LS-52).
    OffsetBeyondPreferred {
        /// The pin.
        pin: PinNumber,
        /// Its name.
        name: String,
        /// The offset.
        offset: Span,
        /// The largest it prefers.
        max: Span,
    },
    /// The latency asked for is less than a path needs, which plays late (LS-M5).
    LatencyTooShort {
        /// The slowest source pin of that path.
        pin: PinNumber,
        /// The path, from its source to its renderer.
        branch: String,
        /// What was asked for.
        asked: Span,
        /// What the path needs.
        least: Span,
    },
    /// A path cannot hold its stream back as long as the graph's latency wants (LS-53, LS-M2).
    InsufficientBuffering(Shortage),
}

impl Note {
    /// The pin it is about.
    pub const fn pin(&self) -> PinNumber {
        match self {
            Self::LatencyUnknown { pin, .. }
            | Self::LatencyAboveCap { pin, .. }
            | Self::OffsetBeyondPreferred { pin, .. }
            | Self::LatencyTooShort { pin, .. }
            | Self::InsufficientBuffering(Shortage { pin, .. }) => *pin,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LatencyUnknown { name, .. } => {
                write!(f, "`{name}` does not say its latency, so it is not synchronised")
            }
            Self::LatencyAboveCap { name, late, .. } => {
                write!(f, "`{name}` is {late} slower than `max-latency` and plays that much late")
            }
            Self::OffsetBeyondPreferred { name, offset, max, .. } => write!(
                f,
                "`{name}` needs a stream offset of {offset}, but can hold back {max} at most; lower \
                 `max-latency`, or give the source a longer buffer"
            ),
            Self::LatencyTooShort { branch, asked, least, .. } => write!(
                f,
                "`latency` is {asked}, but `{branch}` takes {least} and plays {} late",
                *least - *asked
            ),
            Self::InsufficientBuffering(shortage) => shortage.fmt(f),
        }
    }
}
