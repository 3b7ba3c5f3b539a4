//! Why a graph cannot run.

use std::fmt;
use std::path::PathBuf;

use driftless_plugin_api::{FilterError, Status};

use crate::loader::error::LoadError;

/// Why a graph could not be loaded, activated or run. What was activated before is stopped again.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// A plugin library could not be loaded.
    Load {
        /// The filter that needs it.
        filter: String,
        /// The library.
        path: PathBuf,
        /// Why.
        error: Box<LoadError>,
    },
    /// A filter that is registered in the process is not there any more.
    NotRegistered {
        /// The filter.
        filter: String,
    },
    /// A filter could not be made from its settings.
    Create {
        /// The filter.
        filter: String,
        /// Why, in its own words.
        error: FilterError,
    },
    /// Two pins did not agree on a media type.
    Connect {
        /// The output pin.
        from: String,
        /// The input pin.
        to: String,
        /// What each side said.
        why: String,
    },
    /// Latencies that only the opened devices know cannot be had, and the manifest says `strict` (LS-M2).
    Latency {
        /// Why, with the place in the manifest where that is known.
        note: String,
    },
    /// A filter could not go from one state to another.
    State {
        /// The filter.
        filter: String,
        /// What it was to do.
        doing: &'static str,
        /// Why it could not, in its own words.
        error: FilterError,
    },
    /// A filter does not return from a call: it blocks or loops.
    Stuck {
        /// The filters that share its thread.
        filters: Vec<String>,
    },
    /// A filter refused an order.
    Order {
        /// The filter or pin, as it was named.
        name: String,
        /// What it was to do.
        doing: &'static str,
        /// Its answer.
        status: Status,
    },
    /// The system gives no thread to look after the graph.
    NoThread {
        /// Why.
        cause: std::io::Error,
    },
    /// A renderer waits for a first sample that does not come.
    NotCued {
        /// The renderers.
        filters: Vec<String>,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load { filter, path, error } => {
                write!(f, "filter `{filter}`: `{}` cannot be loaded: {error}", path.display())
            }
            Self::NotRegistered { filter } => {
                write!(f, "filter `{filter}`: its code is not registered in this process")
            }
            Self::Create { filter, error } => write!(f, "filter `{filter}`: {error}"),
            Self::Connect { from, to, why } => {
                write!(f, "`{from}` cannot be connected to `{to}`: {why}")
            }
            Self::Latency { note } => write!(f, "{note}; with `strict` that is an error"),
            Self::State { filter, doing, error } => {
                write!(f, "filter `{filter}` could not {doing}: {error}")
            }
            Self::Order { name, doing, status } => {
                write!(f, "`{name}` could not {doing}: {status}")
            }
            Self::Stuck { filters } => write!(
                f,
                "no answer from the thread of {}; one of them blocks or loops",
                quoted(filters)
            ),
            Self::NoThread { cause } => {
                write!(f, "the system gives no thread to look after the graph: {cause}")
            }
            Self::NotCued { filters } => {
                write!(f, "{} got no first sample, so the graph cannot start", quoted(filters))
            }
        }
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl std::error::Error for RunError {}
