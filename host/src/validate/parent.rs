//! The process that starts one for each check, waits, and judges how it ended.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftless_conformance::trouble::Outcome as CheckOutcome;
use driftless_conformance::{Check, GUARDED, ON_HARDWARE, PLAYS, Trouble};
use driftless_plugin_api::descriptor::FilterDescriptor;

use super::{ValidateArguments, child, show};
use crate::input;

/// How often a child is asked whether it has ended.
const POLL: Duration = Duration::from_millis(2);
/// Where a child's standard output and standard error go.
const OUT: &str = "out";
const ERR: &str = "err";
/// Lines that a child which crashed or hung had said last.
const LAST_WORDS: usize = 3;

/// One filter, and the checks to make of it.
pub struct Job {
    pub filter: FilterDescriptor,
    pub checks: Vec<&'static Check>,
    /// The setting that takes the place of its hardware.
    pub stand_in: Option<String>,
}

impl Job {
    fn done(&self, check: &'static Check, outcome: CheckOutcome, took: Duration) -> Done {
        let stand_in = self.stand_in.clone().filter(|_| check.name != ON_HARDWARE);
        let (filter, kind) = (self.filter.id.clone(), self.filter.kind.name());
        Done { filter, kind, stand_in, check, outcome, took }
    }

    fn skipped(&self, check: &'static Check) -> Done {
        let outcome = Err(Trouble::not_checked(format!("it fails `{PLAYS}`")));
        self.done(check, outcome, Duration::ZERO)
    }
}

/// How one check of one filter went.
pub struct Done {
    pub filter: String,
    pub kind: &'static str,
    /// The setting that took the place of its hardware.
    pub stand_in: Option<String>,
    pub check: &'static Check,
    pub outcome: CheckOutcome,
    pub took: Duration,
}

impl Done {
    pub fn failed(&self) -> bool {
        matches!(&self.outcome, Err(trouble) if trouble.is_wrong())
    }
}

/// Makes all checks: for each filter first whether it plays at all, then the others, several at a time.
pub fn run(library: &Path, arguments: &ValidateArguments, jobs: Vec<Job>, talk: bool) -> Vec<Done> {
    // Children are ended and their folders removed.
    let stop = input::enough();
    let starter = Starter { library, arguments, stop: &stop };
    let mut all = Vec::new();
    for job in jobs {
        let progress = show::Progress::new(talk, &job.filter.id, job.checks.len());
        let (first, rest) = job.checks.split_at(usize::from(job.checks[0].name == PLAYS));
        let mut done = starter.several(&job, first, &progress);
        match done.iter().any(Done::failed) {
            true => done.extend(rest.iter().map(|check| job.skipped(check))),
            false => done.extend(starter.several(&job, rest, &progress)),
        }
        progress.end();
        all.extend(done);
    }
    if stop.load(Ordering::SeqCst) {
        eprintln!("driftless: interrupted");
        std::process::exit(1);
    }
    all
}

/// Starts children.
struct Starter<'a> {
    library: &'a Path,
    arguments: &'a ValidateArguments,
    stop: &'a AtomicBool,
}

impl Starter<'_> {
    /// Makes checks, as many at a time as there are processors; their order stays.
    fn several(
        &self,
        job: &Job,
        checks: &[&'static Check],
        progress: &show::Progress,
    ) -> Vec<Done> {
        let next = AtomicUsize::new(0);
        let all: Mutex<Vec<(usize, Done)>> = Mutex::default();
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(check) = checks.get(number) else { return };
                let start = Instant::now();
                let outcome = self.one(&job.filter, check);
                let done = job.done(check, outcome, start.elapsed());
                all.lock().unwrap_or_else(PoisonError::into_inner).push((number, done));
                progress.step(check.name);
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(checks.len());
        std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
        let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, done)| done).collect()
    }

    fn one(&self, filter: &FilterDescriptor, check: &Check) -> CheckOutcome {
        let failed = |error: io::Error| {
            Trouble::not_checked(format!("no process could be started for it: {error}"))
        };
        let folder =
            tempfile::Builder::new().prefix("driftless-validate").tempdir().map_err(failed)?;
        let child = self.start(filter, check, folder.path()).map_err(failed)?;
        let status = self.wait(child).map_err(failed)?;
        let said = |name: &str| {
            fs::read(folder.path().join(name))
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default()
        };
        child::verdict(&said(OUT)).unwrap_or_else(|| Err(self.ended(status, &said(ERR))))
    }

    /// Starts the process that makes the check, with `folder` for whatever is written.
    fn start(&self, filter: &FilterDescriptor, check: &Check, folder: &Path) -> io::Result<Child> {
        // The plugin's own, so that what it leaves there disturbs nobody.
        let own = folder.join("own");
        fs::create_dir(&own)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("validate").arg(self.library).arg("--child");
        command.args(["--filter", &filter.id, "--only", check.name]);
        command.args(["--seed", &self.arguments.seed.to_string()]);
        for word in &self.arguments.set {
            command.args(["--set", &word.replace("{dir}", &own.to_string_lossy())]);
        }
        if GUARDED.contains(&check.name)
            && let Some(guard) = driftless_guard::write_into(folder)?
        {
            command.env("LD_PRELOAD", guard);
        }
        let (name, value) = driftless_conformance::process::EXACT_MEMORY;
        command.env(name, value);
        // Files under names that a check makes up are gone with the folder.
        for name in ["TMPDIR", "TMP", "TEMP"] {
            command.env(name, &own);
        }
        let (out, err) = (File::create(folder.join(OUT))?, File::create(folder.join(ERR))?);
        command.stdin(Stdio::null()).stdout(out).stderr(err).spawn()
    }

    fn limit(&self) -> Duration {
        Duration::from_nanos(self.arguments.limit.nanos().unsigned_abs())
    }

    /// How it ended; nothing if it had to be ended.
    fn wait(&self, mut child: Child) -> io::Result<Option<ExitStatus>> {
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if start.elapsed() > self.limit() || self.stop.load(Ordering::SeqCst) {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }

    /// What is to be said of a child that gave no verdict.
    fn ended(&self, status: Option<ExitStatus>, said: &str) -> Trouble {
        let how = match status {
            Some(status) => format!("the process ended with {status}"),
            None => format!("no end after {}", self.arguments.limit),
        };
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(LAST_WORDS)..].join("; ");
        let last = if last.is_empty() { last } else { format!("; the last it said: {last}") };
        Trouble::wrong("calls that return", format!("{how}{last}"))
    }
}
