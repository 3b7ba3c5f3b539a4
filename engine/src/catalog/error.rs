//! Why a file is no plugin.

use std::fmt;
use std::io;
use std::path::PathBuf;

use driftless_plugin_api::abi::module::{C_ENTRY_SYMBOL, ENTRY_PREFIX};
use driftless_plugin_api::document::Mistake;

use super::Content;

/// Why a file is no plugin, found without opening it as a library.
#[derive(Debug)]
#[non_exhaustive]
pub enum PrecheckError {
    /// There is nothing at this path.
    NotFound,
    /// It is there, but cannot be read.
    Unreadable(io::Error),
    /// It is something else than a file: a folder, a pipe, a device. Opening a pipe would hang.
    NotRegularFile {
        /// What it is.
        found: &'static str,
    },
    /// Others can replace what would be run.
    Untrusted {
        /// The file or its folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It is a file of some other kind.
    NotALibrary {
        /// What it is.
        found: String,
    },
    /// A library for another machine.
    WrongArchitecture {
        /// What it is for.
        found: String,
        /// What this machine needs.
        expected: String,
    },
    /// It is cut short or damaged; loading it could end this process.
    Truncated {
        /// What is missing.
        why: String,
    },
    /// A library, but not of ours: it has no entry symbol.
    NoEntrySymbol,
    /// Two plugins in one library: nobody can tell whose the descriptor is.
    SeveralEntrySymbols {
        /// Their symbols.
        symbols: Vec<String>,
    },
    /// It carries no descriptor.
    NoDescriptor {
        /// The section that is missing.
        section: &'static str,
    },
    /// Its descriptor is wrong.
    BadDescriptor {
        /// The descriptor.
        text: String,
        /// What is wrong with it, one or more, each with its span in the text.
        mistakes: Vec<Mistake>,
    },
    /// Its content is not the one that is pinned.
    OtherContent {
        /// What it has.
        found: Content,
        /// What is pinned.
        pinned: Content,
    },
    /// It was opened in a process of its own, which did not go well.
    Tried {
        /// What happened.
        why: String,
    },
    /// A filter of this id is in the catalog already.
    DuplicateFilterId {
        /// The id.
        id: String,
        /// Where the other one is.
        first: String,
    },
}

impl fmt::Display for PrecheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("does not exist"),
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::NotRegularFile { found } => {
                write!(f, "is {found}; expected a regular file")
            }
            Self::Untrusted { path, why } => {
                write!(f, "is not trusted, because `{}` {why}", path.display())
            }
            Self::NotALibrary { found } => {
                write!(f, "is {found}; expected a shared library")
            }
            Self::WrongArchitecture { found, expected } => {
                write!(f, "is for {found}; this machine needs {expected}")
            }
            Self::Truncated { why } => {
                write!(f, "is cut short or damaged: {why}; copy it again, or build it again")
            }
            Self::NoEntrySymbol => write!(
                f,
                "is a library, but no driftless plugin: it has no symbol `{ENTRY_PREFIX}…`, as \
                 `export_plugin!` makes, nor `{C_ENTRY_SYMBOL}`, as driftless.h does"
            ),
            Self::SeveralEntrySymbols { symbols } => write!(
                f,
                "has several entries: `{}`; a library is one plugin, so crates of other plugins are to be \
                 linked in without their feature `export`",
                symbols.join("`, `")
            ),
            Self::NoDescriptor { section } => {
                write!(f, "has no descriptor: section `{section}` is missing or empty")
            }
            Self::BadDescriptor { text, mistakes } => {
                f.write_str("has a wrong descriptor")?;
                for mistake in mistakes {
                    let start = mistake.span.as_ref().map_or(0, |span| span.start);
                    let before = text.get(..start).unwrap_or_default();
                    let line = before.matches('\n').count() + 1;
                    write!(f, "\n  plugin.toml, line {line}: {mistake}")?;
                }
                Ok(())
            }
            Self::OtherContent { found, pinned } => {
                write!(f, "has the SHA-256 {found}; pinned is {pinned}")
            }
            Self::Tried { why } => write!(f, "cannot be loaded: {why}"),
            Self::DuplicateFilterId { id, first } => {
                write!(f, "has the filter `{id}`, which {first} has already")
            }
        }
    }
}

impl std::error::Error for PrecheckError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}
