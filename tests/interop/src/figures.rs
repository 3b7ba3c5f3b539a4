//! What was measured in one attempt, and whether it is enough.

use driftless_test_analysis::tone::Fault;
use serde_json::{Value, json};

use crate::case::Case;

/// What the player's own report says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reported {
    /// Seconds until it had locked.
    pub locked_after_s: Option<f64>,
    /// Frames it dropped.
    pub dropped: u64,
    /// Frames it inserted.
    pub inserted: u64,
    /// Frames it made up.
    pub concealed: u64,
    /// Underruns.
    pub underruns: u64,
    /// How often its device was opened again.
    pub restarts: u64,
}

impl Reported {
    /// Reads the one stream of a report.
    pub fn read(report: &Value) -> Self {
        let stream = &report["streams"][0];
        let count = |key: &str| stream[key].as_u64().unwrap_or(0);
        let filters = report["filters"].as_array().into_iter().flatten();
        let restarts = filters.filter_map(|it| it["counters"]["device restarts"].as_u64()).sum();
        Self {
            locked_after_s: stream["locked_after_ns"].as_f64().map(|ns| ns / 1e9),
            dropped: count("dropped_frames"),
            inserted: count("inserted_frames"),
            concealed: count("concealed_frames"),
            underruns: count("underruns"),
            restarts,
        }
    }
}

/// The figures of one attempt.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Mean frequency against what the sender sent, in ppm of the server's clock, once settled.
    pub ppm_off: Option<f64>,
    /// Everything but the tone, in dB.
    pub thd_n_db: Option<f64>,
    /// Steps, silences and clicks in the recording after lock.
    pub faults: Vec<Fault>,
    /// Seconds of settled tone.
    pub measured_s: f64,
    /// Time from sent to heard, in ms.
    pub delay_ms: Option<f64>,
    /// Parts of speech that were looked for, and those not heard (seconds into the original).
    pub speech: Option<(usize, Vec<f64>)>,
    /// Seconds from a stop on purpose until the tone was clean again.
    pub recovered_after_s: Option<f64>,
    /// Share of a core, in percent, that the player needed.
    pub core_percent: Option<f64>,
    /// The longest time the machine stood still, in ms.
    pub stall_ms: f64,
    /// Whether that was longer than the server endures: then it is the machine that was measured.
    pub disturbed: bool,
    /// The player's own report.
    pub reported: Option<Reported>,
    /// What is missed, a phrase each.
    pub missed: Vec<String>,
}

impl Figures {
    /// Whether all is as it must be.
    pub fn is_met(&self) -> bool {
        self.missed.is_empty()
    }

    /// Compares with what must be reached.
    pub fn judge(mut self, case: Case) -> Self {
        let mut missed = Vec::new();
        match &self.speech {
            Some((0, _)) => missed.push("no speech".to_owned()),
            Some((_, lost)) => {
                missed.extend((!lost.is_empty()).then(|| format!("{} parts", lost.len())));
                let cut = self.reported.as_ref().map_or(0, |it| it.dropped + it.inserted);
                missed.extend((cut > 0).then(|| format!("{cut} frames cut")));
            }
            None if case == Case::Ticks => {
                missed.extend(self.delay_ms.is_none().then(|| "no tick".to_owned()));
            }
            None => self.judge_tone(case, &mut missed),
        }
        self.missed = missed;
        self
    }

    fn judge_tone(&self, case: Case, missed: &mut Vec<String>) {
        let (Some(ppm), Some(thd_n_db)) = (self.ppm_off, self.thd_n_db) else {
            return missed.push("no tone".to_owned());
        };
        if case.stops() {
            // The stop itself bends the mean.
            match self.recovered_after_s {
                Some(seconds) if seconds <= 2.0 => {}
                Some(seconds) => missed.push(format!("back after {seconds:.1} s")),
                None => missed.push("not back".to_owned()),
            }
            let counts = |it: &Reported| {
                it.underruns + it.concealed + it.dropped + it.inserted + it.restarts
            };
            // Where all stand still nothing need be lost.
            let uncounted = self.reported.as_ref().is_some_and(|it| counts(it) == 0);
            if uncounted && case != Case::AllStop {
                missed.push("not counted".to_owned());
            }
            return;
        }
        if ppm.abs() > 2.0 {
            missed.push("frequency".to_owned());
        }
        if thd_n_db > case.worst_thd_n_db() {
            missed.push("THD+N".to_owned());
        }
        if !self.faults.is_empty() {
            missed.push(format!("{} faults", self.faults.len()));
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let faults: Vec<String> = self.faults.iter().map(|it| format!("{it:?}")).collect();
        json!({
            "ppm_off": self.ppm_off,
            "thd_n_db": self.thd_n_db,
            "faults": faults,
            "measured_s": self.measured_s,
            "delay_ms": self.delay_ms,
            "speech_parts": self.speech.as_ref().map(|(parts, _)| parts),
            "speech_missing_s": self.speech.as_ref().map(|(_, missing)| missing),
            "recovered_after_s": self.recovered_after_s,
            "core_percent": self.core_percent,
            "stall_ms": self.stall_ms,
            "disturbed": self.disturbed,
            "locked_after_s": self.reported.as_ref().and_then(|it| it.locked_after_s),
            "dropped_frames": self.reported.as_ref().map(|it| it.dropped),
            "inserted_frames": self.reported.as_ref().map(|it| it.inserted),
            "concealed_frames": self.reported.as_ref().map(|it| it.concealed),
            "underruns": self.reported.as_ref().map(|it| it.underruns),
            "device_restarts": self.reported.as_ref().map(|it| it.restarts),
            "missed": self.missed,
        })
    }
}
