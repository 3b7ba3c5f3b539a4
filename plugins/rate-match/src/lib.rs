//! Rate matching: audio from one clock, played on another, without drift and without glitches.
//!
//! Two sound cards never agree on what a second is: they differ by some 100 ppm, five frames a
//! second. A queue between them therefore fills or empties until it overflows or runs dry, and one
//! hears a glitch every ten seconds or every ten minutes. The cure is to consume at exactly the ratio
//! of the two clocks, by resampling; the art is to find that ratio from times that are off by
//! milliseconds, and to follow it so smoothly that nobody hears it.
//!
//! ```text
//!  blocks ──► Writer ══ ring ══► Player ──► periods
//!              due, arrived        │  ▲
//!                     │            ▼  │ ratio
//!                 source line ─► Controller ◄─ playing times ◄─ Timeline ◄─ callbacks
//! ```
//!
//! Both clocks are lines of time over frames, each learned from its own noisy readings. Where they
//! cross says which input frame is due at which output frame; their slopes say the ratio. So nothing
//! is steered by the fill of the queue, whose saw tooth of blocks and periods is what makes other
//! loops slow or restless. The `README` has the figures, ours beside others.
//!
//! The delay of the resampler needs no correction: it reads at a position, not after a delay, and a
//! frame that is due at `t` leaves at `t`. It only has to have arrived [`Player::lookahead_frames`]
//! earlier.
//!
//! | module       | takes                                      | gives                                   |
//! |--------------|--------------------------------------------|-----------------------------------------|
//! | [`link`]     | blocks on one thread, periods on another    | periods without gaps, and their numbers |
//! | [`Timeline`] | frame counts and when they were seen       | a smooth time of any frame              |
//! | [`Settling`] | a device's first callbacks                 | the same, and when to rely on it        |
//! | [`estimate`] | noisy readings of a clock                  | its rate, and how sure that is          |
//! | [`ClockLine`]| the same                                   | the line between frames and times       |
//! | [`Controller`]| what the lines ask for                    | a ratio that changes only smoothly      |
//! | [`Interpolator`] | a history of frames, and a path        | frames at any ratio                     |
//!
//! Time is an argument everywhere: nothing here asks what time it is.

mod aligned;
mod clock_line;
mod controller;
pub mod estimate;
mod glide;
mod history;
mod link;
#[cfg(test)]
mod noise;
mod resampler;
mod ring;
mod settling;
mod timeline;

pub use clock_line::{Anchor, ClockLine, ClockTime, LineConfig};
pub use controller::{Aim, Controller, Phase, Tuning};
pub use history::History;
pub use link::{
    Against, LinkConfig, LinkError, Period, Player, SlaveMethod, Writer, Written, link,
};
pub use resampler::{Instructions, Interpolator, Path, Quality, Resampler};
pub use settling::{Settling, Stage};
pub use timeline::Timeline;

/// What the README shows is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
