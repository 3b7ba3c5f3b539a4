//! The graphs that are measured, as manifests.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use driftless_engine::{Catalog, Manifest, Plan};

/// The folder of the libraries of this build: where this program is.
pub fn libraries() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.parent().unwrap_or(Path::new(".")).to_owned()
}

/// The plan of a manifest.
///
/// # Errors
///
/// The mistakes in it; a library that is not built is one.
pub fn plan(text: &str) -> Result<Plan, String> {
    let manifest = Manifest::parse("bench", text).map_err(|mistakes| mistakes.to_string())?;
    let catalog = Catalog::scan(&[libraries()]);
    Plan::new(&manifest, &catalog).map_err(|mistakes| mistakes.to_string())
}

/// A source, so many filters that pass samples on, and an end.
pub fn chain(filters: usize, samples: usize) -> String {
    let mut path = "source".to_owned();
    let mut tables = format!(
        "[filter.source]\nplugin = \"bare.source\"\nsamples = {samples}\n\
         [filter.end]\nplugin = \"bare.end\"\n"
    );
    for number in 0..filters {
        let _ = write!(path, " -> p{number}");
        let _ = write!(tables, "[filter.p{number}]\nplugin = \"bare.pass\"\n");
    }
    format!("[graph]\nconnect = [\"{path} -> end\"]\n{tables}")
}

/// A live stereo source, split by a tee into so many branches, and joined by a mixer.
pub fn tee(branches: usize) -> String {
    let mut connect = "\"source -> tee\", \"mixer -> end\"".to_owned();
    let mut tables =
        "[filter.source]\nplugin = \"driftless.test-source\"\nwaveform = \"silence\"\n\
         [filter.tee]\nplugin = \"driftless.tee\"\n[filter.mixer]\nplugin = \"driftless.mixer\"\n\
         [filter.end]\nplugin = \"bare.end\"\n"
            .to_owned();
    for number in 0..branches {
        let _ = write!(connect, ", \"tee.out{number} -> p{number} -> mixer.in{number}\"");
        let _ = write!(tables, "[filter.p{number}]\nplugin = \"bare.pass\"\n");
    }
    format!("[graph]\nconnect = [{connect}]\n{tables}")
}

/// So many live stereo sources, each on a clock of its own, mixed into one renderer after so many
/// milliseconds. Silence: what a sine costs is not the graph's.
pub fn sources(count: usize, latency_ms: u32) -> String {
    let mut connect = "\"mixer -> speakers\"".to_owned();
    let mut tables = format!(
        "[filter.mixer]\nplugin = \"driftless.mixer\"\nlatency = \"{latency_ms} ms\"\n\
         [filter.speakers]\nplugin = \"driftless.audio-renderer\"\ndevice = \"virtual\"\n"
    );
    for number in 0..count {
        let ppm = number as f64 - count as f64 / 2.0;
        let _ = write!(connect, ", \"s{number} -> mixer.in{number}\"");
        let _ = write!(
            tables,
            "[filter.s{number}]\nplugin = \"driftless.test-source\"\nwaveform = \"silence\"\n\
             rate-error = \"{ppm} ppm\"\n"
        );
    }
    format!("[graph]\nconnect = [{connect}]\n{tables}")
}
