//! Every kept library is loaded by the host of today, all of them in one process.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))] // for which they were built

use std::fs;

use driftless_engine::{Catalog, Manifest, Plan, RunOptions, Simulation};
use driftless_plugin_api::Span;
use driftless_versions::libraries;

const GRAPH: &str = "[graph]\nconnect = [\"tone -> echo -> speakers\"]\n[filter.tone]\n\
    plugin = \"driftless.test-source\"\n[filter.echo]\nplugin = \"acme.echo\"\ndelay = \"100 ms\"\n\
    [filter.speakers]\nplugin = \"driftless.audio-renderer\"\ndevice = \"virtual\"\n";

#[test]
fn a_library_of_every_minor_version_and_compiler_plays_and_delivers_the_same() {
    let kept = libraries();
    for needed in ["api-1.0-rustc-1.85.0-release.so", "api-1.0-rustc-1.96.0-debug.so"] {
        assert!(kept.iter().any(|(name, _)| name == needed), "{needed} is not kept any more");
    }
    for (name, content) in kept {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(&name), content).unwrap();
        let mut catalog = Catalog::scan(&[folder.path()]);
        assert!(catalog.refused().is_empty(), "{name}: {:?}", catalog.refused());
        catalog.embed(driftless_test_source::registration()).unwrap();
        catalog.embed(driftless_audio_renderer::registration()).unwrap();
        let manifest = Manifest::parse("graph.toml", GRAPH).unwrap();
        let plan = Plan::new(&manifest, &catalog).unwrap_or_else(|it| panic!("{name}: {it}"));
        let mut graph = Simulation::start(plan, RunOptions::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        graph.advance(Span::from_secs(1)).unwrap();
        let report = graph.stop();
        assert!(!report.has_failed(), "{name}: {report}");
        let echo = report.filter("echo").unwrap();
        assert!(echo.delivered > 90 && echo.delivered == echo.received, "{name}: {echo:?}");
        println!("{name} plays");
    }
}
