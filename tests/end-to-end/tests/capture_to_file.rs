//! Capture to a file beside a preview that misbehaves.

use driftless_end_to_end::{plan, recording, repository, simulate};
use driftless_engine::{RunOptions, RunningGraph};
use driftless_plugin_api::Span;
use std::time::Duration;

const SECONDS: i64 = 3;

/// Records three seconds beside a preview renderer of these settings; returns the file's frames.
fn recorded(preview: &str, real_time: bool) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capture.wav");
    let text = std::fs::read_to_string(repository("examples/capture-to-file.toml")).unwrap();
    let speakers = text.find("[filter.speakers]").unwrap();
    let text = format!("{}[filter.speakers]\n{preview}", &text[..speakers]);
    let stop = format!("{SECONDS} s");
    let set = [("file.file", file.to_str().unwrap()), ("microphone.stop-after", &stop)];
    let plan = plan("capture-to-file.toml", &text, &set);
    let report = if real_time {
        // Only real time shows that a preview which never returns holds up nobody: in virtual time
        // all filters share a thread.
        let options = RunOptions { patience: Duration::from_secs(1), ..RunOptions::default() };
        let mut running = RunningGraph::start_with(plan, options).unwrap();
        let until = std::time::Instant::now() + Duration::from_secs(20);
        let written = |event: &driftless_engine::event::Event| {
            event.code == driftless_plugin_api::EventCode::COMPLETE
                && event.filter.as_deref() == Some("file")
        };
        while std::time::Instant::now() < until {
            if running.wait(Duration::from_millis(500)).iter().any(written) {
                break;
            }
        }
        running.stop()
    } else {
        let mut graph = simulate(plan);
        graph.advance(Span::from_secs(SECONDS + 2)).unwrap();
        graph.stop()
    };
    let (frames, rate) = recording(&file);
    assert_eq!(rate, 48_000);
    assert!(!report.filter("file").unwrap().failed, "{report}");
    frames
}

/// LS-92, LS-91, LS-96, LS-97, LS-101
#[test]
fn the_file_has_every_frame_whatever_becomes_of_the_preview() {
    let undisturbed =
        recorded("plugin = \"driftless.audio-renderer\"\ndevice = \"virtual\"", false);
    assert_eq!(undisturbed.len() as i64, SECONDS * 48_000);
    for deed in ["panic", "fail"] {
        let preview =
            format!("plugin = \"fixture.renderer\"\nin = \"receive\"\ndoes = \"{deed}\"\nat = 50");
        let frames = recorded(&preview, false);
        assert!(frames == undisturbed, "{deed}: {} frames", frames.len());
    }
}

/// LS-96, LS-101
#[test]
fn the_file_has_every_frame_while_the_preview_never_returns_from_a_call() {
    let preview = "plugin = \"fixture.renderer\"\nin = \"receive\"\ndoes = \"hang\"\nat = 50";
    let frames = recorded(preview, true);
    assert_eq!(frames.len() as i64, SECONDS * 48_000);
}
