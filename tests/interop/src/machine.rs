//! What the machine did meanwhile: the time it stood still, and the time that a process used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use driftless_test_servers::become_urgent;

/// Sleeps 2 ms at a time, and sees how much longer that takes; at the priority of servers and
/// players, which do not wait for the rest of the machine either.
#[derive(Debug)]
pub struct Watch {
    enough: Arc<AtomicBool>,
    watcher: JoinHandle<Duration>,
}

impl Watch {
    /// Starts to watch.
    pub fn start() -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&enough);
        let watcher = thread::spawn(move || {
            become_urgent();
            let (nap, mut longest) = (Duration::from_millis(2), Duration::ZERO);
            while !heard.load(Relaxed) {
                let start = Instant::now();
                thread::sleep(nap);
                longest = longest.max(start.elapsed().saturating_sub(nap));
            }
            longest
        });
        Self { enough, watcher }
    }

    /// The longest time that nothing ran, in ms.
    pub fn stop(self) -> f64 {
        self.enough.store(true, Relaxed);
        self.watcher.join().unwrap_or_default().as_secs_f64() * 1e3
    }
}

/// Processor time of a process so far, in seconds.
pub fn used_seconds(process: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in brackets, may hold anything: user and system time are 12 and 13 behind it.
    let (_, behind) = text.rsplit_once(") ")?;
    let ticks = |at| behind.split(' ').nth(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / rustix::param::clock_ticks_per_second() as f64)
}
