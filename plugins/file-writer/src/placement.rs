//! Where in the file a sample belongs, by its time stamp.
//!
//! A stamp is compared with the end of the sample before it, never with the start of the file: the
//! clock of a source may be off by hundreds of ppm against the graph's, and its recording has every
//! frame once all the same (LS-91, LS-94).

use driftless_plugin_api::{Span, StreamTime};

/// What to do with a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Placement {
    /// Frames of silence to write before it.
    pub silence_frames: u64,
    /// Frames at its start that the file has already; at most the whole sample.
    pub skip_frames: u64,
    /// Whether its stamp belongs to another time line, so that the gap before it means nothing.
    pub jump: bool,
}

/// Follows the stamps of a stream.
#[derive(Debug, Clone)]
pub struct Timeline {
    rate_hz: u32,
    tolerance: Span,
    longest_gap: Span,
    /// Where the next sample should start; unknown at first.
    end: Option<StreamTime>,
}

impl Timeline {
    /// A time line of frames at `rate_hz`; see the settings of the same names.
    pub fn new(rate_hz: u32, tolerance: Span, longest_gap: Span) -> Self {
        Self { rate_hz, tolerance, longest_gap, end: None }
    }

    /// Forgets where the stream was: the next sample follows whatever its stamp.
    pub fn restart(&mut self) {
        self.end = None;
    }

    /// Places a sample of `frames` frames. `[any]`
    ///
    /// A sample without a stamp is appended. With the mark of a discontinuity its stamp counts to the
    /// frame; without, it may stray by the tolerance and still follows.
    pub fn place(
        &mut self,
        start: Option<StreamTime>,
        discontinuity: bool,
        frames: u64,
    ) -> Placement {
        let length = Span::of_frames(i64::try_from(frames).unwrap_or(i64::MAX), self.rate_hz);
        let Some(start) = start else {
            self.end = self.end.map(|end| end + length);
            return Placement::default();
        };
        let Some(expected) = self.end else {
            self.end = Some(start + length);
            return Placement::default();
        };
        let gap = start - expected;
        let placement = self.judge(gap, discontinuity, frames);
        // After an overlap the file is further than the sample.
        self.end = Some(match placement.skip_frames > 0 {
            true => expected.max(start + length),
            false => start + length,
        });
        placement
    }

    fn judge(&self, gap: Span, discontinuity: bool, frames: u64) -> Placement {
        let off_frames = gap.frames(self.rate_hz).unsigned_abs();
        if gap.abs() > self.longest_gap {
            return Placement { jump: true, ..Placement::default() };
        }
        if off_frames == 0 || (!discontinuity && gap.abs() <= self.tolerance) {
            return Placement::default();
        }
        match gap > Span::ZERO {
            true => Placement { silence_frames: off_frames, ..Placement::default() },
            false => Placement { skip_frames: off_frames.min(frames), ..Placement::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE_HZ: u32 = 48_000;

    fn timeline() -> Timeline {
        Timeline::new(RATE_HZ, Span::from_millis(5), Span::from_secs(600))
    }

    fn at(ms: i64) -> Option<StreamTime> {
        Some(StreamTime::ZERO + Span::from_millis(ms))
    }

    #[test]
    fn a_gap_becomes_silence_of_exactly_its_length() {
        let mut timeline = timeline();
        assert_eq!(timeline.place(at(1000), true, 480), Placement::default());
        let placed = timeline.place(at(1030), true, 480);
        assert_eq!(placed, Placement { silence_frames: 960, ..Placement::default() });
        assert_eq!(timeline.place(at(1040), false, 480), Placement::default());
    }

    #[test]
    fn an_overlap_is_cropped_and_what_follows_is_not() {
        let mut timeline = timeline();
        timeline.place(at(0), true, 4800);
        let placed = timeline.place(at(90), true, 960);
        assert_eq!(placed, Placement { skip_frames: 480, ..Placement::default() });
        assert_eq!(timeline.place(at(110), false, 480), Placement::default());
        let placed = timeline.place(at(20), true, 480);
        assert_eq!(placed, Placement { skip_frames: 480, ..Placement::default() });
        assert_eq!(timeline.place(at(120), false, 480), Placement::default());
    }

    /// LS-94
    #[test]
    fn an_hour_from_a_clock_that_is_500_ppm_off_has_every_frame_once() {
        for ppm in [-500.0, 500.0] {
            let mut timeline = timeline();
            for block in 0..360_000 {
                let start = Span::from_secs_f64(f64::from(block) * 0.010 / (1.0 + ppm * 1e-6));
                let placed = timeline.place(Some(StreamTime::ZERO + start), block == 0, 480);
                assert_eq!(placed, Placement::default(), "{ppm} ppm, block {block}");
            }
        }
    }

    #[test]
    fn unstamped_samples_are_appended_and_a_later_stamp_still_counts() {
        let mut timeline = timeline();
        timeline.place(at(0), true, 480);
        assert_eq!(timeline.place(None, false, 480), Placement::default());
        assert_eq!(timeline.place(at(40), true, 480).silence_frames, 960);
    }

    #[test]
    fn a_stamp_from_another_time_line_is_a_jump_and_not_hours_of_silence() {
        let mut timeline = timeline();
        timeline.place(at(0), true, 480);
        for start in [StreamTime::MAX, StreamTime::from_nanos(i64::MIN)] {
            assert!(timeline.place(Some(start), true, 480).jump);
        }
        timeline.place(at(0), true, 480);
        assert_eq!(timeline.place(at(10), false, 480), Placement::default());
    }

    proptest! {
        /// Whatever comes, a sample loses no more than it has, and silence is bounded.
        #[test]
        fn any_stamps_at_all_are_placed_within_bounds(
            samples in prop::collection::vec(
                (prop::option::of(any::<i64>()), any::<bool>(), 0_u64..10_000), 1..50),
        ) {
            let mut timeline = timeline();
            for (start, discontinuity, frames) in samples {
                let placed =
                    timeline.place(start.map(StreamTime::from_nanos), discontinuity, frames);
                prop_assert!(placed.skip_frames <= frames);
                prop_assert!(placed.silence_frames <= 600 * 48_000);
                prop_assert!(placed.silence_frames == 0 || placed.skip_frames == 0);
            }
        }

        /// Stamps that count frames: silence plus frames make up the whole time line.
        #[test]
        fn with_gaps_and_overlaps_the_file_is_as_long_as_the_time_line(
            samples in prop::collection::vec((-2_000_i64..5_000, 1_u64..2_000), 1..100),
        ) {
            let mut timeline = timeline();
            let (mut position, mut file, mut end) = (0_i64, 0_u64, 0_i64);
            for (number, (gap, frames)) in samples.into_iter().enumerate() {
                position = (position + gap).max(0);
                if number == 0 { position = 0; }
                let start = StreamTime::ZERO + Span::of_frames(position, RATE_HZ);
                let placed = timeline.place(Some(start), true, frames);
                file += placed.silence_frames + frames - placed.skip_frames;
                position += frames as i64;
                end = end.max(position);
                prop_assert!((file as i64 - end).abs() <= 1, "{file} frames for {end}");
            }
        }
    }
}
