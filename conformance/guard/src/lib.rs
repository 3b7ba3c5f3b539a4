//! A library to be preloaded: it counts what threads ask of memory, locks and kernel.
//!
//! Every plugin library has an allocator of its own, so a guard inside the host is blind to them; what
//! stands before the C library's functions below all of them is not. It has to be a library of its own,
//! and programs are installed as one file: so the library is in here, as bytes, for whoever starts a
//! process to write into a file and to name in `LD_PRELOAD`. What it does is said in `preloaded/lib.rs`.

use std::io;
use std::path::{Path, PathBuf};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LIBRARY: Option<&[u8]> =
    Some(include_bytes!(concat!(env!("OUT_DIR"), "/libdriftless_guard.so")));

/// This system has no way to put a library before others.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const LIBRARY: Option<&[u8]> = None;

/// Writes the library into `folder`, for `LD_PRELOAD` to name; nothing where this system has no way to put
/// a library before others. `[main]`
///
/// # Errors
///
/// That it could not be written.
pub fn write_into(folder: &Path) -> io::Result<Option<PathBuf>> {
    let Some(library) = LIBRARY else { return Ok(None) };
    let path = folder.join("libdriftless_guard.so");
    std::fs::write(&path, library)?;
    Ok(Some(path))
}
