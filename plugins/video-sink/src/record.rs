//! What is written down of the frames presented, as the settings ask for it.

use std::path::Path;

use driftless_plugin_api::{FilterError, Host, Settings};

use crate::log::{Log, Row};
use crate::pictures::{Picture, Pictures};
use crate::worker::{Worker, Writer};

/// Lines that can wait to be written: more than any disk keeps waiting, in 1 MiB.
const LINES: usize = 16_384;

/// Pictures that can wait; each holds the data of a frame.
const PICTURES: usize = 64;

/// What to write, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The log's file; empty for none.
    pub log: String,
    /// The pictures' folder; empty for none.
    pub frames: String,
    /// Each n-th frame becomes a picture, n at least 1.
    pub every: u64,
}

impl Wanted {
    /// Reads the settings. `[main]`
    ///
    /// # Errors
    ///
    /// A setting that the descriptor does not have.
    pub fn read(settings: &Settings) -> Result<Self, FilterError> {
        Ok(Self {
            log: settings.text("log")?.to_owned(),
            frames: settings.text("frames")?.to_owned(),
            every: u64::try_from(settings.integer("every")?).unwrap_or(1).max(1),
        })
    }
}

/// The files being written.
#[derive(Debug, Default)]
pub struct Record {
    log: Option<Worker<Row>>,
    pictures: Option<Worker<Picture>>,
    every: u64,
    /// Lost by workers that have ended.
    lost: (u64, u64),
}

impl Record {
    /// Makes the files. `[main]`
    ///
    /// # Errors
    ///
    /// Which file or folder could not be made, and why.
    pub fn open(wanted: &Wanted, host: &Host) -> Result<Self, FilterError> {
        Ok(Self {
            log: worker("log", &wanted.log, Log::create, LINES, host)?,
            pictures: worker("frames", &wanted.frames, Pictures::create, PICTURES, host)?,
            every: wanted.every,
            lost: (0, 0),
        })
    }

    /// Waits until all is written, and closes the files. `[main]`
    pub fn close(&mut self) {
        if let Some(log) = self.log.take() {
            self.lost.0 = log.finish();
        }
        if let Some(pictures) = self.pictures.take() {
            self.lost.1 = pictures.finish();
        }
    }

    /// Whether there is a log, so that the picture's number has to be read.
    pub const fn logs(&self) -> bool {
        self.log.is_some()
    }

    /// Writes down a frame that was presented. `[streaming]`
    pub fn frame(&mut self, row: Row, picture: impl FnOnce() -> Picture) {
        if let Some(log) = &mut self.log {
            log.send(row);
        }
        if let Some(pictures) =
            self.pictures.as_mut().filter(|_| row.number.is_multiple_of(self.every))
        {
            pictures.send(picture());
        }
    }

    /// How many lines and pictures were lost.
    pub fn lost(&self) -> (u64, u64) {
        (
            self.log.as_ref().map_or(self.lost.0, Worker::lost),
            self.pictures.as_ref().map_or(self.lost.1, Worker::lost),
        )
    }
}

fn worker<W: Writer>(
    setting: &str,
    path: &str,
    create: impl FnOnce(&Path) -> std::io::Result<W>,
    capacity: usize,
    host: &Host,
) -> Result<Option<Worker<W::Item>>, FilterError>
where
    W::Item: 'static,
{
    if path.is_empty() {
        return Ok(None);
    }
    let start = |writer| Worker::start(writer, capacity, host.clone());
    let worker = create(Path::new(path)).and_then(start);
    worker.map(Some).map_err(|error| {
        FilterError::new(format!("`{setting}`: \"{path}\" cannot be written to: {error}"))
    })
}
