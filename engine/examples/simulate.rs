//! Runs a graph in virtual time: `simulate GRAPH.toml PLUGINS SECONDS [FILTER.SETTING=VALUE]…`
//!
//! The same graph, libraries and seed print the same report every time, however busy the machine is.

use std::error::Error;
use std::time::Instant;

use driftless_engine::{Catalog, Manifest, Plan, RunOptions, Simulation};
use driftless_plugin_api::Span;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [graph, plugins, seconds, set @ ..] = words.as_slice() else {
        return Err("usage: simulate GRAPH.toml PLUGINS SECONDS [FILTER.SETTING=VALUE]...".into());
    };
    let mut manifest = Manifest::read(graph)?;
    for setting in set {
        let (name, value) = setting.split_once('=').ok_or("expected FILTER.SETTING=VALUE")?;
        manifest.set(name, value)?;
    }
    let plan = Plan::new(&manifest, &Catalog::scan(&[plugins]))?;
    let mut simulation = Simulation::start(plan, RunOptions::default())?;
    let began = Instant::now();
    simulation.advance(Span::from_secs(seconds.parse()?))?;
    let took = began.elapsed().as_secs_f64();
    print!("{}", simulation.stop());
    eprintln!("{seconds} s of graph in {took:.1} s");
    Ok(())
}
