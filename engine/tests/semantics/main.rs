//! What a graph does with its filters, told by filters that write it down. All but one test in virtual time.

mod changes;
mod clocks;
mod connections;
mod latency;
mod live_sources;
mod probe;
mod states;
mod stream_control;

use driftless_engine::{RunError, RunOptions, Simulation};
use driftless_plugin_api::Span;

fn simulate(text: &str) -> Simulation {
    start(text).expect("it starts")
}

fn start(text: &str) -> Result<Simulation, RunError> {
    Simulation::start(probe::plan(text), RunOptions::default())
}

/// A manifest of `[graph]` lines, connections and `name, plugin, settings`; each filter is called
/// `test.name` in the log.
fn manifest(test: &str, graph: &str, connect: &[&str], filters: &[(&str, &str, &str)]) -> String {
    let mut text = format!("[graph]\n{graph}\nconnect = {connect:?}\n");
    for (name, plugin, settings) in filters {
        text.push_str(&format!("[filter.{name}]\nplugin = \"probe.{plugin}\"\n{settings}\n"));
        if matches!(*plugin, "teller" | "listener") {
            text.push_str(&format!("as = \"{test}.{name}\"\n"));
        }
    }
    text
}

fn ms(ms: i64) -> Span {
    Span::from_millis(ms)
}
