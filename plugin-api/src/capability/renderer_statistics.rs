//! How well a renderer keeps time (LS-88 to LS-90).
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::prefix_type::WithMetadata;

use crate::abi::glue::ask;
use crate::abi::status::Status;
use crate::filter::Filter;
use crate::time::Span;

/// What a renderer measured since it was activated. Frozen; all spans in nanoseconds.
///
/// An error is (stream time at which something was presented) − (its stamp + the presentation delay):
/// positive is late. Sums run from the moment the renderer locked, or from the start if it never
/// follows a clock.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Default)]
pub struct Statistics {
    /// Presentations (device periods, video frames) measured in the sums below.
    pub presented: u64,
    /// Sum of their errors, ns.
    pub error_sum: f64,
    /// Sum of the squares, ns².
    pub error_square_sum: f64,
    /// Largest error without its sign, ns.
    pub error_max: i64,
    /// The newest error, ns (LS-88 #9).
    pub error_now: i64,
    /// Highest error so far, with its sign, ns (LS-88 #8).
    pub error_highest: i64,
    /// Lowest error so far, with its sign, ns.
    pub error_lowest: i64,
    /// How far the consumed clock is from the renderer's own, parts per million.
    pub ppm: f64,
    /// 1 while locked.
    pub locked: u32,
    /// Row of the rate-match table in force (LS-77), 0 before the first sample.
    pub row: u32,
    /// Bit mask of LS-88 #2.
    pub mode: u32,
    /// Frames a second consumed, rounded (LS-88 #6).
    pub slave_rate: u32,
    /// From the first sample until locked, ns; negative while that has not happened.
    pub locked_after: i64,
    /// Frames dropped: late, overlapping, or to stay in sync.
    pub dropped_frames: u64,
    /// Frames of silence inserted to stay in sync or for gaps between stamps.
    pub inserted_frames: u64,
    /// Frames made up where data was missing.
    pub concealed_frames: u64,
    /// Device periods in which data was missing.
    pub underruns: u64,
    /// Times that data was lost because there was no room.
    pub overruns: u64,
    /// Times that the renderer started over.
    pub resyncs: u64,
    /// Discontinuities in what was received.
    pub discontinuities: u64,
    /// Breaks in what was presented (LS-88 #1).
    pub breaks: u64,
    /// Silence because of stamp gaps, ns.
    pub silence: i64,
    /// Dropped to stay in sync, ns.
    pub drop_write: i64,
    /// Accumulated difference including drops and gaps, ns.
    pub accumulated_error: i64,
    /// Length of the latest buffer, ns.
    pub last_buffer: i64,
    /// Queued audio, ns.
    pub fill: i64,
    /// Capacity of that queue, ns.
    pub capacity: i64,
    /// Delay of the device, ns.
    pub device_delay: i64,
    /// Frames a second of the stream, for turning frames into time; 0 for video.
    pub rate_hz: u32,
    /// The newest error above 0 and the newest below, ns (LS-88 #9), each as its lower and its higher half; all
    /// 0 where only `error_now` is told. The rest is always 0.
    pub reserved: [u32; 7],
}

impl Statistics {
    /// Adds one presentation that was `error` late.
    pub fn present(&mut self, error: Span) {
        let ns = error.nanos();
        self.presented += 1;
        self.error_sum += ns as f64;
        self.error_square_sum += ns as f64 * ns as f64;
        self.error_max = self.error_max.max(ns.saturating_abs());
        self.error_now = ns;
        if ns != 0 {
            let halves = [ns as u32, (ns >> 32) as u32];
            self.reserved[if ns > 0 { 0..2 } else { 2..4 }].copy_from_slice(&halves);
        }
        self.error_highest = if self.presented == 1 { ns } else { self.error_highest.max(ns) };
        self.error_lowest = if self.presented == 1 { ns } else { self.error_lowest.min(ns) };
    }

    /// The newest error above 0, and the newest below, ns.
    fn last_errors(&self) -> (i64, i64) {
        let [late_low, late_high, early_low, early_high, ..] = self.reserved.map(i64::from);
        let last = |low: i64, high: i64| high << 32 | low;
        (
            last(late_low, late_high).max(self.error_now),
            last(early_low, early_high).min(self.error_now),
        )
    }

    /// One of the original's twelve statistics, with its units (LS-88).
    ///
    /// # Errors
    ///
    /// [`Status::INVALID_ARGUMENT`] for an id outside 1 to 12.
    pub fn stat(&self, id: u32) -> Result<(i64, i64), Status> {
        let ms = |ns: i64| ns / 1_000_000;
        let jitter = match self.presented {
            0 => 0.0,
            n => {
                let mean = self.error_sum / n as f64;
                (self.error_square_sum / n as f64 - mean * mean).max(0.0).sqrt()
            }
        };
        Ok(match id {
            1 => (self.breaks as i64, 0),
            2 => (i64::from(self.mode), 0),
            3 => (ms(self.silence), 0),
            4 => (ms(self.last_buffer), 0),
            5 => (self.discontinuities as i64, 0),
            6 => (i64::from(self.slave_rate), 0),
            7 => (ms(self.drop_write), 0),
            8 => (ms(self.error_highest), ms(self.error_lowest)),
            9 => {
                let (late, early) = self.last_errors();
                (ms(late), ms(early))
            }
            10 => (ms(self.accumulated_error), 0),
            11 => ((100 * self.fill).checked_div(self.capacity).unwrap_or(0), 0),
            12 => (ms(jitter as i64), 0),
            _ => return Err(Status::INVALID_ARGUMENT),
        })
    }
}

/// A renderer that measures. `[main]`
pub trait RendererStatistics {
    /// What was measured since activation (LS-89).
    fn statistics(&self) -> Statistics;
}

/// [`RendererStatistics`] at the border.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = RendererStatisticsRef)))]
#[sabi(missing_field(option))]
pub struct RendererStatisticsTable {
    /// Fills the structure.
    #[sabi(last_prefix_field)]
    pub statistics: unsafe extern "C" fn(*mut c_void, *mut Statistics) -> Status,
}

/// The table of a filter type; it lives in the library's read-only data.
pub(crate) fn table<F: Filter>() -> RendererStatisticsRef {
    RendererStatisticsRef(
        const { &WithMetadata::new(RendererStatisticsTable { statistics: statistics::<F> }) }
            .static_as_prefix(),
    )
}

unsafe extern "C" fn statistics<F: Filter>(instance: *mut c_void, into: *mut Statistics) -> Status {
    let read = |filter: &mut F| filter.renderer_statistics().map(|renderer| renderer.statistics());
    // SAFETY: the caller passes an instance of this table's filter type.
    let Some(read) = (unsafe { ask(instance, None, read) }) else {
        return Status::NO_INTERFACE;
    };
    // SAFETY: the caller passes room for one structure.
    unsafe { into.write(read) };
    Status::OK
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LS-88
    #[test]
    fn the_twelve_statistics_have_the_original_ids_and_units() {
        let ms = |ms: i64| ms * 1_000_000;
        let mut statistics = Statistics {
            breaks: 2,
            mode: 0x11,
            silence: ms(33),
            last_buffer: ms(10),
            discontinuities: 5,
            slave_rate: 48_006,
            drop_write: ms(7),
            accumulated_error: ms(-70),
            fill: 30,
            capacity: 40,
            ..Statistics::default()
        };
        for error in [3, -5, 1] {
            statistics.present(Span::from_millis(error));
        }
        let table = [
            (1, (2, 0)),
            (2, (0x11, 0)),
            (3, (33, 0)),
            (4, (10, 0)),
            (5, (5, 0)),
            (6, (48_006, 0)),
            (7, (7, 0)),
            (8, (3, -5)),
            (9, (1, -5)),
            (10, (-70, 0)),
            (11, (75, 0)),
            (12, (3, 0)),
        ];
        for (id, expected) in table {
            assert_eq!(statistics.stat(id), Ok(expected), "statistic {id}");
        }
        statistics.present(Span::from_millis(-4));
        assert_eq!(statistics.stat(9), Ok((1, -4)), "it runs ahead now");
        let older = Statistics { error_now: ms(-6), ..Statistics::default() };
        assert_eq!(older.stat(9), Ok((0, -6)), "of a renderer that tells the newest error alone");
        assert_eq!(statistics.stat(0), Err(Status::INVALID_ARGUMENT));
        assert_eq!(statistics.stat(13), Err(Status::INVALID_ARGUMENT));
    }
}
