//! `driftless plugins`: which filters there are, and which files are no plugins.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use driftless_engine::Catalog;
use driftless_engine::catalog::{Content, Entry, Provider, Refused};
use driftless_engine::loader::verdicts::Verdicts;
use driftless_engine::loader::why::why;
use driftless_plugin_api::descriptor::{
    Declared, Direction, FilterDescriptor, PinDescriptor, SettingDescriptor,
};
use driftless_plugin_api::time::Span;
use serde_json::{Value, json};

use crate::{Common, Outcome, input, output};

const EXAMPLES: &str = "\
Examples:
  driftless plugins                             all filters, one line each; runs nobody's code
  driftless plugins driftless.audio-renderer    pins and settings of one
  driftless plugins -p target/release --json
  driftless plugins --probe                     opens each library in a process of its own
  driftless plugins --rescan                    the same, whatever was found out before
  driftless plugins --why libacme_echo.so       what each step of loading says of one library

Verdicts on libraries that were opened are kept by content in ~/.cache/driftless/verdicts.txt (or
$XDG_CACHE_HOME/driftless), which may be read and deleted.

Exit status: 0 done; 1 the library of --why is refused; 2 there is no such filter.";

/// How long a library may take to open in a scan, where others wait for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The words after `driftless plugins`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PluginsArguments {
    /// Show everything about this filter.
    filter: Option<String>,
    /// Open each library in a process of its own, and list only those for which that goes well.
    #[arg(long)]
    probe: bool,
    /// Forget what is known of the libraries that are there, and probe them all again.
    #[arg(long)]
    rescan: bool,
    /// Say what each step of loading finds of this library, or of the one with this filter.
    #[arg(long, value_name = "LIB", conflicts_with_all = ["filter", "probe"])]
    why: Option<PathBuf>,
}

/// Lists what is there.
pub fn run(common: &Common, arguments: &PluginsArguments) -> Outcome {
    let asked_why = arguments.why.as_ref().map(|library| file(common, library));
    if arguments.rescan {
        let libraries = match &asked_why {
            Some(library) => vec![library.clone()],
            None => libraries(&input::catalog(common, None)),
        };
        if let Err(text) = forget(&libraries) {
            eprintln!("driftless: {text}");
            return Outcome::Failed;
        }
    }
    if let Some(library) = &asked_why {
        return tell_why(common, library);
    }
    let catalog = catalog(common, arguments);
    if common.json {
        output::print_json(&json!({
            "filters": catalog.entries().iter().map(entry_json).collect::<Vec<_>>(),
            "refused": catalog.refused().iter().map(|refused| json!({
                "path": refused.path, "error": refused.error.to_string(),
            })).collect::<Vec<_>>(),
        }));
        return Outcome::Done;
    }
    match &arguments.filter {
        None => list(&catalog),
        Some(id) => match catalog.find(id) {
            Some(entry) => output::print(&everything(entry)),
            None => {
                let known = catalog.entries().iter().map(|entry| entry.filter.id.as_str());
                let near = driftless_plugin_api::document::nearest(id, known);
                let near = near.map(|near| format!("; did you mean `{near}`?"));
                eprintln!("driftless: no plugin has the filter `{id}`{}", near.unwrap_or_default());
                return Outcome::Wrong;
            }
        },
    }
    Outcome::Done
}

/// The plugins that are there; only with `--probe` or `--rescan` they are opened, elsewhere.
fn catalog(common: &Common, arguments: &PluginsArguments) -> Catalog {
    if arguments.probe || arguments.rescan {
        Catalog::scan_trying(&input::folders(common, None), &input::loading(common, PATIENCE))
    } else {
        input::catalog(common, None)
    }
}

/// Forgets the verdicts on these libraries.
fn forget(libraries: &[PathBuf]) -> Result<(), String> {
    let Some(verdicts) = Verdicts::of_user() else { return Ok(()) };
    let contents: Vec<Content> =
        libraries.iter().filter_map(|library| Content::of(library).ok()).collect();
    verdicts
        .forget(&contents)
        .map_err(|error| format!("`{}` could not be written: {error}", verdicts.file().display()))
}

/// The file that is meant: a path, or the library of the filter with this id.
fn file(common: &Common, named: &Path) -> PathBuf {
    let id = named.to_str().filter(|_| !named.exists());
    let catalog = id.map(|_| input::catalog(common, None));
    match id.zip(catalog.as_ref()).and_then(|(id, catalog)| catalog.find(id)) {
        Some(Entry { provider: Provider::Library(path), .. }) => path.clone(),
        _ => named.to_owned(),
    }
}

fn libraries(catalog: &Catalog) -> Vec<PathBuf> {
    let library = |entry: &Entry| match &entry.provider {
        Provider::Library(path) => Some(path.clone()),
        Provider::Process(_) => None,
    };
    catalog.entries().iter().filter_map(library).collect()
}

fn tell_why(common: &Common, library: &Path) -> Outcome {
    let why = why(library, &input::loading(common, PATIENCE));
    if common.json {
        let steps = why.passed.iter();
        let steps = steps.map(|(step, found)| json!({ "step": step.name(), "found": found }));
        output::print_json(&json!({
            "library": why.path,
            "passed": steps.collect::<Vec<_>>(),
            "failed": why.error.as_ref().map(|error| error.step().name()),
            "error": why.error.as_ref().map(ToString::to_string),
        }));
    } else {
        output::print(&why.to_string());
    }
    if why.error.is_none() { Outcome::Done } else { Outcome::Failed }
}

fn list(catalog: &Catalog) {
    let width = catalog.entries().iter().map(|entry| entry.filter.id.len()).max().unwrap_or(0);
    for Entry { filter, .. } in catalog.entries() {
        let (id, kind, help) = (&filter.id, filter.kind, &filter.help);
        output::print(&format!("{id:width$}   {kind:9}   {help}\n"));
    }
    if catalog.entries().is_empty() {
        eprintln!("no plugins were found; name their folder with --plugins");
    }
    let line =
        |refused: &Refused| format!("refused: `{}` {}\n", refused.path.display(), refused.error);
    // In one piece: standard error is written through, and there may be hundreds.
    eprint!("{}", catalog.refused().iter().map(line).collect::<String>());
}

fn everything(entry: &Entry) -> String {
    let Entry { filter, plugin, provider } = entry;
    let mut out = format!("{} ({})\n{}\n", filter.id, filter.kind, filter.help);
    let place = match provider {
        Provider::Library(path) => format!(", {}", path.display()),
        Provider::Process(_) => String::new(),
    };
    let _ = writeln!(out, "\nfrom {} {}{place}", plugin.name, plugin.version);
    if let Some(latency) = latency(filter) {
        let _ = writeln!(out, "latency: {latency}");
    }
    let _ = writeln!(out, "\npins:");
    for pin in &filter.pins {
        let _ = writeln!(out, "  {}", pin_line(pin));
    }
    let _ = writeln!(out, "\nsettings:");
    for setting in &filter.settings {
        let _ = writeln!(out, "{}", setting_lines(setting));
    }
    out
}

fn latency(filter: &FilterDescriptor) -> Option<String> {
    Some(match filter.latency.as_ref()? {
        Declared::Fixed(latency) => latency.to_string(),
        Declared::Setting(name) => format!("as the setting `{name}` says"),
    })
}

fn pin_line(pin: &PinDescriptor) -> String {
    let media: Vec<String> = pin.media.iter().map(ToString::to_string).collect();
    let name = if pin.many { format!("{0}0, {0}1, …", pin.name) } else { pin.name.clone() };
    let arrow = match pin.direction {
        Direction::Input => "in ",
        Direction::Output => "out",
    };
    let optional = if pin.optional { ", need not be connected" } else { "" };
    let leaky = if pin.leaky { ", may drop" } else { "" };
    format!("{arrow}  {name}: {}{optional}{leaky}", media.join(" or "))
}

fn setting_lines(setting: &SettingDescriptor) -> String {
    let default = match setting.default_text() {
        Some(default) => format!("default {default}"),
        None => "must be given".to_owned(),
    };
    let name = match setting.many {
        true => format!("{0}, {0}0, {0}1, …", setting.name),
        false => setting.name.clone(),
    };
    format!("  {name} = {}; {default}\n      {}", setting.accepts().replace('`', ""), setting.help)
}

fn entry_json(entry: &Entry) -> Value {
    let Entry { filter, plugin, provider } = entry;
    json!({
        "id": filter.id,
        "kind": filter.kind.name(),
        "help": filter.help,
        "plugin": plugin.name,
        "version": plugin.version,
        "library": match provider {
            Provider::Library(path) => json!(path),
            Provider::Process(_) => Value::Null,
        },
        "latency": filter.latency.as_ref().map(|latency| match latency {
            Declared::<Span>::Fixed(latency) => json!({ "ns": latency.nanos() }),
            Declared::Setting(name) => json!({ "setting": name }),
        }),
        "pins": filter.pins.iter().map(|pin| json!({
            "name": pin.name,
            "direction": pin.direction.name(),
            "media": pin.media.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "many": pin.many,
            "optional": pin.optional,
        })).collect::<Vec<_>>(),
        "settings": filter.settings.iter().map(|setting| json!({
            "name": setting.name,
            "type": setting.kind.name(),
            "unit": setting.kind.unit().map(|unit| unit.symbol()),
            "default": setting.default_text().map(|text| text.trim_matches('"').to_owned()),
            "range": setting.range_text(),
            "many": setting.many,
            "help": setting.help,
        })).collect::<Vec<_>>(),
    })
}
