//! The table of all checks.

mod data;
mod descriptor;
mod fuzz;
mod latency;
mod leftovers;
mod markers;
mod media;
mod offsets;
mod repeat;
mod settings;
mod stamps;
mod states;
mod streaming;

use std::fmt;

use crate::subject::Subject;
use crate::trouble::Outcome;

/// One promise, and the test of it.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its name, for people and command lines.
    pub name: &'static str,
    /// What a filter that passes has shown.
    pub proves: &'static str,
    run: fn(&Subject) -> Outcome,
}

impl Check {
    /// Makes the check. It may crash or hang where the filter does.
    ///
    /// # Errors
    ///
    /// What is wrong with the filter, or why the check was not made.
    pub fn run(&self, subject: &Subject) -> Outcome {
        (self.run)(subject)
    }

    /// The check of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CHECKS.iter().find(|check| check.name == name)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

const fn check(name: &'static str, proves: &'static str, run: fn(&Subject) -> Outcome) -> Check {
    Check { name, proves, run }
}

/// The check that comes first: without it the others say nothing.
pub const PLAYS: &str = "plays";

const STREAMING_CALLS: &str = "streaming-calls";

/// The check that is made on hardware, in real time; where something stands in for that, the others are without.
pub const ON_HARDWARE: &str = "device-calls";

/// The checks that need the guard preloaded.
pub const GUARDED: [&str; 2] = [STREAMING_CALLS, ON_HARDWARE];

/// All checks, in the order in which they are told.
pub const CHECKS: &[Check] = &[
    check(
        PLAYS,
        "it is made, connected, run for a second, paused, stopped and dropped",
        states::plays,
    ),
    check("descriptor", "descriptor and code say the same", descriptor::agrees),
    check(
        "settings-limits",
        "every setting works, or is refused with a sentence, at its limits",
        settings::at_limits,
    ),
    check(
        "settings-beyond",
        "values beyond their limits are refused or survived",
        settings::beyond_limits,
    ),
    check(
        "states-legal",
        "it plays after every legal order of states, and may be dropped in each",
        states::legal,
    ),
    check("states-illegal", "calls in an illegal order are refused or survived", states::illegal),
    check("media-proposed", "it accepts every media type that it proposes", media::proposed),
    check(
        "media-refused",
        "it refuses what it does not propose, and then is as it was",
        media::refused,
    ),
    check(
        "media-changes",
        "a new media type in the stream is passed on, or refused (LS-110)",
        media::changes,
    ),
    check("stamps-rise", "time stamps rise strictly, across pauses too (LS-12)", stamps::rise),
    check(
        "pause-silent",
        "a live source delivers nothing while paused, and says so (LS-7)",
        stamps::silent_in_pause,
    ),
    check(
        "pause-fresh",
        "nothing that was captured during a pause comes after it (LS-11)",
        stamps::fresh_after_pause,
    ),
    check(
        "latency",
        "the latency is what was declared, by impulse and stamps (LS-16, LS-M1)",
        latency::as_declared,
    ),
    check(
        "offset-added",
        "the stream offset is added to every stamp (LS-31, LS-35)",
        offsets::added,
    ),
    check(
        "offset-limits",
        "an offset beyond the preferred one answers False and is in force; below zero none (LS-30)",
        offsets::limits,
    ),
    check(
        "offset-changes",
        "a changed offset is marked, and no stamp runs back (LS-32)",
        offsets::changes,
    ),
    check(
        "offset-room",
        "the preferred offset covers the latency, and is not set below the one in force (LS-33, LS-34)",
        offsets::room,
    ),
    check("block-sizes", "samples of 0 to 8192 frames lose nothing", data::block_sizes),
    check(
        "hostile-values",
        "NaN, infinities, denormals and huge values do not last",
        data::hostile_values,
    ),
    check(
        "discontinuities",
        "gaps, overlaps and missing stamps are survived, and the mark is passed on (LS-109)",
        data::discontinuities,
    ),
    check(
        "markers",
        "end of stream, flush and segment do what they mean, once (LS-113, LS-115, LS-116)",
        markers::handled,
    ),
    check(
        STREAMING_CALLS,
        "a running filter asks for no memory, lock or system call (LS-M22)",
        streaming::asks_for_nothing,
    ),
    check(
        ON_HARDWARE,
        "its device's callback asks for no memory, lock or system call (LS-M22)",
        streaming::device_asks_for_nothing,
    ),
    check(
        "same-output",
        "the same input gives the same output, in virtual time",
        repeat::same_output,
    ),
    check("memory-returned", "memory does not grow with every use", leftovers::memory),
    check("nothing-left", "no thread and no open file outlives it", leftovers::threads_and_files),
    check("fuzz", "random calls do not make it panic, crash or hang", fuzz::random_calls),
];
