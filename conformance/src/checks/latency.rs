//! The declared latency against the measured one.

use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::{MediaType, Pin, PushSourceFlags, Span, Stamps, StreamTime};

use crate::bench::{Arrival, Bench};
use crate::feed::{Content, Feed};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// How far a measured time may be from the declared one by rounding.
const ROUNDING: Span = Span::from_millis(1);
/// How much more than it showed may be declared: what a second of good weather does not show, such as the
/// jitter of a device. It makes all others wait (LS-M1), so it has a limit.
const SPARE: Span = Span::from_millis(100);
/// How far off its due time a renderer may present (LS-M19, LS-83).
const LATE: Span = Span::from_millis(20);

/// By stamps for a source, by an impulse for a transform, by its own statistics for a renderer.
pub(super) fn as_declared(subject: &Subject) -> Outcome {
    let bench = Bench::new(subject)?;
    match subject.filter.kind {
        FilterKind::Source => source(bench),
        FilterKind::Transform => transform(bench),
        FilterKind::Renderer => renderer(bench),
    }
}

fn source(mut bench: Bench<'_>) -> Outcome {
    let pin = Pin::Output(0);
    let flags = bench.driver.push_source_flags(pin);
    let private = |flags: PushSourceFlags| flags.contains(PushSourceFlags::PRIVATE_CLOCK);
    if !bench.is_live() || flags.is_ok_and(private) {
        let why = "it is no live source that stamps by the graph's clock";
        return Err(Trouble::does_not_apply(why));
    }
    bench.run()?;
    bench.play(Span::from_secs(1))?;
    let latency = bench.latency().unwrap_or(Span::ZERO);
    let capture = bench.driver.stamps(pin) == Ok(Stamps::Capture);
    let heard = bench.heard();
    let delays = heard.iter().filter_map(|it| Some(it.at - it.sample.start()?));
    let Some(longest) = delays.max() else {
        return Err(Trouble::does_not_apply("it delivered no stamped sample with these settings"));
    };
    if capture {
        expect(longest <= latency + ROUNDING, "delivery within the latency after capture", || {
            format!(
                "{longest} from a stamp, which names the capture, to its delivery; latency {latency}"
            )
        })?;
        expect(latency <= longest + SPARE, "a latency that it has, and no more", || {
            format!("at most {longest} from capture to delivery in 1 s; latency {latency}")
        })
    } else {
        expect(longest <= ROUNDING, "stamps that name the delivery, as declared", || {
            format!("a sample was delivered {longest} after its stamp; latency {latency}")
        })
    }
}

/// When what came in leaves, and with which stamp.
fn transform(mut bench: Bench<'_>) -> Outcome {
    let Some(MediaType::Audio(format)) = bench.feeds.first().map(|feed| feed.media) else {
        return Err(Trouble::does_not_apply("only audio can carry an impulse"));
    };
    let second = i64::from(format.rate_hz);
    let at = second + 100;
    bench.feeds.iter_mut().for_each(|feed| feed.content = Content::Impulse { at });
    let length = bench.feeds[0].length();
    bench.run()?;
    bench.play(Span::from_secs(3))?;
    let latency = bench.latency().unwrap_or(Span::ZERO);
    let feed: Feed = bench.feeds[0].clone();
    // A sample is fed when its last frame is there, and stamped with that instant.
    let fed = |frame: i64| StreamTime::ZERO + feed.time_of(frame) + length;
    let (sent, received) = (fed(at), fed(at - at.rem_euclid(feed.block)));
    let Some(peak) = loudest(&bench.heard(), &bench.outputs) else {
        return Err(Trouble::does_not_apply("nothing of an impulse came out"));
    };
    let took = peak.at - received;
    expect(took <= latency + length, "an impulse that leaves within the declared latency", || {
        format!("it left after {took} in samples of {length}; declared {latency}")
    })?;
    // What is gathered into samples of its own waits between nothing and such a sample.
    expect(
        latency <= took + length + peak.length + ROUNDING,
        "a latency that it has, and no more",
        || format!("an impulse left after {took} already; declared {latency}"),
    )?;
    let Some(stamp) = peak.stamp else { return Ok(()) };
    let shift = stamp - sent;
    expect(shift.abs() <= ROUNDING, "an impulse with the stamp that it came with", || {
        format!("its stamp was {shift:+} off; declared latency {latency}")
    })
}

/// The loudest frame: when it left, and the instant that its stamp names.
struct Peak {
    at: StreamTime,
    stamp: Option<StreamTime>,
    level: f32,
    /// How long the sample is that it is in.
    length: Span,
}

fn loudest(arrivals: &[Arrival], outputs: &[MediaType]) -> Option<Peak> {
    let mut loudest: Option<Peak> = None;
    let Some(MediaType::Audio(format)) = outputs.first() else { return None };
    for Arrival { at, sample, .. } in arrivals.iter().filter(|arrival| arrival.pin == 0) {
        let frames = sample.values().len() / format.channels as usize;
        let length = Span::of_frames(frames as i64, format.rate_hz);
        for (frame, values) in sample.values().chunks(format.channels as usize).enumerate() {
            let level = values.iter().fold(0f32, |peak, value| peak.max(value.abs()));
            if level > loudest.as_ref().map_or(1e-3, |peak| peak.level) {
                let stamp = |start| start + Span::of_frames(frame as i64, format.rate_hz);
                loudest = Some(Peak { at: *at, stamp: sample.start().map(stamp), level, length });
            }
        }
    }
    loudest
}

/// With a delay for all renderers that is the one it declares, it presents when samples are due.
fn renderer(mut bench: Bench<'_>) -> Outcome {
    bench.run()?;
    bench.play(Span::from_secs(3))?;
    let Ok(statistics) = bench.driver.statistics() else {
        return Err(Trouble::does_not_apply("it keeps no statistics of what it presents"));
    };
    expect(statistics.presented > 0, "something presented within 3 s", || "nothing".to_owned())?;
    let (now, latency) =
        (Span::from_nanos(statistics.error_now), bench.latency().unwrap_or(Span::ZERO));
    expect(now.abs() <= LATE, "presentation when due, given a delay as long as its latency", || {
        format!("after 3 s it is {now:+} off; latency {latency}")
    })
}
