//! A child process that ends with its owner.

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a process that was asked to end may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A command that runs at real-time priority where the system grants it, as sound servers and their
/// clients do on a desktop; where not, as usual.
///
/// Without it a server on a busy machine loses time, and what is measured is the machine.
pub fn urgent(program: impl AsRef<OsStr>) -> Command {
    if !grants_priority() {
        return Command::new(program);
    }
    let mut command = Command::new("chrt");
    command.args(["--fifo", PRIORITY]).arg(program);
    command
}

/// Whether [`urgent`] makes a difference.
pub fn grants_priority() -> bool {
    static GRANTED: OnceLock<bool> = OnceLock::new();
    *GRANTED.get_or_init(|| {
        let mut command = Command::new("chrt");
        command.args(["--fifo", PRIORITY, "true"]).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

/// Gives the calling thread the priority of an [`urgent`] process, where the system grants it.
pub fn become_urgent() {
    if grants_priority() {
        let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
        let mut command = Command::new("chrt");
        let _ = command.args(["--fifo", "--pid", PRIORITY, &thread]).status(); // it just ran
    }
}

/// Below what a driver's own threads use.
const PRIORITY: &str = "20";

/// A child process; dropping it ends it. `[any]`
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `command`, in a process group of its own: Ctrl-C on the terminal reaches the owner
    /// only, who then ends its children in the right order.
    ///
    /// # Errors
    ///
    /// The program's name, and why it did not start.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let child = command.process_group(0).spawn().map_err(|error| {
            let program = command.get_program().to_string_lossy();
            io::Error::new(error.kind(), format!("cannot start {program}: {error}"))
        })?;
        Ok(Self { child })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Sends `signal`; nothing happens if it has ended.
    pub fn signal(&mut self, signal: Signal) {
        // Only `wait` frees a number for others to take, and that is this type's to call.
        if matches!(self.child.try_wait(), Ok(None))
            && let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, signal);
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends by itself, for at most `time`; afterwards it is ended.
    ///
    /// # Errors
    ///
    /// That it had to be ended.
    pub fn wait(mut self, time: Duration) -> io::Result<ExitStatus> {
        self.ended_within(time)?.ok_or_else(|| {
            io::Error::new(io::ErrorKind::TimedOut, format!("still runs after {time:?}"))
        })
    }

    /// Asks it to end as by Ctrl-C, and waits.
    ///
    /// # Errors
    ///
    /// That it had to be killed.
    pub fn interrupt(mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::INT);
        self.wait(PATIENCE)
    }

    fn ended_within(&mut self, time: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + time;
        loop {
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() >= deadline {
                return Ok(ended);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT); // one that was stopped would not hear of it
        if !matches!(self.ended_within(PATIENCE), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(id: u32) -> bool {
        std::path::Path::new(&format!("/proc/{id}")).exists()
    }

    #[test]
    fn a_process_ends_when_its_owner_does_also_by_a_panic_and_while_it_is_stopped() {
        let mut sleeper = Process::start(Command::new("sleep").arg("60")).unwrap();
        let id = sleeper.id();
        sleeper.signal(Signal::STOP);
        assert!(runs(id));
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _sleeper = sleeper;
            panic!("on purpose");
        }));
        assert!(end.is_err() && !runs(id));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Process::start(&mut Command::new("no-such-program")).unwrap_err();
        assert!(error.to_string().contains("no-such-program"), "{error}");
    }
}
