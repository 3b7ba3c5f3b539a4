//! Rate matching: audio from one clock, played on another, without drift and without glitches.
//!
//! | module       | takes                                      | gives                                   |
//! |--------------|--------------------------------------------|-----------------------------------------|
//! | [`link`]     | blocks on one thread, periods on another    | periods without gaps, and their numbers |
//! | [`Timeline`] | frame counts and when they were seen       | a smooth time of any frame              |
//! | [`estimate`] | noisy readings of a clock                  | its rate, and how sure that is          |
//! | [`ClockLine`]| the same                                   | the line between frames and times       |
//! | [`Controller`]| what the lines ask for                    | a ratio that changes only smoothly      |
//! | [`Interpolator`] | a history of frames, and a path        | frames at any ratio                     |
//!
//! Time is an argument everywhere: nothing here asks what time it is.

mod clock_line;
mod controller;
pub mod estimate;
mod history;
mod link;
mod resampler;
mod ring;
mod timeline;

pub use clock_line::{Anchor, ClockLine, ClockTime, LineConfig};
pub use controller::{Aim, Controller, Phase, Tuning};
pub use history::History;
pub use link::{Against, LinkConfig, LinkError, Period, Player, Writer, Written, link};
pub use resampler::{Instructions, Interpolator, Path, Quality, Resampler};
pub use timeline::Timeline;
