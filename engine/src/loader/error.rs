//! Why a library was not loaded, and at which step.

use std::fmt;

use driftless_plugin_api::abi::layout::Difference;
use driftless_plugin_api::abi::module::C_ENTRY_SYMBOL;

use super::probe::ProbeError;
use crate::catalog::PrecheckError;

/// What is done before a library is used, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// It is a regular file that can be read.
    File,
    /// Nobody else can change it.
    Trust,
    /// It is a whole library for this machine, with an entry.
    Headers,
    /// It says what is in it, without mistakes.
    Descriptor,
    /// Its content is the one that is pinned, if one is.
    Content,
    /// A process of its own can open it, if such a process is wanted.
    Probe,
    /// The system opens it; its own initialisers run.
    Open,
    /// Its entry is of a version that this host knows.
    Entry,
    /// Its types are laid out as the host's.
    Layouts,
    /// Its own start succeeds.
    Start,
    /// Its code makes the filters that its descriptor declares.
    Filters,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::File,
        Self::Trust,
        Self::Headers,
        Self::Descriptor,
        Self::Content,
        Self::Probe,
        Self::Open,
        Self::Entry,
        Self::Layouts,
        Self::Start,
        Self::Filters,
    ];

    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Trust => "trust",
            Self::Headers => "headers",
            Self::Descriptor => "descriptor",
            Self::Content => "content",
            Self::Probe => "probe",
            Self::Open => "open",
            Self::Entry => "entry",
            Self::Layouts => "layouts",
            Self::Start => "start",
            Self::Filters => "filters",
        }
    }

    /// The step of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// What is known when it was passed.
    pub const fn passed(self) -> &'static str {
        match self {
            Self::File => "a regular file that can be read",
            Self::Trust => "nobody else can change it",
            Self::Headers => "a whole library for this machine, with an entry",
            Self::Descriptor => "its descriptor has no mistakes",
            Self::Content => "its content is the one that is pinned, if one is",
            Self::Probe => "a process of its own survived it",
            Self::Open => "the system opened it, and its initialisers ran",
            Self::Entry => "its entry is of a version that this host knows",
            Self::Layouts => "its types are laid out as the host's",
            Self::Start => "it started",
            Self::Filters => "it makes the filters that it declares",
        }
    }

    /// What the library was doing then: "while its …".
    pub(super) const fn doing(self) -> &'static str {
        match self {
            Self::Open => "its initialisers ran",
            Self::Layouts => "its types were read",
            Self::Start => "it started",
            Self::Filters => "it was asked for its filters",
            _ => "it was read",
        }
    }
}

/// Why a library was not loaded. Nothing of it stays in the process, except that one which was opened
/// stays mapped: unloading code that may have started threads is never safe.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The file is not a plugin library, or not to be trusted; it was not opened.
    Refused(PrecheckError),
    /// It was opened in a process of its own first, and that did not go well.
    Probe(ProbeError),
    /// The dynamic loader refused it; its own words.
    Open(String),
    /// The entry symbol that the file shows is not what the opened library has.
    NoEntrySymbol,
    /// Made with another abi_stable.
    AbiStableVersion(String),
    /// Its compiler passes arguments otherwise.
    CAbi(String),
    /// What a plugin in C exports is not what the header says; says what.
    CLibrary(String),
    /// Written for another major version of plugin-api.
    ApiMajor {
        /// What this engine has.
        host: u32,
        /// What the library wants.
        plugin: u32,
    },
    /// It hides its layouts, so nothing can be checked.
    NoLayout,
    /// Types differ.
    Layout(Box<LayoutError>),
    /// Its own start failed.
    Init(String),
    /// Descriptor and code disagree; says in what.
    DescriptorMismatch(String),
    /// The library does not make a filter that its descriptor declares.
    UnknownFilter(String),
}

/// In what the types of plugin and host differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutError {
    /// The host's version of plugin-api.
    pub host: String,
    /// The plugin's.
    pub plugin: String,
    /// Type by type; the plugin's is on the older side when its version is older than the host's.
    pub differences: Vec<Difference>,
    /// Whether it is.
    pub plugin_is_older: bool,
    /// What abi_stable says, where our own comparison sees no difference.
    pub otherwise: Vec<String>,
}

impl LoadError {
    /// The step that failed.
    pub fn step(&self) -> Step {
        match self {
            Self::Refused(error) => match error {
                PrecheckError::NotFound
                | PrecheckError::Unreadable(_)
                | PrecheckError::NotRegularFile { .. } => Step::File,
                PrecheckError::Untrusted { .. } => Step::Trust,
                PrecheckError::NoDescriptor { .. }
                | PrecheckError::BadDescriptor { .. }
                | PrecheckError::DuplicateFilterId { .. } => Step::Descriptor,
                PrecheckError::OtherContent { .. } => Step::Content,
                PrecheckError::Tried { .. } => Step::Probe,
                _ => Step::Headers,
            },
            Self::Probe(error) => error.step(),
            Self::Open(_) => Step::Open,
            Self::NoEntrySymbol
            | Self::AbiStableVersion(_)
            | Self::CAbi(_)
            | Self::CLibrary(_)
            | Self::ApiMajor { .. } => Step::Entry,
            Self::NoLayout | Self::Layout(_) => Step::Layouts,
            Self::Init(_) => Step::Start,
            Self::DescriptorMismatch(_) | Self::UnknownFilter(_) => Step::Filters,
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Probe(error) => error.fmt(f),
            Self::Open(why) => write!(f, "the system could not open it: {why}"),
            Self::NoEntrySymbol => {
                f.write_str("the opened library has not the entry that its file shows")
            }
            Self::AbiStableVersion(found) => write!(
                f,
                "it was made with an abi_stable that differs from the host's ({found}); rebuild it \
                 against the plugin-api of this host"
            ),
            Self::CAbi(why) => write!(f, "its compiler passes arguments otherwise: {why}"),
            Self::CLibrary(what) => write!(
                f,
                "`{C_ENTRY_SYMBOL}` is not what driftless.h makes: {what}; rebuild the plugin with the \
                 header of this host"
            ),
            Self::ApiMajor { host, plugin } => write!(
                f,
                "it was written for plugin-api {plugin}, this host has {host}; rebuild the plugin, or \
                 use a host with plugin-api {plugin}"
            ),
            Self::NoLayout => write!(
                f,
                "it carries no type layouts to check; build it with `export_plugin!` unchanged"
            ),
            Self::Layout(error) => error.fmt(f),
            Self::Init(why) => write!(f, "it failed to start: {why}"),
            Self::DescriptorMismatch(what) => {
                write!(f, "its descriptor and its code disagree: {what}")
            }
            Self::UnknownFilter(id) => {
                write!(f, "its descriptor declares `{id}`, but its code does not make it")
            }
        }
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, plugin, differences, .. } = self;
        write!(f, "its types differ from the host's: ")?;
        for (index, Difference { place, older, newer }) in differences.iter().take(4).enumerate() {
            let (its, ours) = if self.plugin_is_older { (older, newer) } else { (newer, older) };
            let and = if index == 0 { "" } else { "; " };
            write!(f, "{and}{place}: the plugin has {its}, this host wants {ours}")?;
        }
        if differences.is_empty() {
            write!(f, "{}", self.otherwise.join("; "))?;
        }
        if differences.len() > 4 {
            write!(f, "; and {} more", differences.len() - 4)?;
        }
        write!(
            f,
            ". The plugin was built with plugin-api {plugin}, this host with {host}: rebuild the plugin \
             with an unchanged plugin-api of a version from {}.0 on",
            host.split('.').next().unwrap_or(host)
        )
    }
}

impl std::error::Error for LoadError {}
