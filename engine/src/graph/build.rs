//! A graph is loaded by changing one that has no filters yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;

use driftless_plugin_api::Span;
use driftless_plugin_api::host::State;

use super::wishes::Asked;
use super::{Graph, LONGEST_LEAD, RunError, RunOptions};
use crate::clock::Forwards;
use crate::executor::{Executor, RealTime, VirtualTime};
use crate::loader::host::{GraphHost, HostClock};
use crate::plan::{Facts, Plan};

/// In which time a graph is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Real,
    Virtual,
}

impl Graph {
    /// Loads the filters of `plan` and connects them; the graph is stopped. `[main]`
    ///
    /// # Errors
    ///
    /// The first library, filter or connection that fails; nothing runs.
    pub(super) fn load(plan: Plan, options: RunOptions, time: Time) -> Result<Self, RunError> {
        let mut graph = Self::without_filters(plan.without_filters(), options, time);
        graph.change(plan)?;
        // What was there before the graph is no news.
        graph.attend();
        graph.events.clear();
        Ok(graph)
    }

    fn without_filters(plan: Plan, mut options: RunOptions, time: Time) -> Self {
        // In virtual time the thread is the caller's own, and time waits for it.
        options.real_time_priority &= time == Time::Real;
        options.lead = options.lead.clamp(Span::ZERO, LONGEST_LEAD);
        let clock = match time {
            Time::Real => HostClock::Real(Instant::now()),
            Time::Virtual => HostClock::Virtual(AtomicI64::new(1_000_000_000)),
        };
        let host = Arc::new(GraphHost::new(clock, options.seed));
        let executor = match time {
            Time::Real => {
                let urgent = options.real_time_priority;
                Executor::Real(RealTime::new(&host, options.patience, urgent))
            }
            Time::Virtual => Executor::Virtual(VirtualTime::new(&host)),
        };
        Self {
            facts: Facts::default(),
            settled: plan.settled.clone(),
            hosts: Vec::new(),
            seats: Vec::new(),
            wishes: plan.wishes.clone(),
            asked: Asked::default(),
            queues: Vec::new(),
            media: Vec::new(),
            places: Vec::new(),
            dead: BTreeSet::new(),
            lost: BTreeSet::new(),
            offsets: BTreeMap::new(),
            shrink_at: None,
            state: State::Stopped,
            run_pending: false,
            inbox: host.events.subscribe(),
            events: Vec::new(),
            told_complete: false,
            started: None,
            ran: Span::ZERO,
            shown: Forwards::default(),
            told_priority: false,
            plan,
            options,
            host,
            executor,
        }
    }
}
