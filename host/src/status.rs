//! One line that says how a run is doing: rewritten in place on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use driftless_engine::Graph;
use driftless_engine::event::Event;

/// How often the line is renewed on a terminal…
const ON_TERMINAL: Duration = Duration::from_millis(250);
/// …and how often one is added elsewhere.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// The status of a run, on standard error.
pub struct Status {
    talkative: bool,
    terminal: bool,
    next: Instant,
    /// Columns in use on the terminal's line.
    width: usize,
}

impl Status {
    /// A status that says something, or one that says nothing.
    pub fn new(talkative: bool) -> Self {
        Self { talkative, terminal: stderr().is_terminal(), next: Instant::now(), width: 0 }
    }

    /// Shows the line, if it is time to.
    pub fn show(&mut self, graph: &mut Graph) {
        if !self.talkative || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + if self.terminal { ON_TERMINAL } else { ELSEWHERE };
        let report = graph.report();
        let mut line = format!("{:7.1} s", report.duration.secs_f64());
        for stream in report.streams.iter().filter(|stream| stream.presented > 0) {
            let lost = stream.dropped_frames + stream.inserted_frames + stream.concealed_frames;
            line += &format!(
                "   {} -> {} {:+.3} ms",
                stream.source,
                stream.renderer,
                stream.error.now.millis_f64()
            );
            if stream.row != 0 {
                line += &format!(" {:+.1} ppm fill {}", stream.ppm.now, stream.fill);
            }
            line += &format!(" lost {lost}");
        }
        self.print(&line);
    }

    /// Shows what happened, above the line.
    pub fn event(&mut self, event: &Event) {
        if self.talkative {
            self.clear();
            eprintln!("{event}");
        }
    }

    /// Leaves the terminal's line alone from now on.
    pub fn end(&mut self) {
        self.clear();
    }

    fn print(&mut self, line: &str) {
        if self.terminal {
            let padding = self.width.saturating_sub(line.chars().count());
            eprint!("\r{line}{:padding$}", "");
            self.width = line.chars().count();
            // A status that cannot be shown is no reason to stop.
            let _ = stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }

    fn clear(&mut self) {
        if self.terminal && self.width > 0 {
            eprint!("\r{:width$}\r", "", width = self.width);
            self.width = 0;
        }
    }
}
