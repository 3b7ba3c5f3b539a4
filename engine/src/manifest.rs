//! `graph.toml`: the text that describes a graph, with the place of everything in it.

mod connection;
mod read;
pub mod schema;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use driftless_plugin_api::descriptor::Given;
use driftless_plugin_api::time::Span;

use crate::catalog::Content;
use crate::diagnostic::{Diagnostics, Texts};

/// A graph manifest that is well formed in itself. Whether plugins know its filters and settings is
/// for [`Plan::new`](crate::plan::Plan::new) to say. `[main]`
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The graph's name: the file's name without its ending.
    pub name: String,
    /// What is wanted of the graph as a whole.
    pub graph: GraphEntry,
    /// The filters, in the order of the file.
    pub filters: Vec<FilterEntry>,
    /// The connections, chains taken apart, in the order of the file.
    pub connections: Vec<ConnectionEntry>,
    texts: Texts,
}

/// A value with the place where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub span: Range<usize>,
}

/// `[graph]`
#[derive(Debug, Clone, PartialEq)]
pub struct GraphEntry {
    /// Which clock.
    pub clock: Placed<ClockRequest>,
    /// How a clock is chosen when none is named.
    pub clock_policy: ClockPolicy,
    /// Whether live sources get stream offsets (LS-41).
    pub sync: bool,
    /// Whose latencies count.
    pub timing: TimingMode,
    /// The graph's latency, where it is not to be the least possible (LS-M5).
    pub latency: Option<Span>,
    /// Upper bound of the target latency (LS-45).
    pub max_latency: Option<Span>,
    /// Whether what would be a note is an error.
    pub strict: bool,
    /// Folders of plugins, to be searched before the host's.
    pub plugins: Vec<PathBuf>,
}

/// Which clock a manifest wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClockRequest {
    /// The graph chooses (LS-56).
    #[default]
    Auto,
    /// The system's monotonic clock.
    System,
    /// None: everything is rendered on arrival (LS-60, LS-64).
    None,
    /// That of the filter of this name.
    Filter(String),
}

/// How a clock is chosen when the manifest names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockPolicy {
    /// A live source's, else a renderer's, else the system's (LS-M7).
    #[default]
    Preferred,
    /// As [`Preferred`](Self::Preferred), but with live sources none of which has a clock the
    /// system's, although a renderer offers one: the literal rule (LS-57).
    Classic,
}

/// Whose latencies count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimingMode {
    /// All along every path: sources, transforms and renderers, which all present with one delay (LS-M1
    /// to LS-M6).
    #[default]
    Native,
    /// Those of the push sources, as in the original; each renderer is as late as it is (section 4).
    Classic,
}

/// `[filter.NAME]`
#[derive(Debug, Clone, PartialEq)]
pub struct FilterEntry {
    /// The filter's name in this graph.
    pub name: Placed<String>,
    /// The filter id.
    pub plugin: Placed<String>,
    /// Whether its clock may be chosen (LS-M7).
    pub provide_clock: bool,
    /// What the content of the filter's library has to be.
    pub pinned: Option<Placed<Content>>,
    /// The settings, as written; those from a command line come last and count.
    pub settings: Vec<Given>,
}

/// One `->`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionEntry {
    /// Who feeds.
    pub from: End,
    /// Who is fed.
    pub to: End,
}

/// One end of a connection: `camera` or `camera.video`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The filter's name.
    pub filter: Placed<String>,
    /// The pin's name, unless it was left out.
    pub pin: Option<Placed<String>>,
    /// Where both stand.
    pub span: Range<usize>,
}

impl Manifest {
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
                let message = format!("the manifest cannot be read: {error}");
                Err(Diagnostics::unreadable(&path.display().to_string(), message))
            }
        }
    }

    /// Parses `text`, which is called `path` in messages and for whose folder relative paths are
    /// meant; nothing is read from disk. `[any]`
    ///
    /// # Errors
    ///
    /// Every mistake that can be seen without knowing the plugins.
    pub fn parse(path: impl AsRef<Path>, text: &str) -> Result<Self, Diagnostics> {
        read::manifest(path.as_ref(), text)
    }

    /// Sets `value` for `setting`, which is written `filter.setting`, as if the manifest said so.
    /// The value is written without quotes: `set("gain.gain", "-6 dB")`.
    ///
    /// # Errors
    ///
    /// When there is no such filter or no setting is named. Whether the filter has that setting, and
    /// whether the value fits, is for [`Plan::new`](crate::plan::Plan::new) to say.
    pub fn set(&mut self, setting: &str, value: &str) -> Result<(), Diagnostics> {
        read::set(self, setting, value)
    }

    /// The filter called `name`.
    pub fn filter(&self, name: &str) -> Option<&FilterEntry> {
        self.filters.iter().find(|filter| filter.name.value == name)
    }

    /// File and line of a place: `studio.toml:6`.
    pub fn line(&self, place: &Range<usize>) -> String {
        self.texts.line(place)
    }

    /// An empty list of errors about places in this manifest.
    pub fn diagnostics(&self) -> Diagnostics {
        Diagnostics::new(self.texts.clone())
    }
}

#[cfg(test)]
mod tests;
