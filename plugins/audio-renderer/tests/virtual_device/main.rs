//! The renderer on its virtual device, in virtual time: the tests look at the recording.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};
use std::path::PathBuf;

use driftless_audio_renderer::AudioRenderer;
use driftless_plugin_api::descriptor::{Descriptor, Given};
use driftless_plugin_api::host::UpstreamPushSource;
use driftless_plugin_api::testing::{Driver, TestClock, audio};
use driftless_plugin_api::*;

const RATE: u32 = 48_000;

/// A renderer that plays into a file of its own, and the file.
struct Bench {
    driver: Driver,
    file: PathBuf,
}

fn descriptor() -> Descriptor {
    Descriptor::parse(include_str!("../plugin.toml")).unwrap()
}

fn settings(given: &[(&str, &str)]) -> Settings {
    let given: Vec<Given> = given.iter().map(|(name, value)| Given::new(name, value)).collect();
    descriptor().filter("driftless.audio-renderer").unwrap().settings(&given).unwrap()
}

impl Bench {
    fn new(name: &str, given: &[(&str, &str)]) -> Self {
        let file =
            std::env::temp_dir().join(format!("driftless-{}-{name}.wav", std::process::id()));
        let device = format!("wav:{}", file.display());
        let given = [&[("device", device.as_str())], given].concat();
        let mut driver = Driver::renderer::<AudioRenderer>(settings(&given)).unwrap();
        driver.connect(Pin::Input(0), audio(RATE, 1)).unwrap();
        driver.set_now(HostTime::from_nanos(3_000_000_000));
        driver.set_presentation_delay(Span::from_millis(40));
        Self { driver, file }
    }

    /// Tells the renderer that a push source with these flags is upstream.
    fn live(&mut self, flags: PushSourceFlags) {
        let latency = Some(Span::from_millis(10));
        let source = UpstreamPushSource { flags, latency, offset: Span::ZERO };
        self.driver.set_upstream(Upstream { live: true, push_source: Some(source) });
    }

    /// Delivers blocks `from..to` of 10 ms, each stamped with its end's arrival less its length, by a
    /// clock that runs `ppm` fast.
    fn deliver(&mut self, from: i64, to: i64, ppm: f64, stamped: bool, value: fn(i64) -> f32) {
        let base = self.driver.clock().host_time(StreamTime::ZERO);
        for block in from..to {
            let ns =
                |block: i64| Span::from_nanos((block as f64 * 10e6 / (1.0 + ppm * 1e-6)) as i64);
            self.driver.step_until(base + ns(block + 1));
            let values: Vec<f32> = (block * 480..(block + 1) * 480).map(value).collect();
            let start = stamped.then_some(StreamTime::ZERO + ns(block));
            let mut sample = self.driver.audio_sample(&values, start);
            sample.set_discontinuity(block == from);
            self.driver.receive(0, sample).unwrap();
        }
    }

    /// Stops, and reads what was played.
    fn played(mut self) -> Vec<f32> {
        self.driver.deactivate().unwrap();
        let mut reader = hound::WavReader::open(&self.file).unwrap();
        let values = reader.samples::<f32>().map(Result::unwrap).collect();
        std::fs::remove_file(&self.file).unwrap();
        values
    }

    fn events(&self, code: EventCode) -> Vec<i64> {
        self.driver
            .events()
            .iter()
            .filter(|event| event.code == code)
            .map(|event| event.p1)
            .collect()
    }
}

/// An impulse each second, the first after half a second.
fn ticks(frame: i64) -> f32 {
    if frame % 48_000 == 24_000 { 1.0 } else { 0.0 }
}

/// Where the impulses of a recording are, in frames with a fraction: by their phase at an eighth of
/// the rate, which is a resampled impulse's own delay whatever its shape.
fn impulses(values: &[f32]) -> Vec<f64> {
    let peaks = (1..values.len() - 1)
        .filter(|&n| values[n] > 0.3 && values[n] >= values[n - 1] && values[n] > values[n + 1]);
    peaks
        .map(|peak| {
            let (mut real, mut imaginary) = (0.0, 0.0);
            let around = values.iter().enumerate().take(peak + 49).skip(peak.saturating_sub(48));
            for (n, value) in around {
                let from_peak = n as f64 - peak as f64;
                let window = (from_peak / 49.0 * FRAC_PI_2).cos().powi(2);
                let (sin, cos) = (from_peak * FRAC_PI_4).sin_cos();
                real += f64::from(*value) * window * cos;
                imaginary += f64::from(*value) * window * sin;
            }
            peak as f64 + imaginary.atan2(real) / FRAC_PI_4
        })
        .collect()
}

/// Impulse `second` of a source that is `ppm` fast is due here, in a recording that is `device_ppm` fast.
fn due_frame(second: usize, ppm: f64, device_ppm: f64) -> f64 {
    let seconds = (second as f64 + 0.5) / (1.0 + ppm * 1e-6) + 0.040;
    seconds * f64::from(RATE) * (1.0 + device_ppm * 1e-6)
}

#[test]
fn the_descriptor_is_complete() {
    let settings = settings(&[]);
    assert_eq!(settings.text("device"), Ok("default"));
    assert_eq!(settings.time("latency"), Ok(Span::from_millis(40)));
    assert_eq!(settings.time("period"), Ok(Span::from_millis(10)));
}

/// LS-66, LS-M3
#[test]
fn a_file_that_plays_on_the_renderers_own_clock_comes_out_bit_by_bit_at_its_time() {
    let mut bench = Bench::new("own-clock", &[("rate-error", "123 ppm")]);
    bench.driver.activate().unwrap();
    bench.driver.set_clock(TestClock::Own);
    bench.driver.run().unwrap();
    let noise = |n: i64| ((n * 7_919) % 1_009) as f32 / 1_009.0;
    bench.deliver(0, 200, 0.0, true, noise);
    assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [2]);
    let played = bench.played();
    assert!(played[..1920].iter().all(|&value| value == 0.0), "silence until the first is due");
    for n in 0..90_000 {
        assert_eq!(played[1920 + n], noise(n as i64), "frame {n}");
    }
}

/// LS-82, LS-77 row 7, LS-81
#[test]
fn a_live_source_on_another_clock_is_heard_when_its_stamps_say() {
    let cases = [(0.0, 0.0), (200.0, 0.0), (-300.0, 150.0)];
    // What the first second of a jittering device leaves as an error of its time line is worked off so
    // slowly that nobody hears it. Frames off before and after the lock, and ppm at the end.
    let jitters = [("0 ms", 1.5, 0.2, 0.1), ("0.5 ms", 5.0, 1.0, 2.0), ("3 ms", 10.0, 4.0, 8.0)];
    for ((ppm, device_ppm), (jitter, first_limit, later_limit, ppm_limit)) in
        cases.into_iter().flat_map(|case| jitters.map(|jitter| (case, jitter)))
    {
        let error = format!("{device_ppm} ppm");
        let mut bench = Bench::new("stamps", &[("rate-error", &error), ("jitter", jitter)]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        bench.deliver(0, 1500, ppm, true, ticks);
        assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [7]);
        let statistics = bench.driver.statistics().unwrap();
        assert_eq!(
            (statistics.row, statistics.mode, statistics.locked),
            (7, 0x11, 1),
            "{statistics:?}"
        );
        assert_eq!(
            (statistics.dropped_frames, statistics.inserted_frames, statistics.underruns),
            (0, 0, 0)
        );
        assert!((statistics.ppm - (ppm - device_ppm)).abs() < ppm_limit, "{statistics:?}");
        assert!(statistics.error_max < 100_000, "{statistics:?}");
        let locked_after = statistics.locked_after as f64 * 1e-9;
        let found = impulses(&bench.played());
        assert!(found.len() >= 14, "{found:?}");
        for (second, found) in found.iter().enumerate() {
            let off = found - due_frame(second, ppm, device_ppm);
            let at = second as f64 + 0.5;
            let limit = if at < locked_after { first_limit } else { later_limit };
            assert!(
                off.abs() < limit,
                "{ppm} on {device_ppm} ppm, jitter {jitter}, lock {locked_after} s, second {second}: {off} frames off"
            );
        }
    }
}

/// LS-75, LS-78, LS-77
#[test]
fn every_row_is_decided_and_plays_what_comes_in_step() {
    use PushSourceFlags as F;
    let rows: [(u8, TestClock, Option<F>, bool); 10] = [
        (1, TestClock::None, None, true),
        (2, TestClock::Other(1.0), None, true),
        (3, TestClock::Other(1.0), Some(F::INTERNAL_RATE_MATCHING), true),
        (4, TestClock::Other(1.0), Some(F::NOT_LIVE), true),
        (5, TestClock::Other(1.0), Some(F::PRIVATE_CLOCK), true),
        (6, TestClock::Other(1.0), Some(F::PRIVATE_CLOCK), false),
        (7, TestClock::Other(1.0), Some(F::NONE), true),
        (8, TestClock::Other(1.0), Some(F::NONE), false),
        (9, TestClock::Own, Some(F::NONE), true),
        (10, TestClock::Own, Some(F::NONE), false),
    ];
    for (row, clock, flags, stamped) in rows {
        let mut bench = Bench::new("rows", &[]);
        bench.driver.activate().unwrap();
        bench.driver.set_clock(clock);
        if let Some(flags) = flags {
            bench.live(flags);
        }
        bench.driver.run().unwrap();
        bench.deliver(0, 400, 0.0, stamped, ticks);
        assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [i64::from(row)]);
        let statistics = bench.driver.statistics().unwrap();
        assert_eq!(statistics.row, u32::from(row));
        assert_eq!(statistics.underruns, 0, "row {row}: {statistics:?}");
        let found = impulses(&bench.played());
        assert!(found.len() >= 3, "row {row}: {found:?}");
        for (second, found) in found.iter().enumerate() {
            // Without stamps the block's end is heard 40 ms after it came; by row 1 and 3 not sooner.
            let off = found - due_frame(second, 0.0, 0.0);
            let limit = if stamped && row != 1 { 0.1 } else { 960.0 };
            assert!(off.abs() < limit, "row {row}: {off} frames off");
        }
    }
}

/// LS-82, LS-M9, LS-M17
#[test]
fn ten_minutes_500_ppm_off_lose_nothing() {
    for ppm in [500.0, -500.0] {
        let mut bench = Bench::new("minutes", &[("jitter", "5 ms")]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        bench.deliver(0, 60_000, ppm, true, ticks);
        let s = bench.driver.statistics().unwrap();
        assert_eq!((s.dropped_frames, s.inserted_frames, s.underruns, s.overruns), (0, 0, 0, 0));
        assert!(s.error_max < 1_000_000, "{s:?}");
        drop(bench.played());
    }
}

/// LS-M9
#[test]
fn the_slave_method_is_a_setting_and_told_with_what_is_matched() {
    let methods = [
        ("resample", "row 7: matching time stamps"),
        ("skew", "row 7: matching time stamps, by moving what is played (skew)"),
        ("none", "row 7: matching time stamps, and correcting nothing (none)"),
    ];
    for (method, told) in methods {
        let mut bench = Bench::new(method, &[("slave-method", method), ("tolerance", "4 ms")]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        // 10 ms of drift.
        bench.deliver(0, 2000, 500.0, true, ticks);
        let s = bench.driver.statistics().unwrap();
        let events = bench.driver.events();
        let texts = events.iter().filter(|it| it.code == EventCode::RATE_MATCH_CHANGED);
        assert_eq!(texts.map(|it| &*it.text).collect::<Vec<_>>(), [told]);
        assert_eq!((s.locked, s.underruns, s.inserted_frames), (1, 0, 0), "{method}: {s:?}");
        let (moved, largest, ppm) = match method {
            "resample" => (0..=0, 0..=100_000, 500.0),
            "skew" => (300..=450, 2_000_000..=2_400_000, 0.0),
            _ => (0..=0, 9_800_000..=10_100_000, 0.0),
        };
        assert!(moved.contains(&s.dropped_frames), "{method}: {s:?}");
        assert!(largest.contains(&s.error_max), "{method}: {s:?}");
        assert!((s.ppm - ppm).abs() < 0.3, "{method}: {s:?}");
        drop(bench.played());
    }
}

/// LS-11, LS-65
#[test]
fn after_a_pause_everything_goes_on_where_it_was() {
    let mut bench = Bench::new("pause", &[("rate-error", "100 ppm")]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    bench.deliver(0, 325, 0.0, true, ticks);
    bench.driver.pause().unwrap();
    bench.driver.advance(Span::from_millis(12_345));
    assert_eq!(bench.driver.step(), Wake::OnSignal);
    bench.driver.run().unwrap();
    bench.deliver(325, 900, 0.0, true, ticks);
    let found = impulses(&bench.played());
    assert!(found.len() >= 8, "{found:?}");
    for (second, found) in found.iter().enumerate() {
        let off = found - due_frame(second, 0.0, 100.0);
        assert!(off.abs() < 1.0, "second {second}: {off} frames off");
    }
}

/// LS-113
#[test]
fn complete_is_told_once_when_the_last_frame_was_heard() {
    let mut bench = Bench::new("complete", &[]);
    bench.driver.run().unwrap();
    let base = bench.driver.now();
    bench.deliver(0, 100, 0.0, true, ticks);
    bench.driver.mark(0, Marker::EndOfStream).unwrap();
    bench.driver.step_until(base + Span::from_millis(1035));
    assert_eq!(bench.events(EventCode::COMPLETE), [0; 0]);
    bench.driver.step_until(base + Span::from_millis(1100));
    assert_eq!(bench.events(EventCode::COMPLETE), [0]);
    bench.driver.step_until(base + Span::from_millis(2000));
    assert_eq!(bench.events(EventCode::COMPLETE), [0; 0]);
    let played = bench.played();
    assert_eq!(impulses(&played).len(), 1);
}

/// LS-76
#[test]
fn one_unstamped_sample_changes_nothing_and_eight_do() {
    let mut bench = Bench::new("eight", &[]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    bench.deliver(0, 10, 0.0, true, ticks);
    bench.deliver(10, 17, 0.0, false, ticks);
    bench.deliver(17, 30, 0.0, true, ticks);
    assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [7]);
    bench.deliver(30, 40, 0.0, false, ticks);
    assert_eq!(bench.events(EventCode::RATE_MATCH_CHANGED), [8]);
    drop(bench.played());
}

#[test]
fn virtual_time_and_late_steps_give_the_same_recording() {
    let record = |late_ms: i64| {
        let mut bench = Bench::new("late", &[("jitter", "4 ms"), ("rate-error", "50 ppm")]);
        bench.live(PushSourceFlags::NONE);
        bench.driver.run().unwrap();
        let base = bench.driver.now();
        for block in 0..100_i64 {
            let values: Vec<f32> =
                (0..480).map(|n| ((block * 480 + n) as f32 * 0.1).sin()).collect();
            bench.driver.set_now(base + Span::from_millis(10 * (block + 1)));
            let start = StreamTime::ZERO + Span::from_millis(10 * block);
            let sample = bench.driver.audio_sample(&values, Some(start));
            bench.driver.receive(0, sample).unwrap();
            if late_ms == 0 || block % 2 == 0 {
                bench.driver.step();
            }
        }
        bench.driver.step();
        bench.played()
    };
    let (prompt, late) = (record(0), record(1));
    assert_eq!(prompt.len(), late.len());
    let off = prompt.iter().zip(&late).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-3, "{off} apart");
}

#[test]
fn a_recording_opens_while_it_is_still_written() {
    let mut bench = Bench::new("killed", &[]);
    bench.driver.run().unwrap();
    bench.deliver(0, 300, 0.0, true, ticks);
    let frames = || hound::WavReader::open(&bench.file).map_or(0, |reader| reader.duration());
    // Another thread writes; it is only asked to get there, not when.
    let seen = (0..100_000)
        .map(|_| {
            std::thread::yield_now();
            frames()
        })
        .find(|&frames| frames >= 24_000);
    assert!(seen.is_some());
    assert_eq!(bench.played().len() % 480, 0);
}

#[test]
fn a_recording_that_cannot_be_created_is_named() {
    let given = [("device", "wav:/no/such/folder/out.wav")];
    let mut driver = Driver::renderer::<AudioRenderer>(settings(&given)).unwrap();
    driver.connect(Pin::Input(0), audio(RATE, 2)).unwrap();
    let refused = driver.activate().unwrap_err();
    assert!(refused.text.contains("/no/such/folder/out.wav"), "{refused}");
}

/// LS-110
#[test]
fn another_format_is_played_after_what_is_queued() {
    let mut bench = Bench::new("format", &[]);
    bench.driver.run().unwrap();
    bench.deliver(0, 100, 0.0, true, ticks);
    let base = bench.driver.clock().host_time(StreamTime::ZERO);
    for block in 0..200_i64 {
        let now = base + Span::from_millis(1000 + 10 * (block + 1));
        bench.driver.step_until(now);
        let frames = block * 441..(block + 1) * 441;
        let values: Vec<f32> =
            frames.flat_map(|n| [if n == 22_050 { 1.0 } else { 0.0 }; 2]).collect();
        let start = StreamTime::ZERO + Span::from_millis(1000 + 10 * block);
        let mut sample = bench.driver.audio_sample(&values, Some(start));
        if block == 0 {
            sample.set_new_media(Some(audio(44_100, 2)));
        }
        bench.driver.receive(0, sample).unwrap();
    }
    let found = impulses(&bench.played());
    assert_eq!(found.len(), 2, "{found:?}");
    let off = found[1] - (1.5 + 0.040) * 48_000.0;
    assert!(off.abs() < 1.0, "{off} frames off");
}

/// LS-79, LS-90: the source matches by itself, badly; that is reported, not mended.
#[test]
fn what_nobody_corrects_is_reported_all_the_same() {
    let mut bench = Bench::new("uncorrected", &[]);
    bench.live(PushSourceFlags::INTERNAL_RATE_MATCHING);
    bench.driver.run().unwrap();
    bench.deliver(0, 1000, -500.0, true, ticks);
    let statistics = bench.driver.statistics().unwrap();
    assert_eq!((statistics.row, statistics.ppm), (3, 0.0));
    let early_ms = -(statistics.error_now as f64) * 1e-6;
    assert!((early_ms - 5.0).abs() < 0.1, "{statistics:?}");
    drop(bench.played());
}

#[test]
fn what_finds_no_room_is_lost_counted_and_told_once() {
    let mut bench = Bench::new("overflow", &[]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    assert!(bench.driver.ready());
    for block in 0..100_i64 {
        let start = StreamTime::ZERO + Span::from_millis(10 * block);
        let sample = bench.driver.audio_sample(&[0.0; 480], Some(start));
        bench.driver.receive(0, sample).unwrap();
    }
    assert!(!bench.driver.ready());
    let statistics = bench.driver.statistics().unwrap();
    let lost = 100 - statistics.capacity / 10_000_000;
    assert_eq!(statistics.overruns as i64, lost, "{statistics:?}");
    assert_eq!(bench.events(EventCode::QUEUE_OVERRUN).len(), 1);
    bench.driver.step_until(bench.driver.now() + Span::from_millis(500));
    assert!(bench.driver.ready());
    drop(bench.played());
}

/// LS-115
#[test]
fn a_flush_drops_what_is_queued_and_refuses_what_comes_until_its_end() {
    let mut bench = Bench::new("flush", &[]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    bench.deliver(0, 49, 0.0, true, |_| 0.25);
    bench.driver.mark(0, Marker::BeginFlush).unwrap();
    let refused = bench.driver.audio_sample(&[0.5; 480], Some(StreamTime::ZERO));
    assert_eq!(bench.driver.receive(0, refused), Ok(Flow::Stop));
    bench.driver.mark(0, Marker::EndFlush).unwrap();
    bench.deliver(60, 100, 0.0, true, |_| 0.75);
    let played = bench.played();
    // At 490 ms the period was asked for that is heard until 510 ms.
    let heard = (24_480..30_720).find(|&n| played[n].abs() > 1e-3);
    assert!(heard.is_none_or(|n| n > 30_600), "frame {heard:?}");
    assert!(played[31_200..40_000].iter().all(|&value| (value - 0.75).abs() < 1e-3));
}

/// A source that stops and comes back again and again tells so once a second.
#[test]
fn breaks_are_told_at_most_once_a_second_with_their_count() {
    let mut bench = Bench::new("breaks", &[]);
    bench.live(PushSourceFlags::NONE);
    bench.driver.run().unwrap();
    for burst in 0..20 {
        bench.deliver(20 * burst, 20 * burst + 8, 0.0, true, |_| 0.5);
    }
    let breaks = bench.driver.statistics().unwrap().breaks;
    let told: Vec<_> = bench.driver.events();
    let told: Vec<_> = told
        .iter()
        .filter(|event| [EventCode::STARVATION, EventCode::RESYNC].contains(&event.code))
        .collect();
    assert!(breaks >= 19, "{breaks} breaks");
    assert!(told.len() <= 10, "{} events", told.len());
    assert!(told.iter().map(|event| event.p2).sum::<i64>() >= 15, "{told:?}");
    drop(bench.played());
}
