//! What the player says about a period.

use crate::Phase;

/// One call of [`Player::fill`](super::Player::fill), in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Period {
    /// Where the matching stands after this period.
    pub phase: Phase,
    /// Is the ratio known to within the tuning's `locked_ppm`?
    pub locked: bool,
    /// Input frames consumed per output frame at the end of the period, ppm off nominal. Positive:
    /// the source is faster than the device.
    pub ratio_ppm: f64,
    /// Standard error of what is known of the source's rate, ppm.
    pub ratio_error_ppm: f64,
    /// Time of playing less due time at the begin of the period, ns; positive is late.
    pub error_ns: i64,
    /// From when a frame is expected, or stamped, to when it is due, ns: the target delay, and what was added to it
    /// because blocks are too long or come too late for it.
    pub delay_ns: i64,
    /// Input frames waiting, ring included, after the period.
    pub fill_frames: usize,
    /// Output frames that were due and had not come: concealed, then silent.
    pub underrun_frames: usize,
    /// Output frames inserted because playing was ahead of its master: silence, or, where a clock
    /// stepped, the last ones once more.
    pub inserted_frames: usize,
    /// Input frames skipped because playing was behind its master.
    pub dropped_frames: usize,
    /// Input frames that came after their time, and were dropped.
    pub late_frames: usize,
    /// Input frames that were already there: duplicates and overlaps.
    pub cropped_frames: usize,
    /// Input frames of silence for gaps in the stamps and for frames lost to a full ring.
    pub silence_frames: usize,
    /// Times in this period that the position was set anew.
    pub resyncs: u32,
    /// Breaks seen in this period: marked ones, gaps, pauses, steps of a clock.
    pub discontinuities: u32,
    /// The stream has ended and all of it is played.
    pub drained: bool,
}
