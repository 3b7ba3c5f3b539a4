//! The standard output, which somebody may stop reading, and files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Prints `text`. When nobody reads any more, as behind `| head`, the rest is for nobody and the
/// program ends as if it had been read.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Prints `value` as JSON over several lines.
pub fn print_json(value: &Value) {
    print(&format!("{value:#}\n"));
}

/// Writes a file, if one is wanted; says what goes wrong, and returns whether nothing did.
pub fn write(path: &Option<PathBuf>, text: impl FnOnce() -> String) -> bool {
    let Some(path) = path else { return true };
    let written = fs::write(path, text());
    if let Err(error) = &written {
        eprintln!("driftless: `{}` could not be written: {error}", path.display());
    }
    written.is_ok()
}

/// Finds out before a long run, not after it, that its results have no place to go, and says so.
pub fn can_be_written<const N: usize>(paths: [&Option<PathBuf>; N]) -> bool {
    for path in paths.into_iter().flatten() {
        let folder =
            path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.display();
        if !folder.is_dir() {
            let folder = folder.display();
            eprintln!("driftless: `{name}` cannot be written: there is no folder `{folder}`");
            return false;
        }
        if path.is_dir() {
            eprintln!("driftless: `{name}` is a folder; name a file");
            return false;
        }
    }
    true
}
