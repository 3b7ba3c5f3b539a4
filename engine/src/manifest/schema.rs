//! The JSON schema of a manifest, which gives editors completion and help.

use driftless_plugin_api::descriptor::{FilterDescriptor, SettingDescriptor, SettingType, Unit};
use driftless_plugin_api::settings::Value as SettingValue;
use serde_json::{Map, Value, json};

use crate::catalog::{Catalog, built_in_queue};

/// The schema; with a `catalog`, every filter id with its settings, their help, units and defaults.
///
/// Editors take it from a first line `#:schema graph.schema.json` in the manifest.
pub fn schema(catalog: Option<&Catalog>) -> Value {
    let known = catalog.map(|catalog| {
        let entries = catalog.entries().iter().map(|entry| &*entry.filter);
        entries.chain([built_in_queue()]).map(filter).collect::<Vec<_>>()
    });
    let filter = match known {
        None => json!({ "allOf": [{ "$ref": "#/$defs/filter" }] }),
        Some(known) => {
            let ids: Vec<Value> = known.iter().map(|(id, _)| json!({ "const": id })).collect();
            let rules: Vec<Value> = known.into_iter().map(|(id, rule)| json!({
                "if": { "properties": { "plugin": { "const": id } }, "required": ["plugin"] },
                "then": rule,
            })).collect();
            json!({
                "allOf": [
                    { "$ref": "#/$defs/filter" },
                    { "properties": { "plugin": { "anyOf": ids } } },
                    { "allOf": rules },
                ],
            })
        }
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "driftless graph manifest",
        "type": "object",
        "required": ["graph", "filter"],
        "additionalProperties": false,
        "properties": {
            "graph": { "$ref": "#/$defs/graph" },
            "filter": {
                "description": "The filters of the graph, each under its name.",
                "type": "object",
                "propertyNames": { "pattern": "^[A-Za-z0-9_-]+$" },
                "additionalProperties": filter,
            },
        },
        "$defs": { "graph": graph(), "filter": any_filter() },
    })
}

fn graph() -> Value {
    json!({
        "description": "What is wanted of the graph as a whole.",
        "type": "object",
        "required": ["connect"],
        "additionalProperties": false,
        "properties": {
            "clock": {
                "description": "The reference clock: \"auto\", \"system\", \"none\", or the name of a filter that offers one.",
                "type": "string",
                "default": "auto",
            },
            "clock-policy": {
                "description": "How \"auto\" chooses: \"classic\" never takes a renderer's clock where something is live.",
                "enum": ["preferred", "classic"],
                "default": "preferred",
            },
            "sync": {
                "description": "Give each live source its stream offset, so that all are in step.",
                "type": "boolean",
                "default": true,
            },
            "timing": {
                "description": "Whose latencies count: those of whole paths, or as in the original only those of the sources.",
                "enum": ["native", "classic"],
                "default": "native",
            },
            "latency": {
                "description": "From capture to presentation, where it is not to be the least possible.",
                "type": "string",
                "pattern": pattern(Unit::Seconds),
                "examples": ["500 ms"],
            },
            "max-latency": {
                "description": "The most that synchronised sources may wait for the slowest.",
                "type": "string",
                "pattern": pattern(Unit::Seconds),
                "examples": ["400 ms"],
            },
            "strict": {
                "description": "Refuse what would otherwise be a note: a latency above the cap, an offset that a source cannot hold.",
                "type": "boolean",
                "default": false,
            },
            "plugins": {
                "description": "Folders of plugins, relative to this file, searched before the host's.",
                "type": "array",
                "items": { "type": "string" },
            },
            "connect": {
                "description": "Who feeds whom: \"microphone -> gain -> speakers\", \"camera.video -> preview\".",
                "type": "array",
                "items": { "type": "string", "pattern": "->" },
            },
        },
    })
}

fn any_filter() -> Value {
    json!({
        "type": "object",
        "required": ["plugin"],
        "properties": {
            "plugin": { "description": "The filter id.", "type": "string" },
            "provide-clock": {
                "description": "Whether this filter's clock may become the graph's.",
                "type": "boolean",
                "default": true,
            },
            "sha256": {
                "description": "What the content of the filter's library has to be.",
                "type": "string",
                "pattern": PINNED,
            },
        },
    })
}

/// The pattern of a SHA-256.
const PINNED: &str = "^[0-9a-fA-F]{64}$";

fn filter(filter: &FilterDescriptor) -> (String, Value) {
    let mut properties = Map::new();
    properties.insert("plugin".to_owned(), json!({ "description": filter.help }));
    properties.insert("provide-clock".to_owned(), json!(true));
    properties.insert("sha256".to_owned(), json!(true));
    let mut families = Map::new();
    for each in &filter.settings {
        if each.many {
            families.insert(format!("^{}(0|[1-9][0-9]*)$", each.name), setting(each));
        }
        properties.insert(each.name.clone(), setting(each));
    }
    let needed: Vec<&str> = filter
        .settings
        .iter()
        .filter(|setting| setting.default.is_none())
        .map(|setting| setting.name.as_str())
        .collect();
    let mut rule = json!({
        "description": filter.help,
        "required": needed,
        "properties": properties,
        "additionalProperties": false,
    });
    if !families.is_empty() {
        rule["patternProperties"] = Value::Object(families);
    }
    (filter.id.clone(), rule)
}

fn setting(setting: &SettingDescriptor) -> Value {
    let mut schema = match &setting.kind {
        SettingType::Boolean => json!({ "type": "boolean" }),
        SettingType::Text => json!({ "type": "string" }),
        SettingType::Choice(choices) => json!({ "enum": choices }),
        SettingType::Words(choices) => json!({ "type": "array", "items": { "enum": choices } }),
        SettingType::Integer { unit: None, range } => limited(
            json!({ "type": "integer" }),
            range.map(|(low, high)| (json!(low), json!(high))),
        ),
        SettingType::Number { unit: None, range } => {
            limited(json!({ "type": "number" }), range.map(|(low, high)| (json!(low), json!(high))))
        }
        SettingType::Integer { unit: Some(unit), .. }
        | SettingType::Number { unit: Some(unit), .. }
        | SettingType::Time { unit, .. } => {
            json!({ "type": "string", "pattern": pattern(*unit) })
        }
        _ => json!({}),
    };
    let range = setting.range_text().map(|range| format!(" Range: {range}.")).unwrap_or_default();
    schema["description"] = json!(format!("{}{range}", setting.help));
    match (&setting.default, setting.kind.unit()) {
        (None, _) => {}
        (Some(_), Some(_)) => {
            let text = setting.default_text().unwrap_or_default();
            schema["default"] = json!(text.trim_matches('"'));
        }
        (Some(default), None) => schema["default"] = value(default),
    }
    schema
}

fn limited(mut schema: Value, range: Option<(Value, Value)>) -> Value {
    if let Some((low, high)) = range {
        schema["minimum"] = low;
        schema["maximum"] = high;
    }
    schema
}

/// A number and a unit of the same family.
fn pattern(unit: Unit) -> String {
    let units: Vec<&str> = unit.family().map(Unit::symbol).collect();
    format!("^[-+]?[0-9.]+([eE][-+]?[0-9]+)? ?({})$", units.join("|"))
}

pub(crate) fn value(value: &SettingValue) -> Value {
    match value {
        SettingValue::Boolean(value) => json!(value),
        SettingValue::Integer(value) => json!(value),
        SettingValue::Number(value) => json!(value),
        SettingValue::Time(span) => json!(span.to_string()),
        SettingValue::Text(text) => json!(text),
        SettingValue::Words(words) => json!(words),
        _ => Value::Null,
    }
}
