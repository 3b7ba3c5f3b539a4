//! Every row of the rate-match table is reached by an example, planned and running.

use driftless_end_to_end::{plan_of, simulate, write_sound};
use driftless_plugin_api::Span;

/// Seconds of a quiet tone, as a WAV file.
fn music(path: &std::path::Path, seconds: u32) {
    let value = |frame| 0.1 * (f64::from(frame) * 0.13).sin() as f32;
    write_sound(path, 2, seconds * 48_000, value);
}

/// LS-77
#[test]
fn every_row_has_an_example_whose_plan_names_it_and_whose_run_reaches_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("music.wav");
    music(&file, 10);
    for row in 1..=10u32 {
        let example = format!("examples/rate-match/row-{row:02}.toml");
        let set: &[(&str, &str)] =
            if row == 2 { &[("source.file", file.to_str().unwrap())] } else { &[] };
        let plan = plan_of(&example, set);
        let shown = plan.to_string();
        assert!(shown.contains(&format!("row {row})")), "{example}:\n{shown}");
        assert_eq!(plan.json()["streams"][0]["match"]["row"], row, "{example}");

        let mut graph = simulate(plan);
        graph.advance(Span::from_secs(5)).unwrap();
        let report = graph.stop();
        let stream = report.stream("source", "speakers").unwrap();
        assert_eq!(stream.row, row, "{example}: {report}");
        assert_eq!(stream.underruns + stream.overruns, 0, "{example}: {report}");
        assert!(!report.has_failed(), "{example}: {report}");
    }
}
