//! The case that it all started from: pictures with a latency of 33 ms, sound with one of 500 ms.

use driftless_end_to_end::{plan, recording, repository, simulate, ticks, video_log};
use driftless_engine::Plan;
use driftless_plugin_api::Span;

const MICROPHONE_PPM: f64 = 120.0;

fn av_live(sync: bool, set: &[(&str, &str)]) -> Plan {
    let text = std::fs::read_to_string(repository("examples/av-live.toml")).unwrap();
    assert!(text.contains("sync    = true"));
    plan("av-live.toml", &text.replace("sync    = true", &format!("sync    = {sync}")), set)
}

/// Runs examples/av-live.toml on the virtual device for so long. Returns, for the sound and for the
/// pictures, seconds from capture to presentation, measured at the renderers.
fn presented_after(sync: bool, seconds: i64) -> (Vec<f64>, Vec<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let (sound, log) = (folder.path().join("sound.wav"), folder.path().join("log.csv"));
    let plan = av_live(
        sync,
        &[
            ("speakers.device", &format!("wav:{}", sound.display())),
            ("preview.log", log.to_str().unwrap()),
        ],
    );
    let mut graph = simulate(plan);
    graph.advance(Span::from_secs(seconds)).unwrap();
    let report = graph.stop();
    assert!(!report.has_failed(), "{report}");

    // The microphone's clock is fast: its n-th second is captured a little before the n-th second.
    // The device's first tick may be the start itself, so ticks are matched by the nearest second.
    let captured = |at: f64, latency: f64| {
        let n = (at - latency).round();
        n / (1.0 + MICROPHONE_PPM * 1e-6)
    };
    let latency = 0.54;
    let sound: Vec<f64> =
        ticks(&recording(&sound)).into_iter().map(|at| at - captured(at, latency)).collect();
    let pictures: Vec<f64> = video_log(&log)
        .into_iter()
        .map(|shown| shown.presented - f64::from(shown.number) / 30.0)
        .collect();
    assert!(sound.len() as i64 >= seconds - 2, "{} ticks", sound.len());
    assert!(pictures.len() as i64 >= 30 * (seconds - 2), "{} pictures", pictures.len());
    (sound, pictures)
}

fn worst_apart(sound: &[f64], pictures: &[f64], expected: f64) -> f64 {
    let apart = |sound: f64| {
        pictures.iter().map(move |picture| (sound - picture - expected).abs()).fold(0.0, f64::max)
    };
    sound.iter().copied().map(apart).fold(0.0, f64::max)
}

/// LS-50
#[test]
fn frame_and_sound_of_one_instant_are_presented_within_1_ms_when_synchronised() {
    let (sound, pictures) = presented_after(true, 30);
    let worst = worst_apart(&sound, &pictures, 0.0);
    assert!(worst < 1e-3, "{:.3} ms apart at worst; sound {sound:?}", worst * 1e3);
}

/// LS-41
#[test]
fn sound_is_467_ms_behind_its_picture_when_not_synchronised() {
    let (sound, pictures) = presented_after(false, 30);
    let worst = worst_apart(&sound, &pictures, 0.467);
    assert!(worst < 1e-3, "{:.3} ms off at worst; sound {sound:?}", worst * 1e3);
}

/// LS-48
#[test]
fn the_plan_shows_offsets_of_467_and_0_ms_or_none() {
    for (sync, camera) in [(true, 467), (false, 0)] {
        let plan = av_live(sync, &[]);
        let json = plan.json();
        let offset = |source: &str| {
            let streams = json["streams"].as_array().unwrap();
            let stream = streams.iter().find(|stream| stream["source"] == source).unwrap();
            stream["offset_ns"].as_i64().unwrap_or(0)
        };
        assert_eq!(offset("camera"), camera * 1_000_000, "sync = {sync}: {json:#}");
        assert_eq!(offset("microphone"), 0);
    }
}

/// Two runs give the same digits.
#[test]
fn the_same_run_gives_the_same_report_and_the_same_samples() {
    let run = || {
        let folder = tempfile::tempdir().unwrap();
        let sound = folder.path().join("sound.wav");
        let device = format!("wav:{}", sound.display());
        let plan = av_live(true, &[("speakers.device", &device)]);
        let mut graph = simulate(plan);
        graph.advance(Span::from_secs(20)).unwrap();
        (graph.stop().json(), std::fs::read(&sound).unwrap())
    };
    let (first, second) = (run(), run());
    assert_eq!(first.0, second.0);
    assert!(first.1 == second.1, "the recordings differ");
}
