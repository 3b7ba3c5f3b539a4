//! Other programs: this one again with a case, the command line, GStreamer, valgrind.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cases::Figures;
use crate::graphs::libraries;
use crate::measure;

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Whether a program can be started.
pub fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn output(command: &mut Command) -> Result<String, String> {
    let shown = format!("{command:?}");
    let done = command.output().map_err(|error| format!("{shown}: {error}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).into_owned() + &said),
        false => Err(format!("{shown}: {}: {said}", done.status)),
    }
}

fn own(words: &str) -> Vec<String> {
    std::iter::once("case").chain(words.split(' ')).map(str::to_owned).collect()
}

fn own_program() -> Result<PathBuf, String> {
    std::env::current_exe().map_err(|error| error.to_string())
}

/// The figures of a case, in a process of its own.
pub fn case(words: &str) -> Result<Figures, String> {
    let said = output(Command::new(own_program()?).args(own(words)))?;
    serde_json::from_str(said.lines().next().unwrap_or_default())
        .map_err(|error| format!("`{words}` said `{said}`: {error}"))
}

/// Instructions that a case takes, counted by valgrind: the same on a machine that is busy.
pub fn instructions(words: &str) -> Result<f64, String> {
    let said = output(
        Command::new("valgrind")
            .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
            .arg(own_program()?)
            .args(own(words)),
    )?;
    let line =
        said.lines().find_map(|line| line.split_once("I refs:").or(line.split_once("I   refs:")));
    let digits: String =
        line.map_or("", |(_, count)| count).chars().filter(char::is_ascii_digit).collect();
    digits.parse().map_err(|_| format!("valgrind counted nothing: {said}"))
}

/// What a preloaded guard counted of allocations, locks and system calls while a case ran.
pub fn guarded(words: &str) -> Result<f64, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let guard = driftless_guard::write_into(folder.path()).map_err(|error| error.to_string())?;
    let guard = guard.ok_or("there is no guard for this system")?;
    let out = folder.path().join("counts");
    output(
        Command::new(own_program()?)
            .args(own(words))
            .env("LD_PRELOAD", guard)
            .env("GUARD_FROM_MS", "2000")
            .env("GUARD_UNTIL_MS", "3500")
            .env("GUARD_OUT", &out),
    )?;
    let text = std::fs::read_to_string(&out).map_err(|error| error.to_string())?;
    let counts = text.lines().filter_map(|line| line.split_once(' ')?.1.parse::<f64>().ok());
    Ok(counts.sum())
}

/// The command line of this build.
pub fn driftless(words: &[&str]) -> Command {
    let mut command = Command::new(libraries().join("driftless"));
    command.args(words).arg("--plugins").arg(libraries());
    command.stdout(Stdio::null()).stderr(Stdio::null()).current_dir(repository("."));
    command
}

/// How long a program takes, at best of so many times, ms.
pub fn best_ms(times: usize, mut command: impl FnMut() -> Command) -> Result<f64, String> {
    let mut best = f64::MAX;
    for _ in 0..times {
        let began = Instant::now();
        let status = command().status().map_err(|error| error.to_string())?;
        best = best.min(began.elapsed().as_secs_f64() * 1e3);
        if !status.success() {
            return Err(format!("{:?} ended with {status}", command()));
        }
    }
    Ok(best)
}

/// From the start of a program until `done`, ms; then the program is waited for.
pub fn ms_until(mut command: Command, done: impl Fn() -> bool) -> Result<f64, String> {
    let began = Instant::now();
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    while !done() {
        if began.elapsed() > Duration::from_secs(5) {
            let _ = child.kill();
            return Err(format!("{command:?} did not come to that in 5 s"));
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    let took = began.elapsed().as_secs_f64() * 1e3;
    child.wait().map_err(|error| error.to_string())?;
    Ok(took)
}

/// Processor time of a running program, percent of a core, and how often its threads are woken a second,
/// after a second in which it settles.
pub fn core_percent(mut command: Command, length: Duration) -> Result<(f64, f64), String> {
    let mut child: Child = command.spawn().map_err(|error| error.to_string())?;
    std::thread::sleep(Duration::from_secs(1));
    let used = || (measure::processor_s(child.id()), measure::threads(child.id()).1);
    let (before, began) = (used(), Instant::now());
    std::thread::sleep(length);
    let (after, seconds) = (used(), began.elapsed().as_secs_f64());
    child.wait().map_err(|error| error.to_string())?;
    Ok(((after.0 - before.0) / seconds * 100.0, (after.1 - before.1) as f64 / seconds))
}

/// Processor time of a loop that does nothing but sleep, woken so often a second, percent of a core.
pub fn bare_loop_percent(wakeups_a_second: f64, length: Duration) -> f64 {
    let period = Duration::from_secs_f64(1.0 / wakeups_a_second.max(1.0));
    let (before, began) = (measure::processor_s(std::process::id()), Instant::now());
    let mut next = began;
    while began.elapsed() < length {
        next += period;
        std::thread::park_timeout(next.saturating_duration_since(Instant::now()));
    }
    let used = measure::processor_s(std::process::id()) - before;
    used / began.elapsed().as_secs_f64() * 100.0
}

/// GStreamer with so many filters that pass buffers on: its processor time, and its time, seconds.
pub fn gstreamer(filters: usize, buffers: usize) -> Result<(f64, f64), String> {
    let mut words = vec!["-c".to_owned(), "TIMEFORMAT='%U %R'; time \"$@\"".to_owned()];
    words.extend(["bash", "gst-launch-1.0", "-q", "fakesrc"].map(str::to_owned));
    words.push(format!("num-buffers={buffers}"));
    for _ in 0..filters {
        words.extend(["!", "identity"].map(str::to_owned));
    }
    words.extend(["!", "fakesink"].map(str::to_owned));
    let said = output(Command::new("bash").args(words))?;
    let mut numbers = said.split_whitespace().rev().map_while(|word| word.parse::<f64>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(real), Some(user)) => Ok((user, real)),
        _ => Err(format!("no times in `{said}`")),
    }
}
