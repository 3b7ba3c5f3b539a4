//! From the command line's words to a manifest and a catalog.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use driftless_engine::catalog::Trust;
use driftless_engine::loader::library::Loading;
use driftless_engine::loader::probe::Prober;
use driftless_engine::loader::verdicts::Verdicts;
use driftless_engine::{Catalog, Diagnostics, Manifest, Plan};
use driftless_plugin_api::Span;
use driftless_plugin_api::descriptor::unit;

use crate::Common;

/// Reads the manifest at `path`, with settings from the command line laid over it.
pub fn manifest(path: &Path, set: &[String]) -> Result<Manifest, Diagnostics> {
    let mut manifest = Manifest::read(path)?;
    for setting in set {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        manifest.set(name.trim(), value.trim())?;
    }
    Ok(manifest)
}

/// Reads, and plans with the plugins that are there.
pub fn plan(common: &Common, path: &Path, set: &[String]) -> Result<Plan, Diagnostics> {
    let manifest = manifest(path, set)?;
    Plan::new(&manifest, &catalog(common, Some(&manifest)))
}

/// The plugins that are there.
pub fn catalog(common: &Common, manifest: Option<&Manifest>) -> Catalog {
    Catalog::scan_with(&folders(common, manifest), &loading(common, PATIENCE))
}

/// How long a library may take to open before a graph is given up: it may be on a slow disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// Each library is opened in a process of its own first, for at most `limit`; verdicts are kept in the
/// user's folder for caches.
pub fn loading(common: &Common, limit: Duration) -> Loading {
    let prober = Prober::this_program(limit).inspect_err(|error| {
        eprintln!("driftless: libraries are not tried out first: {error}");
    });
    let prober = prober.ok().map(|prober| match Verdicts::of_user() {
        Some(verdicts) => prober.keeping(verdicts),
        None => prober,
    });
    let trust = if common.trust_everybody { Trust::Everybody } else { Trust::Owner };
    Loading { trust, prober }
}

/// Where plugins are looked for, first come first served: the command line; or else the manifest,
/// DRIFTLESS_PLUGINS, and where this program is, with and without `plugins`.
pub fn folders(common: &Common, manifest: Option<&Manifest>) -> Vec<PathBuf> {
    let mut folders = manifest.map(|manifest| manifest.graph.plugins.clone()).unwrap_or_default();
    if !common.plugins.is_empty() {
        folders.extend(common.plugins.iter().cloned());
        return folders;
    }
    if let Some(variable) = std::env::var_os("DRIFTLESS_PLUGINS") {
        folders.extend(std::env::split_paths(&variable));
    }
    if let Some(own) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        folders.extend([own.join("plugins"), own.to_owned()].into_iter().filter(|it| it.is_dir()));
    }
    folders
}

/// Prints mistakes, with colour on a terminal.
pub fn show(mistakes: &Diagnostics) {
    eprint!("{}", mistakes.render(std::io::stderr().is_terminal()));
}

/// A time with its unit, as manifests write it.
pub fn time(text: &str) -> Result<Span, String> {
    unit::time(text)
        .filter(|span| *span > Span::ZERO)
        .ok_or_else(|| "expected a time with its unit, such as 30s, 500ms or 2min".to_owned())
}

/// What becomes true when the user has had enough. A second Ctrl-C ends the program at once: the first
/// may wait for a device that hangs.
pub fn enough() -> Arc<AtomicBool> {
    let enough = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&enough);
    let handler = ctrlc::set_handler(move || {
        if heard.swap(true, Ordering::SeqCst) {
            std::process::exit(1);
        }
    });
    if let Err(error) = handler {
        eprintln!("driftless: Ctrl-C will end the run without a report: {error}");
    }
    enough
}
