//! Checks a graph in virtual time, as an embedder's test does: `simulate GRAPH.toml PLUGINS SCENARIO.toml`
//!
//! The same graph, scenario and libraries print the same outcome every time, however busy the machine is.

use std::error::Error;

use driftless_engine::simulate::{self, Scenario};
use driftless_engine::{Catalog, Manifest};
use driftless_plugin_api::Span;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [graph, plugins, scenario] = words.as_slice() else {
        return Err("usage: simulate GRAPH.toml PLUGINS SCENARIO.toml".into());
    };
    let staged = simulate::stage(Manifest::read(graph)?, &Catalog::scan(&[plugins]), None)?;
    let scenario = Scenario::read(scenario)?;
    scenario.check(&staged.plan)?;
    let outcome = simulate::run(staged, &scenario, Span::from_secs(3600), 1, |_| true)?;
    print!("{outcome}");
    match outcome.has_failed() {
        true => Err("what was expected does not hold".into()),
        false => Ok(()),
    }
}
