//! Time stamps, and what a pause does to them.

use std::collections::BTreeMap;

use driftless_plugin_api::{Cue, Pin, PushSourceFlags, Span, Stamps, StreamTime};

use crate::bench::{Arrival, Bench, name};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// How far a stamp may be off by rounding.
const ROUNDING: Span = Span::from_millis(1);

/// What comes out of a run, a pause of a second and another run.
fn run_pause_run(bench: &mut Bench<'_>) -> Outcome<(Vec<Arrival>, Vec<Arrival>)> {
    bench.run()?;
    bench.play(Span::from_millis(500))?;
    let before = bench.heard();
    bench.pause()?;
    bench.driver.advance(Span::from_secs(1));
    bench.heard();
    bench.run()?;
    bench.play(Span::from_millis(500))?;
    Ok((before, bench.heard()))
}

/// The stamped ones.
fn stamped(arrivals: &[Arrival]) -> impl Iterator<Item = (u32, StreamTime)> {
    arrivals.iter().filter_map(|it| Some((it.pin, it.sample.start()?)))
}

/// Why nothing can be said of a filter's stamps.
fn no_stamps() -> Trouble {
    Trouble::does_not_apply("it delivered no stamped sample with these settings")
}

/// Strictly, on every pin.
pub(super) fn rise(subject: &Subject) -> Outcome {
    let mut bench = Bench::new(subject)?;
    let (before, after) = run_pause_run(&mut bench)?;
    let mut last: BTreeMap<u32, StreamTime> = BTreeMap::new();
    for (pin, start) in stamped(&before).chain(stamped(&after)) {
        if let Some(last) = last.insert(pin, start) {
            expect(start > last, "every stamp later than the one before it", || {
                let (pin, by) = (name(Pin::Output(pin)), last - start);
                format!("{pin}: {} ns after {} ns, {by} back", start.nanos(), last.nanos())
            })?;
        }
    }
    if last.is_empty() { Err(no_stamps()) } else { Ok(()) }
}

/// Not before the first run, not in a pause; and the cue says that there will be nothing.
pub(super) fn silent_in_pause(subject: &Subject) -> Outcome {
    let mut bench = Bench::new(subject)?;
    if !bench.is_live() {
        return Err(Trouble::does_not_apply("it is no live source"));
    }
    bench.activate()?;
    expect(
        bench.driver.cue() == Cue::CantCue,
        "CantCue from a live source in pause (LS-7)",
        || format!("{:?}", bench.driver.cue()),
    )?;
    silent(&mut bench, "before the first run")?;
    bench.run()?;
    bench.play(Span::from_millis(500))?;
    bench.pause()?;
    bench.heard();
    silent(&mut bench, "in a pause")
}

fn silent(bench: &mut Bench<'_>, when: &str) -> Outcome {
    for _ in 0..20 {
        bench.driver.advance(Span::from_millis(10));
        bench.step()?;
    }
    let count = bench.heard().len();
    expect(count == 0, format!("no sample {when}"), || format!("{count} in 200 ms"))
}

/// The first capture after the pause is not older than the end of the pause.
pub(super) fn fresh_after_pause(subject: &Subject) -> Outcome {
    let mut bench = Bench::new(subject)?;
    let private = |flags: PushSourceFlags| flags.contains(PushSourceFlags::PRIVATE_CLOCK);
    if !bench.is_live() || bench.driver.push_source_flags(Pin::Output(0)).is_ok_and(private) {
        return Err(Trouble::does_not_apply(
            "it is no live source that stamps by the graph's clock",
        ));
    }
    let (_, after) = run_pause_run(&mut bench)?;
    // Stream time stood still while it was paused.
    let resumed = StreamTime::ZERO + Span::from_millis(500);
    let latency = match bench.driver.stamps(Pin::Output(0)) {
        Ok(Stamps::Capture) => Span::ZERO,
        _ => bench.latency().unwrap_or(Span::ZERO),
    };
    let first = stamped(&after).next().ok_or_else(no_stamps)?.1;
    let captured = first - latency;
    expect(captured >= resumed - ROUNDING, "only what was captured after the pause", || {
        format!("the first sample after it was captured {} before its end", resumed - captured)
    })
}
