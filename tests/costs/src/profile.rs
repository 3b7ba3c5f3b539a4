//! Where the time goes with 256 sources, as a picture: `perf` samples the processor's clock, and the
//! functions it saw are put into a few drawers.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use crate::programs::is_there;

const PICTURE: &str = "docs/cost-of-256-sources.svg";

/// Drawers, and parts of the names of what goes into each; the first that fits has it.
const DRAWERS: [(&str, &[&str]); 8] = [
    ("resampling", &["resampler"]),
    ("following 256 clocks", &["estimate", "clock_line", "controller", "timeline"]),
    ("rings, history and links", &["rate_match", "memmove", "memcpy", "memset"]),
    ("mixing", &["driftless_mixer", "libdriftless_mixer"]),
    ("the sources themselves", &["test_source"]),
    ("the renderer", &["audio_renderer"]),
    ("engine: queues, hops, timers", &["driftless", "crossbeam", "vdso", "clock_gettime"]),
    ("kernel: waking and sleeping", &["[k]", "syscall"]),
];

/// Records a run and draws it into the documentation.
///
/// # Errors
///
/// That `perf` is missing, or what failed.
pub fn draw() -> Result<(), String> {
    if !is_there("perf") {
        return Err("the profile is taken by `perf`, which is not installed".to_owned());
    }
    let data = std::env::temp_dir().join(format!("driftless-costs-{}.perf", std::process::id()));
    let data_text = data.to_string_lossy().into_owned();
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let own = own.to_string_lossy().into_owned();
    let record = ["record", "-q", "-e", "cpu-clock", "-F", "1999", "-o", &data_text];
    perf(&[&record[..], &[own.as_str(), "case", "sources", "256", "10"]].concat())?;
    let report = ["report", "--stdio", "-s", "comm,dso,symbol", "-i", &data_text];
    let text = perf(&report)?;
    // What stays behind lies in the system's own folder for that.
    let _ = fs::remove_file(&data);
    let shares = shares(&text);
    let file = crate::programs::repository(PICTURE);
    fs::write(&file, picture(&shares)).map_err(|error| error.to_string())?;
    shares.iter().for_each(|(name, percent)| println!("{name:<32} {percent:>5.1} %"));
    Ok(())
}

fn perf(words: &[&str]) -> Result<String, String> {
    let done = Command::new("perf").args(words).output().map_err(|error| error.to_string())?;
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
    }
}

/// The share of each drawer, largest first; only threads of segments count, not what starts the graph.
fn shares(report: &str) -> Vec<(&'static str, f64)> {
    let mut sums = [0.0; DRAWERS.len() + 1];
    let shares = report.lines().filter_map(|line| line.trim().split_once('%'));
    for (percent, name) in shares.filter(|(_, name)| name.trim_start().starts_with("segment")) {
        let Ok(percent) = percent.parse::<f64>() else { continue };
        let fits = |(_, parts): &(&str, &[&str])| parts.iter().any(|part| name.contains(part));
        sums[DRAWERS.iter().position(fits).unwrap_or(DRAWERS.len())] += percent;
    }
    let whole: f64 = sums.iter().sum();
    let names = DRAWERS.iter().map(|(name, _)| *name).chain(["everything else"]);
    let mut shares: Vec<_> = names.zip(sums.map(|sum| sum / whole * 100.0)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    shares
}

fn picture(shares: &[(&str, f64)]) -> String {
    const LINE: usize = 26;
    let height = 60 + LINE * shares.len();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"16\" y=\"26\" font-size=\"15\">256 live stereo sources, matched and mixed: \
         where the processor's time goes</text>\n"
    );
    let widest = shares.first().map_or(1.0, |(_, percent)| *percent);
    for (number, (name, percent)) in shares.iter().enumerate() {
        let (y, width) = (44 + LINE * number, percent / widest * 330.0);
        let _ = writeln!(
            svg,
            "<text x=\"226\" y=\"{}\" text-anchor=\"end\">{name}</text>\
             <rect x=\"236\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"#4878a8\"/>\
             <text x=\"{:.1}\" y=\"{}\">{percent:.1} %</text>",
            y + 14,
            244.0 + width,
            y + 14
        );
    }
    svg + "</svg>\n"
}
