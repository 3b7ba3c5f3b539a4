//! What comes in samples: how much, how wild, how torn.

use std::collections::{BTreeMap, BTreeSet};

use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::{MediaType, Pin, Sample, Span, StreamTime};
use fastrand::Rng;

use crate::bench::{Arrival, Bench, name};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// How far a stamp may be off by rounding.
const ROUNDING: Span = Span::from_millis(1);
/// The most frames a sample.
const MOST: i64 = 8192;
/// Up to so many frames a sample every number is tried.
const SMALL: i64 = 16;
/// What devices use, and primes.
const USUAL: [i64; 12] = [100, 160, 192, 240, 441, 480, 882, 960, 997, 1000, 1103, 4801];
/// How many sizes are chosen by chance.
const BY_CHANCE: usize = 64;

/// Every small one, powers of two and their neighbours, the usual, and others by the seed; each once.
fn sizes(seed: u64) -> Vec<i64> {
    let mut random = Rng::with_seed(seed);
    let near_powers = (0..=13).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]);
    let by_chance = (0..BY_CHANCE).map(|_| random.i64(1..=MOST));
    let all: BTreeSet<i64> = (0..=SMALL)
        .chain(USUAL)
        .chain(near_powers)
        .chain(by_chance)
        .filter(|size| *size <= MOST)
        .collect();
    // Not in order: a large one before a small one is another case.
    let mut all: Vec<i64> = all.into_iter().collect();
    random.shuffle(&mut all);
    all
}

/// A running filter that is fed, and the rate at which it is fed audio.
fn fed(subject: &Subject) -> Outcome<(Bench<'_>, u32)> {
    if subject.filter.kind == FilterKind::Source {
        return Err(Trouble::does_not_apply("a source is fed nothing"));
    }
    let mut bench = Bench::new(subject)?;
    let Some(MediaType::Audio(format)) = bench.feeds.first().map(|feed| feed.media) else {
        return Err(Trouble::does_not_apply("only audio is cut into samples at will"));
    };
    bench.run()?;
    Ok((bench, format.rate_hz))
}

fn frames(samples: &[Arrival], media: MediaType) -> i64 {
    let MediaType::Audio(format) = media else { return 0 };
    let values: usize =
        samples.iter().filter(|it| it.pin == 0).map(|it| it.sample.values().len()).sum();
    (values / format.channels as usize) as i64
}

/// What comes in comes out, however it is cut.
pub(super) fn block_sizes(subject: &Subject) -> Outcome {
    let (mut bench, rate_hz) = fed(subject)?;
    let same_rate = matches!(bench.outputs.first(), Some(MediaType::Audio(format)) if format.rate_hz == rate_hz);
    let held = bench.latency().unwrap_or(Span::ZERO).frames(rate_hz) + 1;
    let (mut fed, mut heard) = (0, 0);
    for size in sizes(subject.seed) {
        subject.note(|| format!("samples of {size} frames"));
        for _ in 0..3 {
            bench.feeds.iter_mut().for_each(|feed| feed.block = size);
            let now = bench.driver.clock().stream_time(bench.driver.now());
            for pin in 0..bench.feeds.len() {
                let sample = bench.feeds[pin].next(&bench.driver, Some(now));
                bench.receive(pin as u32, sample)?;
            }
            bench.step()?;
            bench.driver.advance(Span::of_frames(size, rate_hz));
            bench.step()?;
            fed += size;
        }
        bench.check_errors()?;
        if same_rate {
            heard += frames(&bench.heard(), bench.outputs[0]);
            let expected = format!("{fed} frames out for {fed} in, but for {held} in its latency");
            expect((fed - heard).abs() <= held, expected, || {
                format!("{heard} out after samples of {size} frames")
            })?;
        }
    }
    Ok(())
}

/// After two seconds of sound, nothing of what was wild is left.
pub(super) fn hostile_values(subject: &Subject) -> Outcome {
    const HOSTILE: [f32; 8] = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE / 2.0,
        -1e-45,
        1e10,
    ];
    let (mut bench, _) = fed(subject)?;
    for value in HOSTILE {
        subject.note(|| format!("samples full of {value}"));
        for pin in 0..bench.feeds.len() {
            let now = bench.driver.clock().stream_time(bench.driver.now());
            let count = bench.feeds[pin].next(&bench.driver, None).values().len();
            let sample = bench.driver.audio_sample(&vec![value; count], Some(now));
            bench.receive(pin as u32, sample)?;
        }
        bench.step()?;
        bench.driver.advance(Span::from_millis(10));
    }
    bench.play(Span::from_secs(2))?;
    bench.heard();
    bench.play(Span::from_millis(100))?;
    let wild = |sample: &Sample| {
        sample.values().iter().any(|value| !value.is_finite() || value.abs() > 1e6)
    };
    let lasting = bench.heard().iter().filter(|arrival| wild(&arrival.sample)).count();
    expect(lasting == 0, "sound again, 2 s after values that were none", || {
        format!("{lasting} samples in 100 ms with values that are not finite, or above 1e6")
    })
}

/// Stamps that jump, overlap, run back, are absent, or end before they start.
pub(super) fn discontinuities(subject: &Subject) -> Outcome {
    if subject.filter.kind == FilterKind::Source {
        return Err(Trouble::does_not_apply("a source is fed nothing"));
    }
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(Span::from_millis(100))?;
    bench.heard();
    torn(&mut bench, Some(Span::from_millis(500)), true)?;
    bench.pass(Span::from_secs(1))?;
    match bench.feeds.len() {
        1 => passed_on(&mut bench)?,
        _ => joined(&mut bench)?,
    }
    let ms = |ms| Some(Span::from_millis(ms));
    let jumps = [
        ms(500),
        ms(-3),
        ms(-5_000),
        ms(3_600_000),
        None,
        ms(0),
        Some(Span::MAX),
        Some(-Span::MAX),
    ];
    for jump in jumps {
        subject.note(|| format!("a stamp {jump:?} off"));
        for marked in [false, true] {
            torn(&mut bench, jump, marked)?;
        }
    }
    bench.pass(Span::from_millis(500))
}

/// The mark goes through a filter with the sample that it is on, or an earlier one that holds its frames.
fn passed_on(bench: &mut Bench<'_>) -> Outcome {
    let heard = bench.heard();
    if bench.outputs.is_empty() || heard.is_empty() {
        return Ok(());
    }
    let marked = heard.iter().any(|arrival| arrival.sample.discontinuity());
    expect(marked, "the discontinuity mark of an input on what comes of it", || {
        format!("{} samples, none of them marked", heard.len())
    })
}

/// What joins several inputs makes one stream of them, in which a gap of theirs may be filled: each sample
/// follows the one before it, or is marked.
fn joined(bench: &mut Bench<'_>) -> Outcome {
    let mut ends = BTreeMap::new();
    for Arrival { pin, sample, .. } in bench.heard() {
        let Ok((start, stop)) = sample.times() else { continue };
        let off = ends.insert(pin, stop).map_or(Span::ZERO, |end: StreamTime| start - end);
        let expected = "samples that follow each other, or are marked";
        expect(off.abs() <= ROUNDING || sample.discontinuity(), expected, || {
            let pin = name(Pin::Output(pin));
            format!("{pin}: one that starts {off:+} after the end of the one before it, unmarked")
        })?;
    }
    Ok(())
}

/// Feeds every input one sample whose stamp is off.
fn torn(bench: &mut Bench<'_>, jump: Option<Span>, marked: bool) -> Outcome {
    let now = bench.driver.clock().stream_time(bench.driver.now());
    for pin in 0..bench.feeds.len() {
        let start = jump.map(|jump| now + jump);
        let mut sample = bench.feeds[pin].next(&bench.driver, start);
        if jump == Some(Span::ZERO) {
            sample.set_times(start, Some(StreamTime::ZERO)); // it ends before it starts
        }
        sample.set_discontinuity(marked);
        bench.receive(pin as u32, sample)?;
    }
    bench.step()?;
    bench.driver.advance(Span::from_millis(10));
    Ok(())
}
