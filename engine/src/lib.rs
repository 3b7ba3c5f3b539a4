//! Live-media filter graphs: manifest, catalog, plan, and the graph that runs.

pub mod catalog;
pub mod clock;
pub mod diagnostic;
pub mod event;
pub mod executor;
pub mod graph;
pub mod loader;
pub mod manifest;
pub mod plan;
pub mod report;
pub mod segment;

pub use catalog::Catalog;
pub use diagnostic::{Diagnostic, Diagnostics};
pub use graph::{Graph, RunError, RunOptions, RunningGraph, Simulation};
pub use manifest::Manifest;
pub use plan::Plan;
pub use report::Report;
