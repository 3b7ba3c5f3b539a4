//! Several streams, each on a clock of its own, as one on the graph's clock.
//!
//! | filter                | output                                              |
//! |-----------------------|-----------------------------------------------------|
//! | `driftless.mixer`     | the sum of all inputs, each with a gain             |
//! | `driftless.aggregate` | the channels of all inputs, side by side            |
//!
//! | module     | what is in it                                                        |
//! |------------|----------------------------------------------------------------------|
//! | `options`  | the settings                                                         |
//! | `join`     | the filter: what is connected, states, samples in                    |
//! | `active`   | from activation to deactivation: blocks out by the clock             |
//! | `schedule` | which block is next, what it is stamped and when it is made          |
//! | `input`    | one input: its link, what it follows, whether it is late             |
//! | `lateness` | what being late costs an input that is left out                      |
//! | `kind`     | the one difference between the two filters: where an input's frames go |
//!
//! The block stamped `t` is made at stream time `t` + latency, by a timer: what has arrived by then is
//! in it, and nobody waits for what has not (unless its policy says so, and then for a set time). Every
//! input has a queue before it, so that no source ever runs into another's trouble.

mod active;
mod input;
mod join;
mod kind;
mod lateness;
mod options;
mod schedule;

pub use join::Join;
pub use kind::{Aggregate, Mixer};

driftless_plugin_api::export_plugin! {
    transform(Join<Mixer>),
    transform(Join<Aggregate>),
}
