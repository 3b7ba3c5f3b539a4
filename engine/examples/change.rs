//! A graph that changes while it runs: a tone is heard, and for two seconds it is also recorded. What is
//! heard goes on as if nothing had happened.
//!
//! `cargo build --workspace && cargo run -p driftless-engine --example change`

use std::{error::Error, time::Duration};

use driftless_engine::event::Event;
use driftless_engine::{Catalog, Manifest, Plan, RunningGraph};
use driftless_plugin_api::{Span, When};

const HEARD: &str = r#"
[graph]
connect = ["tone -> split", "split -> speakers"]
[filter.tone]
plugin = "driftless.test-source"
[filter.split]
plugin = "driftless.tee"
[filter.speakers]
plugin = "driftless.audio-renderer"
device = "virtual"    # made of timers: no sound card is needed
"#;

const RECORDED: &str = r#"
[filter.file]
plugin = "driftless.file-writer"
file = "tone.wav"
overwrite = true
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let catalog = Catalog::scan(&["target/debug"]);
    let plan = |text: &str| Plan::new(&Manifest::parse("graph.toml", text)?, &catalog);
    let heard = plan(HEARD)?;
    let both = HEARD.replace("\"split -> speakers\"", "\"split -> speakers\", \"split -> file\"");
    let recorded = plan(&format!("{both}{RECORDED}"))?;

    let mut running = RunningGraph::start(heard.clone())?;
    listen(&mut running, Duration::from_secs(1));
    println!("the graph changes: {}", running.change(recorded)?);
    listen(&mut running, Duration::from_secs(2));

    // Orders are given to the graph, which nobody else looks after as long as it is held.
    let mut graph = running.graph();
    let in_half_a_second = graph.stream_time() + Span::from_millis(500);
    graph.stop_stream("tone", When::At(in_half_a_second), false, 7)?;
    println!("speakers stay within {} of the stream", graph.tolerance("speakers")?);
    drop(graph);
    listen(&mut running, Duration::from_secs(1));

    println!("the graph changes: {}", running.change(heard)?); // the file is complete now
    println!("{}", running.stop());
    Ok(())
}

/// Prints what happens meanwhile.
fn listen(running: &mut RunningGraph, time: Duration) {
    let until = std::time::Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return;
        }
        running.wait(left).iter().for_each(|event: &Event| println!("{event}"));
    }
}
