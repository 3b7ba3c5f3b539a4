//! A streaming thread and a device thread, joined.

mod gaps;
mod intake;
mod period;
mod player;
mod shared;
mod stale;
mod writer;

use std::{fmt, sync::Arc};

pub use period::Period;
pub use player::Player;
pub use writer::{Writer, Written};

use crate::{Quality, Tuning, ring};
use shared::Shared;

/// What the rate is matched against (LS-77, LS-81).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Against {
    /// Nothing: the rate is not altered, and nothing is dropped or inserted to correct drift. A
    /// stamp still says when playing begins; without one it begins at the target delay.
    #[default]
    Nothing,
    /// The due times: readings of the master time line. Also for a stream that is not live and
    /// follows a clock that is not the device's.
    Stamps,
    /// The due times are of a private clock. It is mapped to the master time line by the times of
    /// arrival; then the target delay is added.
    PrivateStamps,
    /// The rate at which data arrives: the queue is held at the target delay.
    Arrivals,
}

/// How the error against what is followed is kept small (LS-M9).
///
/// The fourth method of other systems, one's own, is a player of one's own: [`Against::Nothing`] alters
/// nothing, and [`Period::error_ns`] says what there is to correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SlaveMethod {
    /// By resampling, so that it stays near zero; only an error beyond the tolerance moves the play
    /// pointer.
    #[default]
    Resample,
    /// By moving the play pointer when the mean error, each piece of a period counting 1/32 as in
    /// GStreamer's sinks, exceeds half the tolerance. The ratio stays nominal, so equal rates pass
    /// through bit by bit between two moves.
    Skew,
    /// Not at all. The error is reported, and grows until the queue runs dry or full.
    None,
}

/// How a [`link`] is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkConfig {
    /// Values in a frame, 1 to 64.
    pub channels: usize,
    /// Nominal rate of what is written, 8,000 to 384,000 Hz.
    pub input_rate_hz: u32,
    /// How much faster than that it is played, pitch and all (LS-116): at 2.0 what was recorded in two
    /// seconds is heard in one. What is played in a second must be 8,000 to 384,000 frames as well.
    pub playback_rate: f64,
    /// Nominal rate of what is played, 8,000 to 384,000 Hz.
    pub output_rate_hz: u32,
    /// What the queue can hold, 1 ms to 60 s.
    pub capacity_ns: i64,
    /// From arrival (as the clock lines see it) to playing, 0 to the capacity. Not used with
    /// [`Against::Stamps`], where the stamps say it.
    pub target_delay_ns: i64,
    /// What the rate is matched against to begin with.
    pub against: Against,
    /// How clean, how quick and how costly.
    pub quality: Quality,
    /// Judgement of the controller.
    pub tuning: Tuning,
    /// How drift is corrected.
    pub slave_method: SlaveMethod,
    /// While resampling, drift up to this error never drops or inserts anything, only the ratio
    /// corrects it; beyond, frames are dropped or silence is inserted (LS-83, LS-84). 1 ms to 1 s.
    ///
    /// A clock that steps by more than [`Tuning::step_s`] does not drift: that is a discontinuity,
    /// counted as one and taken by one cross-fade though it lies within the tolerance. To glide over
    /// it would be heard for seconds.
    pub tolerance_ns: i64,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            channels: 2,
            input_rate_hz: 48_000,
            playback_rate: 1.0,
            output_rate_hz: 48_000,
            capacity_ns: 1_000_000_000,
            target_delay_ns: 40_000_000,
            against: Against::Nothing,
            quality: Quality::Standard,
            tuning: Tuning::default(),
            slave_method: SlaveMethod::Resample,
            tolerance_ns: 40_000_000,
        }
    }
}

impl LinkConfig {
    /// Nominal rate at which what is written is played, frames a second.
    pub(crate) fn input_hz(&self) -> f64 {
        f64::from(self.input_rate_hz) * self.playback_rate
    }
}

/// Why a link cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkError {
    /// A number of [`LinkConfig`] is out of its range.
    OutOfRange {
        /// The field.
        field: &'static str,
        /// What was asked for.
        found: i64,
        /// What would be accepted.
        min: i64,
        /// What would be accepted.
        max: i64,
    },
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { field, found, min, max } => {
                write!(f, "`{field}` is {found}; it can be {min} to {max}")
            }
        }
    }
}

impl std::error::Error for LinkError {}

/// Joins a thread that has audio to one that plays it on another clock. `[main]`
///
/// Everything is allocated here. The [`Writer`] goes to the streaming thread, the [`Player`] to the
/// device's; both are wait-free.
///
/// # Errors
///
/// [`LinkError::OutOfRange`] names the field of `config` that is out of range.
pub fn link(config: LinkConfig) -> Result<(Writer, Player), LinkError> {
    check(&config)?;
    let shared = Arc::new(Shared::new(&config));
    let capacity_frames = frames(config.capacity_ns, config.input_hz().round() as u32).max(64);
    let (ring_in, ring_out) = ring::ring(config.channels, capacity_frames);
    let writer = Writer::new(&config, ring_in, Arc::clone(&shared));
    Ok((writer, Player::new(&config, capacity_frames, ring_out, shared)))
}

fn check(config: &LinkConfig) -> Result<(), LinkError> {
    let fade_ns = (config.tuning.fade_s * 1e9).round() as i64;
    let ranges = [
        ("channels", config.channels as i64, 1, 64),
        ("input_rate_hz", i64::from(config.input_rate_hz), 8_000, 384_000),
        ("input_rate_hz times playback_rate", config.input_hz().round() as i64, 8_000, 384_000),
        ("output_rate_hz", i64::from(config.output_rate_hz), 8_000, 384_000),
        ("capacity_ns", config.capacity_ns, 1_000_000, 60_000_000_000),
        ("target_delay_ns", config.target_delay_ns, 0, config.capacity_ns),
        ("tolerance_ns", config.tolerance_ns, 1_000_000, 1_000_000_000),
        ("tuning.fade_s in ns", fade_ns, 2_000_000, 1_000_000_000),
    ];
    match ranges.into_iter().find(|(_, found, min, max)| found < min || found > max) {
        Some((field, found, min, max)) => Err(LinkError::OutOfRange { field, found, min, max }),
        None => Ok(()),
    }
}

fn frames(time_ns: i64, rate_hz: u32) -> usize {
    (time_ns as i128 * i128::from(rate_hz) / 1_000_000_000) as usize
}
