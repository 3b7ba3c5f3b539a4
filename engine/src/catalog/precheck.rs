//! What can be known of a library file before it is opened: the first three steps of loading.

use std::env::consts;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use driftless_plugin_api::descriptor::Descriptor;

use super::PrecheckError;
use super::section::{self, EntryPoint};

/// A library file that may be opened.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The file, canonical.
    pub path: PathBuf,
    /// What it says of itself.
    pub descriptor: Descriptor,
    /// How it is entered.
    pub entry: EntryPoint,
    /// Its length in bytes.
    pub length: u64,
}

/// Which files may become plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Files and folders that belong to this user or the administrator, and that not everybody can
    /// write. (Only Unix says; elsewhere everything counts as such.)
    #[default]
    Owner,
    /// All of them.
    Everybody,
}

/// Checks the file at `path`: a regular file, whole, a plugin for this machine, in good hands; and
/// reads its descriptor. Opens no library and runs no code. `[main]`
///
/// # Errors
///
/// The first thing that is wrong; see [`PrecheckError`].
pub fn precheck(path: &Path, trust: Trust) -> Result<Checked, PrecheckError> {
    let path = fs::canonicalize(path).map_err(unreadable)?;
    // Asked of the path and not of an open file, because opening a pipe waits for its writer.
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(PrecheckError::NotRegularFile { found: file_kind(&metadata) });
    }
    if trust == Trust::Owner {
        check_trust(&path)?;
    }
    let file = File::open(&path).map_err(unreadable)?;
    let (entry, text) = section::read(file, metadata.len())?;
    let text = text.trim_end_matches('\0').to_owned(); // some linkers pad sections
    match Descriptor::parse(&text) {
        Ok(descriptor) => Ok(Checked { path, descriptor, entry, length: metadata.len() }),
        Err(mistakes) => Err(PrecheckError::BadDescriptor { text, mistakes }),
    }
}

/// Whether `path` looks like a library by its name: `.so`, `.dylib`, `.dll`.
pub(super) fn is_named_like_a_library(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == consts::DLL_EXTENSION)
}

pub(super) fn unreadable(error: io::Error) -> PrecheckError {
    match error.kind() {
        io::ErrorKind::NotFound => PrecheckError::NotFound,
        _ => PrecheckError::Unreadable(error),
    }
}

#[cfg(unix)]
fn file_kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(not(unix))]
fn file_kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() { "a folder" } else { "a device" }
}

/// A file that others can write, or that stands in a folder where others can put another in its
/// place, may be anything by the time it is opened. Further up, a folder that everybody can write is
/// harmless only where the sticky bit keeps them from renaming what is not theirs.
#[cfg(unix)]
fn check_trust(path: &Path) -> Result<(), PrecheckError> {
    use std::os::unix::fs::MetadataExt;
    const OTHERS_WRITE: u32 = 0o002;
    const GROUP_WRITES: u32 = 0o020;
    const STICKY: u32 = 0o1000;
    let own_group = rustix::process::getegid().as_raw();
    for (height, place) in path.ancestors().enumerate() {
        let metadata = fs::metadata(place).map_err(unreadable)?;
        let (mode, group) = (metadata.mode(), metadata.gid());
        let near = height < 2;
        let why = if mode & OTHERS_WRITE != 0 && (near || mode & STICKY == 0) {
            format!("can be written by everybody (mode {:o})", mode & 0o7777)
        } else if near && mode & GROUP_WRITES != 0 && group != 0 && group != own_group {
            format!("can be written by a group that is not yours (number {group})")
        } else if near && metadata.uid() != 0 && metadata.uid() != this_user() {
            format!("belongs to another user (number {})", metadata.uid())
        } else {
            continue;
        };
        return Err(PrecheckError::Untrusted { path: place.to_owned(), why });
    }
    Ok(())
}

#[cfg(unix)]
fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn check_trust(_path: &Path) -> Result<(), PrecheckError> {
    Ok(())
}
