//! Live-media filter graphs: manifest, catalog, plan, and the graph that runs.

pub mod catalog;
pub mod diagnostic;
pub mod manifest;
pub mod plan;

pub use catalog::Catalog;
pub use diagnostic::{Diagnostic, Diagnostics};
pub use manifest::Manifest;
pub use plan::Plan;
