//! What a running filter asks of memory, locks and kernel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use driftless_plugin_api::{HostTime, Span};

use crate::bench::Bench;
use crate::guard::{self, Counts};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble, expect};

/// Why nothing was seen: nobody started this process with the guard, or the system could not.
const UNSEEN: &str = match cfg!(all(target_os = "linux", target_env = "gnu")) {
    true => {
        "the guard is not preloaded: `driftless validate` does it, from a folder for temporary files \
         (TMPDIR) in which libraries may be opened"
    }
    false => "what is asked of memory, locks and kernel is seen on GNU/Linux only",
};
const EXPECTED: &str = "streaming calls that neither allocate, free, lock nor enter the kernel";
/// Frames a sample where each instruction is looked at.
const SHORT: i64 = 16;
/// How long, in real time, instructions are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a device's thread may take to settle, and is then watched, in real time.
const DEVICE_TIME: Duration = Duration::from_millis(400);

/// Nothing, after half a second to warm up.
pub(super) fn asks_for_nothing(subject: &Subject) -> Outcome {
    if subject.filter.blocking {
        return Err(Trouble::does_not_apply("it declares that it may block its thread"));
    }
    if !guard::is_there() {
        return Err(Trouble::not_checked(UNSEEN));
    }
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(Span::from_millis(500))?;
    bench.counts = Some(Counts::default());
    bench.play(Span::from_millis(500))?;
    nothing_seen(&mut bench)?;
    bench.feeds.iter_mut().for_each(|feed| feed.block = SHORT);
    bench.play(Span::from_millis(500))?;
    bench.counts = Some(Counts { step: true, ..Counts::default() });
    let began = Instant::now();
    for _ in 0..20 {
        bench.play(Span::from_millis(1))?;
        if began.elapsed() > LOOK {
            break;
        }
    }
    nothing_seen(&mut bench)
}

fn nothing_seen(bench: &mut Bench<'_>) -> Outcome {
    let counts = bench.counts.take().unwrap_or_default();
    expect(counts.seen.is_empty(), EXPECTED, || {
        format!("{}; {} findings in {} calls", first(&counts.seen), counts.seen.len(), counts.calls)
    })
}

fn first(seen: &[String]) -> String {
    seen.iter().take(4).map(String::as_str).collect::<Vec<_>>().join("; ")
}

/// Nothing on the thread of a device, in real time: that is where such threads are.
pub(super) fn device_asks_for_nothing(subject: &Subject) -> Outcome {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    if !guard::is_there() {
        return Err(Trouble::not_checked(UNSEEN));
    }
    let mut bench = Bench::new(subject)?;
    bench.driver.on_device_call(|| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        guard::is_a_devices_thread();
    });
    bench.run()?;
    in_real_time(&mut bench)?;
    if CALLS.load(Ordering::Relaxed) == 0 {
        let why = "no thread of its own calls `Host::publish_clock` or `Host::called`, as a device's does";
        return Err(Trouble::does_not_apply(why));
    }
    let (played, seen) = guard::on_devices(|| in_real_time(&mut bench));
    played?;
    let expected =
        "a device's thread that neither allocates, frees, locks nor enters the kernel but to wait";
    expect(seen.is_empty(), expected, || first(&seen))
}

/// Lets time pass for the filter as it does for its device.
fn in_real_time(bench: &mut Bench<'_>) -> Outcome {
    let (start, began): (HostTime, _) = (bench.driver.now(), Instant::now());
    while began.elapsed() < DEVICE_TIME {
        std::thread::sleep(Duration::from_millis(1));
        let passed = Span::from_nanos(began.elapsed().as_nanos() as i64);
        bench.play(start + passed - bench.driver.now())?;
    }
    Ok(())
}
