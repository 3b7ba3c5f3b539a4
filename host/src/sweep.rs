//! `driftless simulate --sweep`: many seeds, each in a process of its own, on all cores.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use driftless_engine::simulate::{Run, Sweep};

/// Seeds from one to another, both included: `seeds=1..1000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    first: u64,
    last: u64,
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (first, last) = text.strip_prefix("seeds=").unwrap_or(text).split_once("..")?;
            let seeds = Self { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
            (seeds.first <= seeds.last && seeds.count() <= MOST).then_some(seeds)
        };
        read().ok_or_else(|| {
            format!("expected two whole numbers, such as seeds=1..1000, at most {MOST} of them")
        })
    }
}

/// More would be days of work, or a slip of the finger.
const MOST: u64 = 1_000_000;

impl Seeds {
    /// How many there are.
    pub const fn count(self) -> u64 {
        self.last - self.first + 1
    }
}

/// Runs `driftless` with `words` and each seed; a child that crashes is a result like any other. Calls
/// `progress` with how many are done. Stops early once `enough` is true.
pub fn sweep(
    seeds: Seeds,
    words: &[String],
    enough: &AtomicBool,
    progress: impl Fn(u64) + Sync,
) -> Sweep {
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let runs = Mutex::new(Vec::new());
    let work = || {
        while !enough.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= seeds.count() {
                return;
            }
            let run = one(seeds.first + number, words);
            if !enough.load(Ordering::Relaxed) {
                runs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(run);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    Sweep::new(runs.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// One seed in a process of its own.
fn one(seed: u64, words: &[String]) -> Run {
    let output = std::env::current_exe().and_then(|own| {
        Command::new(own)
            .args(words)
            .args(["--json", "--seed", &seed.to_string()])
            .stdin(Stdio::null())
            .output()
    });
    let output = match output {
        Ok(output) => output,
        Err(error) => return Run::without_report(seed, format!("it could not be run: {error}")),
    };
    let json = serde_json::from_slice(&output.stdout).ok();
    json.and_then(|json| Run::read(&json)).unwrap_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        Run::without_report(seed, format!("no report ({}): {last}", output.status))
    })
}

/// Shows how many are done, in one line on a terminal.
pub fn show(done: u64, count: u64) {
    const CELLS: u64 = 30;
    let full = (CELLS * done / count) as usize;
    let bar = "#".repeat(full) + &" ".repeat(CELLS as usize - full);
    eprint!("\r[{bar}] {done} of {count} seeds");
    if done == count {
        eprintln!();
    }
    // A line that cannot be shown is no reason to stop.
    let _ = std::io::stderr().flush();
}
