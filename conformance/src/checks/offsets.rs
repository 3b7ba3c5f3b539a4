//! The stream offset of a live source (section 3).

use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::{Pin, Span, Status, StreamTime};

use crate::bench::Bench;
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

const OUT: Pin = Pin::Output(0);

/// A push source on the bench, with the largest offset that it prefers.
fn push_source(subject: &Subject) -> Outcome<(Bench<'_>, Span)> {
    let mut bench = Bench::new(subject)?;
    let Ok(max) = bench.driver.max_stream_offset(OUT) else {
        return Err(Trouble::does_not_apply("it is no push source"));
    };
    let refuses = |bench: &mut Bench<'_>| {
        bench.driver.set_stream_offset(OUT, Span::ZERO) == Status::NOT_IMPLEMENTED
    };
    if subject.filter.kind != FilterKind::Source && refuses(&mut bench) {
        let why = "the sources behind its inputs have offsets, not it (LS-40)";
        return Err(Trouble::does_not_apply(why));
    }
    Ok((bench, max))
}

/// Start and stop of the stamped samples of half a second.
fn stamps(bench: &mut Bench<'_>) -> Outcome<Vec<(StreamTime, StreamTime, bool)>> {
    bench.play(Span::from_millis(500))?;
    let times = |sample: &driftless_plugin_api::Sample| {
        let (start, stop) = sample.times().ok()?;
        Some((start, stop, sample.discontinuity()))
    };
    Ok(bench.heard().iter().filter_map(|arrival| times(&arrival.sample)).collect())
}

fn no_stamps() -> Trouble {
    Trouble::does_not_apply("it delivered no stamped sample with these settings")
}

/// An offset to try with: unlike any other number, and within what is preferred.
fn offset(max: Span) -> Span {
    Span::from_nanos(123_456_789).min(max)
}

/// The same run with and without: each stamp differs by the offset, to the nanosecond, upwards.
pub(super) fn added(subject: &Subject) -> Outcome {
    let (mut plain, max) = push_source(subject)?;
    let (mut shifted, _) = push_source(subject)?;
    let offset = offset(max);
    if offset == Span::ZERO {
        return Err(Trouble::does_not_apply("with these settings it prefers no offset above 0"));
    }
    let status = shifted.driver.set_stream_offset(OUT, offset);
    expect(status == Status::OK, format!("Ok for an offset of {offset}"), || {
        format!("{status:?}")
    })?;
    plain.run()?;
    shifted.run()?;
    let (plain, shifted) = (stamps(&mut plain)?, stamps(&mut shifted)?);
    let (Some(first), Some(_)) = (plain.first(), shifted.first()) else { return Err(no_stamps()) };
    for (without, with) in plain.iter().zip(&shifted) {
        let moved = (with.0 - without.0, with.1 - without.1);
        let expected = format!("start and stop {offset:+} later with an offset of {offset}");
        expect(moved == (offset, offset), expected, || {
            let at = without.0 - first.0;
            format!("{:+} and {:+}, {at} into the stream", moved.0, moved.1)
        })?;
    }
    Ok(())
}

/// Too much is in force, with a warning; too little is refused.
pub(super) fn limits(subject: &Subject) -> Outcome {
    let (mut bench, max) = push_source(subject)?;
    let beyond = max + Span::from_millis(1);
    let status = bench.driver.set_stream_offset(OUT, beyond);
    expect(
        status == Status::FALSE,
        format!("False for {beyond}, beyond the preferred {max}"),
        || format!("{status:?}"),
    )?;
    let in_force = bench.driver.stream_offset(OUT);
    expect(in_force == Ok(beyond), format!("{beyond} in force all the same"), || {
        format!("{in_force:?}")
    })?;
    let status = bench.driver.set_stream_offset(OUT, Span::from_nanos(-1));
    expect(status == Status::INVALID_ARGUMENT, "InvalidArg for an offset below 0", || {
        format!("{status:?}")
    })?;
    let in_force = bench.driver.stream_offset(OUT);
    expect(in_force == Ok(beyond), format!("{beyond} in force after a refusal"), || {
        format!("{in_force:?}")
    })
}

/// Up and down while running.
pub(super) fn changes(subject: &Subject) -> Outcome {
    let (mut bench, max) = push_source(subject)?;
    let offset = offset(max);
    bench.run()?;
    let mut last = stamps(&mut bench)?.last().ok_or_else(no_stamps)?.0;
    for next in [offset, Span::ZERO] {
        bench.driver.set_stream_offset(OUT, next);
        let heard = stamps(&mut bench)?;
        let Some((_, _, marked)) = heard.first() else {
            return Err(Trouble::wrong(
                "samples after a change of offset",
                format!("none in 500 ms after it became {next}"),
            ));
        };
        let expected = "a discontinuity mark on the first sample after a change";
        expect(*marked || offset == Span::ZERO, expected, || {
            format!("none after it became {next}")
        })?;
        for (start, _, _) in heard {
            expect(start > last, "stamps that rise when the offset changes", || {
                format!("{} back after it became {next}", last - start)
            })?;
            last = start;
        }
    }
    Ok(())
}

/// The preferred offset, before and after it is told what the graph may use.
pub(super) fn room(subject: &Subject) -> Outcome {
    let (mut bench, max) = push_source(subject)?;
    if let Ok(latency) = bench.driver.latency(OUT) {
        expect(max >= latency, "a preferred offset of at least the latency", || {
            format!("{max}, and a latency of {latency}")
        })?;
    }
    let offset = offset(max);
    if offset == Span::ZERO {
        return Ok(());
    }
    bench.driver.set_stream_offset(OUT, offset);
    let less = offset - Span::from_nanos(1);
    let status = bench.driver.set_max_stream_offset(OUT, less);
    let refused = [Status::INVALID_ARGUMENT, Status::NOT_IMPLEMENTED].contains(&status);
    expect(refused, format!("InvalidArg for a limit of {less} below the {offset} in force"), || {
        format!("{status:?}")
    })
}
