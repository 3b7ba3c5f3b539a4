//! What outlives a filter.

use std::time::{Duration, Instant};

use driftless_plugin_api::Span;

use crate::bench::Bench;
use crate::process::{Holdings, holdings, memory_in_use};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// Lives between two looks at the memory.
const LIVES: usize = 10;
/// Bytes a life may keep, because allocators round.
const KEPT: usize = 8;
/// How long a thread may take to end after its filter.
const PATIENCE: Duration = Duration::from_secs(2);

fn life(subject: &Subject) -> Outcome {
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(Span::from_millis(50))?;
    bench.pause()?;
    bench.deactivate()
}

/// Ten lives and then ten more leave no more behind than ten.
pub(super) fn memory(subject: &Subject) -> Outcome {
    let mut used = Vec::new();
    for _ in 0..4 {
        for _ in 0..LIVES {
            life(subject)?;
        }
        let why = "how much memory is in use is seen by `driftless validate` on GNU/Linux";
        used.push(memory_in_use().ok_or_else(|| Trouble::not_checked(why))?);
    }
    // What is made once for all lives is made in the first ten; the least of the others counts.
    let growth =
        used.windows(2).skip(1).map(|pair| pair[1].saturating_sub(pair[0])).min().unwrap_or(0);
    expect(growth <= LIVES * KEPT, "as much memory in use after a life as before it", || {
        format!("{} bytes more after each, in {} lives", growth / LIVES, 4 * LIVES)
    })
}

/// Nothing but what the first life of all has set up.
pub(super) fn threads_and_files(subject: &Subject) -> Outcome {
    let why = "this system does not list threads and open files";
    let count = || holdings().ok_or_else(|| Trouble::not_checked(why));
    life(subject)?;
    settle(count()?);
    let before = count()?;
    for _ in 0..3 {
        life(subject)?;
    }
    settle(before);
    let after = count()?;
    let left = after.threads > before.threads || after.files > before.files;
    expect(!left, "no thread and no open file left by a filter that was dropped", || {
        let threads = after.threads.saturating_sub(before.threads);
        let files = after.files.saturating_sub(before.files);
        format!("{threads} threads and {files} files more after three lives")
    })
}

/// Waits until no more is held than `wanted`, or patience ends: a thread may still be on its way out.
fn settle(wanted: Holdings) {
    let start = Instant::now();
    let more = |now: Holdings| now.threads > wanted.threads || now.files > wanted.files;
    while start.elapsed() < PATIENCE && holdings().is_some_and(more) {
        std::thread::sleep(Duration::from_millis(10));
    }
}
