//! Scenarios in virtual time: our link, PipeWire's loop and a plain PI loop on the fill.
//!
//! `cargo run --release -p driftless-rate-match --example bench -- [--out FOLDER] [--seeds N] [--first-seed N] [PART OF A NAME…]`
//! prints a table of what was asked and what was reached, and writes one picture a scenario. Other seeds than 1 to
//! 20 show whether the tuning only fits those.

mod measure;
mod plot;
mod rivals;
mod scenario;
mod simulate;
mod source;

use std::{env, error::Error, fs, path::PathBuf};

use measure::Reached;
use scenario::Scenario;
use simulate::{Contender, Trace};

struct Arguments {
    out: Option<PathBuf>,
    seeds: u64,
    first_seed: u64,
    names: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder)?;
    }
    println!("| scenario | asked | driftless: worst seed | met | PipeWire loop | PI loop |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let wanted = |s: &Scenario| {
        arguments.names.is_empty()
            || arguments.names.iter().any(|name| s.name.contains(name.as_str()))
    };
    let mut missed = 0;
    for scenario in scenario::all().into_iter().filter(wanted) {
        missed += run(&scenario, &arguments)?;
    }
    println!("\n{missed} missed");
    Ok(())
}

/// Runs all seeds of a scenario, prints a row for each thing asked; returns how many were missed.
fn run(scenario: &Scenario, arguments: &Arguments) -> Result<usize, Box<dyn Error>> {
    let seeds = scenario.seeds.min(arguments.seeds);
    let traces = |contender| -> Vec<Trace> {
        let seeds = arguments.first_seed..arguments.first_seed + seeds;
        seeds.map(|seed| simulate::run(scenario, contender, seed)).collect()
    };
    let ours = traces(Contender::Driftless);
    let pipewire = traces(Contender::PipeWire);
    let pi = traces(Contender::Pi);
    let mut missed = 0;
    for asked in &scenario.asked {
        let worst = |traces: &[Trace]| -> Option<Reached> {
            let reached = traces.iter().filter_map(|trace| measure::reach(asked, trace));
            reached.max_by(|a, b| a.value.total_cmp(&b.value))
        };
        let show = |reached: Option<Reached>| reached.map_or("–".into(), |r| r.to_string());
        let reached = worst(&ours);
        let met = reached.as_ref().is_none_or(|r| r.met);
        missed += usize::from(!met);
        let mark = if met { "yes" } else { "**no**" };
        println!(
            "| {} | {} | {} | {mark} | {} | {} |",
            scenario.name,
            asked,
            show(reached),
            show(worst(&pipewire)),
            show(worst(&pi))
        );
    }
    if let (Some(folder), Some(ours), Some(pipewire), Some(pi)) =
        (&arguments.out, ours.first(), pipewire.first(), pi.first())
    {
        let picture = plot::svg(
            scenario,
            &[("PI loop", pi), ("PipeWire loop", pipewire), ("driftless", ours)],
        );
        fs::write(
            folder.join(format!("{}.svg", scenario.name.replace([' ', ',', '%', '±', '+'], "-"))),
            picture,
        )?;
    }
    Ok(missed)
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut found = Arguments { out: None, seeds: u64::MAX, first_seed: 1, names: Vec::new() };
    let mut rest = env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--out" => found.out = Some(rest.next().ok_or("--out takes a folder")?.into()),
            "--seeds" => found.seeds = rest.next().ok_or("--seeds takes a number")?.parse()?,
            "--first-seed" => {
                found.first_seed = rest.next().ok_or("--first-seed takes a number")?.parse()?;
            }
            _ => found.names.push(argument),
        }
    }
    Ok(found)
}
