//! Samples: their order, what marks them, and when they are presented.

use std::collections::BTreeSet;

use driftless_plugin_api::State;

use super::{Label, Rules, check};

impl Rules {
    /// How many ways lead from one filter to another.
    fn ways(&self, from: &str, to: &str) -> usize {
        let above = self.feeds.iter().filter(|(_, it)| it == to);
        above.map(|(above, _)| if above == from { 1 } else { self.ways(from, above) }).sum()
    }

    pub(super) fn receives(
        &mut self,
        name: &str,
        pin: u32,
        label: Label,
        discontinuity: bool,
    ) -> Result<(), String> {
        let kind = if self.filters.contains_key(&format!("live{}", label.source)) {
            "live"
        } else {
            "file"
        };
        // What comes by two ways comes twice.
        let fork = (label.source, name.to_owned());
        if self.ways(&format!("{kind}{}", label.source), name) > 1 {
            self.forked.insert(fork.clone());
        }
        let is_forked = self.forked.contains(&fork);
        let is_alone = !is_forked && self.is_alone(&format!("{kind}{}", label.source), name);
        let pin = self.pin(name, pin)?;
        check(pin.announced, "a sample before its segment (LS-116)")?;
        check(!pin.ended, "a sample behind the end of its stream (LS-113)")?;
        check(!pin.flushing, "a sample within a flush (LS-115)")?;
        let stream = (label.source, label.life);
        let is_new = pin.flushed.get(&stream).is_none_or(|flushed| *flushed < label.number);
        check(is_new, "a sample that was flushed (LS-115)")?;
        let newest = pin.newest.insert(stream, label.number);
        let runs_on = newest.is_none_or(|newest| newest < label.number);
        check(runs_on || is_forked, "a sample that runs back (LS-12)")?;
        let begins = !std::mem::replace(&mut pin.follows, true);
        check(!begins || discontinuity, "the first sample of a stream is not marked (LS-109)")?;
        let follows = newest.is_none_or(|newest| newest + 1 == label.number);
        // Where streams met until now, some of them may still be on their way.
        let is_alone = is_alone && pin.newest.len() == 1;
        check(follows || discontinuity || !is_alone, "what is lost is not marked (LS-109)")
    }

    pub(super) fn presents(&mut self, name: &str, label: Label, at: i64) -> Result<(), String> {
        check(self.filter(name).state == State::Running, "presented while not running")?;
        let Some(since) = self.running_since else {
            return Err("presented while the graph does not run".to_owned());
        };
        let source = format!("live{}", label.source);
        if !self.feeds.iter().any(|(from, _)| *from == source) {
            return Ok(());
        }
        check(label.captured >= since, "a stale sample after a pause (LS-11)")?;
        let (latency, in_force_since) = self.latency;
        // Where streams meet, one that is due later may stand before one that is due earlier.
        let is_in_order = self.is_alone(&source, name) && self.nobody_waits();
        if label.captured < in_force_since || !is_in_order {
            return Ok(());
        }
        let due = label.captured + latency;
        let arrived = self.filter(name).arrived.get(&(label.source, label.number)).copied();
        let is_late = self.classic && at > due && arrived == Some(at);
        check(at == due || is_late, &format!("presented {} ns after it is due (LS-50)", at - due))
    }

    /// Whether nothing but `source` feeds `name`, and by one way.
    fn is_alone(&self, source: &str, name: &str) -> bool {
        let is_source = |it: &&str| !self.feeds.iter().any(|(_, to)| to == it);
        let sources: BTreeSet<&str> =
            self.feeds.iter().map(|(from, _)| from.as_str()).filter(is_source).collect();
        let ways: usize = sources.iter().map(|it| self.ways(it, name)).sum();
        ways == 1 && self.ways(source, name) == 1
    }

    /// Whether no source of the graph can wait, so that nobody is held up by another one's renderer.
    fn nobody_waits(&self) -> bool {
        !self.feeds.iter().any(|(from, _)| from.starts_with("file"))
    }
}
