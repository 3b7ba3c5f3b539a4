//! Whether a pause is complete (LS-7, LS-8, LS-M6).

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
}

impl Graph {
    /// The state that was asked for last, and how far it is (LS-121).
    ///
    /// # Errors
    ///
    /// See [`cued`](Self::cued).
    pub fn target_state(&mut self) -> Result<(State, Cued), RunError> {
        match (self.state, self.run_pending) {
            (State::Paused, false) => Ok((State::Paused, self.cued()?)),
            (State::Paused, true) => Ok((State::Running, self.cued()?)),
            (state, _) => Ok((state, Cued::Done)),
        }
    }

    /// Whether the renderers are cued, in Paused (LS-7, LS-8, LS-M6).
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck.
    pub fn cued(&mut self) -> Result<Cued, RunError> {
        let mut waiting = Vec::new();
        let mut cant_cue = false;
        for index in 0..self.plan.segments.len() {
            if self.dead.contains(&self.places[index]) {
                continue;
            }
            let cues = self.order(index, |segment, _| {
                segment.chain().nodes().map(Node::cue).collect::<Vec<_>>()
            })?;
            for (&filter, cue) in self.plan.segments[index].filters.iter().zip(cues) {
                match cue {
                    Cue::Done => {}
                    Cue::CantCue => cant_cue = true,
                    // A branch that only live sources feed has nothing to cue with.
                    Cue::Intermediate if self.is_fed_by_live_only(filter) => {}
                    Cue::Intermediate => waiting.push(filter),
                }
            }
        }
        waiting.sort_unstable();
        let names = waiting.iter().map(|filter| self.plan.filters[*filter].name.clone()).collect();
        Ok(match (waiting.is_empty(), cant_cue) {
            (false, _) => Cued::Waiting(names),
            (true, true) => Cued::CantCue,
            (true, false) => Cued::Done,
        })
    }

    fn is_fed_by_live_only(&self, renderer: usize) -> bool {
        let mut sources =
            self.settled.streams.iter().filter(|it| it.renderer == renderer).peekable();
        sources.peek().is_some() && sources.all(|it| self.facts.filters[it.source.filter].is_live())
    }
}
