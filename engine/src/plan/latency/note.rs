//! What the user should know about the timing.

use std::fmt;

use driftless_plugin_api::time::Span;

use super::both_ways::Range;
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
    /// The offset is larger than the pin likes; it is in force (LS-52). Where what is behind the pin cannot
    /// hold the rest, that is [`InsufficientBuffering`](Self::InsufficientBuffering).
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
    /// Streams of different latency meet, and nothing brings them together (LS-M18).
    UnlikePaths {
        /// An input pin of the filter where they meet.
        pin: PinNumber,
        /// The filter's name.
        name: String,
        /// The pins that feed it, and the latency there.
        branches: Vec<(String, Range)>,
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
            | Self::UnlikePaths { pin, .. }
            | Self::InsufficientBuffering(Shortage { pin, .. }) => *pin,
        }
    }

    /// Whether it is an error under `strict = true`. Not what a pin prefers: the offset is in force
    /// (LS-30), and what nobody can hold is a note of its own; nor that streams meet which nobody wanted in
    /// step.
    pub const fn is_error_if_strict(&self) -> bool {
        !matches!(self, Self::OffsetBeyondPreferred { .. } | Self::UnlikePaths { .. })
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
                "`{name}` gets a stream offset of {offset} and prefers {max} at most; what is behind it \
                 has to hold the rest"
            ),
            Self::LatencyTooShort { branch, asked, least, .. } => write!(
                f,
                "`latency` is {asked}, but `{branch}` takes {least} and plays {} late",
                *least - *asked
            ),
            Self::UnlikePaths { name, branches, .. } => {
                write!(f, "in `{name}` meet ")?;
                for (number, (branch, Range { least, most })) in branches.iter().enumerate() {
                    let comma = if number > 0 { ", " } else { "" };
                    match least == most {
                        true => write!(f, "{comma}`{branch}` {least} after its capture")?,
                        false => {
                            write!(f, "{comma}`{branch}` {least} to {most} after its capture")?
                        }
                    }
                }
                f.write_str(", and nothing brings them together: that takes `sync` and time stamps")
            }
            Self::InsufficientBuffering(shortage) => shortage.fmt(f),
        }
    }
}
