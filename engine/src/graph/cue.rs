//! Whether a pause is complete (LS-7, LS-8, LS-10, LS-M6).

use driftless_plugin_api::Cue;
use driftless_plugin_api::host::State;

use super::{Graph, RunError};
use crate::loader::chain::Node;

/// Whether a pause is complete (LS-8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cued {
    /// Every renderer holds a sample, or needs none.
    Done,
    /// A live source is there, so nobody waits.
    CantCue,
    /// These renderers still wait.
    Waiting(Vec<String>),
    /// Nobody waits, and these filters are not in the graph's state: they failed, or hang.
    Failed(Vec<String>),
}

impl Graph {
    /// The state that was asked for last, and how far it is (LS-121).
    ///
    /// # Errors
    ///
    /// See [`cued`](Self::cued).
    pub fn target_state(&mut self) -> Result<(State, Cued), RunError> {
        let (state, cued) = match (self.state, self.run_pending) {
            (State::Stopped, _) => return Ok((State::Stopped, Cued::Done)),
            (State::Paused, false) => (State::Paused, self.cued()?),
            (State::Paused, true) => (State::Running, self.cued()?),
            (State::Running, _) => (State::Running, Cued::Done),
        };
        let usable = self.usable_filters();
        let filters = self.plan.filters.iter().zip(usable).filter(|(_, is_usable)| !is_usable);
        let failed: Vec<String> = filters.map(|(filter, _)| filter.name.clone()).collect();
        Ok(match cued {
            Cued::Done | Cued::CantCue if !failed.is_empty() => (state, Cued::Failed(failed)),
            cued => (state, cued),
        })
    }

    /// Whether the renderers are cued, in Paused (LS-7, LS-8, LS-M6). Nobody waits for a filter that failed.
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck.
    pub fn cued(&mut self) -> Result<Cued, RunError> {
        let cues = self.ask_cues()?;
        let excused = self.excused(&cues);
        let waits = |filter: &usize| cues[*filter] == Cue::Intermediate && !excused[*filter];
        let waiting: Vec<String> = (0..cues.len())
            .filter(waits)
            .map(|filter| self.plan.filters[filter].name.clone())
            .collect();
        Ok(match (waiting.is_empty(), cues.contains(&Cue::CantCue)) {
            (false, _) => Cued::Waiting(waiting),
            (true, true) => Cued::CantCue,
            (true, false) => Cued::Done,
        })
    }

    /// What each filter answers; nobody waits for one that is stuck.
    fn ask_cues(&mut self) -> Result<Vec<Cue>, RunError> {
        let mut cues = vec![Cue::Done; self.plan.filters.len()];
        for index in 0..self.plan.segments.len() {
            if self.dead.contains(&self.places[index]) {
                continue;
            }
            let told = self.order(index, |segment, _| {
                segment.chain().nodes().map(Node::cue).collect::<Vec<_>>()
            })?;
            for (&filter, cue) in self.plan.segments[index].filters.iter().zip(told) {
                cues[filter] = cue;
            }
        }
        Ok(cues)
    }

    /// Which filters have nothing to cue with: all that feeds them is live, or cannot cue (LS-10). What
    /// else there is in the graph makes no difference to a branch (LS-M6).
    fn excused(&self, cues: &[Cue]) -> Vec<bool> {
        let mut excused = vec![false; cues.len()];
        // Filters stand behind those that feed them, so one walk is enough.
        for filter in 0..cues.len() {
            let mut above = self.plan.arriving(filter).map(|(_, it)| it.from.filter).peekable();
            let feeders_are = above.peek().is_some() && above.all(|it| excused[it]);
            excused[filter] =
                feeders_are || cues[filter] == Cue::CantCue || self.facts.filters[filter].is_live();
        }
        excused
    }
}
