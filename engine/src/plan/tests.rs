use driftless_plugin_api::time::Span;

use super::*;
use crate::manifest::Manifest;

mod clock;
mod drawing;
mod mistakes;
mod offsets;
mod rows;
mod threads;

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    catalog.register(include_str!("tests/filters.toml"), 0).expect("the fixture is good");
    catalog
}

fn ms(ms: i64) -> Span {
    Span::from_millis(ms)
}

/// Plans `text`, which must be good.
fn plan(text: &str) -> Plan {
    try_plan(text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

fn try_plan(text: &str) -> Result<Plan, Diagnostics> {
    Plan::new(&Manifest::parse("graph.toml", text)?, &catalog())
}

/// A manifest of `graph` lines, `connect` chains and `name: plugin, settings…` filters.
fn manifest(graph: &str, connect: &[&str], filters: &[(&str, &str, &str)]) -> String {
    let mut text = format!("[graph]\n{graph}\nconnect = {connect:?}\n");
    for (name, plugin, settings) in filters {
        text.push_str(&format!("[filter.{name}]\nplugin = \"test.{plugin}\"\n{settings}\n"));
    }
    text
}

/// Video of 33 ms and audio of 500 ms: the worked example of section 4.4.
fn camera_and_microphone(graph: &str, camera: &str, microphone: &str) -> String {
    manifest(
        graph,
        &["camera -> preview", "microphone -> speakers"],
        &[
            ("camera", "live", &format!("latency = \"33 ms\"\n{camera}")),
            ("microphone", "live", &format!("latency = \"500 ms\"\n{microphone}")),
            ("preview", "screen", ""),
            ("speakers", "speakers", ""),
        ],
    )
}

#[test]
fn the_plan_of_the_worked_example_reads_well() {
    insta::assert_snapshot!(plan(&camera_and_microphone("", "", "")).to_string());
}

#[test]
fn a_plan_is_the_same_however_often_it_is_made() {
    let text = camera_and_microphone("", "", "");
    assert_eq!(plan(&text).json(), plan(&text).json());
}

#[test]
fn the_json_of_the_worked_example_has_the_keys_of_the_report() {
    let json = plan(&camera_and_microphone("", "", "")).json();
    assert_eq!(json["clock"]["filter"], "speakers");
    assert_eq!(json["latency_ns"], 520_000_000);
    let camera = &json["streams"][0];
    assert_eq!(camera["source"], "camera");
    assert_eq!(camera["renderer"], "preview");
    assert_eq!(camera["latency_ns"], 33_000_000);
    assert_eq!(camera["offset_ns"], 467_000_000);
    assert!(camera["match"]["row"].is_null());
    assert_eq!(json["streams"][1]["match"]["row"], 9);
    assert_eq!(json["streams"][1]["match"]["against"], "incoming rate");
    assert_eq!(json["filters"][0]["plugin"], "test.live");
}
