//! Mixer and aggregate in whole graphs, through the library that is loaded.

use std::path::Path;

use driftless_end_to_end::{plan, plan_of, recording, simulate, ticks, write_sound};
use driftless_engine::{Report, RunningGraph};
use driftless_plugin_api::Span;

fn counter(report: &Report, filter: &str, name: &str) -> u64 {
    let filter = report.filter(filter).unwrap();
    let found = filter.counters.iter().find(|(counter, _)| counter == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {:?}", filter.counters)).1
}

/// The mixer's latency is on top of the renderer's, and the plan accounts for it.
#[test]
fn the_example_of_a_mix_plays_without_loss_on_the_virtual_device() {
    let plan = plan_of("examples/mix.toml", &[("speakers.device", "virtual")]);
    let mut simulation = simulate(plan);
    simulation.advance(Span::from_secs(30)).unwrap();
    let report = simulation.stop();
    assert!(!report.has_failed(), "{report}");
    for name in ["late blocks of inputs", "frames concealed", "frames without room"] {
        assert_eq!(counter(&report, "mixer", name), 0, "{name}: {report}");
    }
    assert_eq!(report.streams[0].underruns, 0, "{report}");
    let blocks = counter(&report, "mixer", "blocks");
    assert!((2_985..=3_000).contains(&blocks), "{blocks} blocks of 10 ms in 30 s");
}

/// A recording of ten seconds, each of which begins with a tick.
fn write_ticks(path: &Path) {
    write_sound(path, 1, 480_000, |n| if n % 48_000 < 100 { 0.6 } else { 0.0 });
}

/// LS-2: a mixer is live, whatever feeds it, so its latency counts and the renderer does not begin late.
#[test]
fn a_recording_alone_is_heard_through_a_mixer_from_its_first_frame_on() {
    let folder = tempfile::tempdir().unwrap();
    let (music, heard) = (folder.path().join("music.wav"), folder.path().join("heard.wav"));
    write_ticks(&music);
    let text = "[graph]\nconnect = [\"music -> mixer.in0\", \"mixer -> speakers\"]\n[filter.music]\n\
        plugin = \"driftless.file-source\"\n[filter.mixer]\nplugin = \"driftless.mixer\"\n\
        [filter.speakers]\nplugin = \"driftless.audio-renderer\"\n";
    let device = format!("wav:{}", heard.display());
    let set = [("music.file", music.to_str().unwrap()), ("speakers.device", &device)];
    let plan = plan("alone", text, &set);
    assert_eq!(plan.settled.timing.latency(), Span::from_millis(60), "mixer and speakers");
    let mut simulation = simulate(plan);
    simulation.advance(Span::from_secs(12)).unwrap();
    let report = simulation.stop();
    assert!(!report.has_failed(), "{report}");
    assert_eq!(report.streams[0].row, 9, "as the plan said");
    let found = ticks(&recording(&heard));
    assert_eq!(found.len(), 10, "{found:?}");
    assert!((0.055..0.065).contains(&found[0]), "{found:?}");
}

/// A source that is not live delivers as fast as it is taken: the mixer takes what it has room for.
#[test]
fn a_recording_is_mixed_whole_with_a_live_source_though_nobody_paces_it() {
    let folder = tempfile::tempdir().unwrap();
    let (music, mix) = (folder.path().join("music.wav"), folder.path().join("mix.wav"));
    write_ticks(&music);
    let text = "[graph]\nconnect = [\"music -> mixer.in0\", \"live -> mixer.in1\", \"mixer -> mix\"]\n\
        [filter.music]\nplugin = \"driftless.file-source\"\n[filter.mixer]\n\
        plugin = \"driftless.mixer\"\n[filter.live]\nplugin = \"driftless.test-source\"\n\
        waveform = \"silence\"\n[filter.mix]\nplugin = \"driftless.file-writer\"\n";
    let set = [("music.file", music.to_str().unwrap()), ("mix.file", mix.to_str().unwrap())];
    let mut simulation = simulate(plan("unpaced", text, &set));
    simulation.advance(Span::from_secs(12)).unwrap();
    let report = simulation.stop();
    assert!(!report.has_failed(), "{report}");
    for name in
        ["late blocks of inputs", "frames concealed", "frames too late", "frames without room"]
    {
        assert_eq!(counter(&report, "mixer", name), 0, "{name}: {report}");
    }
    let found = ticks(&recording(&mix));
    assert_eq!(found.len(), 10, "{found:?}");
    for (second, at) in found.iter().enumerate() {
        assert!((at - found[0] - second as f64).abs() < 50e-6, "{found:?}");
    }
}

/// Two crystals 300 ppm apart are 14.4 frames a second apart; their ticks are not.
#[test]
fn the_example_of_an_aggregate_keeps_two_devices_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("devices.wav");
    let plan = plan_of("examples/aggregate.toml", &[("file.file", file.to_str().unwrap())]);
    let mut simulation = simulate(plan);
    simulation.advance(Span::from_secs(20)).unwrap();
    let report = simulation.stop();
    assert!(!report.has_failed(), "{report}");
    let mut reader = hound::WavReader::open(&file).unwrap();
    assert_eq!(reader.spec().channels, 4);
    let values: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
    let of_channel = |channel: usize| {
        ticks(&(values.iter().skip(channel).step_by(4).copied().collect(), 48_000))
    };
    let (left, right) = (of_channel(0), of_channel(2));
    assert!(left.len() >= 18 && right.len() >= 18, "{left:?} {right:?}");
    // Ticks of the faster crystal come 300 µs a second sooner, and the stamps say so.
    let apart = |second: usize| right[second] - left[second] - 300e-6 * left[second];
    for second in 5..18 {
        let moved = apart(second) - apart(4);
        assert!(moved.abs() < 0.5e-3, "second {second}: {moved} s since the fifth");
    }
}

/// However many sources there are, threads are as many as there are processors, in either crew.
#[cfg(target_os = "linux")]
#[test]
fn a_hundred_live_sources_share_a_few_threads() {
    let mut text = "[graph]\nconnect = [\"mixer -> speakers\"".to_owned();
    for number in 0..100 {
        text += &format!(", \"s{number} -> mixer.in{number}\"");
    }
    text += "]\n[filter.mixer]\nplugin = \"driftless.mixer\"\n[filter.speakers]\n\
             plugin = \"driftless.audio-renderer\"\ndevice = \"virtual\"\n";
    for number in 0..100 {
        text += &format!("[filter.s{number}]\nplugin = \"driftless.test-source\"\n");
    }
    let running = RunningGraph::start(plan("hundred", &text, &[])).unwrap();
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default()
    };
    let threads = tasks.map(name).filter(|name| name.starts_with("segments")).count();
    let report = running.stop();
    assert!(!report.has_failed(), "{report}");
    let cores = std::thread::available_parallelism().unwrap().get();
    // One to stand by in each crew; a machine that is busy may cost one more each.
    assert!(threads <= 2 * (cores + 2), "{threads} threads on {cores} processors");
}
