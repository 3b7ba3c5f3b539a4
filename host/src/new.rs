//! `driftless new plugin`: a plugin crate that builds, tests itself, validates and plays.

mod template;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::{Common, Outcome, output};
use template::Names;

const EXAMPLES: &str = "\
Examples:
  driftless new plugin acme.echo --kind transform
  driftless new plugin acme.tone --kind source --path plugins/tone
  driftless new plugin acme.meter --kind renderer --plugin-api ../driftless/plugin-api

Exit status: 0 done; 1 a file could not be written; 2 the command line is wrong.";

/// The words after `driftless new`.
#[derive(Debug, Args)]
pub struct NewArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a crate for a plugin, with test, descriptor, graph and continuous integration.
    Plugin(PluginArguments),
}

/// The words after `driftless new plugin`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct PluginArguments {
    /// The filter's id: your name, a dot, the filter's name, such as acme.echo.
    #[arg(value_name = "ID", value_parser = Names::of)]
    names: Names,
    /// What it does with samples.
    #[arg(long, value_enum)]
    kind: Kind,
    /// The folder to make; without it, one named like the crate.
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// The folder of driftless-plugin-api, for a copy that is not published; without it, the one that this
    /// program was built beside, or the published one.
    #[arg(long, value_name = "DIR")]
    plugin_api: Option<PathBuf>,
}

/// What a filter does with samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Makes them: a live tone, to begin with.
    Source,
    /// Takes and gives them: an echo, to begin with.
    Transform,
    /// Takes them out of the graph: a level meter, to begin with.
    Renderer,
}

/// Makes the crate, and says what to type next.
pub fn run(common: &Common, arguments: &NewArguments) -> Outcome {
    let What::Plugin(plugin) = &arguments.what;
    let names = &plugin.names;
    let folder = plugin.path.clone().unwrap_or_else(|| PathBuf::from(&names.crate_name));
    if let Err(text) = is_free(&folder) {
        eprintln!("driftless: {text}");
        return Outcome::Wrong;
    }
    let plugin_api = match dependency(&folder, plugin.plugin_api.as_deref()) {
        Ok(dependency) => dependency,
        Err(text) => {
            eprintln!("driftless: {text}");
            return Outcome::Wrong;
        }
    };
    let files = template::files(plugin.kind, names, &plugin_api);
    for (name, text) in &files {
        if let Err(text) = write(&folder.join(name), text) {
            eprintln!("driftless: {text}");
            return Outcome::Failed;
        }
    }
    let names_of_files: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    match common.json {
        true => output::print_json(&json!({ "folder": folder, "files": names_of_files })),
        false => output::print(&next(&folder, names)),
    }
    Outcome::Done
}

/// A folder that is not there, or empty.
fn is_free(folder: &Path) -> Result<(), String> {
    let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if is_empty || !folder.exists() {
        return Ok(());
    }
    Err(format!("`{}` is there already; name another with --path", folder.display()))
}

/// What stands behind `driftless-plugin-api =` in the crate's manifest.
fn dependency(folder: &Path, plugin_api: Option<&Path>) -> Result<String, String> {
    let given = match plugin_api {
        Some(given) if is_plugin_api(given) => given.to_owned(),
        Some(given) => {
            let text = format!("`{}` is not the folder of driftless-plugin-api", given.display());
            return Err(format!("{text}; expected one with its Cargo.toml"));
        }
        None => match beside_this_program() {
            Some(found) => found,
            None => return Ok(format!("\"{}\"", template::api_version())),
        },
    };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = relative(&absolute(folder), &absolute(&given)).unwrap_or_else(|| absolute(&given));
    let (version, path) = (template::api_version(), path.to_string_lossy().replace('\\', "/"));
    Ok(format!(
        "{{ version = {version:?}, path = {path:?} }} # a copy on this machine: without `path` elsewhere"
    ))
}

fn is_plugin_api(folder: &Path) -> bool {
    fs::read_to_string(folder.join("Cargo.toml"))
        .is_ok_and(|text| text.contains("name = \"driftless-plugin-api\""))
}

/// The folder of driftless-plugin-api, if this program lies where it was built: the one that it fits.
fn beside_this_program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    program.ancestors().map(|folder| folder.join("plugin-api")).find(|folder| is_plugin_api(folder))
}

/// The way from one absolute folder to another, so that both can be moved together.
fn relative(from: &Path, to: &Path) -> Option<PathBuf> {
    let (from, to) = (clean(from)?, clean(to)?);
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    (shared > 0).then(|| up.chain(to.into_iter().skip(shared)).collect())
}

/// The parts of a path, without `.` and `..`.
fn clean(path: &Path) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(parts.pop()?),
            std::path::Component::CurDir => {}
            other => parts.push(other.as_os_str().to_str()?.to_owned()),
        }
    }
    Some(parts)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("`{}` could not be written: {error}", path.display()))
}

fn next(folder: &Path, names: &Names) -> String {
    format!(
        "made the plugin `{}` in {}\n\nnow type:\n  cd {}\n  cargo test\n  cargo build\n  driftless validate {}\n  driftless run graph.toml --for 5s\n",
        names.id,
        folder.display(),
        folder.display(),
        names.library()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_plugin_api_is_relative() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        let expected = Some(PathBuf::from("../driftless/plugin-api"));
        assert_eq!(way("/home/me/acme-echo", "/home/me/driftless/plugin-api"), expected);
        assert_eq!(way("/home/me/x/../acme-echo", "/home/me/./driftless/plugin-api"), expected);
    }
}
