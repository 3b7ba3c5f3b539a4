//! Stopped, paused, running. Every transition goes from the renderers to the sources, so that nobody
//! delivers into a filter that is not ready (LS-119).

use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::State;
use driftless_plugin_api::{Cue, FilterError, HostTime, StreamTime};

use super::{Graph, RunError};
use crate::clock::Chosen;
use crate::executor::Stuck;
use crate::loader::chain::Node;
use crate::segment::Segment;
use crate::trace::Entry;

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
    /// Stopped to paused: filters open their devices and files, then clock and offsets are settled on
    /// what they say. `[main]`
    ///
    /// # Errors
    ///
    /// The filter that could not; the graph is stopped again (LS-120).
    pub fn pause(&mut self) -> Result<(), RunError> {
        match self.state {
            State::Paused => Ok(()),
            State::Stopped => self.activate(),
            State::Running => self.hold(),
        }
    }

    fn activate(&mut self) -> Result<(), RunError> {
        self.complete.clear();
        // Filters ask for the delay while they size their buffers: the declared one serves until then.
        self.tell_delays();
        let activated = self.every_filter("be activated", |filter, _| filter.instance.activate());
        if let Err(error) = activated.and_then(|()| self.settle()) {
            // The first failure is the one to tell.
            let _ = self.force_stop();
            return Err(error);
        }
        self.enter(State::Paused, StreamTime::ZERO)
    }

    /// Running to paused.
    fn hold(&mut self) -> Result<(), RunError> {
        let at = self.stream_time();
        self.ran = self.duration();
        self.started = None;
        let mut time = self.host.board.graph_time();
        (time.state, time.paused_at) = (State::Paused, at);
        self.host.board.set(time);
        let held = self.every_filter("pause", |filter, _| filter.instance.pause());
        self.enter(State::Paused, at)?;
        held
    }

    /// Paused, or stopped, to running: stream time 0 is a moment from now, or time goes on where it
    /// was held (LS-67). Renderers that can cue must have done so; see [`cued`](Self::cued). `[main]`
    ///
    /// # Errors
    ///
    /// The filter that could not; the graph is stopped.
    pub fn run(&mut self) -> Result<(), RunError> {
        if self.state == State::Running {
            return Ok(());
        }
        self.pause()?;
        let mut time = self.host.board.graph_time();
        let now = self.host.clock.now();
        let base = self.host.board.reference_time(now) + self.options.lead
            - (time.paused_at - StreamTime::ZERO);
        (time.state, time.base) = (State::Running, base);
        self.host.board.set(time);
        self.started = Some(now);
        self.host.trace(|| Entry::Run { at: now });
        if let Err(error) = self.every_filter("run", move |filter, _| filter.instance.run(base)) {
            // The first failure is the one to tell.
            let _ = self.force_stop();
            return Err(error);
        }
        self.enter(State::Running, time.paused_at)
    }

    /// To stopped, whatever fails on the way (LS-120). `[main]`
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck; it is left behind.
    pub fn stop(&mut self) -> Result<(), RunError> {
        if self.state == State::Running {
            // A filter that fails to pause is stopped all the same.
            let _ = self.hold();
        }
        if self.state == State::Stopped {
            return Ok(());
        }
        self.force_stop()
    }

    fn force_stop(&mut self) -> Result<(), RunError> {
        self.ran = self.duration();
        self.started = None;
        let stopped = self.every_filter("stop", |filter, _| filter.instance.deactivate());
        let entered = self.enter(State::Stopped, StreamTime::ZERO);
        stopped.and(entered)
    }

    /// Whether the renderers are cued, in Paused (LS-7, LS-8, LS-M6).
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck.
    pub fn cued(&mut self) -> Result<Cued, RunError> {
        let mut waiting = Vec::new();
        let mut cant_cue = false;
        for index in 0..self.executor.segments() {
            let cues = self.order(index, |segment, _| -> Vec<(usize, Cue)> {
                segment.chain().nodes().map(|node| (node.filter, node.instance.cue())).collect()
            })?;
            for (filter, cue) in cues {
                match cue {
                    Cue::Done => {}
                    Cue::CantCue => cant_cue = true,
                    // A branch that only live sources feed has nothing to cue with.
                    Cue::Intermediate if self.is_fed_by_live_only(filter) => {}
                    Cue::Intermediate => waiting.push(self.plan.filters[filter].name.clone()),
                }
            }
        }
        Ok(match (waiting.is_empty(), cant_cue) {
            (false, _) => Cued::Waiting(waiting),
            (true, true) => Cued::CantCue,
            (true, false) => Cued::Done,
        })
    }

    fn is_fed_by_live_only(&self, renderer: usize) -> bool {
        let mut sources =
            self.settled.streams.iter().filter(|it| it.renderer == renderer).peekable();
        sources.peek().is_some() && sources.all(|it| self.facts.filters[it.source.filter].is_live())
    }

    /// Does something with every filter, the last of every segment first, the last segment first.
    /// Goes on after a failure, and returns the first.
    fn every_filter(
        &mut self,
        doing: &'static str,
        what: impl Fn(&Node, HostTime) -> Result<(), FilterError> + Send + Clone + 'static,
    ) -> Result<(), RunError> {
        let mut first = Ok(());
        for index in (0..self.executor.segments()).rev() {
            let what = what.clone();
            let order = move |segment: &mut Segment, now| {
                let mut failures = Vec::new();
                for node in segment.chain().nodes().rev() {
                    if let Err(error) = what(node, now) {
                        failures.push((node.filter, error));
                    }
                }
                failures
            };
            let failures = match self.order(index, order) {
                Ok(failures) => failures,
                Err(stuck) => {
                    first = first.and(Err(stuck));
                    continue;
                }
            };
            for (filter, error) in failures {
                let filter = self.plan.filters[filter].name.clone();
                first = first.and(Err(RunError::State { filter, doing, error }));
            }
        }
        first
    }

    /// Lets every segment follow into `state`.
    fn enter(&mut self, state: State, at: StreamTime) -> Result<(), RunError> {
        let mut time = self.host.board.graph_time();
        (time.state, time.paused_at) = (state, at);
        self.host.board.set(time);
        self.state = state;
        let mut entered = Ok(());
        for index in (0..self.executor.segments()).rev() {
            let told = self.order(index, move |segment, now| segment.set_state(state, now));
            entered = entered.and(told);
        }
        self.host.post(None, EventCode::STATE_CHANGE, state as i64, 0, "");
        entered
    }

    /// Runs `order` on a segment, between two of its steps.
    pub(crate) fn order<R: Send + 'static>(
        &mut self,
        segment: usize,
        order: impl FnOnce(&mut Segment, HostTime) -> R + Send + 'static,
    ) -> Result<R, RunError> {
        self.executor.order(segment, order).map_err(|stuck| self.stuck(stuck))
    }

    pub(super) fn stuck(&self, stuck: Stuck) -> RunError {
        let filters = &self.plan.segments[stuck.segment].filters;
        let name = |filter: &usize| self.plan.filters[*filter].name.clone();
        RunError::Stuck { filters: filters.iter().map(name).collect() }
    }

    /// Whether the graph has a reference clock.
    pub fn has_clock(&self) -> bool {
        self.host.board.graph_time().chosen != Chosen::None
    }
}
