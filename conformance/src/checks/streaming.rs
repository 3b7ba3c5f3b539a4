//! What a running filter asks of memory, locks and kernel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use driftless_plugin_api::{Span, Status};

use crate::bench::{Bench, refused};
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
/// Calls of a device in which it settles, and then is watched: with a look at each instruction, and without.
const SETTLING: u64 = 20;
const WATCHED: [(bool, u64); 2] = [(true, 4), (false, 40)];
/// How long, in real time, a device that is there may take for them, and how long a device is looked for.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOKING: Duration = Duration::from_millis(400);
/// How often the filter is asked meanwhile what it wants.
const TURN: Duration = Duration::from_millis(1);

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

/// How often a device has called since somebody asked.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Nothing in the callback of a device, in real time: that is where such threads are.
pub(super) fn device_asks_for_nothing(subject: &Subject) -> Outcome {
    if !guard::is_there() {
        return Err(Trouble::not_checked(UNSEEN));
    }
    let mut bench = on_hardware(subject)?;
    bench.run()?;
    let looking = if subject.on_hardware.is_some() { PATIENCE } else { LOOKING };
    if called(&mut bench, SETTLING, looking)? == 0 {
        let why = "no thread of its own calls `Host::publish_clock` or `Host::called`, as a device's callback does";
        return Err(Trouble::does_not_apply(why));
    }
    for (step, times) in WATCHED {
        let (calls, seen) = guard::on_devices(step, || called(&mut bench, times, PATIENCE));
        let calls = calls?;
        if calls == 0 {
            let why = "its device stopped calling before it could be watched";
            return Err(Trouble::not_checked(why));
        }
        let expected =
            "a device's callback that neither allocates, frees, locks nor enters the kernel";
        expect(seen.is_empty(), expected, || format!("{}; in {calls} calls", first(&seen)))?;
    }
    Ok(())
}

/// The filter with its hardware, opened; where something else can stand in for that, it need not be there.
fn on_hardware(subject: &Subject) -> Outcome<Bench<'_>> {
    let on_device_call = || {
        CALLS.fetch_add(1, Ordering::Relaxed);
        guard::is_in_a_devices_callback();
    };
    let settings = subject.on_hardware.as_ref().unwrap_or(&subject.settings);
    let opened = Bench::with(subject, settings).and_then(|mut bench| {
        bench.driver.let_time_pass();
        bench.driver.on_device_call(on_device_call);
        bench.try_to_activate()?;
        Ok(bench)
    });
    opened.map_err(|error| match subject.on_hardware {
        Some(_) if error.status != Status::PANICKED => {
            Trouble::not_checked(format!("no device: {error}"))
        }
        _ => refused("activated", &error),
    })
}

/// Does what the filter asks for until its device has called so many `times`, or `patience` is at its end;
/// returns how often it has.
fn called(bench: &mut Bench<'_>, times: u64, patience: Duration) -> Outcome<u64> {
    let began = Instant::now();
    CALLS.store(0, Ordering::Relaxed);
    while CALLS.load(Ordering::Relaxed) < times && began.elapsed() < patience {
        if bench.driver.wait_until_woken(TURN) {
            bench.step()?;
        }
        bench.play(Span::ZERO)?;
    }
    Ok(CALLS.load(Ordering::Relaxed))
}
