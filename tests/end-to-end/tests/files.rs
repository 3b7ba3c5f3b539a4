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
