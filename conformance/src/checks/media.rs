//! Media types, proposed and refused.

use driftless_plugin_api::descriptor::{Direction, FilterKind};
use driftless_plugin_api::testing::{Driver, audio};
use driftless_plugin_api::{
    AudioFormat, MediaPattern, MediaType, Pin, Span, Status, StreamTime, VideoFormat,
};

use crate::bench::{Bench, name};
use crate::feed::complete;
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// Each proposal, with what it leaves open filled in several ways, on a fresh filter each.
pub(super) fn proposed(subject: &Subject) -> Outcome {
    for direction in [Direction::Input, Direction::Output] {
        for (pin, declared) in subject.pins(direction) {
            let proposals = prepared(subject, direction)?.media_types(pin);
            let met = |pattern: MediaPattern| {
                declared.media.iter().filter_map(move |media| media.intersect(pattern))
            };
            for media in proposals.into_iter().flat_map(met).flat_map(examples) {
                subject.note(|| format!("{} gets {media}", name(pin)));
                let answer = prepared(subject, direction)?.connect(pin, media);
                answer.map_err(|error| {
                    let expected = format!("{} to accept what it proposes", name(pin));
                    Trouble::wrong(expected, format!("it refused {media}: {error}"))
                })?;
            }
        }
    }
    Ok(())
}

/// A filter whose pins of `direction` are open, and those before them connected.
fn prepared(subject: &Subject, direction: Direction) -> Outcome<Driver> {
    if direction == Direction::Output && subject.filter.kind == FilterKind::Transform {
        let mut driver = Bench::new(subject)?.driver;
        for (pin, _) in subject.pins(Direction::Output) {
            driver.disconnect(pin);
        }
        return Ok(driver);
    }
    let made = Bench::unconnected(subject, &subject.settings);
    made.map(|bench| bench.driver)
        .map_err(|error| Trouble::wrong("a filter that can be made", error.to_string()))
}

/// Complete media types of a pattern, usual ones and others.
fn examples(pattern: MediaPattern) -> Vec<MediaType> {
    let narrowed = |more: MediaPattern| pattern.intersect(more).and_then(complete);
    let audio = |rate_hz, channels| MediaPattern::Audio { rate_hz: Some(rate_hz), channels };
    let mut media: Vec<MediaType> = [
        Some(pattern),
        Some(audio(8_000, Some(1))),
        Some(audio(44_100, Some(2))),
        Some(audio(192_000, Some(8))),
        Some(MediaPattern::VIDEO),
    ]
    .into_iter()
    .flatten()
    .filter_map(narrowed)
    .collect();
    media.dedup();
    media
}

/// Something that no proposal of a pin admits is refused, and the pin proposes what it did before.
pub(super) fn refused(subject: &Subject) -> Outcome {
    let mut tried = 0;
    for direction in [Direction::Input, Direction::Output] {
        for (pin, _) in subject.pins(direction) {
            let mut driver = prepared(subject, direction)?;
            let before = driver.media_types(pin);
            let strange = strangers().into_iter().filter(|media| !admitted(&before, *media));
            for media in strange {
                tried += 1;
                refuses(&mut driver, pin, media)?;
                let after = driver.media_types(pin);
                expect(after == before, "proposals that a refusal leaves as they were", || {
                    format!(
                        "{} proposes {after:?} after it refused {media}, {before:?} before",
                        name(pin)
                    )
                })?;
            }
        }
    }
    match tried {
        0 => Err(Trouble::does_not_apply("every pin proposes everything")),
        _ => Ok(()),
    }
}

fn refuses(driver: &mut Driver, pin: Pin, media: MediaType) -> Outcome {
    let expected = format!("{} to refuse {media} with TYPE_NOT_ACCEPTED", name(pin));
    match driver.connect(pin, media) {
        Ok(()) => Err(Trouble::wrong(expected, "it accepted what it does not propose")),
        Err(error) => expect(error.status == Status::TYPE_NOT_ACCEPTED, expected, || {
            format!("{:?}: {error}", error.status)
        }),
    }
}

fn admitted(proposals: &[MediaPattern], media: MediaType) -> bool {
    proposals.iter().any(|pattern| pattern.admits(media))
}

/// Media types of every kind, to find some that a pin does not propose.
fn strangers() -> Vec<MediaType> {
    let video = "video/gray8/33x17/7:3".parse().ok().and_then(MediaPattern::complete);
    [Some(audio(12_345, 3)), video].into_iter().flatten().collect()
}

/// A sample with a new type in the middle of the stream.
pub(super) fn changes(subject: &Subject) -> Outcome {
    if subject.filter.kind == FilterKind::Source {
        return Err(Trouble::does_not_apply("a source is fed nothing"));
    }
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(Span::from_millis(100))?;
    bench.heard();
    for pin in 0..bench.feeds.len() {
        let before = bench.feeds[pin].clone();
        let media = other(before.media);
        bench.feeds[pin].media = media;
        bench.feeds[pin].block = 441; // an odd number of values: no whole number of stereo frames
        let now = bench.driver.clock().stream_time(bench.driver.now());
        let mut sample = bench.feeds[pin].next(&bench.driver, Some(now + Span::from_millis(1)));
        sample.set_new_media(Some(media));
        let taken = bench.receive(pin as u32, sample)?;
        subject.note(|| format!("{media} on input {pin}, taken: {taken}"));
        if !taken {
            bench.feeds[pin] = before; // whoever refuses it goes on with what it knows
        }
    }
    bench.step()?;
    whole_frames(&mut bench)?;
    bench.pass(Span::from_millis(100))?;
    whole_frames(&mut bench)
}

/// Another type of the same kind.
fn other(media: MediaType) -> MediaType {
    match media {
        MediaType::Audio(format) => MediaType::Audio(AudioFormat {
            channels: if format.channels == 1 { 2 } else { 1 },
            ..format
        }),
        MediaType::Video(format) => MediaType::Video(VideoFormat {
            width: format.width / 2,
            height: format.height / 2,
            ..format
        }),
        other => other,
    }
}

/// Everything that comes out consists of whole frames of the type last announced there.
fn whole_frames(bench: &mut Bench<'_>) -> Outcome {
    for arrival in bench.heard() {
        let known = &mut bench.outputs[arrival.pin as usize];
        *known = arrival.sample.new_media().unwrap_or(*known);
        let frame = match *known {
            MediaType::Audio(format) => format.channels as usize * size_of::<f32>(),
            MediaType::Video(format) => format.frame_bytes(),
            _ => 1,
        };
        let bytes = arrival.sample.bytes().len();
        expect(
            bytes % frame == 0,
            format!("whole frames of {known}, the type last announced"),
            || {
                format!(
                    "{bytes} bytes at {:?}, where a frame has {frame}",
                    arrival.sample.start().unwrap_or(StreamTime::ZERO)
                )
            },
        )?;
    }
    Ok(())
}
