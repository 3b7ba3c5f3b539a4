//! What travels between samples.

use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::{EventCode, Marker, Span};

use crate::bench::Bench;
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// Transforms pass markers on; renderers obey them.
pub(super) fn handled(subject: &Subject) -> Outcome {
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(Span::from_millis(200))?;
    match subject.filter.kind {
        FilterKind::Source => Err(Trouble::does_not_apply("a source is sent no marker")),
        FilterKind::Transform => passed_on(&mut bench),
        FilterKind::Renderer => obeyed(&mut bench),
    }
}

/// Each once through each output: of several inputs, when the last has sent it. What joins several need not
/// pass on a segment or a flush, but must be heard again afterwards.
fn passed_on(bench: &mut Bench<'_>) -> Outcome {
    let pins = bench.outputs.len() as u32;
    (0..pins).for_each(|pin| drop(bench.driver.marked(pin)));
    let inputs = bench.feeds.len() as u32;
    for marker in [Marker::LIVE_SEGMENT, Marker::BeginFlush, Marker::EndFlush, Marker::EndOfStream]
    {
        let is_the_end = marker == Marker::EndOfStream;
        for pin in 0..inputs {
            bench.mark(pin, marker)?;
        }
        if is_the_end {
            bench.feeds.clear(); // nothing follows it
        }
        bench.pass(Span::from_secs(1))?;
        for pin in 0..pins {
            let out = bench.driver.marked(pin);
            let may_keep_it = inputs > 1 && !is_the_end && out.is_empty();
            expect(
                out == [marker] || may_keep_it,
                format!("{marker:?} once through output pin {pin}"),
                || format!("{out:?} within a second"),
            )?;
        }
        if marker == Marker::EndFlush {
            bench.heard();
            bench.pass(Span::from_secs(1))?;
            expect(!bench.heard().is_empty(), "samples again after a flush", || {
                "none in a second".to_owned()
            })?;
        }
    }
    bench.check_errors()
}

/// A flush refuses samples until it ends; the end is told once all was presented, and once.
fn obeyed(bench: &mut Bench<'_>) -> Outcome {
    bench.mark(0, Marker::BeginFlush)?;
    let sample = bench.feeds[0].next(&bench.driver, None);
    let flow = bench.driver.receive(0, sample);
    bench.look()?;
    expect(
        flow == Ok(driftless_plugin_api::Flow::Stop),
        "a sample between BeginFlush and EndFlush to be answered with Stop",
        || format!("{flow:?}"),
    )?;
    bench.mark(0, Marker::EndFlush)?;
    bench.play(Span::from_millis(200))?;
    bench.events.clear();
    bench.mark(0, Marker::EndOfStream)?;
    bench.feeds.clear(); // nothing follows the end
    bench.play(Span::from_secs(10))?;
    let complete = bench.events.iter().filter(|event| event.code == EventCode::COMPLETE).count();
    expect(complete == 1, "one event Complete within 10 s after the end of the stream", || {
        format!("{complete}")
    })
}
