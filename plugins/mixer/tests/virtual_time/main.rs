//! Mixer and aggregate in virtual time: the tests are the sources, and look at what comes out.

mod inputs;

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

use driftless_mixer::{Aggregate, Join, Mixer};
use driftless_plugin_api::descriptor::{Descriptor, Given};
use driftless_plugin_api::host::UpstreamPushSource;
use driftless_plugin_api::testing::{self, Driver, TestClock, audio};
use driftless_plugin_api::*;

const RATE: u32 = 48_000;
const BLOCK: i64 = 480;

fn settings(id: &str, given: &[(&str, &str)]) -> Settings {
    testing::settings(include_str!("../../plugin.toml"), id, given)
}

/// A mono source: what it plays, how fast its clock is, and how late each of its blocks comes.
struct Source {
    value: fn(i64) -> f32,
    ppm: f64,
    late: fn(i64) -> Span,
    stamped: bool,
}

impl Source {
    fn new(value: fn(i64) -> f32, ppm: f64) -> Self {
        Self { value, ppm, late: |_| Span::ZERO, stamped: true }
    }

    /// Stamp of a block, and the master time at which it comes.
    fn times(&self, block: i64) -> (Span, Span) {
        let ns = (block * BLOCK) as f64 / f64::from(RATE) / (1.0 + self.ppm * 1e-6) * 1e9;
        let stamp = Span::from_nanos(ns.round() as i64);
        (stamp, stamp + (self.late)(block))
    }
}

/// What came out.
struct Played {
    /// Values by channel.
    channels: Vec<Vec<f32>>,
    /// Host time at which each block came, since the start.
    came: Vec<Span>,
    stamps: Vec<Span>,
    counters: std::collections::BTreeMap<String, u64>,
    events: Vec<(EventCode, i64)>,
    marked: Vec<Marker>,
}

impl Played {
    fn nothing() -> Self {
        Self {
            channels: Vec::new(),
            came: Vec::new(),
            stamps: Vec::new(),
            counters: Default::default(),
            events: Vec::new(),
            marked: Vec::new(),
        }
    }

    /// Mean of a tenth of a second of the first channel, by the stamps.
    fn level(&self, second: f64) -> f32 {
        let from = second - self.stamps[0].secs_f64();
        let values = &self.channels[0][(from * f64::from(RATE)) as usize..][..4_800];
        values.iter().sum::<f32>() / 4_800.0
    }
}

/// Lets a filter run; returns when.
fn start(driver: &mut Driver) -> HostTime {
    let latency = Some(Span::from_millis(10));
    let push = UpstreamPushSource { flags: PushSourceFlags::NONE, latency, offset: Span::ZERO };
    driver.set_upstream(Upstream { live: true, push_source: Some(push) });
    driver.set_clock(TestClock::Other(1.0));
    driver.set_now(HostTime::from_nanos(3_000_000_000));
    driver.run().unwrap();
    driver.now()
}

/// Plays the sources for so many seconds; those in `until` end before.
fn play(mut driver: Driver, sources: &[Source], seconds: i64, until: &[i64]) -> Played {
    let base = start(&mut driver);
    let mut arrivals: Vec<(Span, usize, i64)> = Vec::new();
    for (input, source) in sources.iter().enumerate() {
        let last = until.get(input).copied().unwrap_or(seconds) * i64::from(RATE) / BLOCK;
        arrivals.extend((0..last).map(|block| (source.times(block).1, input, block)));
        if last < seconds * i64::from(RATE) / BLOCK {
            arrivals.push((source.times(last).1, input, -1));
        }
    }
    arrivals.sort();
    let mut played = Played::nothing();
    for (at, input, block) in arrivals {
        advance(&mut driver, base, base + at, &mut played);
        if block < 0 {
            driver.mark(input as u32, Marker::EndOfStream).unwrap();
            continue;
        }
        let source = &sources[input];
        let values: Vec<f32> = (block * BLOCK..(block + 1) * BLOCK).map(source.value).collect();
        let start = source.stamped.then(|| StreamTime::ZERO + source.times(block).0);
        let sample = driver.audio_sample(&values, start);
        driver.receive(input as u32, sample).unwrap();
    }
    advance(&mut driver, base, base + Span::from_secs(seconds), &mut played);
    played.counters = driver.counters();
    played.events = driver.events().iter().map(|event| (event.code, event.p1)).collect();
    played.marked = driver.marked(0);
    played
}

/// Lets time pass, and keeps what comes with the time at which it came.
fn advance(driver: &mut Driver, base: HostTime, until: HostTime, played: &mut Played) {
    loop {
        let wake = driver.step();
        for sample in driver.delivered(0) {
            let channels = sample.values().len() / BLOCK as usize;
            played.channels.resize(channels, Vec::new());
            for frame in sample.values().chunks_exact(channels) {
                for (channel, value) in played.channels.iter_mut().zip(frame) {
                    channel.push(*value);
                }
            }
            played.came.push(driver.now() - base);
            played.stamps.push(sample.start().unwrap() - StreamTime::ZERO);
        }
        match wake {
            Wake::At(at) if at <= until => driver.set_now(at.max(driver.now())),
            _ => return driver.set_now(until),
        }
    }
}

fn mixer(inputs: u32, given: &[(&str, &str)]) -> Driver {
    let settings = settings("driftless.mixer", given);
    connected(Driver::transform::<Join<Mixer>>(settings).unwrap(), inputs, 1)
}

fn aggregate(inputs: u32, given: &[(&str, &str)]) -> Driver {
    let settings = settings("driftless.aggregate", given);
    connected(Driver::transform::<Join<Aggregate>>(settings).unwrap(), inputs, inputs)
}

fn connected(mut driver: Driver, inputs: u32, channels: u32) -> Driver {
    for input in 0..inputs {
        driver.connect(Pin::Input(input), audio(RATE, 1)).unwrap();
    }
    assert_eq!(driver.media_types(Pin::Output(0)), [audio(RATE, channels).into()]);
    driver.connect(Pin::Output(0), audio(RATE, channels)).unwrap();
    driver
}

/// An impulse each second, the first after half a second.
fn ticks(frame: i64) -> f32 {
    if frame.rem_euclid(48_000) == 24_000 { 1.0 } else { 0.0 }
}

/// Where the impulses are, in frames with a fraction: by their phase at an eighth of the rate.
fn impulses(values: &[f32]) -> Vec<f64> {
    let is_peak =
        |n: &usize| values[*n] > 0.3 && values[*n] >= values[n - 1] && values[*n] > values[n + 1];
    let phase = |peak: usize| {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (n, value) in values.iter().enumerate().take(peak + 49).skip(peak - 48) {
            let from_peak = n as f64 - peak as f64;
            let window = (from_peak / 49.0 * FRAC_PI_2).cos().powi(2);
            let (sin, cos) = (from_peak * FRAC_PI_4).sin_cos();
            real += f64::from(*value) * window * cos;
            imaginary += f64::from(*value) * window * sin;
        }
        peak as f64 + imaginary.atan2(real) / FRAC_PI_4
    };
    (1..values.len() - 1).filter(is_peak).map(phase).collect()
}

#[test]
fn a_setting_counts_for_every_input_and_one_with_a_number_for_that_input() {
    let given = [("gain", "-6 dB"), ("gain3", "+2 dB"), ("policy0", "wait")];
    let settings = settings("driftless.mixer", &given);
    let gain = |number| settings.number(&settings.member("gain", number));
    assert_eq!([gain(0), gain(3)], [Ok(-6.0), Ok(2.0)]);
    let descriptor = Descriptor::parse(include_str!("../../plugin.toml")).unwrap();
    let filter = descriptor.filter("driftless.mixer").unwrap();
    for wrong in ["gain03", "gain-1", "period1"] {
        let mistakes = filter.settings(&[Given::new(wrong, "0 dB")]).unwrap_err();
        assert!(mistakes[0].found.contains(wrong), "{mistakes:?}");
    }
}

/// LS-M16
#[test]
fn two_devices_on_clocks_of_their_own_stay_side_by_side() {
    let sources = [Source::new(ticks, 150.0), Source::new(ticks, -150.0)];
    let played = play(aggregate(2, &[]), &sources, 60, &[]);
    let [left, right] = [0, 1].map(|channel| impulses(&played.channels[channel]));
    for (second, (left, right)) in left.iter().zip(&right).enumerate().skip(5) {
        for (at, ppm) in [(left, 150.0), (right, -150.0)] {
            let due = (second as f64 + 0.5) / (1.0 + ppm * 1e-6) * f64::from(RATE);
            assert!((at - due).abs() < 0.1, "{ppm} ppm, second {second}: {at}, due {due}");
        }
    }
    assert!(left.len() >= 59 && right.len() >= 59, "{} and {}", left.len(), right.len());
    assert_eq!(played.counters["late blocks of inputs"], 0);
}

#[test]
fn a_mix_is_the_sum_of_its_inputs_each_with_its_gain() {
    let constant = |_| 0.5;
    let sources = [Source::new(constant, 100.0), Source::new(constant, -50.0)];
    let played = play(mixer(2, &[("gain1", "-6.0206 dB")]), &sources, 3, &[]);
    let values = &played.channels[0][48_000..];
    assert!(values.iter().all(|value| (value - 0.75).abs() < 1e-4), "{:?}", &values[..4]);
}

/// The policies against a source whose blocks of the third second come 300 ms late.
fn with_a_stall(policy: &str) -> Played {
    fn late(block: i64) -> Span {
        Span::from_millis(if (300..400).contains(&block) { 300 } else { 0 })
    }
    let constant = |_| 0.5;
    let good = Source::new(constant, 100.0);
    let bad = Source { late, ..Source::new(constant, -100.0) };
    play(aggregate(2, &[("policy1", policy)]), &[good, bad], 8, &[])
}

#[test]
fn a_late_input_never_stops_the_others_whatever_its_policy() {
    for (policy, patience_ms) in [("wait", 20), ("conceal", 0), ("drop", 0)] {
        let played = with_a_stall(policy);
        for (block, (stamp, came)) in played.stamps.iter().zip(&played.came).enumerate() {
            assert_eq!(
                *stamp,
                Span::from_millis(10 * block as i64),
                "{policy}: a block is missing"
            );
            let late = *came - *stamp - Span::from_millis(20);
            let most = Span::from_millis(patience_ms);
            assert!(late >= Span::ZERO && late <= most, "{policy}: block {block} came {late} late");
        }
        assert!(*played.stamps.last().unwrap() > Span::from_millis(7_940), "{policy}");
        let healthy = &played.channels[0][24_000..];
        assert!(healthy.iter().all(|value| (value - 0.5).abs() < 1e-4), "{policy}");
        assert!(played.counters["frames concealed"] > 0, "{policy}: {:?}", played.counters);
        let codes: Vec<EventCode> = played.events.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, [EventCode::STARVATION, EventCode::QUALITY_CHANGE], "{policy}");
        assert!(played.events.iter().all(|(_, input)| *input == 1), "{policy}");
    }
}

#[test]
fn what_is_concealed_is_back_at_once_and_what_is_dropped_after_a_second_in_time() {
    let heard = |played: &Played, second: f64| {
        let at = (second * f64::from(RATE)) as usize;
        played.channels[1][at..at + 480].iter().all(|value| *value > 0.4)
    };
    let (conceal, drop) = (with_a_stall("conceal"), with_a_stall("drop"));
    for played in [&conceal, &drop] {
        assert!(heard(played, 2.5), "before");
        assert!(!heard(played, 3.1), "while nothing came");
        assert!(heard(played, 7.0), "long after");
    }
    assert!(heard(&conceal, 4.5), "concealed, and in time again");
    assert!(!heard(&drop, 4.5), "dropped, and in time for half a second");
}

#[test]
fn a_block_waits_for_a_late_input_as_long_as_patience_says() {
    fn late(block: i64) -> Span {
        // In order, as from a network: what was held up comes nearly at once.
        Span::from_millis((25 - 9 * (block % 6)).max(0))
    }
    for (policy, late_blocks) in [("wait", false), ("conceal", true)] {
        let source = Source { late, ..Source::new(|_| 0.5, 20.0) };
        let played = play(mixer(1, &[("policy", policy)]), &[source], 5, &[]);
        assert_eq!(played.counters["late blocks of inputs"] > 0, late_blocks, "{policy}");
        assert_eq!(played.counters["blocks held back"] > 0, !late_blocks, "{policy}");
    }
}

#[test]
fn an_input_without_stamps_is_followed_by_its_rate() {
    let tone = |frame: i64| (frame as f32 * 0.1).sin();
    let bare = Source { stamped: false, ..Source::new(tone, 200.0) };
    let played = play(mixer(1, &[]), &[bare], 30, &[]);
    assert_eq!(played.counters["frames concealed"], 0, "{:?}", played.counters);
    assert_eq!(played.counters["frames too late"], 0, "{:?}", played.counters);
}

/// LS-116: a source whose blocks follow each other twice as fast, as it says, is heard as it stamps.
#[test]
fn an_input_at_another_rate_is_heard_as_much_faster() {
    for rate in [2.0, 0.5] {
        let mut driver = mixer(1, &[]);
        driver.activate().unwrap();
        let (start, stop) = (StreamTime::ZERO, StreamTime::MAX);
        driver.mark(0, Marker::NewSegment { start, stop, rate }).unwrap();
        let played = play(driver, &[Source::new(ticks, (rate - 1.0) * 1e6)], 8, &[3]);
        for counter in ["frames concealed", "frames too late", "frames without room"] {
            assert_eq!(played.counters[counter], 0, "{rate}: {:?}", played.counters);
        }
        let found = impulses(&played.channels[0]);
        assert!(found.len() >= 3, "{rate}: {found:?}");
        let first_s = played.stamps[0].secs_f64();
        for (second, found) in found.iter().enumerate() {
            let due = ((second as f64 + 0.5) / rate - first_s) * f64::from(RATE);
            assert!((found - due).abs() < 0.2, "{rate}: {found} instead of {due}");
        }
    }
}

#[test]
fn an_input_that_is_ahead_has_no_room_and_the_others_have() {
    let mut driver = mixer(2, &[]);
    driver.set_clock(TestClock::Other(1.0));
    driver.run().unwrap();
    let mut taken = 0;
    while driver.ready_for(0) {
        let start = StreamTime::ZERO + Span::from_millis(10 * taken);
        let sample = driver.audio_sample(&[0.5; BLOCK as usize], Some(start));
        driver.receive(0, sample).unwrap();
        taken += 1;
    }
    assert!((20..100).contains(&taken), "{taken}: latency, offset and some time more");
    assert!(driver.ready_for(1));
    assert_eq!(driver.counters()["frames without room"], 0);
    let sample = driver.audio_sample(&[0.5; BLOCK as usize], None);
    driver.receive(0, sample).unwrap();
    let told = driver.events();
    let told = told.iter().filter(|it| it.code == EventCode::QUEUE_OVERRUN);
    assert_eq!(told.count(), 1, "who sends all the same is told of");
}

/// LS-84: arrivals alone would say it a second later.
#[test]
fn an_input_follows_its_arrivals_at_once_when_the_graphs_clock_steps() {
    let mut driver = mixer(1, &[]);
    let base = start(&mut driver);
    let mut played = Played::nothing();
    for block in 0..600 {
        advance(&mut driver, base, base + Span::from_millis(10 * block), &mut played);
        if block == 300 {
            driver.step_clock(Span::from_millis(-5));
        }
        let values: Vec<f32> = (block * BLOCK..(block + 1) * BLOCK).map(ticks).collect();
        let sample = driver.audio_sample(&values, None);
        driver.receive(0, sample).unwrap();
    }
    let found = impulses(&played.channels[0]);
    let apart: Vec<f64> = found.windows(2).map(|two| two[1] - two[0]).collect();
    for (second, (apart, expected)) in
        apart.iter().zip([48_000.0, 48_000.0, 47_760.0, 48_000.0, 48_000.0]).enumerate()
    {
        assert!((apart - expected).abs() < 2.0, "second {second}: {apart} frames");
    }
}

/// LS-113
#[test]
fn the_stream_ends_when_the_last_input_has() {
    let sources = [Source::new(|_| 0.5, 0.0), Source::new(|_| 0.5, 0.0)];
    let one = play(mixer(2, &[]), &sources, 3, &[1]);
    assert!(!one.marked.contains(&Marker::EndOfStream), "one input still plays");
    assert!((one.channels[0][120_000] - 0.5).abs() < 1e-4, "the other input");
    let both = play(mixer(2, &[]), &sources, 3, &[1, 2]);
    assert_eq!(both.marked, [Marker::LIVE_SEGMENT, Marker::EndOfStream]);
    assert!(*both.stamps.last().unwrap() < Span::from_millis(2_100));
}

#[test]
fn patience_is_part_of_the_latency_only_where_an_input_is_waited_for() {
    let latency = |given: &[(&str, &str)]| mixer(2, given).latency(Pin::Output(0)).unwrap();
    assert_eq!(latency(&[]), Span::from_millis(20));
    assert_eq!(latency(&[("policy1", "wait"), ("patience", "30 ms")]), Span::from_millis(50));
    assert!(latency(&[("latency", "1 ms")]) > Span::from_millis(15), "the device needs more");
}
