//! What a running filter asks of memory, locks and kernel.

use driftless_plugin_api::Span;

use crate::bench::Bench;
use crate::guard::{self, Counts};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// Nothing, after half a second to warm up.
pub(super) fn asks_for_nothing(subject: &Subject) -> Outcome {
    if subject.filter.blocking {
        return Err(Trouble::does_not_apply("it declares that it may block its thread"));
    }
    if !guard::is_there() {
        let why = "what is asked of memory, locks and kernel is seen by `driftless validate` on GNU/Linux";
        return Err(Trouble::not_checked(why));
    }
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(Span::from_millis(500))?;
    bench.counts = Some(Counts::default());
    bench.play(Span::from_millis(500))?;
    let counts = bench.counts.take().unwrap_or_default();
    let expected = "streaming calls that neither allocate, free, lock nor enter the kernel";
    expect(counts.seen.is_empty(), expected, || {
        let first: Vec<&str> = counts.seen.iter().take(4).map(String::as_str).collect();
        format!("{}; {} findings in {} calls", first.join("; "), counts.seen.len(), counts.calls)
    })
}
