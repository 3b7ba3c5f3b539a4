//! What happened when: the timing of a run in real time, so that it can be run again in virtual time.
//!
//! Written down is what the filters cannot repeat by themselves: at which times each segment was stepped
//! and how much it took from its queues, which samples found no room there, when a sound card asked for or handed over its periods, when packets
//! arrived and how they began, and what the clocks showed. Not the media: sources make them again.
//!
//! | module   | what is in it                                                     |
//! |----------|-------------------------------------------------------------------|
//! | `tracer` | off the segments' threads and the devices' callbacks into a file  |
//! | `format` | entries as bytes                                                  |

mod format;
mod tracer;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use driftless_plugin_api::host::{Called, Packet};
use driftless_plugin_api::{ClockReading, HostTime, Span};

pub use tracer::{Tracer, Written};

use crate::plan::Plan;

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry {
    /// The graph was told to run.
    Run {
        /// Host time.
        at: HostTime,
    },
    /// The graph was changed into another.
    Change {
        /// Host time.
        at: HostTime,
    },
    /// A segment was stepped.
    Step {
        /// Which one, in the order of the plan.
        segment: u32,
        /// The time that its filters were told.
        at: HostTime,
        /// How long after that it was over: longer than it took where it could be put off.
        lasted: Span,
        /// Samples and markers that it took out of its queues.
        took: u32,
        /// How often its source was stepped, as far as that could wait for room.
        turns: u32,
    },
    /// A queue had no room for all samples, and lost one.
    Dropped {
        /// Host time.
        at: HostTime,
        /// The connection in which the queue stands, by its index in the plan.
        connection: u32,
        /// Which sample, counted from 0 from the graph's start.
        sample: u64,
    },
    /// A device called.
    Call {
        /// The filter whose device it is, by its index in the plan.
        filter: u32,
        /// What it wanted.
        call: Called,
    },
    /// A filter took a packet from the network.
    Packet {
        /// The filter, by its index in the plan.
        filter: u32,
        /// When it arrived, and how it began.
        packet: Packet,
    },
    /// A filter's clock was read.
    Clock {
        /// The filter, by its index in the plan.
        filter: u32,
        /// What it showed.
        reading: ClockReading,
    },
    /// So many entries are missing here: they came faster than they could be written.
    Lost {
        /// How many.
        count: u64,
    },
}

impl Entry {
    /// When it happened.
    pub fn at(&self) -> HostTime {
        match self {
            Self::Run { at }
            | Self::Dropped { at, .. }
            | Self::Change { at }
            | Self::Step { at, .. } => *at,
            Self::Call { call, .. } => call.seen,
            Self::Packet { packet, .. } => packet.at,
            Self::Clock { reading, .. } => reading.host,
            Self::Lost { .. } => HostTime::ZERO,
        }
    }
}

/// The timing of a run. `[main]`
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The graph's filters, by name, in the order of the plan.
    pub filters: Vec<String>,
    /// What random choices started from.
    pub seed: u64,
    /// What happened, as it was written down: each thread's entries in their order.
    pub entries: Vec<Entry>,
}

/// Why a trace cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceError {
    /// The file cannot be read.
    Unreadable(String),
    /// The file is no trace, or of another version.
    NotATrace,
    /// The trace was taken of another graph, which has these filters.
    OtherGraph(Vec<String>),
    /// The graph never ran while the trace was taken.
    NeverRan,
    /// The graph was changed while the trace was taken, so it is one of several graphs.
    Changed {
        /// When, counted from when it ran.
        after: Span,
    },
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "the trace cannot be read: {why}"),
            Self::NotATrace => f.write_str("this is no trace; `driftless run --trace` writes one"),
            Self::OtherGraph(filters) => {
                write!(f, "the trace is of another graph, with the filters {}", filters.join(", "))
            }
            Self::NeverRan => f.write_str("the graph never ran while this trace was taken"),
            Self::Changed { after } => {
                write!(
                    f,
                    "the graph was changed {after} after it ran; only a run of one graph is replayed"
                )
            }
        }
    }
}

impl std::error::Error for TraceError {}

impl Trace {
    /// Reads the file at `path`. A file that ends in the middle of an entry, because its program was
    /// killed, is good up to there.
    ///
    /// # Errors
    ///
    /// That it cannot be read, or is no trace.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, TraceError> {
        let bytes = std::fs::read(path).map_err(|why| TraceError::Unreadable(why.to_string()))?;
        format::read(&bytes).ok_or(TraceError::NotATrace)
    }

    /// Checks that the trace is one of this graph, and returns when that ran.
    ///
    /// # Errors
    ///
    /// What does not fit.
    pub fn check(&self, plan: &Plan) -> Result<HostTime, TraceError> {
        if !self.filters.iter().eq(plan.filters.iter().map(|filter| &filter.name)) {
            return Err(TraceError::OtherGraph(self.filters.clone()));
        }
        let run = self.entries.iter().find(|entry| matches!(entry, Entry::Run { .. }));
        let run = run.map(Entry::at).ok_or(TraceError::NeverRan)?;
        match self.entries.iter().find(|entry| matches!(entry, Entry::Change { .. })) {
            Some(change) => Err(TraceError::Changed { after: change.at() - run }),
            None => Ok(run),
        }
    }

    /// How many entries are missing.
    pub fn lost(&self) -> u64 {
        let lost = |entry: &Entry| if let Entry::Lost { count } = entry { *count } else { 0 };
        self.entries.iter().map(lost).sum()
    }

    /// The samples that found no room: the queue's connection, by its index in the plan, and the sample's
    /// number.
    pub(crate) fn dropped(&self) -> BTreeSet<(usize, u64)> {
        let dropped = |entry: &Entry| match *entry {
            Entry::Dropped { connection, sample, .. } => Some((connection as usize, sample)),
            _ => None,
        };
        self.entries.iter().filter_map(dropped).collect()
    }

    /// The steps and calls since the graph ran, in an order in which they could have happened.
    pub(crate) fn moments(&self, plan: &Plan, run: HostTime) -> Vec<Moment> {
        let segment_of =
            |filter: usize| plan.segments.iter().position(|it| it.filters.contains(&filter));
        let mut steps: Vec<Vec<(HostTime, Span)>> = vec![Vec::new(); plan.segments.len()];
        let mut taken: Vec<Vec<(usize, Packet)>> = vec![Vec::new(); plan.segments.len()];
        let mut moments = Vec::new();
        for entry in &self.entries {
            match *entry {
                // A step is written down when it is over, behind the packets that it took.
                Entry::Step { segment, at, lasted, .. } => {
                    let Some(steps) = steps.get_mut(segment as usize) else { continue };
                    steps.push((at, lasted));
                    let packets = std::mem::take(&mut taken[segment as usize]);
                    moments.push(Moment { entry: *entry, packets });
                }
                Entry::Call { filter, .. } if segment_of(filter as usize).is_some() => {
                    moments.push(Moment { entry: *entry, packets: Vec::new() });
                }
                Entry::Packet { filter, packet } => {
                    if let Some(segment) = segment_of(filter as usize) {
                        taken[segment].push((filter as usize, packet));
                    }
                }
                _ => {}
            }
        }
        moments.retain(|moment| moment.entry.at() >= run);
        // What a step hands on has been handed on when it ends: a device that calls before that does not
        // see it yet, nor what the steps after it make.
        moments.sort_by_key(|Moment { entry, .. }| match entry {
            Entry::Call { filter, call } => {
                let steps = segment_of(*filter as usize).map_or(&[][..], |it| &steps[it]);
                let over = steps.partition_point(|(at, lasted)| *at + *lasted <= call.seen);
                match steps.get(over) {
                    Some((at, _)) if *at <= call.seen => (*at, 0),
                    _ => (call.seen, 0),
                }
            }
            _ => (entry.at(), 1),
        });
        moments
    }
}

/// One step or call that is repeated, with the packets that the step took.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    pub entry: Entry,
    pub packets: Vec<(usize, Packet)>,
}

impl Moment {
    /// Whether it may have made what the step `other` took although it began later.
    pub fn feeds(&self, other: &Self) -> bool {
        let (Entry::Step { segment, at, .. }, Entry::Step { segment: fed, at: began, lasted, .. }) =
            (&self.entry, &other.entry)
        else {
            return false;
        };
        segment != fed && *at <= *began + *lasted
    }

    /// The filters whose devices and networks it repeats.
    pub fn filters(&self) -> impl Iterator<Item = usize> + '_ {
        let called = match self.entry {
            Entry::Call { filter, .. } => Some(filter as usize),
            _ => None,
        };
        called.into_iter().chain(self.packets.iter().map(|(filter, _)| *filter))
    }
}

#[cfg(test)]
mod tests;
