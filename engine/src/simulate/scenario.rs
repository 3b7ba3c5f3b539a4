//! `scenario.toml`: what happens to a graph, and what is expected of it all the same.

use std::fs;
use std::ops::Range;
use std::path::Path;

use driftless_plugin_api::Span;
use driftless_plugin_api::descriptor::Disturbance;
use driftless_plugin_api::document::one_of;

use super::episodes::When;
use super::expect::Expectation;
use super::rate::RateChange;
use super::read;
use crate::diagnostic::{Diagnostics, Texts};
use crate::manifest::Placed;
use crate::plan::Plan;

/// A scenario that is well formed in itself. `[main]`
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    /// What happens to filters, in the order of the file.
    pub disturbances: Vec<Planned>,
    /// When the machine itself stands still.
    pub machine_stalls: Vec<When>,
    /// What is expected, in the order of the file.
    pub expectations: Vec<Placed<Expectation>>,
    pub(super) texts: Texts,
}

/// What happens to one filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The filter's name in the graph.
    pub filter: Placed<String>,
    /// What it is.
    pub what: What,
    /// Where it stands.
    pub span: Range<usize>,
}

/// What can happen to a filter, with all its numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Its clock runs at another rate.
    Rate(RateChange),
    /// Its clock's readings and stamps jump by so much, at the start of each episode.
    ClockStep {
        /// Forwards, or backwards.
        by: Span,
        /// When.
        when: When,
    },
    /// What it does is late.
    Jitter {
        /// How that is spread.
        shape: JitterShape,
        /// Width, deviation, mean or window.
        by: Span,
        /// When.
        when: When,
    },
    /// A share gets lost.
    Loss {
        /// 0 to 1.
        share: f64,
        /// When.
        when: When,
    },
    /// A share comes twice.
    Duplicate {
        /// 0 to 1.
        share: f64,
        /// How much later the second comes.
        by: Span,
        /// When.
        when: When,
    },
    /// A share is so late that others overtake it.
    Reorder {
        /// 0 to 1.
        share: f64,
        /// How late.
        by: Span,
        /// When.
        when: When,
    },
    /// Nothing comes, and then everything at once.
    Stall(When),
    /// It is gone; what would come is lost.
    Absence(When),
    /// Its way is longer, or shorter.
    Latency {
        /// By so much.
        by: Span,
        /// When.
        when: When,
    },
}

/// How lateness is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JitterShape {
    /// Evenly, from nothing to below the width.
    Uniform,
    /// As the size of a Gaussian number with that deviation.
    Gaussian,
    /// Exponentially, around that mean.
    Exponential,
    /// Everything waits for the end of a window of that length.
    Bursts,
}

impl What {
    /// Which kind it is, for the descriptor of the filter.
    pub fn kind(&self) -> Disturbance {
        match self {
            Self::Rate(_) => Disturbance::Rate,
            Self::ClockStep { .. } => Disturbance::ClockStep,
            Self::Jitter { .. } => Disturbance::Jitter,
            Self::Loss { .. } => Disturbance::Loss,
            Self::Duplicate { .. } => Disturbance::Duplicate,
            Self::Reorder { .. } => Disturbance::Reorder,
            Self::Stall(_) => Disturbance::Stall,
            Self::Absence(_) => Disturbance::Absence,
            Self::Latency { .. } => Disturbance::Latency,
        }
    }

    /// When it happens.
    pub fn when(&self) -> &When {
        match self {
            Self::Rate(RateChange { when, .. })
            | Self::ClockStep { when, .. }
            | Self::Jitter { when, .. }
            | Self::Loss { when, .. }
            | Self::Duplicate { when, .. }
            | Self::Reorder { when, .. }
            | Self::Stall(when)
            | Self::Absence(when)
            | Self::Latency { when, .. } => when,
        }
    }
}

impl Scenario {
    /// Reads and parses the file at `path`.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse); a file that cannot be read is one error.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Diagnostics> {
        let path = path.as_ref();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) => {
                let message = format!("the scenario cannot be read: {error}");
                Err(Diagnostics::unreadable(&path.display().to_string(), message))
            }
        }
    }

    /// Parses `text`, which is called `path` in messages. `[any]`
    ///
    /// # Errors
    ///
    /// Every mistake that can be seen without knowing the graph.
    pub fn parse(path: impl AsRef<Path>, text: &str) -> Result<Self, Diagnostics> {
        read::scenario(path.as_ref(), text)
    }

    /// Checks that the graph has what the scenario speaks of, and that its filters can do it. `[any]`
    ///
    /// # Errors
    ///
    /// Every name that the graph does not have, and what a filter cannot do, with what it can.
    pub fn check(&self, plan: &Plan) -> Result<(), Diagnostics> {
        let mut diagnostics = Diagnostics::new(self.texts.clone());
        for planned in &self.disturbances {
            check_disturbance(planned, plan, &mut diagnostics);
        }
        for expectation in &self.expectations {
            expectation.value.check(plan, &mut diagnostics);
        }
        diagnostics.into_result()
    }
}

fn check_disturbance(planned: &Planned, plan: &Plan, diagnostics: &mut Diagnostics) {
    let Planned { filter, what, .. } = planned;
    let Some(index) = plan.filter(&filter.value) else {
        let known = plan.filters.iter().map(|filter| filter.name.as_str());
        let message = format!("the graph has no filter `{}`", filter.value);
        return diagnostics.unknown(filter.span.clone(), message, &filter.value, known);
    };
    let descriptor = &plan.filters[index].descriptor;
    let can = &descriptor.simulation.can;
    if !can.contains(&what.kind()) {
        let message = format!(
            "`{}` ({}) cannot be made to do this: {}",
            filter.value,
            descriptor.id,
            what.kind()
        );
        let error = diagnostics.error(filter.span.clone(), message);
        error.expected = Some(one_of(can.iter().map(|disturbance| disturbance.name())));
    }
}
