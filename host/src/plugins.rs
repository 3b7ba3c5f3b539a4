//! `driftless plugins`: which filters there are, and which files are no plugins.

use std::fmt::Write;

use clap::Args;
use driftless_engine::Catalog;
use driftless_engine::catalog::{Entry, Provider};
use driftless_plugin_api::descriptor::{
    Declared, Direction, FilterDescriptor, PinDescriptor, SettingDescriptor,
};
use driftless_plugin_api::time::Span;
use serde_json::{Value, json};

use crate::{Common, Outcome, input, output};

const EXAMPLES: &str = "\
Examples:
  driftless plugins                             all filters, one line each
  driftless plugins driftless.audio-renderer    pins and settings of one
  driftless plugins -p target/release --json

Exit status: 0 done; 2 there is no such filter.";

/// The words after `driftless plugins`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PluginsArguments {
    /// Show everything about this filter.
    filter: Option<String>,
}

/// Lists what is there. No library is opened for it.
pub fn run(common: &Common, arguments: &PluginsArguments) -> Outcome {
    let catalog = Catalog::scan(&input::folders(common, None));
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

fn list(catalog: &Catalog) {
    let width = catalog.entries().iter().map(|entry| entry.filter.id.len()).max().unwrap_or(0);
    for Entry { filter, .. } in catalog.entries() {
        let (id, kind, help) = (&filter.id, filter.kind, &filter.help);
        output::print(&format!("{id:width$}   {kind:9}   {help}\n"));
    }
    if catalog.entries().is_empty() {
        eprintln!("no plugins were found; name their folder with --plugins");
    }
    for refused in catalog.refused() {
        eprintln!("refused: `{}` {}", refused.path.display(), refused.error);
    }
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
