//! When a segment is to be stepped, and how long that may wait.

use driftless_plugin_api::host::State;
use driftless_plugin_api::{HostTime, Span, Wake};

use super::{Head, RECORD_EVERY, Segment, is_due};

/// How late what nobody outside sees may be done.
const LONGEST: Span = Span::from_millis(100);

/// When a segment is to be stepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// From when on there is something to do: when virtual time does it.
    pub due: Wake,
    /// Until when nobody can tell that it was not done yet: so long real time may wait for other work,
    /// because one wake-up for both costs half.
    pub latest: Wake,
}

impl Wish {
    /// Nothing to do before a signal.
    pub const NONE: Self = Self { due: Wake::OnSignal, latest: Wake::OnSignal };

    /// At `at`, or up to `slack` later.
    pub fn within(at: HostTime, slack: Span) -> Self {
        Self { due: Wake::At(at), latest: Wake::At(at + slack) }
    }

    /// The earlier of both, each way.
    pub fn or(self, other: Self) -> Self {
        Self { due: self.due.or(other.due), latest: self.latest.or(other.latest) }
    }

    /// The same, but nothing before `now`.
    pub fn not_before(self, now: HostTime) -> Self {
        let not_before = |wake| match wake {
            Wake::At(at) => Wake::At(at.max(now)),
            wake => wake,
        };
        Self { due: not_before(self.due), latest: not_before(self.latest) }
    }

    /// Up to `slack` after it is due, whatever it said before.
    pub fn put_off(self, slack: Span) -> Self {
        match self.due {
            Wake::At(at) => Self::within(at, slack),
            wake => wake.into(),
        }
    }
}

impl From<Wake> for Wish {
    /// At that time, as exactly as can be.
    fn from(wake: Wake) -> Self {
        Self { due: wake, latest: wake }
    }
}

/// How late a segment's filters may be stepped, each with the time that was its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slack {
    /// Its first filter.
    head: Span,
    /// All others.
    others: Span,
}

impl Slack {
    /// Everything in time.
    pub const NONE: Self = Self { head: Span::ZERO, others: Span::ZERO };
    /// As late as anything may be.
    pub const MOST: Self = Self { head: LONGEST, others: LONGEST };

    /// The first filter so late at most, the others in time.
    pub fn of_source(head: Span) -> Self {
        Self { head: head.clamp(Span::ZERO, LONGEST), ..Self::NONE }
    }
}

impl Segment {
    /// Does what was due before `now`, each thing at its own time, where nobody outside can tell this
    /// from having been in time. After each step `done` is told the time that was its own.
    pub fn catch_up(&mut self, now: HostTime, mut done: impl FnMut(&Self, HostTime)) {
        let mut latest = None;
        while let Wake::At(at) = self.wish.due {
            let others = &self.wakes[1..];
            let is_seen =
                self.slack.others == Span::ZERO && others.iter().any(|wake| is_due(*wake, at));
            // Who wants the same time once more and again is left to the executor's patience.
            if self.slack == Slack::NONE || is_seen || at >= now || latest.replace(at) == Some(at) {
                return;
            }
            self.step(at);
            done(self, at);
        }
    }

    /// The earliest of all wishes. A source that has to wait for room is woken by whoever makes it; what
    /// stands in a queue goes on at once when a renderer has made room in this step.
    pub(super) fn next_wish(&self, now: HostTime, waited: bool) -> Wish {
        if waited && self.inputs.iter().any(|input| !input.queue.is_empty()) && self.has_room() {
            return Wake::At(now).into();
        }
        let head_waits = match self.head {
            Head::LiveSource => self.state != State::Running,
            Head::WaitingSource => waited || !self.has_room(),
            Head::Queues => false,
        };
        let head = match head_waits {
            true => Wish::NONE,
            false => Wish::from(self.wakes[0]).put_off(self.slack.head),
        };
        let others = self.wakes[1..].iter().copied().fold(Wake::Ended, Wake::or);
        let mut wish = head.or(Wish::from(others).put_off(self.slack.others));
        if !self.inputs.is_empty() {
            wish = wish.or(Wish::NONE);
        }
        let has_ended = wish.due == Wake::Ended;
        if self.state == State::Running && !self.renderers.is_empty() && !has_ended {
            wish = wish.or(Wish::within(self.next_record, RECORD_EVERY));
        }
        wish.not_before(now)
    }
}
