//! What is recorded is played back, value for value.

use driftless_end_to_end::{plan, recording, simulate};
use driftless_plugin_api::Span;

#[test]
fn what_the_file_writer_records_the_file_source_plays() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.wav"), folder.path().join("second.wav"));
    for encoding in ["float32", "pcm24", "pcm16"] {
        let record = format!(
            "[graph]\nconnect = [\"source -> file\"]\n[filter.source]\n\
             plugin = \"driftless.test-source\"\nwaveform = \"noise\"\nstop-after = \"2 s\"\n\
             [filter.file]\nplugin = \"driftless.file-writer\"\nfile = \"{}\"\noverwrite = true\n\
             encoding = \"{encoding}\"\n",
            first.display()
        );
        let play = format!(
            "[graph]\nconnect = [\"source -> file\"]\n[filter.source]\n\
             plugin = \"driftless.file-source\"\nfile = \"{}\"\n\
             [filter.file]\nplugin = \"driftless.file-writer\"\nfile = \"{}\"\noverwrite = true\n",
            first.display(),
            second.display()
        );
        for manifest in [record, play] {
            let mut graph = simulate(plan("files.toml", &manifest, &[]));
            assert!(graph.advance_to_end(Span::from_secs(20)).unwrap(), "{encoding}");
            let report = graph.stop();
            assert!(!report.has_failed(), "{encoding}: {report}");
        }
        let (recorded, played) = (recording(&first), recording(&second));
        assert_eq!(recorded.0.len(), 2 * 48_000, "{encoding}");
        assert!(recorded == played, "{encoding}: {} values", played.0.len());
    }
}

/// How often `frames` go up through zero in each second.
fn pitch_hz((frames, rate): &(Vec<f32>, u32)) -> f64 {
    let rising = frames.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    rising as f64 * f64::from(*rate) / frames.len() as f64
}

/// LS-116: through filters that pass it on. Who records it says that it cannot, and the other plays on.
#[test]
fn a_file_at_twice_its_rate_is_heard_in_half_the_time_and_an_octave_higher() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let record = format!(
        "[graph]\nconnect = [\"source -> file\"]\n[filter.source]\n\
         plugin = \"driftless.test-source\"\nfrequency = \"500 Hz\"\nstop-after = \"4 s\"\n\
         [filter.file]\nplugin = \"driftless.file-writer\"\nfile = \"{}\"\n",
        file("tone.wav")
    );
    let play = format!(
        "[graph]\nconnect = [\"source -> tee\", \"tee -> gain -> speakers\", \"tee -> file\"]\n\
         [filter.source]\nplugin = \"driftless.file-source\"\nfile = \"{}\"\nplayback-rate = 2\n\
         [filter.tee]\nplugin = \"driftless.tee\"\n[filter.gain]\nplugin = \"driftless.gain\"\n\
         [filter.speakers]\nplugin = \"driftless.audio-renderer\"\ndevice = \"wav:{}\"\n\
         [filter.file]\nplugin = \"driftless.file-writer\"\nfile = \"{}\"\n",
        file("tone.wav"),
        file("heard.wav"),
        file("refused.wav")
    );
    let mut graph = simulate(plan("record.toml", &record, &[]));
    assert!(graph.advance_to_end(Span::from_secs(20)).unwrap());
    graph.stop();
    let mut graph = simulate(plan("play.toml", &play, &[]));
    graph.advance(Span::from_secs(4)).unwrap();
    let report = graph.stop();
    for (name, failed) in [("speakers", false), ("file", true)] {
        assert_eq!(report.filter(name).unwrap().failed, failed, "{name}: {report}");
    }
    let refused = report.events.iter().find(|event| event.filter.as_deref() == Some("file"));
    let text = &refused.unwrap().text;
    assert!(
        text.ends_with("refused.wav is recorded at rate 1, and the stream plays at 2"),
        "{text}"
    );
    let (frames, rate) = recording(&folder.path().join("heard.wav"));
    let is_heard = |value: &f32| value.abs() > 1e-3;
    let begin = frames.iter().position(is_heard).unwrap();
    let end = frames.iter().rposition(is_heard).unwrap() + 1;
    let seconds = (end - begin) as f64 / f64::from(rate);
    assert!((seconds - 2.0).abs() < 0.02, "{seconds} s");
    let pitch = pitch_hz(&(frames[begin..end].to_vec(), rate));
    assert!((pitch - 1_000.0).abs() < 3.0, "{pitch} Hz");
}
