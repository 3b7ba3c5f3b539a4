use driftless_plugin_api::time::Span;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::manifest::Manifest;

mod clock;
mod difference;
mod drawing;
mod mistakes;
mod offsets;
mod paths;
mod rows;
mod search;
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

/// LS-M1, LS-M18
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
    let sound = &json["paths"][1];
    assert_eq!((&sound["renderer"], &sound["live"]), (&"speakers".into(), &true.into()));
    assert_eq!(
        (&sound["least_ns"], &sound["most_ns"]),
        (&520_000_000.into(), &2_520_000_000_i64.into())
    );
    assert_eq!(json["streams"][1]["match"]["against"], "incoming rate");
    assert_eq!(json["streams"][1]["match"]["method"], "resample");
    assert_eq!(json["filters"][0]["plugin"], "test.live");
}

/// Sources, transforms and renderers that can be put into any graph.
const KINDS: [&str; 8] =
    ["live", "file", "gain", "mixer", "tee", "smart-tee", "speakers", "writer"];

proptest! {
    #[test]
    fn a_graph_of_any_shape_is_planned_or_refused_with_its_mistakes(
        kinds in prop::collection::vec(0..KINDS.len(), 1..7),
        edges in prop::collection::vec((0usize..7, 0usize..7), 0..8),
    ) {
        let names: Vec<String> = (0..kinds.len()).map(|number| format!("f{number}")).collect();
        let filters: Vec<(&str, &str, &str)> = kinds
            .iter()
            .zip(&names)
            .map(|(&kind, name)| (name.as_str(), KINDS[kind], ""))
            .collect();
        let edges = edges.iter().map(|(from, to)| {
            format!("{} -> {}", names[from % names.len()], names[to % names.len()])
        });
        let edges: Vec<String> = edges.collect();
        let connect: Vec<&str> = edges.iter().map(String::as_str).collect();
        match try_plan(&manifest("", &connect, &filters)) {
            Err(wrong) => prop_assert!(!wrong.is_empty()),
            Ok(plan) => check_whole(&plan)?,
        }
    }

    /// Chains are always good, so that what is checked above is checked on more than errors.
    #[test]
    fn a_chain_of_any_length_is_planned(middle in prop::collection::vec(prop::bool::ANY, 0..6)) {
        let mut text = String::from("first -> ");
        let mut filters = vec![("first".to_owned(), "test.live")];
        for (number, queue) in middle.into_iter().enumerate() {
            text.push_str(&format!("f{number} -> "));
            filters.push((format!("f{number}"), if queue { "queue" } else { "test.gain" }));
        }
        filters.push(("last".to_owned(), "test.speakers"));
        let mut manifest = format!("[graph]\nconnect = [\"{text}last\"]\n");
        for (name, plugin) in filters {
            manifest.push_str(&format!("[filter.{name}]\nplugin = \"{plugin}\"\n"));
        }
        check_whole(&plan(&manifest))?;
    }
}

/// What holds of every plan.
fn check_whole(plan: &Plan) -> Result<(), TestCaseError> {
    for (index, connection) in plan.connections.iter().enumerate() {
        let (from, to) = (connection.from, connection.to);
        prop_assert!(from.filter < to.filter, "a filter stands behind those that feed it");
        prop_assert_eq!(plan.filters[from.filter].outputs[from.pin].connection, Some(index));
        prop_assert_eq!(plan.filters[to.filter].inputs[to.pin].connection, Some(index));
        let together = plan.segments.iter().any(|segment| {
            segment.filters.contains(&from.filter) && segment.filters.contains(&to.filter)
        });
        if connection.queue.is_none() {
            prop_assert!(together, "without a queue both sides share a thread");
        }
    }
    let mut threads: Vec<usize> =
        plan.segments.iter().flat_map(|segment| segment.filters.iter().copied()).collect();
    threads.sort_unstable();
    prop_assert_eq!(threads, (0..plan.filters.len()).collect::<Vec<_>>(), "each on one thread");
    plan.svg();
    plan.dot();
    Ok(())
}
