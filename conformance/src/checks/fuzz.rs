//! Random calls.

use driftless_plugin_api::testing::{Order, TestClock};
use driftless_plugin_api::{Marker, Pin, Span, Status};
use fastrand::Rng;

use crate::bench::Bench;
use crate::feed::{Content, Feed};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble};

/// Filters that are made, and calls to each.
const LIVES: u64 = 40;
const CALLS: usize = 150;
/// The longest time between two steps, about as long as a machine may stall: 2 to this power, in ns (8.6 s).
const LONGEST: u32 = 33;
/// The farthest stamps and offsets, likewise (37 min).
const FARTHEST: u32 = 41;
/// How many of the last calls a failure shows.
const SHOWN: usize = 12;

/// Sequences of calls from the seed; whatever they answer is right, as long as they answer.
pub(super) fn random_calls(subject: &Subject) -> Outcome {
    for life in 0..LIVES {
        let mut random = Rng::with_seed(subject.seed.wrapping_mul(LIVES).wrapping_add(life));
        let mut calls = Vec::new();
        let mut bench = Bench::new(subject)?;
        for _ in 0..CALLS {
            let call = choose(&mut random, &bench);
            subject.note(|| format!("life {life}: {call:?}"));
            calls.push(call);
            make(&mut bench, call, &mut random).map_err(|trouble| after(trouble, life, &calls))?;
        }
    }
    Ok(())
}

/// A call, with what it is made with.
#[derive(Debug, Clone, Copy)]
enum Call {
    Order(Order),
    Step { after: Span },
    Feed { pin: u32, block: i64, stamp: Option<Span>, loud: bool },
    Mark { pin: u32, marker: Marker },
    Reconnect(Pin),
    Offset(Span),
    MaxOffset(Span),
    Answer { pin: u32, status: Status },
    Clock(u32),
    Ask,
}

fn choose(random: &mut Rng, bench: &Bench<'_>) -> Call {
    let inputs = bench.feeds.len() as u32;
    let outputs = bench.outputs.len() as u32;
    let up_to = |random: &mut Rng, power| {
        Span::from_nanos(1 << random.u32(0..=power)) - Span::from_nanos(1)
    };
    let span = |random: &mut Rng| up_to(random, FARTHEST);
    let input = |random: &mut Rng| random.u32(0..inputs.max(1));
    match random.u32(0..20) {
        0..3 => Call::Order(Order::ALL[random.usize(0..4)]),
        // Not 0, because a source that is fed nothing is to be stepped more often.
        3..9 => Call::Step { after: up_to(random, LONGEST) },
        9..15 if inputs > 0 => Call::Feed {
            pin: input(random),
            block: 1 << random.u32(0..14),
            stamp: random.bool().then(|| span(random)),
            loud: random.bool(),
        },
        15 if inputs > 0 => Call::Mark { pin: input(random), marker: marker(random) },
        16 if inputs + outputs > 0 => {
            let number = random.u32(0..inputs + outputs);
            let output = number.checked_sub(inputs);
            Call::Reconnect(output.map_or(Pin::Input(number), Pin::Output))
        }
        17 => Call::Offset(if random.bool() { span(random) } else { -span(random) }),
        18 if outputs > 0 => {
            let status = if random.bool() { Status::OK } else { Status::FALSE };
            Call::Answer { pin: random.u32(0..outputs), status }
        }
        19 if random.bool() => Call::MaxOffset(span(random)),
        19 => Call::Clock(random.u32(0..3)),
        _ => Call::Ask,
    }
}

fn marker(random: &mut Rng) -> Marker {
    let all = [Marker::EndOfStream, Marker::BeginFlush, Marker::EndFlush, Marker::LIVE_SEGMENT];
    all[random.usize(0..all.len())]
}

fn make(bench: &mut Bench<'_>, call: Call, random: &mut Rng) -> Outcome {
    match call {
        // An answer of a call is of no interest here: only whether there is one. `look` finds panics.
        Call::Order(order) => drop(bench.driver.order(order)),
        Call::Step { after } => {
            bench.driver.advance(after);
            bench.step()?;
        }
        Call::Feed { pin, block, stamp, loud } => {
            let content = if loud { Content::Sine } else { Content::Impulse { at: 0 } };
            let feed = &mut bench.feeds[pin as usize];
            *feed = Feed { content, block, ..feed.clone() };
            let start =
                stamp.map(|stamp| bench.driver.clock().stream_time(bench.driver.now()) + stamp);
            let mut sample = feed.next(&bench.driver, start);
            sample.set_discontinuity(random.bool());
            bench.receive(pin, sample)?;
        }
        Call::Mark { pin, marker } => bench.mark(pin, marker)?,
        Call::Reconnect(pin) => {
            bench.driver.disconnect(pin);
            let media = match pin {
                Pin::Input(number) => bench.feeds[number as usize].media,
                Pin::Output(number) => bench.outputs[number as usize],
            };
            drop(bench.driver.connect(pin, media));
        }
        Call::Offset(offset) => drop(bench.driver.set_stream_offset(Pin::Output(0), offset)),
        Call::MaxOffset(max) => drop(bench.driver.set_max_stream_offset(Pin::Output(0), max)),
        Call::Answer { pin, status } => bench.driver.answer(pin, status),
        Call::Clock(which) => {
            let clocks = [TestClock::None, TestClock::Other(1.000_1), TestClock::Own];
            bench.driver.set_clock(clocks[which as usize]);
        }
        Call::Ask => ask(bench),
    }
    bench.arrivals.clear();
    bench.look()
}

fn ask(bench: &Bench<'_>) {
    bench.driver.cue();
    bench.driver.ready();
    bench.driver.counters();
    bench.latency();
    let _offered =
        (bench.driver.offers_clock(), bench.driver.statistics(), bench.driver.tolerance());
    for pin in [Pin::Input(0), Pin::Output(0)] {
        bench.driver.media_types(pin);
        let _told = (bench.driver.stream_offset(pin), bench.driver.max_stream_offset(pin));
    }
}

fn after(trouble: Trouble, life: u64, calls: &[Call]) -> Trouble {
    match trouble {
        Trouble::Wrong { expected, seen } => {
            let shown: Vec<_> = calls.iter().rev().take(SHOWN).rev().collect();
            let number = calls.len();
            let seen = format!("{seen}; in life {life}, call {number}; the last calls: {shown:?}");
            Trouble::Wrong { expected, seen }
        }
        other => other,
    }
}
