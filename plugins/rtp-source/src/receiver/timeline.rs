//! The sender's time: 32 bits extended to 64, gaps told from jumps, and when a packet should come.

use driftless_plugin_api::{HostTime, Span};

/// A time stamp further off than this is a jump, and no gap.
const JUMP: Span = Span::from_secs(1);
/// Packets that are late by more than [`JUMP`] for so long will not catch up: the sender stood still.
const STANDSTILL: Span = Span::from_secs(2);
/// How fast the shortest transit seen may grow, so that a sender whose clock is slow is followed;
/// more than any crystal is off, and slow enough for the shortest of a second of packets to count.
const FORGET_PPM: i64 = 2000;
/// However long nothing was heard, so that a long silence does not look like a jump.
const FORGET_AT_MOST: Span = Span::from_millis(500);

/// What a time stamp says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It follows the packet before, at this position in frames.
    Follows(i64),
    /// There are frames missing before it, or some are there twice.
    AfterGap(i64),
    /// A time line starts with it, at position 0.
    NewTimeline,
    /// It is absurd, unless the next packet says the same.
    Jump,
    /// It is not later than the one before.
    Backwards,
}

/// A time line that has begun.
#[derive(Debug, Clone, Copy)]
struct Begun {
    /// The time stamp of position 0.
    origin: u32,
    /// Position of the last packet.
    last: i64,
    /// One past its last frame.
    end: i64,
    /// The shortest transit, forgotten slowly: arrival minus position, which holds an unknown
    /// constant. It says when a packet should arrive, whatever delayed the last one.
    transit: Span,
    /// When that was.
    seen: HostTime,
    /// Since when packets are absurdly late.
    late_since: Option<HostTime>,
}

/// Follows the time stamps of one sender.
#[derive(Debug, Clone)]
pub struct Timeline {
    rate_hz: u32,
    begun: Option<Begun>,
    /// The time stamp that would confirm a jump.
    confirms: Option<u32>,
}

impl Timeline {
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz, begun: None, confirms: None }
    }

    /// Forgets the sender.
    pub fn restart(&mut self) {
        (self.begun, self.confirms) = (None, None);
    }

    /// Judges the next packet in order. `follows`: it is the one after the last in sequence, too;
    /// `restarted`: the sequence has just jumped as well.
    pub fn judge(
        &mut self,
        timestamp: u32,
        frames: u32,
        arrival: HostTime,
        follows: bool,
        restarted: bool,
    ) -> Verdict {
        let Some(begun) = self.begun else {
            return self.begin(timestamp, frames, arrival);
        };
        let position = self.position(&begun, timestamp, arrival);
        let late = (arrival - HostTime::ZERO - self.span(position)) - self.transit(&begun, arrival);
        let late_since = (late > JUMP).then(|| begun.late_since.unwrap_or(arrival));
        let stands_still = late_since.is_some_and(|since| arrival - since >= STANDSTILL);
        // In sequence the frames are counted; after a gap only the time of arrival can tell.
        let off = if follows { self.span(position - begun.end) } else { late };
        if stands_still || (off.abs() > JUMP && (restarted || self.confirmed(timestamp))) {
            return self.begin(timestamp, frames, arrival);
        }
        if off.abs() > JUMP {
            self.confirms = Some(timestamp.wrapping_add(frames));
            return Verdict::Jump;
        }
        if position <= begun.last {
            return Verdict::Backwards;
        }
        self.confirms = None;
        let transit = self.transit(&begun, arrival) + late.min(Span::ZERO);
        let end = position + i64::from(frames);
        self.begun =
            Some(Begun { last: position, end, transit, seen: arrival, late_since, ..begun });
        match position == begun.end {
            true => Verdict::Follows(position),
            false => Verdict::AfterGap(position),
        }
    }

    /// When the frame after the last packet should arrive, if nothing delays it.
    pub fn expected_arrival(&self) -> HostTime {
        self.begun
            .map_or(HostTime::ZERO, |begun| HostTime::ZERO + begun.transit + self.span(begun.end))
    }

    fn begin(&mut self, origin: u32, frames: u32, arrival: HostTime) -> Verdict {
        self.confirms = None;
        self.begun = Some(Begun {
            origin,
            last: 0,
            end: i64::from(frames),
            transit: arrival - HostTime::ZERO,
            seen: arrival,
            late_since: None,
        });
        Verdict::NewTimeline
    }

    /// The position with these 32 bits that is nearest to what the time of arrival lets expect.
    fn position(&self, begun: &Begun, timestamp: u32, arrival: HostTime) -> i64 {
        let expected = (arrival - HostTime::ZERO - begun.transit).frames(self.rate_hz);
        let ahead = timestamp.wrapping_sub(begun.origin).wrapping_sub(expected as u32) as i32;
        expected.saturating_add(i64::from(ahead))
    }

    fn confirmed(&self, timestamp: u32) -> bool {
        let ahead = |expected| timestamp.wrapping_sub(expected) as i32;
        self.confirms.is_some_and(|expected| self.span(i64::from(ahead(expected))).abs() <= JUMP)
    }

    /// The shortest transit, as far as it is not forgotten by `arrival`.
    fn transit(&self, begun: &Begun, arrival: HostTime) -> Span {
        let since = (arrival - begun.seen).nanos().max(0);
        let grown = Span::from_nanos((since / 1_000).saturating_mul(FORGET_PPM) / 1_000);
        begun.transit + grown.min(FORGET_AT_MOST)
    }

    fn span(&self, frames: i64) -> Span {
        Span::of_frames(frames, self.rate_hz)
    }
}
