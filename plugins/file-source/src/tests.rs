use std::path::Path;

use driftless_plugin_api::descriptor::Descriptor;
use driftless_plugin_api::testing::{self, Driver, TestClock, audio};
use driftless_plugin_api::{HostTime, Span};

use super::*;

/// A WAV file that is gone after the test: 48 kHz, mono, frame n has value n / 2^23.
struct Ramp(PathBuf);

impl Ramp {
    fn new(test: &str, frames: i32) -> Self {
        let name = format!("driftless-file-source-{}-{test}.wav", std::process::id());
        let path = std::env::temp_dir().join(name);
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 24,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        (0..frames).for_each(|frame| writer.write_sample(frame).unwrap());
        writer.finalize().unwrap();
        Self(path)
    }

    fn truncate(&self, bytes: u64) {
        std::fs::OpenOptions::new().write(true).open(&self.0).unwrap().set_len(bytes).unwrap();
    }

    fn source(&self, more: &[(&str, &str)]) -> Driver {
        let mut driver = Driver::source::<FileSource>(settings(&self.0, more)).unwrap();
        driver.connect(Pin::Output(0), audio(48_000, 1)).unwrap();
        driver
    }
}

impl Drop for Ramp {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn settings(file: &Path, more: &[(&str, &str)]) -> Settings {
    let given = [&[("file", file.to_str().unwrap())][..], more].concat();
    testing::settings(include_str!("../plugin.toml"), FileSource::ID, &given)
}

fn refusal(file: &Path, more: &[(&str, &str)]) -> String {
    Driver::source::<FileSource>(settings(file, more)).err().expect("an error").text
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/fixtures").join(name)
}

/// Steps a source that is not live until its end.
fn play(driver: &mut Driver) -> Vec<Sample> {
    driver.activate().unwrap();
    let mut steps = 0;
    while driver.step() != Wake::Ended {
        steps += 1;
        assert!(steps < 100_000, "it ends");
    }
    driver.delivered(0)
}

fn frames(samples: &[Sample]) -> Vec<i32> {
    let values = samples.iter().flat_map(|sample| sample.values());
    values.map(|value| (value * 8_388_608.0) as i32).collect()
}

fn at(ms: i64) -> HostTime {
    HostTime::ZERO + Span::from_millis(ms)
}

fn start_ms(sample: &Sample) -> f64 {
    (sample.start().expect("stamped") - StreamTime::ZERO).millis_f64()
}

#[test]
fn a_file_is_played_whole_with_stamps_that_count_its_frames_and_ends_once() {
    let ramp = Ramp::new("whole", 1000);
    let mut driver = ramp.source(&[]);
    let samples = play(&mut driver);
    assert_eq!(frames(&samples), (0..1000).collect::<Vec<_>>());
    assert_eq!(samples.iter().map(start_ms).collect::<Vec<_>>(), [0.0, 10.0, 20.0]);
    assert_eq!(samples[2].media_times(), Some((960, 1000)));
    let marks: Vec<_> = samples.iter().map(Sample::discontinuity).collect();
    assert_eq!(marks, [true, false, false]);
    assert_eq!(driver.step(), Wake::Ended);
    assert_eq!(driver.marked(0), [Marker::LIVE_SEGMENT, Marker::EndOfStream]);
    assert_eq!(driver.cue(), Cue::Done);
}

#[test]
fn a_second_activation_plays_it_from_the_start() {
    let ramp = Ramp::new("again", 500);
    let mut driver = ramp.source(&[]);
    let first = frames(&play(&mut driver));
    driver.deactivate().unwrap();
    assert_eq!(frames(&play(&mut driver)), first);
}

#[test]
fn it_begins_at_start_to_the_frame() {
    let ramp = Ramp::new("start", 20_000);
    for start_frame in [1, 479, 480, 9_999, 19_999] {
        let start = format!("{} ms", f64::from(start_frame) / 48.0);
        let samples = play(&mut ramp.source(&[("start", &start)]));
        let played = frames(&samples);
        assert_eq!(played, (start_frame..20_000).collect::<Vec<_>>(), "{start}");
        assert_eq!(start_ms(&samples[0]), 0.0);
    }
    assert!(refusal(&ramp.0, &[("start", "1 s")]).contains("ends before"));
}

/// LS-116: stamps are due times, counted from 0; the segment says from where and how fast.
#[test]
fn at_another_rate_its_stamps_are_as_much_closer_and_its_segment_says_so() {
    let ramp = Ramp::new("rate", 1_900);
    for (rate, stamps) in [("2", [0.0, 5.0, 10.0]), ("0.5", [0.0, 20.0, 40.0])] {
        let mut driver = ramp.source(&[("playback-rate", rate), ("start", "10 ms")]);
        let samples = play(&mut driver);
        assert_eq!(frames(&samples), (480..1_900).collect::<Vec<_>>());
        assert_eq!(samples.iter().map(start_ms).collect::<Vec<_>>(), stamps);
        let rate = rate.parse().unwrap();
        let start = StreamTime::ZERO + Span::from_millis(10);
        let segment = Marker::NewSegment { start, stop: StreamTime::MAX, rate };
        assert_eq!(driver.marked(0), [segment, Marker::EndOfStream]);
    }
    let refused = refusal(&ramp.0, &[("playback-rate", "2"), ("pace", "true")]);
    assert!(refused.contains("`playback-rate` is 2; with `pace` it can only be 1"), "{refused}");
}

#[test]
fn a_loop_has_no_gap_and_counts_on() {
    let ramp = Ramp::new("loop", 700);
    let mut driver = ramp.source(&[("loop", "true"), ("start", "12.5 ms")]);
    driver.activate().unwrap();
    for _ in 0..5 {
        assert_eq!(driver.step(), Wake::At(at(0)));
    }
    let samples = driver.delivered(0);
    let expected: Vec<i32> = (600..700).cycle().take(5 * 480).collect();
    assert_eq!(frames(&samples), expected);
    assert_eq!(start_ms(&samples[4]), 40.0);
    assert!(samples[1..].iter().all(|sample| !sample.discontinuity()));
    assert_eq!(driver.counters()["repeats"], 23);
}

#[test]
fn a_file_that_was_cut_off_is_played_as_far_as_it_goes_with_one_warning() {
    let ramp = Ramp::new("cut", 1000);
    let whole = std::fs::metadata(&ramp.0).unwrap().len();
    ramp.truncate(whole - 3 * 300);
    let mut driver = ramp.source(&[]);
    let played = frames(&play(&mut driver));
    assert!(played.len() >= 480 && played.len() <= 700, "{} frames", played.len());
    assert_eq!(played, (0..played.len() as i32).collect::<Vec<_>>());
    let events = driver.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].code, EventCode::WARNING);
    assert!(events[0].text.contains("ends early"), "{}", events[0].text);
}

#[test]
fn a_flac_file_that_was_cut_off_is_played_as_far_as_it_goes() {
    let ramp = Ramp::new("flac", 1);
    let whole = std::fs::read(fixture("tone.flac")).unwrap();
    std::fs::write(&ramp.0, &whole[..whole.len() - 1500]).unwrap();
    let mut driver = Driver::source::<FileSource>(settings(&ramp.0, &[])).unwrap();
    driver.connect(Pin::Output(0), audio(44_100, 1)).unwrap();
    let played: usize = play(&mut driver).iter().map(|sample| sample.values().len()).sum();
    assert!((2_000..13_230).contains(&played), "{played} frames");
    assert_eq!(driver.events().len(), 1);
}

/// Amplitude of the 440 Hz in `values` at 44.1 kHz, and how much else there is, as a ratio.
fn tone(values: &[f32]) -> (f64, f64) {
    let (mut sine, mut cosine, mut power) = (0.0, 0.0, 0.0);
    for (n, value) in values.iter().enumerate() {
        let phase = std::f64::consts::TAU * 440.0 * n as f64 / 44_100.0;
        sine += f64::from(*value) * phase.sin();
        cosine += f64::from(*value) * phase.cos();
        power += f64::from(*value).powi(2);
    }
    let count = values.len() as f64;
    let amplitude = 2.0 * (sine * sine + cosine * cosine).sqrt() / count;
    let rest = power / count - amplitude * amplitude / 2.0;
    (amplitude, (rest.max(0.0) / (power / count)).sqrt())
}

/// A tone of 440 Hz, amplitude 1/2, 0.3 s at 44.1 kHz, encoded by another program.
#[test]
fn every_kind_of_file_is_decoded() {
    for (name, exact) in [
        ("tone.flac", true),
        ("tone.mp3", false),
        ("tone.ogg", false),
        ("tone.m4a", false),
        ("tone.aac", false),
    ] {
        let mut driver = Driver::source::<FileSource>(settings(&fixture(name), &[])).unwrap();
        let media = driver.media_types(Pin::Output(0))[0].complete().unwrap();
        assert_eq!(media, audio(44_100, 1), "{name}");
        driver.connect(Pin::Output(0), media).unwrap();
        let samples = play(&mut driver);
        let values: Vec<f32> = samples.iter().flat_map(|s| s.values().to_vec()).collect();
        assert_eq!(driver.events(), [], "{name}");
        // Encoders that work in blocks may add some at both ends, and LAME takes 5 % of the level.
        let frames = values.len();
        assert!(frames >= 13_230 && (frames == 13_230 || !exact), "{name}: {frames} frames");
        assert!(frames < 13_230 + 4096, "{name}: {frames} frames");
        let (amplitude, rest) = tone(&values[4410..4410 + 4410]);
        assert!((0.47..0.51).contains(&amplitude) && rest < 0.03, "{name}: {amplitude}, {rest}");
    }
}

#[test]
fn what_cannot_be_played_is_named_with_what_could() {
    let none = refusal(Path::new("none.wav"), &[]);
    assert!(none.contains("none.wav"), "{none}");
    let folder = refusal(&std::env::temp_dir(), &[]);
    assert!(folder.contains("directory"), "{folder}");
    let text = refusal(&Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin.toml"), &[]);
    assert!(text.contains("no audio file") && text.contains("FLAC"), "{text}");
    let opus = refusal(&fixture("tone.opus"), &[]);
    assert!(opus.contains("Opus") && opus.contains("Ogg/Vorbis"), "{opus}");
    let ramp = Ramp::new("empty", 1);
    ramp.truncate(0);
    let empty = refusal(&ramp.0, &[]);
    assert!(empty.contains("no audio file"), "{empty}");
}

/// LS-7, LS-49, LS-77 row 7: stamps are the graph's time, at which a clock 100 ppm fast captured.
#[test]
fn paced_it_delivers_a_block_when_a_microphone_would_have() {
    let ramp = Ramp::new("pace", 480 * 1000);
    let more = [("pace", "true"), ("rate-error", "100 ppm"), ("latency", "25 ms")];
    let mut driver = ramp.source(&more);
    driver.set_now(at(500));
    driver.set_stream_offset(Pin::Output(0), Span::from_millis(100));
    driver.run().unwrap();
    assert_eq!(driver.cue(), Cue::CantCue);
    driver.step_until(at(500 + 24));
    assert_eq!(driver.delivered(0).len(), 0, "not before its latency");
    driver.step_until(at(500 + 25));
    let first = driver.delivered(0);
    assert_eq!((first.len(), start_ms(&first[0])), (1, 125.0));
    driver.step_until(at(500 + 5025));
    let samples = driver.delivered(0);
    assert_eq!(samples.len(), 500, "in 5 s it is half a millisecond ahead");
    let last = start_ms(&samples[499]);
    assert!((last - (125.0 + 5000.0 / 1.0001)).abs() < 1e-5, "{last}");
    assert_eq!(driver.latency(Pin::Output(0)), Ok(Span::from_millis(25)));
}

/// LS-11, LS-12, LS-32
#[test]
fn paced_stamps_increase_over_a_pause_and_a_smaller_offset() {
    let ramp = Ramp::new("increase", 48_000);
    let mut driver = ramp.source(&[("pace", "true"), ("latency", "10 ms")]);
    driver.set_stream_offset(Pin::Output(0), Span::from_millis(35));
    driver.run().unwrap();
    driver.step_until(at(55));
    driver.pause().unwrap();
    driver.set_now(at(1000));
    driver.run().unwrap();
    driver.step_until(at(1040));
    driver.set_stream_offset(Pin::Output(0), Span::ZERO);
    driver.step_until(at(1100));
    let samples = driver.delivered(0);
    let stamps: Vec<f64> = samples.iter().map(start_ms).collect();
    assert!(stamps.windows(2).all(|pair| pair[0] < pair[1]), "{stamps:?}");
    let marks: Vec<_> =
        stamps.iter().zip(&samples).filter(|(_, s)| s.discontinuity()).map(|(ms, _)| *ms).collect();
    assert_eq!(marks, [45.0, 100.0, 145.0], "start, run, behind 130 to 140: {stamps:?}");
    assert!(driver.counters()["withheld"] > 0);
}

/// LS-64
#[test]
fn paced_without_a_clock_it_counts_from_its_own_start() {
    let ramp = Ramp::new("clockless", 960);
    let mut driver = ramp.source(&[("pace", "true")]);
    driver.set_clock(TestClock::None);
    driver.set_now(at(77));
    driver.run().unwrap();
    assert_eq!(driver.step_until(at(1000)), Wake::Ended);
    let stamps: Vec<f64> = driver.delivered(0).iter().map(start_ms).collect();
    assert_eq!(stamps, [10.0, 20.0]);
}

#[test]
fn a_latency_shorter_than_a_block_is_refused() {
    let ramp = Ramp::new("short", 100);
    let error = refusal(&ramp.0, &[("pace", "true"), ("latency", "5 ms")]);
    assert!(error.contains("`latency`") && error.contains("`block`"), "{error}");
}

/// LS-4, LS-29
#[test]
fn the_descriptor_says_that_it_is_live_only_when_paced() {
    let descriptor = Descriptor::parse(include_str!("../plugin.toml")).unwrap();
    let push_source = descriptor.filters[0].push_source.clone().unwrap();
    let offered = |pace| {
        let settings = settings(Path::new("x.wav"), &[("pace", pace)]);
        push_source.offer.resolve(&settings).unwrap()
    };
    assert!(!offered("false") && offered("true"));
}
