//! Small filters for tests of graphs, linked into the test: they do one thing each, and misbehave when
//! their settings say so. What a test sees is what [`collected`] tells.

mod collect;
mod numbers;
mod pass;
mod pulse;

use std::sync::{Mutex, OnceLock};

use driftless_engine::{Catalog, Manifest, Plan};
use driftless_plugin_api::*;

use collect::Collect;
use numbers::Numbers;
use pass::{Relay, Split};
use pulse::Pulse;

/// What renderers called `test.collect` were given, by the name in their setting.
static COLLECTED: Mutex<Vec<(String, i64, i64)>> = Mutex::new(Vec::new());

/// Takes what the renderer that writes under `name` was given: stream time of presentation, stamp, ns.
///
/// # Panics
///
/// If a renderer panicked while it wrote.
pub fn collected(name: &str) -> Vec<(i64, i64)> {
    let mut all = COLLECTED.lock().unwrap();
    let (mine, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut *all).into_iter().partition(|(it, ..)| it == name);
    *all = others;
    mine.into_iter().map(|(_, presented, stamp)| (presented, stamp)).collect()
}

/// The filters; their settings are in `plugin.toml`.
pub fn registration() -> Registration {
    Registration::new(include_str!("../plugin.toml"))
        .source::<Pulse>()
        .source::<Numbers>()
        .transform::<Split>()
        .transform::<Relay>()
        .renderer::<Collect>()
}

/// The plan of a manifest of these filters. The catalog is always the same one, so that what is planned
/// twice is the same too.
///
/// # Panics
///
/// If there are mistakes in it; they are shown.
pub fn plan(manifest: &str) -> Plan {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    let catalog = CATALOG.get_or_init(|| {
        let mut catalog = Catalog::default();
        catalog.embed(registration()).expect("the descriptor is good");
        catalog
    });
    let manifest =
        Manifest::parse("graph.toml", manifest).unwrap_or_else(|wrong| panic!("{wrong}"));
    Plan::new(&manifest, catalog).unwrap_or_else(|wrong| panic!("{wrong}"))
}

const FORMAT: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 1 };
const BLOCK: usize = 480;
const PERIOD: Span = Span::from_millis(10);
