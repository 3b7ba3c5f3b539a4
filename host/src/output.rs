//! The standard output, which somebody may stop reading.

use std::io::{self, Write};

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
