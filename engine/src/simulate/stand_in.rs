//! What stands in for hardware and networks, as the plugins themselves declare.

use std::fmt;
use std::path::{Path, PathBuf};

use driftless_plugin_api::Settings;
use driftless_plugin_api::descriptor::FilterDescriptor;
use driftless_plugin_api::descriptor::simulation::Replacement;

use crate::catalog::Catalog;
use crate::diagnostic::Diagnostics;
use crate::manifest::Manifest;
use crate::plan::Plan;

/// A graph whose devices and networks are made of timers.
#[derive(Debug, Clone)]
pub struct Staged {
    /// The graph.
    pub plan: Plan,
    /// What stands in for what.
    pub replaced: Vec<Replaced>,
    /// The files that are recorded.
    pub recorded: Vec<PathBuf>,
}

/// Plans the graph of `manifest` with the stand-ins that plugins declare; with `record`, what its
/// renderers play is recorded: into that file, or, where several can, into one beside it for each. `[main]`
///
/// # Errors
///
/// Those of [`Plan::new`], and that nothing in this graph can be recorded.
pub fn stage(
    mut manifest: Manifest,
    catalog: &Catalog,
    record: Option<&Path>,
) -> Result<Staged, Diagnostics> {
    let replaced = stand_in(&mut manifest, catalog)?;
    let recorded = match record {
        Some(file) => record_into(&mut manifest, catalog, file)?,
        None => Vec::new(),
    };
    Ok(Staged { plan: Plan::new(&manifest, catalog)?, replaced, recorded })
}

/// A setting that was changed so that a filter can be simulated, or recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The filter's name.
    pub filter: String,
    /// Its setting.
    pub setting: String,
    /// What the manifest says.
    pub was: String,
    /// What was set instead.
    pub now: String,
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { filter, setting, was, now } = self;
        write!(f, "{filter}: {setting} = \"{now}\" stands in for \"{was}\"")
    }
}

fn stand_in(manifest: &mut Manifest, catalog: &Catalog) -> Result<Vec<Replaced>, Diagnostics> {
    let mut replaced = Vec::new();
    for filter in names(manifest) {
        let Some((descriptor, settings)) = known(manifest, catalog, &filter) else { continue };
        let Some(stand_in) = &descriptor.simulation.stand_in else { continue };
        let Some(was) = stand_in.replaces(&settings).map(str::to_owned) else { continue };
        let Replacement { setting, value: now } = stand_in.replacement.clone();
        manifest.set(&format!("{filter}.{setting}"), &now)?;
        replaced.push(Replaced { filter, setting, was, now });
    }
    Ok(replaced)
}

fn record_into(
    manifest: &mut Manifest,
    catalog: &Catalog,
    file: &Path,
) -> Result<Vec<PathBuf>, Diagnostics> {
    let recorders: Vec<(String, String, String)> = names(manifest)
        .into_iter()
        .filter_map(|filter| {
            let (descriptor, _) = known(manifest, catalog, &filter)?;
            let record = descriptor.simulation.record.as_ref()?;
            Some((filter, record.setting.clone(), record.value.clone()))
        })
        .collect();
    if recorders.is_empty() {
        let name = manifest.name.clone();
        return Err(Diagnostics::unreadable(&name, "no filter of this graph can be recorded"));
    }
    let mut files = Vec::new();
    for (filter, setting, value) in &recorders {
        let path = match recorders.len() {
            1 => file.to_owned(),
            _ => beside(file, filter),
        };
        let value = value.replacen('*', &path.display().to_string(), 1);
        manifest.set(&format!("{filter}.{setting}"), &value)?;
        files.push(path);
    }
    Ok(files)
}

/// `day.wav` for `left` is `day-left.wav`.
fn beside(file: &Path, filter: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let ending = file.extension().map(|it| format!(".{}", it.to_string_lossy()));
    file.with_file_name(format!("{stem}-{filter}{}", ending.unwrap_or_default()))
}

fn names(manifest: &Manifest) -> Vec<String> {
    manifest.filters.iter().map(|filter| filter.name.value.clone()).collect()
}

/// Descriptor and settings of a filter; mistakes in them are for the plan to tell.
fn known<'c>(
    manifest: &Manifest,
    catalog: &'c Catalog,
    filter: &str,
) -> Option<(&'c FilterDescriptor, Settings)> {
    let entry = manifest.filter(filter)?;
    let descriptor = &catalog.find(&entry.plugin.value)?.filter;
    let settings = descriptor.settings(&entry.settings).ok()?;
    Some((descriptor, settings))
}
