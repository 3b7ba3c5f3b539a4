//! Opening a library in a process of its own first, so that one which is damaged or hostile ends that
//! process and not the host.
//!
//! The process is a program that calls [`answer`] before anything else; the command `driftless` does,
//! and so may an embedder's. It says on its standard output which step it begins, and at last what came
//! of it. The prober believes it only if it then ends well and in time; else it is killed, with whatever
//! it has started in its process group.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::{LoadError, Step};
use super::library;
use super::verdicts::{Known, Verdicts};
use crate::catalog::{Content, PrecheckError, Trust, precheck};

/// The first word of a command line that asks for an answer.
const WORD: &str = "--driftless-probe";
/// What every line that we wrote begins with; a library's initialisers may print lines of their own.
const MARK: &str = "driftless-probe ";
/// More than this nobody reads.
const LARGEST_ANSWER: u64 = 1 << 16;
/// How many libraries are tried at once: most of the time a process that hangs only waits.
const AT_ONCE: usize = 64;

/// Tries libraries out. `[main]`
#[derive(Debug, Clone)]
pub struct Prober {
    program: PathBuf,
    limit: Duration,
    verdicts: Option<Verdicts>,
}

/// Why a library did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeError {
    /// The process could not be started; the system's words.
    NotStarted(String),
    /// It was still not done after this long, and killed.
    TooLate {
        /// How long it was given.
        limit: Duration,
        /// What it was doing.
        during: Step,
    },
    /// It ended before it was done, or badly.
    Ended {
        /// How, such as "signal 11 (SIGSEGV)".
        how: String,
        /// What it was doing.
        during: Step,
    },
    /// It found an error, as this process would have.
    Refused {
        /// At which step.
        step: Step,
        /// The error.
        why: String,
    },
}

/// How a verdict was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// The library was tried now, and that took so long.
    Now(Duration),
    /// It had been tried before, and the verdict was kept.
    Before,
}

/// What is known of a library after its turn.
enum Trial {
    Unreadable(io::Error),
    Known(Result<(), ProbeError>),
    New(Content, Duration, Result<(), ProbeError>),
}

impl Prober {
    /// Tries libraries in processes of `program`, which calls [`answer`] first, and gives each `limit`.
    pub fn new(program: impl Into<PathBuf>, limit: Duration) -> Self {
        Self { program: program.into(), limit, verdicts: None }
    }

    /// As [`new`](Self::new), with the program that is running now.
    ///
    /// # Errors
    ///
    /// When the system does not say which that is.
    pub fn this_program(limit: Duration) -> io::Result<Self> {
        Ok(Self::new(env::current_exe()?, limit))
    }

    /// Keeps verdicts, so that a library is tried once and not at every start.
    #[must_use]
    pub fn keeping(self, verdicts: Verdicts) -> Self {
        Self { verdicts: Some(verdicts), ..self }
    }

    /// Opens the library at `path` in a process of its own, unless its content is known.
    ///
    /// # Errors
    ///
    /// What happened there.
    pub fn try_out(&self, path: &Path) -> Result<Tried, LoadError> {
        self.try_all(vec![path.to_owned()]).remove(0)
    }

    /// Tries many, 64 at a time; verdicts are in the order of `paths`.
    pub fn try_all(&self, paths: Vec<PathBuf>) -> Vec<Result<Tried, LoadError>> {
        let known = self.verdicts.as_ref().map(Verdicts::read);
        let next = AtomicUsize::new(0);
        let trials: Vec<OnceLock<Trial>> = paths.iter().map(|_| OnceLock::new()).collect();
        thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(paths.len()) {
                scope.spawn(|| {
                    let claim = || next.fetch_add(1, Ordering::Relaxed);
                    for (path, trial) in std::iter::from_fn(|| {
                        let at = claim();
                        paths.get(at).zip(trials.get(at))
                    }) {
                        trial.get_or_init(|| self.trial(path, known.as_ref()));
                    }
                });
            }
        });
        let trials: Vec<Trial> = trials.into_iter().filter_map(OnceLock::into_inner).collect();
        if let Some(verdicts) = &self.verdicts {
            let new = trials.iter().zip(&paths).filter_map(|(trial, path)| match trial {
                Trial::New(content, _, verdict) => Some((*content, path.as_path(), verdict)),
                _ => None,
            });
            verdicts.keep(new);
        }
        trials.into_iter().map(Self::told).collect()
    }

    fn trial(&self, path: &Path, known: Option<&Known>) -> Trial {
        let content = match Content::of(path) {
            Ok(content) => content,
            Err(error) => return Trial::Unreadable(error),
        };
        if let Some(verdict) = known.and_then(|known| known.find(content)) {
            return Trial::Known(verdict);
        }
        let began = Instant::now();
        let verdict = self.ask(path);
        Trial::New(content, began.elapsed(), verdict)
    }

    fn told(trial: Trial) -> Result<Tried, LoadError> {
        match trial {
            Trial::Unreadable(error) => Err(LoadError::Refused(PrecheckError::Unreadable(error))),
            Trial::New(_, took, verdict) => {
                verdict.map(|()| Tried::Now(took)).map_err(LoadError::Probe)
            }
            Trial::Known(verdict) => verdict.map(|()| Tried::Before).map_err(LoadError::Probe),
        }
    }

    /// Where verdicts are kept.
    pub fn verdicts(&self) -> Option<&Verdicts> {
        self.verdicts.as_ref()
    }

    fn ask(&self, path: &Path) -> Result<(), ProbeError> {
        let deadline = Instant::now() + self.limit;
        let mut child = self.start(path)?;
        let lines = child.stdout.take().map(read_lines);
        let mut answer = Answer::default();
        let heard = lines.is_some_and(|lines| answer.hear(&lines, deadline));
        // Its standard output may be closed while it goes on.
        let status = if heard { wait(&mut child, deadline) } else { None };
        end(&mut child);
        match (status, answer.verdict) {
            (Some(status), Some(verdict)) if status.success() => verdict,
            (Some(status), _) => Err(ProbeError::Ended { how: how(status), during: answer.during }),
            (None, _) => Err(ProbeError::TooLate { limit: self.limit, during: answer.during }),
        }
    }

    fn start(&self, path: &Path) -> Result<Child, ProbeError> {
        let mut command = Command::new(&self.program);
        command.arg(WORD).arg(self.limit.as_millis().to_string()).arg(path);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let not_started = |error| {
            ProbeError::NotStarted(format!(
                "`{}` could not be started: {error}",
                self.program.display()
            ))
        };
        command.spawn().map_err(not_started)
    }
}

/// What a process has said so far.
struct Answer {
    during: Step,
    verdict: Option<Result<(), ProbeError>>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { during: Step::File, verdict: None }
    }
}

impl Answer {
    /// Listens until nothing more can come; whether that was before `deadline`.
    fn hear(&mut self, lines: &Receiver<String>, deadline: Instant) -> bool {
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.take(&line),
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }

    fn take(&mut self, line: &str) {
        let Some(words) = line.strip_prefix(MARK) else { return };
        match words.split_once(' ') {
            None if words == "good" => self.verdict = Some(Ok(())),
            Some(("begins", step)) => self.during = Step::named(step).unwrap_or(self.during),
            Some(("refused", rest)) => {
                let (step, why) = rest.split_once(' ').unwrap_or((rest, ""));
                let step = Step::named(step).unwrap_or(self.during);
                self.verdict = Some(Err(ProbeError::Refused { step, why: why.to_owned() }));
            }
            _ => {}
        }
    }
}

/// Reads on a thread of its own: a pipe that a grandchild keeps open would block for ever. The thread
/// ends when the pipe does, or when nobody listens any more and something is written.
fn read_lines(output: ChildStdout) -> Receiver<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let lines = BufReader::new(output.take(LARGEST_ANSWER)).lines();
        for line in lines.map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_micros(200)),
            _ => return None,
        }
    }
}

/// Ends it, if it has not ended, and all of its group.
fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        // An error only means that nobody is left.
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(unix)]
fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    let Some(signal) = status.signal() else { return status.to_string() };
    let name = match signal {
        4 => " (illegal instruction)",
        6 => " (abort)",
        7 => " (access beyond the end of a file)",
        8 => " (arithmetic error)",
        9 => " (kill)",
        11 => " (access to memory that is not its own)",
        31 => " (forbidden system call)",
        _ => "",
    };
    format!("signal {signal}{name}")
}

#[cfg(not(unix))]
fn how(status: ExitStatus) -> String {
    status.to_string()
}

/// Answers, if a [`Prober`] has started this process, and does not return then. Call it before anything
/// else in `main`. `[main]`
pub fn answer() {
    let mut words = env::args_os().skip(1);
    if words.next().as_deref() != Some(OsStr::new(WORD)) {
        return;
    }
    let limit = words.next().and_then(|word| word.to_str()?.parse().ok()).unwrap_or(1000);
    let path = PathBuf::from(words.next().unwrap_or_default());
    end_after(Duration::from_millis(limit));
    let outcome = precheck(&path, Trust::Everybody) // the prober's side has asked whom to trust
        .map_err(LoadError::Refused)
        .and_then(|checked| {
            library::open(&checked, &mut |step| say(&format!("begins {}", step.name())))
        });
    match outcome {
        Ok(_) => say("good"),
        Err(error) => {
            let why = error.to_string().replace('\n', " ");
            say(&format!("refused {} {why}", error.step().name()));
        }
    }
    std::process::exit(0); // the library's own end is part of the trial
}

fn say(words: &str) {
    let mut out = io::stdout().lock();
    // Nobody listens any more: then nobody needs to know.
    let _ = writeln!(out, "{MARK}{words}").and_then(|()| out.flush());
}

/// Ends this process when its time is long over: its prober may not be there any more to do it.
fn end_after(limit: Duration) {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // A crash is expected; an image of it is not wanted.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    thread::spawn(move || {
        thread::sleep(2 * limit);
        std::process::abort();
    });
}

impl ProbeError {
    /// The step at which it failed.
    pub fn step(&self) -> Step {
        match self {
            Self::Refused { step, .. } => *step,
            _ => Step::Probe,
        }
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = "it was opened in a process of its own first";
        match self {
            Self::NotStarted(why) => write!(f, "it could not be tried out: {why}"),
            Self::TooLate { limit, during } => write!(
                f,
                "{first}, which was not done after {} ms, while {}; if the machine was busy, try again, \
                 else it blocks its host: replace it",
                limit.as_millis(),
                during.doing()
            ),
            Self::Ended { how, during } => write!(
                f,
                "{first}, which ended with {how} while {}; the file is damaged or hostile: replace it",
                during.doing()
            ),
            Self::Refused { why, .. } => f.write_str(why),
        }
    }
}
