//! Live-media filter graphs: sources that cannot be slowed down play in step on renderers that run on
//! other clocks.
//!
//! Data flows one way, and each arrow is one call:
//!
//! ```text
//! graph.toml ──► Manifest ─┐
//!                          ├──► Plan ──► RunningGraph or Simulation ──► Report
//! libraries  ──► Catalog ──┘
//! ```
//!
//! ```no_run
//! use driftless_engine::{Catalog, Manifest, Plan, RunningGraph};
//!
//! let manifest = Manifest::read("studio.toml")?;
//! let catalog = Catalog::scan(&["plugins"]); // reads descriptors, runs nobody's code
//! let plan = Plan::new(&manifest, &catalog)?; // pure
//! let running = RunningGraph::start(plan)?; // loads, opens the devices, runs
//! std::thread::sleep(std::time::Duration::from_secs(30));
//! println!("{}", running.stop());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A graph that runs is turned into that of another plan by [`RunningGraph::change`]; `examples/change.rs`
//! does that, and gives orders to single filters.
//!
//! | module         | what is in it                                                         |
//! |----------------|-----------------------------------------------------------------------|
//! | [`manifest`]   | the graph as text, every mistake at its place                         |
//! | [`catalog`]    | what plugins there are, known without running them                    |
//! | [`plan`]       | order, clock, offsets, rate matching, queues: pure passes             |
//! | [`loader`]     | from a library file to filters; all unsafe code of the engine         |
//! | [`segment`]    | filters that share a thread, as a state machine                       |
//! | [`executor`]   | who calls segments: threads by the clock, or a loop by a number       |
//! | [`clock`]      | the reference clock, read by everybody without a lock                 |
//! | [`graph`]      | stopped, paused, running                                              |
//! | [`event`]      | what happens meanwhile, told to every subscriber                      |
//! | [`simulate`]   | a day in a minute: scenarios, expectations, stand-ins                 |
//! | [`trace`]      | the timing of a run, to run it again                                  |
//! | [`report`]     | how well it did: text, JSON, picture                                  |
//! | [`diagnostic`] | what is wrong with a text, where, and what would be right             |
//!
//! Three kinds of time are kept apart by type; see `driftless_plugin_api::time`.

pub mod catalog;
pub mod clock;
pub mod diagnostic;
pub mod event;
pub mod executor;
pub mod graph;
mod growing;
pub mod loader;
pub mod manifest;
pub mod plan;
pub mod report;
pub mod segment;
pub mod simulate;
pub mod trace;

pub use catalog::Catalog;
pub use diagnostic::{Diagnostic, Diagnostics};
pub use graph::{Graph, RunError, RunOptions, RunningGraph, Simulation};
pub use manifest::Manifest;
pub use plan::Plan;
pub use report::Report;
