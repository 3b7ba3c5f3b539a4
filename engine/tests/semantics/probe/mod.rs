//! Filters that write down what the graph does with them, and behave as their settings say.

mod renderer;
mod source;
mod transform;

use std::sync::{Mutex, OnceLock};

use driftless_engine::{Catalog, Manifest, Plan};
use driftless_plugin_api::*;

use renderer::{Any, Listener};
use source::{Shy, Teller};
use transform::Pass;

/// What was done with each filter, in order.
static LOG: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Writes a line about the filter that goes by `name` in the log.
fn note(name: &str, line: impl Into<String>) {
    LOG.lock().unwrap().push((name.to_owned(), line.into()));
}

/// Takes the lines about the filters whose names begin with `prefix`, each with its filter's name.
pub fn noted(prefix: &str) -> Vec<String> {
    let mut log = LOG.lock().unwrap();
    let (mine, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut *log).into_iter().partition(|(name, _)| name.starts_with(prefix));
    *log = others;
    mine.into_iter().map(|(name, line)| format!("{name}: {line}")).collect()
}

/// Rates in a setting.
fn rates(settings: &Settings, name: &str) -> Result<Vec<u32>, FilterError> {
    Ok(settings.words(name)?.iter().filter_map(|word| word.parse().ok()).collect())
}

/// The plan of a manifest of these filters. The catalog is always the same one, so that what is planned
/// twice is the same too.
pub fn plan(text: &str) -> Plan {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    let catalog = CATALOG.get_or_init(|| {
        let mut catalog = Catalog::default();
        let registration = Registration::new(include_str!("plugin.toml"))
            .source::<Teller>()
            .source::<Shy>()
            .transform::<Pass>()
            .renderer::<Listener>()
            .renderer::<Any>();
        catalog.embed(registration).unwrap();
        catalog
    });
    let manifest = Manifest::parse("graph.toml", text).unwrap_or_else(|wrong| panic!("{wrong}"));
    Plan::new(&manifest, catalog).unwrap_or_else(|wrong| panic!("{wrong}"))
}
