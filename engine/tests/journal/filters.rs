//! The filters.

mod file;
mod live;
mod pass;
mod show;

use std::sync::OnceLock;

use driftless_engine::Catalog;
use driftless_plugin_api::*;

use super::{Label, Random, What, note};
use file::File;
use live::Live;
use pass::Pass;
use show::Show;

const DESCRIPTOR: &str = include_str!("plugin.toml");

/// A catalog of these filters; always the same one, so that what is planned twice is the same too.
pub fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(fill)
}

fn fill() -> Catalog {
    let mut catalog = Catalog::default();
    let registration = Registration::new(DESCRIPTOR)
        .source::<Live>()
        .source::<File>()
        .transform::<Pass>()
        .renderer::<Show>();
    catalog.embed(registration).expect("the descriptor is good");
    catalog
}

const FORMAT: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 1 };
const BLOCK: usize = 480;
const PERIOD: Span = Span::from_millis(10);

/// What all of them have: a name, a journal, and a moment to fail.
struct Probe {
    host: Host,
    run: String,
    name: String,
    /// What fails: the name of a call.
    fails_in: String,
    /// Calls of it that go well before.
    good: i64,
    panics: bool,
}

impl Probe {
    fn new(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self {
            host,
            run: settings.text("run")?.to_owned(),
            name: settings.text("name")?.to_owned(),
            fails_in: settings.text("fails-in")?.to_owned(),
            good: settings.integer("good")?,
            panics: settings.boolean("panics")?,
        })
    }

    fn note(&self, what: What) {
        note(&self.run, self.host.now(), (&self.name, self.host.seed()), what);
    }

    /// Fails here, if that is what it is to do.
    fn call(&mut self, name: &str) -> Result<(), FilterError> {
        if self.fails_in != name {
            return Ok(());
        }
        self.good -= 1;
        if self.good >= 0 {
            return Ok(());
        }
        self.note(What::Fails);
        assert!(!self.panics, "told to panic in {name}");
        Err(FilterError::new(format!("told to fail in {name}")))
    }

    fn change(&mut self, name: &str, what: What) -> Result<(), FilterError> {
        self.note(what);
        self.call(name)
    }

    fn mark(&self, pin: u32, marker: Marker) {
        self.note(match marker {
            Marker::EndOfStream => What::EndOfStream(pin),
            Marker::BeginFlush => What::BeginFlush(pin),
            Marker::EndFlush => What::EndFlush(pin),
            segment @ Marker::NewSegment { .. } => {
                What::NewSegment(pin, segment == Marker::LIVE_SEGMENT)
            }
        });
    }

    fn sample(&self, label: Label, start: StreamTime) -> Result<Sample, FilterError> {
        let mut sample = self.host.audio_sample(BLOCK, 1).ok_or(Status::FAIL)?;
        sample.set_times(Some(start), Some(start + PERIOD));
        let bytes = sample.bytes_mut().ok_or(Status::FAIL)?;
        let words = [label.source, label.life, label.number, label.captured as u64];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        self.note(What::Makes(label));
        Ok(sample)
    }
}

fn label(sample: &Sample) -> Label {
    let mut words =
        sample.bytes().chunks_exact(8).map(|it| u64::from_le_bytes(it.try_into().unwrap()));
    let mut next = || words.next().unwrap_or_default();
    Label { source: next(), life: next(), number: next(), captured: next() as i64 }
}

fn deliver(sample: Sample, output: &mut Output<'_>) {
    for pin in 0..output.pins() {
        output.deliver(pin, sample.share());
    }
}
