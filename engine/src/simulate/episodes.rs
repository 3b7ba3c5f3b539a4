//! When something happens: at given times, or at random.

use std::collections::VecDeque;

use driftless_plugin_api::Span;

use super::random::Random;

/// When something happens, counted from the moment at which the graph runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// When it begins, each time.
    pub starts: Starts,
    /// How long it lasts; `None` until the end of the run.
    pub length: Option<Span>,
}

/// When something begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Starts {
    /// At these times, in order.
    At(Vec<Span>),
    /// At random; the mean time from one to the next.
    Random(Span),
}

/// One time that it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Episode {
    pub start: Span,
    /// [`Span::MAX`]: never.
    pub end: Span,
}

/// How far back somebody may still ask.
const REMEMBERED: Span = Span::from_secs(120);

/// All times that something happens, made as they are asked for. Questions may go back a little.
#[derive(Debug, Clone)]
pub(super) struct Episodes {
    when: When,
    random: Random,
    /// Those made so far and not forgotten, in order.
    known: VecDeque<Episode>,
    forgotten: Vec<Episode>,
    made: usize,
    next: Option<Span>,
}

impl Episodes {
    pub fn new(when: &When, mut random: Random) -> Self {
        let next = match &when.starts {
            Starts::At(times) => times.first().copied(),
            Starts::Random(mean) => Some(random.exponential(*mean)),
        };
        let (known, forgotten) = (VecDeque::new(), Vec::new());
        Self { when: when.clone(), random, known, forgotten, made: 0, next }
    }

    /// Makes all that begin up to `until`, and forgets what ended long before.
    pub fn make(&mut self, until: Span) {
        while let Some(start) = self.next.filter(|start| *start <= until) {
            let end = self.when.length.map_or(Span::MAX, |length| start + length);
            self.known.push_back(Episode { start, end });
            self.made += 1;
            self.next = match &self.when.starts {
                Starts::At(times) => times.get(self.made).copied(),
                // The next one comes after the end of this one.
                Starts::Random(mean) => {
                    let from = if end == Span::MAX { start } else { end };
                    Some(from + self.random.exponential(*mean))
                }
            };
        }
        while self
            .known
            .front()
            .is_some_and(|oldest| oldest.end != Span::MAX && oldest.end + REMEMBERED < until)
        {
            self.forgotten.extend(self.known.pop_front());
        }
    }

    /// Those that began up to `at`, oldest first, but for what is forgotten.
    pub fn begun(&mut self, at: Span) -> impl Iterator<Item = Episode> + '_ {
        self.make(at);
        self.known.iter().copied().take_while(move |episode| episode.start <= at)
    }

    /// The one that is going on at `at`; of several the one that ends last.
    pub fn current(&mut self, at: Span) -> Option<Episode> {
        self.begun(at).filter(|episode| at < episode.end).max_by_key(|episode| episode.end)
    }

    /// Those that have been forgotten since this was asked last.
    pub fn take_forgotten(&mut self) -> Vec<Episode> {
        std::mem::take(&mut self.forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: i64) -> Span {
        Span::from_secs(s)
    }

    #[test]
    fn given_times_come_when_they_are_given_and_last_as_long_as_they_say() {
        let when =
            When { starts: Starts::At(vec![seconds(1), seconds(5)]), length: Some(seconds(2)) };
        let mut episodes = Episodes::new(&when, Random::new(1, 1));
        let going_on: Vec<bool> = (0..9).map(|s| episodes.current(seconds(s)).is_some()).collect();
        let expected = [false, true, true, false, false, true, true, false, false];
        assert_eq!(going_on, expected);
    }

    #[test]
    fn random_times_have_the_mean_they_promise_and_a_day_of_them_is_not_kept() {
        let when = When { starts: Starts::Random(seconds(9)), length: Some(seconds(1)) };
        let mut episodes = Episodes::new(&when, Random::new(1, 1));
        let mut forgotten = 0;
        for s in 0..86_400 {
            episodes.make(seconds(s));
            forgotten += episodes.take_forgotten().len();
            assert!(episodes.known.len() < 60);
        }
        let count = forgotten + episodes.known.len();
        assert!((8_300..9_000).contains(&count), "{count} a day instead of 8640");
    }
}
