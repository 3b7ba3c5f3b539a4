//! A day of a graph in a minute: the same filters in virtual time, what happens to them, and what is
//! expected all the same.
//!
//! ```text
//! graph.toml ──► Manifest ──► stage ──► Staged ─┐
//!                                               ├──► run ──► Outcome
//! scenario.toml ──► Scenario ───────────────────┘
//! ```
//!
//! | module         | what is in it                                                      |
//! |----------------|--------------------------------------------------------------------|
//! | `stand_in`     | what takes the place of hardware and networks                      |
//! | `scenario`     | what happens to which filter, as text                              |
//! | `read`         | TOML into a scenario, every mistake at its place                   |
//! | `episodes`     | when something happens                                             |
//! | `rate`         | the rate of a clock over time, and what it gains by it             |
//! | `conditions`   | all of it as numbers, from which the host answers its filters      |
//! | `expect`       | what is expected, as text                                          |
//! | `watch`        | looks from time to time, and judges                                |
//! | `outcome`      | how it went                                                        |
//! | `sweep`        | many seeds: which was worst in what                                |
//!
//! Simulated devices and sources ask their host what happens to them
//! ([`Host::fate`](driftless_plugin_api::Host::fate) and
//! [`Host::deviation`](driftless_plugin_api::Host::deviation)) and declare what they can do; only a machine that
//! stands still is the executor's matter. Everything else is the code that runs in real time.

mod conditions;
mod episodes;
mod expect;
mod outcome;
mod random;
mod rate;
mod read;
mod scenario;
mod stand_in;
mod sweep;
mod watch;

use driftless_plugin_api::{HostTime, Span};

pub use conditions::Conditions;
pub use episodes::{Starts, When};
pub use expect::Expectation;
pub use outcome::{Broken, Outcome};
pub use rate::{RateChange, RateShape};
pub use scenario::{JitterShape, Planned, Scenario, What};
pub use stand_in::{Replaced, Staged, stage};
pub use sweep::{Run, Sweep, Worst};

use crate::graph::{RunError, RunOptions, Simulation};
use crate::trace::Trace;
use watch::Watches;

/// From one look at the graph to the next, where nothing can be missed between them.
const LOOK: Span = Span::from_millis(100);
/// From one look to the next where every period of a device must be seen.
const CLOSE_LOOK: Span = Span::from_millis(10);

/// Runs a graph for `length` of virtual time, or until all of its streams have ended, under `scenario`.
/// Calls `progress` from time to time with the time that has passed; it says whether to go on. `[main]`
///
/// The same graph, scenario, seed and binaries give the same outcome to the last digit.
///
/// # Errors
///
/// See [`RunError`].
pub fn run(
    staged: Staged,
    scenario: &Scenario,
    length: Span,
    seed: u64,
    mut progress: impl FnMut(Span) -> bool,
) -> Result<Outcome, RunError> {
    let Staged { plan, replaced, recorded } = staged;
    // Filters that nothing happens to are not even told so.
    let calm = scenario.disturbances.is_empty() && scenario.machine_stalls.is_empty();
    let conditions = (!calm).then(|| Conditions::new(scenario, &plan, seed));
    let mut watches = Watches::new(scenario, &plan);
    let options = RunOptions { seed, ..RunOptions::default() };
    let mut simulation = Simulation::start_under(plan, options, conditions)?;
    let look = if watches.need_every_period() { CLOSE_LOOK } else { LOOK };
    let start = simulation.now();
    let passed = |simulation: &Simulation| simulation.now() - start;
    while passed(&simulation) < length && progress(passed(&simulation)) {
        let complete = simulation.advance_to_end(look.min(length - passed(&simulation)))?;
        let at = passed(&simulation);
        watches.look(&mut simulation, at);
        if complete {
            break;
        }
    }
    let (broken, expected) = watches.finish(passed(&simulation));
    Ok(Outcome { report: simulation.stop(), replaced, recorded, seed, expected, broken })
}

/// Repeats a run whose timing was written down: the same steps at the same times, the same calls of
/// devices, in virtual time. The trace must be [of this graph](Trace::check), which ran at `run`. `[main]`
///
/// # Errors
///
/// See [`RunError`].
pub fn replay(staged: Staged, trace: &Trace, run: HostTime) -> Result<Outcome, RunError> {
    let Staged { plan, replaced, recorded } = staged;
    let simulation = Simulation::replay(plan, trace, run)?;
    let report = simulation.stop();
    Ok(Outcome { report, replaced, recorded, seed: trace.seed, expected: 0, broken: Vec::new() })
}
