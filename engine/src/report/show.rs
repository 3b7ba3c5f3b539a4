//! The report as lines that one could read aloud.

use std::fmt;

use super::{Report, StreamReport};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "ran {:.1} s; reference clock {} ({}); {} from capture to presentation",
            self.duration.secs_f64(),
            self.clock,
            self.clock_why,
            self.latency
        )?;
        let ends = |stream: &StreamReport| format!("{} -> {}", stream.source, stream.renderer);
        let width = self.streams.iter().map(|stream| ends(stream).len()).max().unwrap_or(0);
        for stream in &self.streams {
            writeln!(f, "{:width$}  {stream}", ends(stream))?;
        }
        for filter in &self.filters {
            let counters: Vec<String> = filter
                .counters
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(name, count)| format!("{count} {name}"))
                .collect();
            if !counters.is_empty() {
                writeln!(f, "{}: {}", filter.name, counters.join(", "))?;
            }
        }
        for event in &self.events {
            writeln!(f, "{event}")?;
        }
        for failure in &self.failures {
            writeln!(f, "failed: {failure}")?;
        }
        Ok(())
    }
}

impl fmt::Display for StreamReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.presented == 0 && self.row == 0 {
            return write!(f, "not timed");
        }
        write!(
            f,
            "error {:.3} ms rms, {:.3} ms worst",
            self.error.rms.millis_f64(),
            self.error.max.millis_f64()
        )?;
        if self.row != 0 {
            write!(f, "; {:+.2} ppm (std {:.2}), row {}", self.ppm.mean, self.ppm.std, self.row)?;
        }
        if let Some(after) = self.locked_after {
            write!(f, "; locked after {:.1} s", after.secs_f64())?;
        }
        let lost = [
            (self.dropped_frames, "dropped"),
            (self.inserted_frames, "inserted"),
            (self.concealed_frames, "concealed"),
        ];
        let lost: Vec<String> = lost
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} frames {what}"))
            .collect();
        match lost.is_empty() {
            true => write!(f, "; no frame lost")?,
            false => write!(f, "; {}", lost.join(", "))?,
        }
        if self.underruns + self.overruns > 0 {
            write!(f, "; {} underruns, {} overruns", self.underruns, self.overruns)?;
        }
        Ok(())
    }
}
