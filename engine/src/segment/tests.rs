use std::sync::Mutex;

use driftless_plugin_api::*;

use super::*;
use crate::{Catalog, Manifest, Plan, RunOptions, Simulation};

const DESCRIPTOR: &str = r#"
[plugin]
name = "test-timers"
version = "0.1.0"
api = "1.0"
help = "Filters made of timers."

[[filter]]
id = "test.clockwork"
kind = "source"
help = "A sample every 10 ms."
[filter.push-source]
[filter.simulation]
can = ["rate"]
[filter.pin.out]
direction = "output"
media = ["audio"]
category = "capture"

[[filter]]
id = "test.witness"
kind = "renderer"
help = "Asks to be stepped every 7 ms."
[filter.simulation]
stand-in = { setting = "device", value = "virtual", keep = ["virtual"] }
can = ["rate"]
[filter.setting.device]
type = "text"
default = "virtual"
help = "Only one."
[filter.pin.in]
direction = "input"
media = ["audio"]
"#;

const FORMAT: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 1 };

/// What the witness saw, and when, ns.
static SEEN: Mutex<Vec<(&str, i64)>> = Mutex::new(Vec::new());

struct Clockwork {
    host: Host,
    next: Option<HostTime>,
}

impl Filter for Clockwork {
    const ID: &'static str = "test.clockwork";
    fn create(_: &Settings, host: Host) -> Result<Self, FilterError> {
        Ok(Self { host, next: None })
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
}

impl Source for Clockwork {
    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let next = self.next.get_or_insert(output.now());
        while *next <= output.now() {
            let sample = self.host.audio_sample(480, 1).expect("there is memory");
            let _ = output.deliver(0, sample);
            *next += Span::from_millis(10);
        }
        Ok(Wake::At(*next))
    }
}

#[derive(Default)]
struct Witness {
    next: Option<HostTime>,
}

fn see(what: &'static str, at: HostTime) {
    SEEN.lock().unwrap().push((what, at.nanos()));
}

impl Filter for Witness {
    const ID: &'static str = "test.witness";
    fn create(_: &Settings, _: Host) -> Result<Self, FilterError> {
        Ok(Self::default())
    }
    fn media_types(&self, _: Pin) -> Vec<MediaPattern> {
        vec![MediaPattern::AUDIO]
    }
    fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> {
        Ok(())
    }
}

impl Renderer for Witness {
    fn mark(&mut self, _: u32, _: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        Ok(())
    }

    fn receive(&mut self, _: u32, _: Sample, output: &mut Output<'_>) -> Result<Flow, FilterError> {
        see("sample", output.now());
        Ok(Flow::Continue)
    }

    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        let next = self.next.get_or_insert(output.now());
        if *next <= output.now() {
            see("period", output.now());
            *next += Span::from_millis(7);
        }
        Ok(Wake::At(*next))
    }
}

fn simulation() -> Simulation {
    let mut catalog = Catalog::default();
    let registration = Registration::new(DESCRIPTOR).source::<Clockwork>().renderer::<Witness>();
    catalog.embed(registration).expect("the descriptor is good");
    let text = "[graph]\nconnect = [\"a -> b\"]\n[filter.a]\nplugin = \"test.clockwork\"\n\
                [filter.b]\nplugin = \"test.witness\"\n";
    let manifest = Manifest::parse("graph.toml", text).expect("it is good");
    let plan = Plan::new(&manifest, &catalog).expect("it is good");
    SEEN.lock().unwrap().clear();
    Simulation::start(plan, RunOptions::default()).expect("it starts")
}

fn seen() -> Vec<(&'static str, i64)> {
    std::mem::take(&mut *SEEN.lock().unwrap())
}

const LENGTH: Span = Span::from_millis(1000);

fn seen_in_time() -> Vec<(&'static str, i64)> {
    let mut in_time = simulation();
    in_time.advance(LENGTH).expect("nothing is stuck");
    let in_time = seen();
    assert!(in_time.len() > 240, "{} things happened", in_time.len());
    in_time
}

/// What is seen when the segment is stepped as late as it may be, and how often it was.
fn seen_late(set: fn(&mut Segment)) -> (Vec<(&'static str, i64)>, usize) {
    let mut late = simulation();
    let order = move |segment: &mut Segment, now| {
        let end = now + LENGTH;
        set(segment);
        segment.step(now);
        let mut steps = 0;
        while let Wake::At(at) = segment.wish.latest
            && at <= end
        {
            segment.catch_up(at, |_, _| {});
            segment.step(at);
            steps += 1;
        }
        segment.catch_up(end + Span::from_nanos(1), |_, _| {});
        steps
    };
    let steps = late.graph().order(0, order).expect("it is not stuck");
    (seen(), steps)
}

/// One test, because all of it is written into one list.
#[test]
fn what_is_stepped_late_because_nobody_sees_it_does_the_same_at_the_same_times() {
    let in_time = seen_in_time();
    let (late, steps) = seen_late(|_| {});
    assert!((8..=10).contains(&steps), "it was stepped {steps} times");
    assert_eq!(late, in_time);
    let (late, steps) = seen_late(|segment| {
        segment.set_head(Head::LiveSource, Slack::of_source(Span::from_secs(1)), false);
    });
    assert!((142..=144).contains(&steps), "for each period, not for samples: {steps} times");
    assert_eq!(late, in_time);
}
