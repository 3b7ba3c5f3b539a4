//! Filters that write down everything that is done to them, and that fail when they are told to.

pub mod filters;
pub mod graphs;
pub mod rules;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use driftless_plugin_api::HostTime;

/// One thing that was done to a filter, or that it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Host time, ns.
    pub at: i64,
    /// The filter, or empty for an order to the graph.
    pub filter: String,
    /// Tells filters of one name apart: one that failed is made anew.
    pub life: u64,
    /// What.
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The graph was given an order, or answered one.
    Order(String),
    Activate,
    /// With this base time (reference time, ns).
    Run(i64),
    Pause,
    Deactivate,
    /// Its next call fails or panics on purpose.
    Fails,
    /// A source made this sample.
    Makes(Label),
    /// A sample arrived at an input pin; whether it says that it does not follow the one before it.
    Receives(u32, Label, bool),
    /// A renderer let it be seen.
    Presents(Label),
    /// The source flushes what it made, up to the sample of this number.
    Flushes(u64, u64),
    BeginFlush(u32),
    EndFlush(u32),
    EndOfStream(u32),
    /// Whether it is a live one (LS-116).
    NewSegment(u32, bool),
    Complete,
}

/// Who made a sample, the how manyth it is, and when it was captured (host time, ns).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Label {
    pub source: u64,
    /// See [`Entry::life`].
    pub life: u64,
    pub number: u64,
    pub captured: i64,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:12.6} s  {:8} {:?}", self.at as f64 * 1e-9, self.filter, self.what)
    }
}

/// All journals, by the run they belong to: tests run beside each other.
static JOURNALS: Mutex<BTreeMap<String, Vec<Entry>>> = Mutex::new(BTreeMap::new());

/// Writes an entry into the journal of `run`.
pub fn note(run: &str, at: HostTime, (filter, life): (&str, u64), what: What) {
    let entry = Entry { at: at.nanos(), filter: filter.to_owned(), life, what };
    let mut journals = JOURNALS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    journals.entry(run.to_owned()).or_default().push(entry);
}

/// Takes the journal of `run`.
pub fn take(run: &str) -> Vec<Entry> {
    let mut journals = JOURNALS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    journals.remove(run).unwrap_or_default()
}

/// What was written into the journal of `run` behind its first `read` entries.
pub fn peek(run: &str, read: usize) -> Vec<Entry> {
    let journals = JOURNALS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    journals.get(run).map(|journal| journal[read..].to_vec()).unwrap_or_default()
}

/// Numbers that are the same for the same seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % most
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}
