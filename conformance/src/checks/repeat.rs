//! The same again.

use driftless_plugin_api::{Sample, SampleFlags, Span, StreamTime};

use crate::bench::Bench;
use crate::subject::Subject;
use crate::trouble::{Outcome, expect};

/// All that can be told of a sample.
#[derive(PartialEq)]
struct Told {
    pin: u32,
    at: StreamTime,
    start: Option<StreamTime>,
    media: Option<(i64, i64)>,
    flags: SampleFlags,
    bytes: Vec<u8>,
}

impl Told {
    fn of(pin: u32, at: StreamTime, sample: &Sample) -> Self {
        let (start, media) = (sample.start(), sample.media_times());
        Self { pin, at, start, media, flags: sample.flags(), bytes: sample.bytes().to_vec() }
    }
}

fn second(subject: &Subject) -> Outcome<Vec<Told>> {
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(Span::from_secs(1))?;
    Ok(bench.heard().iter().map(|it| Told::of(it.pin, it.at, &it.sample)).collect())
}

/// Two lives of a second: every sample the same, at the same time, to the bit.
pub(super) fn same_output(subject: &Subject) -> Outcome {
    let (first, again) = (second(subject)?, second(subject)?);
    expect(first.len() == again.len(), "as many samples in a second life", || {
        format!("{} and {}", first.len(), again.len())
    })?;
    let difference = first.iter().zip(&again).position(|(a, b)| a != b);
    expect(difference.is_none(), "the same samples at the same times in a second life", || {
        let at = difference.unwrap_or_default();
        let (a, b) = (&first[at], &again[at]);
        let what = match () {
            () if a.at != b.at => "when it was delivered",
            () if a.start != b.start => "its stamp",
            () if a.flags != b.flags => "its flags",
            () if a.media != b.media => "its frame numbers",
            () => "what is in it",
        };
        format!("sample {at}, of {}, differs in {what}", first.len())
    })
}
