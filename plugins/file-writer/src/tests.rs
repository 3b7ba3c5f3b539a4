use std::path::Path;

use driftless_plugin_api::StreamTime;
use driftless_plugin_api::testing::{self, Driver, audio};

use super::*;

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("driftless-file-writer-{}-{test}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("take.wav")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn settings(file: &Path, more: &[(&str, &str)]) -> Settings {
    let given = [&[("file", file.to_str().unwrap())][..], more].concat();
    testing::settings(include_str!("../plugin.toml"), FileWriter::ID, &given)
}

fn writer(file: &Path, more: &[(&str, &str)]) -> Driver {
    let mut driver = Driver::renderer::<FileWriter>(settings(file, more)).unwrap();
    driver.connect(Pin::Input(0), audio(48_000, 1)).unwrap();
    driver
}

fn send(driver: &mut Driver, values: &[f32], start_ms: Option<i64>, discontinuity: bool) {
    let start = start_ms.map(|ms| StreamTime::ZERO + Span::from_millis(ms));
    let mut sample = driver.audio_sample(values, start);
    sample.set_discontinuity(discontinuity);
    driver.receive(0, sample).unwrap();
}

fn recorded(file: &Path) -> Vec<f32> {
    hound::WavReader::open(file).unwrap().into_samples().collect::<Result<_, _>>().unwrap()
}

/// LS-91
#[test]
fn a_gap_in_the_stamps_is_silence_in_the_file_and_an_overlap_is_there_once() {
    let folder = Folder::new("gap");
    let mut driver = writer(&folder.file(), &[]);
    driver.run().unwrap();
    send(&mut driver, &[0.1; 480], Some(500), true);
    send(&mut driver, &[0.2; 480], Some(520), true);
    send(&mut driver, &[0.3; 480], Some(525), true);
    send(&mut driver, &[0.4; 480], None, false);
    driver.mark(0, Marker::EndOfStream).unwrap();
    let expected = [vec![0.1; 480], vec![0.0; 480], vec![0.2; 480], vec![0.3; 240], vec![0.4; 480]];
    assert_eq!(recorded(&folder.file()), expected.concat());
    let counters = driver.counters();
    assert_eq!(counters["silence-frames"], 480);
    assert_eq!(counters["cropped-frames"], 240);
    assert_eq!(counters["frames"], 480 * 3 + 240 + 480);
    assert_eq!(driver.events()[0].code, EventCode::COMPLETE);
}

/// LS-92
#[test]
fn an_existing_file_is_replaced_only_when_told_and_not_before_there_is_something_to_write() {
    let folder = Folder::new("overwrite");
    std::fs::write(folder.file(), "precious").unwrap();
    let refused = writer(&folder.file(), &[]).activate().unwrap_err();
    assert!(refused.text.contains("overwrite = true"), "{refused}");

    let mut driver = writer(&folder.file(), &[("overwrite", "true")]);
    driver.run().unwrap();
    assert_eq!(std::fs::read(folder.file()).unwrap(), b"precious");
    driver.pause().unwrap();
    driver.deactivate().unwrap();
    assert_eq!(std::fs::read(folder.file()).unwrap(), b"precious");

    driver.run().unwrap();
    send(&mut driver, &[0.5; 3], None, true);
    driver.pause().unwrap();
    driver.deactivate().unwrap();
    assert_eq!(recorded(&folder.file()), [0.5; 3]);
}

/// LS-108
#[test]
fn what_is_only_there_to_be_decoded_is_not_written() {
    let folder = Folder::new("preroll");
    let mut driver = writer(&folder.file(), &[]);
    driver.run().unwrap();
    let mut preroll = driver.audio_sample(&[0.9; 4], None);
    preroll.set_flags(preroll.flags().with(SampleFlags::PREROLL, true));
    driver.receive(0, preroll).unwrap();
    send(&mut driver, &[0.5; 3], None, true);
    driver.mark(0, Marker::EndOfStream).unwrap();
    assert_eq!(recorded(&folder.file()), [0.5; 3]);
}

#[test]
fn a_run_in_which_nothing_came_leaves_no_file() {
    let folder = Folder::new("nothing");
    let mut driver = writer(&folder.file(), &[]);
    driver.run().unwrap();
    assert!(folder.file().exists(), "the name is taken from activation on");
    driver.pause().unwrap();
    driver.deactivate().unwrap();
    assert!(!folder.file().exists());
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let folder = Folder::new("folder");
    let error = writer(&folder.0.join("none/take.wav"), &[]).activate().unwrap_err();
    assert!(error.text.contains("its folder does not exist"), "{error}");
}

/// LS-113
#[test]
fn the_end_of_the_stream_is_reported_when_the_graph_runs_and_again_with_every_run() {
    let folder = Folder::new("end");
    let mut driver = writer(&folder.file(), &[]);
    driver.activate().unwrap();
    driver.mark(0, Marker::EndOfStream).unwrap();
    assert_eq!(driver.events(), []);
    assert!(recorded(&folder.file()).is_empty(), "a stream without frames is an empty recording");
    for _ in 0..2 {
        driver.run().unwrap();
        assert_eq!(driver.events().len(), 1);
        driver.pause().unwrap();
    }
}

/// LS-113, LS-115
#[test]
fn behind_a_flush_an_ended_file_goes_on_and_its_end_is_not_reported_again() {
    let folder = Folder::new("again");
    let mut driver = writer(&folder.file(), &[]);
    driver.run().unwrap();
    send(&mut driver, &[0.25; 480], Some(0), true);
    driver.mark(0, Marker::EndOfStream).unwrap();
    driver.mark(0, Marker::BeginFlush).unwrap();
    driver.mark(0, Marker::EndFlush).unwrap();
    assert_eq!(driver.events().len(), 1, "the end of the first stream");
    driver.pause().unwrap();
    driver.run().unwrap();
    assert_eq!(driver.events(), []);
    send(&mut driver, &[0.5; 480], Some(0), true);
    driver.mark(0, Marker::EndOfStream).unwrap();
    assert_eq!(driver.events()[0].code, EventCode::COMPLETE);
    driver.pause().unwrap();
    driver.deactivate().unwrap();
    assert_eq!(recorded(&folder.file()), [[0.25; 480], [0.5; 480]].concat());
}

/// LS-M6
#[test]
fn it_takes_nothing_until_the_graph_runs_and_needs_no_cue() {
    let folder = Folder::new("ready");
    let mut driver = writer(&folder.file(), &[]);
    driver.activate().unwrap();
    assert!(!driver.ready());
    assert_eq!(driver.cue(), driftless_plugin_api::Cue::Done);
    driver.run().unwrap();
    assert!(driver.ready());
}

#[test]
fn a_stream_that_changes_its_format_ends_with_an_error_and_the_file_is_whole() {
    let folder = Folder::new("format");
    let mut driver = writer(&folder.file(), &[("encoding", "pcm16")]);
    driver.run().unwrap();
    send(&mut driver, &[0.25; 4], None, true);
    let mut sample = driver.audio_sample(&[0.5; 4], None);
    sample.set_new_media(Some(audio(44_100, 1)));
    assert_eq!(driver.receive(0, sample), Err(Status::TYPE_NOT_ACCEPTED));
    assert!(driver.events()[0].text.contains("audio/44100/1"));
    driver.pause().unwrap();
    driver.deactivate().unwrap();
    assert_eq!(hound::WavReader::open(folder.file()).unwrap().len(), 4);
}

/// The device that is always full: every write answers ENOSPC, as a full disk would.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_branch_with_a_sentence_that_says_what_was_written() {
    let mut driver = writer(Path::new("/dev/full"), &[("overwrite", "true")]);
    driver.run().unwrap();
    let sample = driver.audio_sample(&[0.5; 4], None);
    assert_eq!(driver.receive(0, sample), Err(Status::FAIL));
    let text = &driver.events()[0].text;
    assert!(text.contains("/dev/full") && text.contains("No space left"), "{text}");
}
