//! The log: a line of CSV for every frame presented.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use driftless_plugin_api::{Span, StreamTime};

use crate::worker::Writer;

const HEADER: &str = "number,media_time,stamp_ns,due_ns,presented_ns,error_ns,barcode";

/// One frame presented. Times are stream times; what a frame does not have stays empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Frames presented before it.
    pub number: u64,
    /// Its number by the source.
    pub media_time: Option<i64>,
    /// Its time stamp.
    pub stamp: Option<StreamTime>,
    /// When it was to be seen.
    pub due: Option<StreamTime>,
    /// When it was seen.
    pub presented: StreamTime,
    /// The number in the picture.
    pub barcode: Option<u32>,
}

impl Row {
    /// How late the frame was seen.
    pub fn error(&self) -> Option<Span> {
        self.due.map(|due| self.presented - due)
    }
}

/// Writes rows into a file.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Log {
    /// Makes the file, replacing an old one, and writes the header. `[main]`
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "{HEADER}")?;
        file.flush()?;
        Ok(Self { path: path.to_owned(), file })
    }
}

impl Writer for Log {
    type Item = Row;

    fn name(&self) -> String {
        format!("log `{}`", self.path.display())
    }

    fn write(&mut self, row: Row) -> io::Result<()> {
        let optional =
            |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
        writeln!(
            self.file,
            "{},{},{},{},{},{},{}",
            row.number,
            optional(row.media_time),
            optional(row.stamp.map(StreamTime::nanos)),
            optional(row.due.map(StreamTime::nanos)),
            row.presented.nanos(),
            optional(row.error().map(Span::nanos)),
            optional(row.barcode.map(i64::from)),
        )
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
