//! Scenarios in virtual time: our link, PipeWire's two loops and a plain PI loop.
//!
//! `cargo run --release -p driftless-rate-match --example bench -- [--out FOLDER] [--seeds N] [--first-seed N] [PART OF A NAME…]`
//! prints a table of what was asked and what was reached, and writes one picture a scenario. Other seeds than 1 to
//! 20 show whether the tuning only fits those.

mod measure;
mod plot;
mod queue;
mod rivals;
mod scenario;
mod simulate;
mod source;

use std::{env, error::Error, fs, path::PathBuf};

use measure::{Asked, Reached};
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
    let [_, rivals @ ..] = Contender::ALL.map(Contender::name);
    println!("| scenario | asked | driftless: worst seed | met | {} |", rivals.join(" | "));
    println!("| --- | --- | --- | --- | --- | --- | --- |");
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
    let all = Contender::ALL.map(traces);
    let mut missed = 0;
    for asked in &scenario.asked {
        let [ours, rivals @ ..] = all.each_ref().map(|traces| worst(asked, traces));
        let show =
            |reached: &Option<Reached>| reached.as_ref().map_or("–".into(), Reached::to_string);
        let met = ours.as_ref().is_none_or(|r| r.met);
        missed += usize::from(!met);
        let mark = if met { "yes" } else { "**no**" };
        let rivals = rivals.each_ref().map(show).join(" | ");
        println!("| {} | {asked} | {} | {mark} | {rivals} |", scenario.name, show(&ours));
    }
    if let Some(folder) = &arguments.out {
        let mut first: Vec<(&str, &Trace)> = Contender::ALL
            .iter()
            .zip(&all)
            .filter_map(|(contender, traces)| Some((contender.name(), traces.first()?)))
            .collect();
        // Ours is drawn last, above the others.
        first.reverse();
        let name = scenario.name.replace([' ', ',', '%', '±', '+'], "-");
        fs::write(folder.join(format!("{name}.svg")), plot::svg(scenario, &first))?;
    }
    Ok(missed)
}

/// The seed that reached least.
fn worst(asked: &Asked, traces: &[Trace]) -> Option<Reached> {
    let reached = traces.iter().filter_map(|trace| measure::reach(asked, trace));
    reached.max_by(|a, b| a.value.total_cmp(&b.value))
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
