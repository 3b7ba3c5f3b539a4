//! Graphs of the bundled libraries that change while they run; what does not change is recorded, and
//! every frame is the same.

use std::path::Path;
use std::sync::OnceLock;

use driftless_end_to_end::{plugins, simulate};
use driftless_engine::{Catalog, Manifest, Plan};
use driftless_plugin_api::*;

/// The bundled libraries, and a source whose latency changes; always the same catalog, so that what is
/// planned twice is the same too.
fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut catalog = Catalog::scan(&[plugins()]);
        let buffer = Registration::new(DESCRIPTOR).source::<Buffer>();
        catalog.embed(buffer).expect("the descriptor is good");
        catalog
    })
}

fn plan(text: &str) -> Plan {
    let manifest = Manifest::parse("change.toml", text).unwrap_or_else(|it| panic!("{it}"));
    Plan::new(&manifest, catalog()).unwrap_or_else(|it| panic!("{it}"))
}

fn recorded(file: &Path) -> Vec<u8> {
    let bytes = std::fs::read(file).unwrap();
    assert!(bytes.iter().any(|byte| *byte != 0) && bytes.len() > 500_000, "{}", bytes.len());
    bytes
}

const MICROPHONE: &str = "
[filter.microphone]
plugin = \"driftless.test-source\"
waveform = \"noise\"
rate-error = \"120 ppm\"
latency = \"100 ms\"
jitter = \"5 ms\"
[filter.tee]
plugin = \"driftless.tee\"
[filter.kept]
plugin = \"driftless.audio-renderer\"
rate-error = \"-80 ppm\"
";

/// LS-125
#[test]
fn a_recording_is_the_same_to_the_bit_whether_a_branch_beside_it_comes_and_goes_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let more = folder.path().join("more.wav");
    let record = |name: &str, changes: bool| {
        let file = folder.path().join(name);
        let device = format!("device = \"wav:{}\"\n", file.display());
        let small = format!(
            "[graph]\nconnect = [\"microphone -> tee\", \"tee -> kept\"]\n{MICROPHONE}{device}"
        );
        // The branch is first, so that it takes the first pin of the tee.
        let large = format!(
            "[graph]\nconnect = [\"microphone -> tee\", \"tee -> more\", \"tee -> kept\"]\n\
             {MICROPHONE}{device}[filter.more]\nplugin = \"driftless.file-writer\"\nfile = \"{}\"\n",
            more.display()
        );
        let mut graph = simulate(plan(&small));
        for text in [&large, &small] {
            graph.advance(Span::from_secs(1)).unwrap();
            if changes {
                let difference = graph.change(plan(text)).unwrap();
                assert!(!difference.added.contains(&"kept".to_owned()), "{difference}");
            }
        }
        graph.advance(Span::from_secs(1)).unwrap();
        assert!(!graph.stop().has_failed());
        recorded(&file)
    };
    assert!(record("with.wav", true) == record("without.wav", false));
    let (frames, rate) = driftless_end_to_end::recording(&more);
    assert!((0.9..=1.1).contains(&(frames.len() as f64 / f64::from(rate))), "{}", frames.len());
}

/// LS-M4
#[test]
fn a_recording_is_the_same_to_the_bit_whether_a_jitter_buffer_beside_it_grows_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let record = |name: &str, becomes: &str| {
        let file = folder.path().join(name);
        let text = format!(
            "[graph]\nconnect = [\"microphone -> tee\", \"tee -> kept\", \"buffer -> other\"]\n\
             {MICROPHONE}device = \"wav:{}\"\n\
             [filter.buffer]\nplugin = \"test.buffer\"\nbecomes = \"{becomes}\"\n\
             [filter.other]\nplugin = \"driftless.audio-renderer\"\ndevice = \"virtual\"\n",
            file.display()
        );
        let mut graph = simulate(plan(&text));
        graph.advance(Span::from_secs(4)).unwrap();
        let offsets = graph.graph().settled().timing.offsets.clone();
        let report = graph.stop();
        assert!(!report.has_failed(), "{report}");
        (recorded(&file), offsets.iter().map(|it| it.offset).collect::<Vec<_>>())
    };
    let (grown, moved) = record("grown.wav", "70 ms");
    let (steady, unmoved) = record("steady.wav", "20 ms");
    assert_ne!(moved, unmoved, "the buffer's own offset has made room");
    assert!(grown == steady);
}

/// LS-125: who stays is told which of its inputs lead nowhere from now on.
#[test]
fn a_mixer_that_waits_for_its_inputs_waits_for_none_that_was_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mixed.wav");
    let ends = format!(
        "[filter.one]\nplugin = \"driftless.test-source\"\n\
         [filter.mixer]\nplugin = \"driftless.mixer\"\npolicy = \"wait\"\npatience = \"2 s\"\n\
         [filter.speakers]\nplugin = \"driftless.audio-renderer\"\ndevice = \"wav:{}\"\n",
        file.display()
    );
    let alone = format!("[graph]\nconnect = [\"one -> mixer.in0\", \"mixer -> speakers\"]\n{ends}");
    let both = format!(
        "[graph]\nconnect = [\"one -> mixer.in0\", \"two -> mixer.in1\", \"mixer -> speakers\"]\n\
         {ends}[filter.two]\nplugin = \"driftless.test-source\"\n"
    );
    let mut graph = simulate(plan(&both));
    graph.advance(Span::from_secs(2)).unwrap();
    graph.change(plan(&alone)).unwrap();
    graph.advance(Span::from_secs(3)).unwrap();
    let report = graph.stop();
    assert!(!report.has_failed(), "{report}");
    let (values, rate) = driftless_end_to_end::recording(&file);
    let parts = values[2 * rate as usize..].chunks(rate as usize / 5);
    let silent = parts.filter(|part| part.iter().all(|value| value.abs() < 1e-3));
    assert!(silent.count() <= 1, "{report}");
}

const DESCRIPTOR: &str = r#"
[plugin]
name = "test-buffer"
version = "0.1.0"
api = "1.0"
license = "MIT OR Apache-2.0"
help = "For tests."

[[filter]]
id = "test.buffer"
kind = "source"
help = "A live source whose buffer of 20 ms becomes longer after two seconds."
[filter.latency]
value = "20 ms"
[filter.push-source]
stamps = "delivery"
max-offset = "1 s"
[filter.pin.out]
direction = "output"
media = ["audio"]
category = "capture"
[filter.setting.becomes]
type = "time"
unit = "ms"
default = 20.0
range = [20.0, 1000.0]
help = "What it becomes."
"#;

const FORMAT: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 1 };
const PERIOD: Span = Span::from_millis(10);

/// `test.buffer`: silence every 10 ms.
struct Buffer {
    host: Host,
    latency: Span,
    becomes: Span,
    offset: Span,
    sent: u32,
    next: Option<HostTime>,
}

impl Filter for Buffer {
    const ID: &'static str = "test.buffer";
    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let (latency, becomes) = (Span::from_millis(20), settings.time("becomes")?);
        Ok(Self { host, latency, becomes, offset: Span::ZERO, sent: 0, next: None })
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![MediaType::Audio(FORMAT).into()]
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
    fn cue(&self) -> Cue {
        Cue::CantCue
    }
    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }
    fn push_source(&mut self) -> Option<&mut dyn PushSource> {
        Some(self)
    }
}

impl Latency for Buffer {
    fn latency(&self, _: Pin) -> Result<Span, Status> {
        Ok(self.latency)
    }
}

impl PushSource for Buffer {
    fn flags(&self, _: Pin) -> PushSourceFlags {
        PushSourceFlags::NONE
    }
    fn stamps(&self, _: Pin) -> Stamps {
        Stamps::Delivery
    }
    fn stream_offset(&self, _: Pin) -> Span {
        self.offset
    }
    fn set_stream_offset(&mut self, _: Pin, offset: Span) -> Status {
        self.offset = offset;
        Status::OK
    }
    fn max_stream_offset(&self, _: Pin) -> Span {
        Span::from_secs(1)
    }
}

impl Source for Buffer {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let now = output.now();
        let due = *self.next.get_or_insert(now);
        if due > now {
            return Ok(Wake::At(due));
        }
        if self.sent == 200 && self.latency != self.becomes {
            let more = self.becomes - std::mem::replace(&mut self.latency, self.becomes);
            self.host.event(EventCode::LATENCY_CHANGED, 0, 0, "the network became worse");
            self.next = Some(due + more);
            return Ok(Wake::At(due + more));
        }
        self.sent += 1;
        let mut sample = self.host.audio_sample(480, 1).ok_or(Status::FAIL)?;
        sample.bytes_mut().ok_or(Status::FAIL)?.fill(0);
        let start = self.host.clock().stream_time(due) + self.offset;
        sample.set_times(Some(start), Some(start + PERIOD));
        output.deliver(0, sample);
        self.next = Some(due + PERIOD);
        Ok(Wake::At(due + PERIOD))
    }
}
