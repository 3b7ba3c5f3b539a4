//! What a process has used, as Linux counts it under `/proc`; elsewhere the figures are 0.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

/// Processor time so far of a process's threads that live, seconds.
pub fn processor_s(process: u32) -> f64 {
    let time = |task: &Path| -> Option<f64> {
        let text = fs::read_to_string(task.join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    tasks(process).filter_map(|task| time(&task)).sum::<f64>() * 1e-9
}

/// Stops this process for so long, as a machine does that stands still.
///
/// # Errors
///
/// When there is no shell.
pub fn stall(length: Duration) -> io::Result<()> {
    let (own, seconds) = (std::process::id(), length.as_secs_f64());
    let orders = format!("kill -STOP {own}; sleep {seconds}; kill -CONT {own}");
    Command::new("sh").args(["-c", &orders]).status().map(drop)
}

/// Resident memory of this process, KiB.
pub fn memory_kib() -> f64 {
    field(Path::new("/proc/self"), "VmRSS:") as f64
}

/// Open files, sockets and so on of this process.
pub fn handles() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Threads of a process, and how often they were woken so far.
pub fn threads(process: u32) -> (usize, u64) {
    let woken = tasks(process).map(|task| field(&task, "voluntary_ctxt_switches:"));
    woken.fold((0, 0), |(count, sum), woken| (count + 1, sum + woken))
}

fn tasks(process: u32) -> impl Iterator<Item = std::path::PathBuf> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    tasks.into_iter().flatten().filter_map(|task| Some(task.ok()?.path()))
}

fn field(of: &Path, name: &str) -> u64 {
    let status = fs::read_to_string(of.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
