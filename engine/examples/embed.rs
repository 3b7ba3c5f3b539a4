//! The smallest embedder: runs a graph for half a minute, and prints how well it did.

use std::{error::Error, thread, time::Duration};

use driftless_engine::{Catalog, Manifest, Plan, RunningGraph};

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = Manifest::read("examples/av-live.toml")?;
    let catalog = Catalog::scan(&["target/debug"]); // reads descriptors, runs nobody's code
    let plan = Plan::new(&manifest, &catalog)?; // pure: order, media types, clock, offsets
    println!("{plan}");
    let running = RunningGraph::start(plan)?; // loads, opens the devices, runs
    thread::sleep(Duration::from_secs(30));
    println!("{}", running.stop()); // the report
    Ok(())
}
