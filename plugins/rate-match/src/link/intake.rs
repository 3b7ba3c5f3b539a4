//! From the ring to the history: where each block belongs, and what it says about the clocks.

use super::{Against, Period, gaps::Gaps, shared::Shared, stale::Stale};
use crate::{
    ClockLine, ClockTime, History, LineConfig, Tuning,
    ring::{Mark, RingReader},
};

/// Longest gap in the stamps that is filled with silence (LS-86); beyond, a new segment begins.
const LONGEST_GAP_S: f64 = 10.0;

/// What the player must know of blocks taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// All, or all that there was room for.
    Blocks,
    /// A flush or another segment: nothing before counts any more.
    Restart,
}

/// Where a block belongs.
enum Place {
    At(i64),
    /// In another segment.
    Segment,
    /// Behind a pause that nothing outlived.
    Afresh,
}

pub(super) struct Intake {
    ring: RingReader,
    pub history: History,
    /// Frames that are kept behind those that are needed.
    again_frames: usize,
    pub gaps: Gaps,
    /// Line of due times or of arrivals over positions.
    pub source: ClockLine,
    /// Where the first block of the segment stands, once there is one.
    pub begin: Option<i64>,
    /// When `begin` is due by its own stamp.
    pub begin_due_ns: Option<i64>,
    rate_hz: f64,
    tuning: Tuning,
    /// Blocks so far, and how long the newest was.
    pub blocks: (u64, usize),
    /// Where the newest block that went on with the stream begins.
    pub newest: i64,
    /// Position after the newest block.
    next: i64,
    /// Its due time, going by the newest stamp, ns.
    next_due_ns: Option<f64>,
    /// Mean deviation of the stamps, seconds.
    stamp_jitter: f64,
    /// A block that waits for room, and its position.
    waiting: Option<(Mark, i64)>,
    /// A block of a new segment, for after the restart.
    held: Option<Mark>,
    /// Flushes done.
    flushes: u32,
    stale: Stale,
    /// Frames that a pause left out, or that were lost, since the newest block.
    left_out: usize,
}

impl Intake {
    pub fn new(
        ring: RingReader,
        history: History,
        again_frames: usize,
        rate_hz: f64,
        tuning: Tuning,
    ) -> Self {
        let source = ClockLine::new(LineConfig {
            rate_hz,
            prior_ppm: tuning.prior_ppm,
            patience_ns: tuning.patience_s * 1e9,
            ..LineConfig::default()
        });
        Self {
            ring,
            history,
            again_frames,
            gaps: Gaps::new((tuning.fade_s * rate_hz) as usize),
            source,
            begin: None,
            begin_due_ns: None,
            rate_hz,
            tuning,
            blocks: (0, 0),
            newest: 0,
            next: 0,
            next_due_ns: None,
            stamp_jitter: 0.0,
            waiting: None,
            held: None,
            flushes: 0,
            stale: Stale::default(),
            left_out: 0,
        }
    }

    /// Forgets the segment.
    pub fn restart(&mut self) {
        self.history.clear();
        self.gaps.clear();
        self.stale.clear();
        self.source.clear();
        (self.begin, self.begin_due_ns, self.next_due_ns) = (None, None, None);
        (self.next, self.stamp_jitter, self.left_out) = (0, 0.0, 0);
    }

    /// Takes what the ring holds, as long as nothing from position `needed` on is overwritten.
    pub fn take(
        &mut self,
        shared: &Shared,
        against: Against,
        needed: Option<i64>,
        starved: bool,
        period: &mut Period,
    ) -> Taken {
        if shared.flushes() != self.flushes && self.discard() {
            self.flushes = self.flushes.wrapping_add(1);
            return Taken::Restart;
        }
        let heard = needed.unwrap_or(i64::MIN / 2);
        if self.stale.is_due(shared.pauses()) {
            self.begin_pause(heard);
        }
        while let Some((mark, place)) = self.next_block(heard) {
            let Place::At(position) = place else {
                period.discontinuities += u32::from(matches!(place, Place::Segment));
                self.held = Some(mark);
                return Taken::Restart;
            };
            let oldest = needed.unwrap_or(self.begin.unwrap_or(position));
            let room = oldest + self.history.capacity_frames() as i64;
            if mark.frames > 0 && position + mark.frames as i64 > room {
                if needed.is_some() {
                    self.widen_gap(room.min(position - 1));
                }
                self.waiting = Some((mark, position));
                break;
            }
            let end = position + mark.frames as i64;
            self.history.hold(oldest - self.again_frames as i64, end);
            self.observe(&mark, position, against, starved);
            self.place(&mark, position, needed, period);
        }
        Taken::Blocks
    }

    /// What lies before a block that has no room yet never comes: silence as far as there is room (LS-86), or
    /// whoever plays would wait for it, and the block for him.
    fn widen_gap(&mut self, end: i64) {
        if end > self.next {
            self.gaps.open(self.next, end);
            self.history.reach(end);
            let length_ns = (end - self.next) as f64 * 1e9 / self.rate_hz;
            self.next_due_ns = self.next_due_ns.map(|due_ns| due_ns + length_ns);
            self.next = end;
        }
    }

    /// Drops all blocks up to a flush; true when it was found.
    fn discard(&mut self) -> bool {
        let waiting = self.waiting.take().map(|(mark, _)| mark);
        for mark in [waiting, self.held.take()].into_iter().flatten() {
            self.ring.skip(mark.frames);
        }
        while let Some(mut mark) = self.ring.mark() {
            if std::mem::take(&mut mark.pause) {
                self.stale.end();
            }
            if mark.flush {
                self.held = (mark.frames > 0).then_some(mark);
                return true;
            }
            self.ring.skip(mark.frames);
        }
        false
    }

    fn begin_pause(&mut self, heard: i64) {
        self.stale.begin(&mut self.history, &mut self.gaps, heard);
        if let Some((mark, _)) = self.waiting.take_if(|(mark, _)| self.stale.leaves_out(mark)) {
            self.ring.skip(mark.frames);
            self.left_out += mark.lost_frames + mark.frames;
        }
    }

    /// The next block that a pause leaves, and where it belongs.
    fn next_block(&mut self, heard: i64) -> Option<(Mark, Place)> {
        if let Some((mark, position)) = self.waiting.take() {
            return Some((mark, Place::At(position)));
        }
        loop {
            let mut mark = self.held.take().or_else(|| self.ring.mark())?;
            if std::mem::take(&mut mark.pause) {
                self.stale.end();
                if self.stale.is_all(heard) {
                    return Some((mark, Place::Afresh));
                }
            }
            if mark.frames == 0 || self.stale.leaves_out(&mark) {
                self.ring.skip(mark.frames);
                self.left_out += mark.lost_frames + mark.frames;
                continue;
            }
            mark.lost_frames += std::mem::take(&mut self.left_out);
            let place = self.locate(&mark).map_or(Place::Segment, Place::At);
            return Some((mark, place));
        }
    }

    /// By its stamp where it has one that says more than the count of frames, else by the count.
    fn locate(&mut self, mark: &Mark) -> Option<i64> {
        let counted = self.next + mark.lost_frames as i64;
        let (Some(due_ns), Some(expected_ns)) = (mark.due_ns, self.next_due_ns) else {
            return Some(counted);
        };
        let expected_ns = expected_ns + mark.lost_frames as f64 * 1e9 / self.rate_hz;
        let gap = (due_ns as f64 - expected_ns) * 1e-9;
        if gap.abs() > LONGEST_GAP_S {
            return None;
        }
        let jitter = self.tuning.alignment_s.max(5.0 * self.stamp_jitter);
        if gap.abs() <= jitter && !mark.discontinuity {
            self.stamp_jitter += (gap.abs() - self.stamp_jitter) / 32.0;
            return Some(counted);
        }
        Some(counted + (gap * self.rate_hz).round() as i64)
    }

    fn observe(&mut self, mark: &Mark, position: i64, against: Against, starved: bool) {
        if mark.frames == 0 {
            return;
        }
        let patience =
            if starved { self.tuning.starved_patience_s } else { self.tuning.patience_s };
        let end = position + mark.frames as i64;
        let reading = match against {
            Against::Nothing => None,
            Against::Stamps => mark.due_ns.map(|due_ns| (position, due_ns)),
            Against::PrivateStamps | Against::Arrivals => Some((end, mark.arrived_ns)),
        };
        if let Some((frames, time_ns)) = reading {
            self.source.observe_within(frames, time_ns, patience * 1e9);
        }
    }

    /// Writes the frames of a block that are still of use.
    fn place(&mut self, mark: &Mark, position: i64, needed: Option<i64>, period: &mut Period) {
        if mark.frames == 0 {
            return;
        }
        self.blocks = (self.blocks.0 + 1, mark.frames);
        let end = position + mark.frames as i64;
        self.stale.note(mark, position);
        if self.begin.is_none() {
            (self.begin, self.begin_due_ns) = (Some(position), mark.due_ns);
            self.next = position;
        }
        period.discontinuities += u32::from(mark.discontinuity);
        let known_end = self.next;
        if position > known_end {
            self.gaps.open(known_end, position);
            period.discontinuities += u32::from(!mark.discontinuity && mark.lost_frames == 0);
        }
        let needed = needed.unwrap_or(i64::MIN / 2);
        let late = (needed - position).clamp(0, mark.frames as i64);
        let again = (known_end.min(end) - position.max(needed)).max(0) as usize;
        let missing = self.gaps.fill(position.max(needed), end.min(known_end));
        period.late_frames += late as usize;
        period.cropped_frames += again.saturating_sub(missing);
        self.ring.skip(late as usize);
        self.write(position + late, mark.frames - late as usize);
        if end > self.next {
            self.newest = position;
            self.next = end;
            let length_ns = mark.frames as f64 * 1e9 / self.rate_hz;
            self.next_due_ns = match (mark.due_ns, self.next_due_ns) {
                (Some(due_ns), _) => Some(due_ns as f64 + length_ns),
                (None, Some(due_ns)) => {
                    Some(due_ns + length_ns + mark.lost_frames as f64 * 1e9 / self.rate_hz)
                }
                (None, None) => None,
            };
        }
    }

    fn write(&mut self, position: i64, frames: usize) {
        let (history, mut at) = (&mut self.history, position);
        let channels = history.channels();
        self.ring.pop(frames, |piece| {
            history.write_interleaved(at, piece);
            at += (piece.len() / channels) as i64;
        });
    }

    /// One past the newest block.
    pub fn end(&self) -> i64 {
        self.next
    }

    /// When a position is due, going by the newest stamp alone.
    pub fn due(&self, frame: i64, fraction: f64) -> Option<ClockTime> {
        let ahead = (self.next - frame) as f64 - fraction;
        let next = ClockTime::from_ns(0).plus_ns(self.next_due_ns?);
        Some(next.plus_ns(-ahead * 1e9 / self.rate_hz))
    }

    /// Does a block wait for room?
    pub fn is_full(&self) -> bool {
        self.waiting.is_some()
    }

    /// Is everything taken that was written?
    pub fn is_empty(&self) -> bool {
        self.waiting.is_none() && self.held.is_none() && self.ring.fill_frames() == 0
    }

    pub fn ring_frames(&self) -> usize {
        self.ring.fill_frames()
    }

    pub fn publish(&self, shared: &Shared, read: Option<i64>) {
        let begin = read.or(self.begin).unwrap_or(0);
        shared.set_waiting_frames((self.next - begin).max(0) as usize);
    }
}
