//! Stopped, paused, running. Every transition goes from the renderers to the sources, so that nobody
//! delivers into a filter that is not ready (LS-119). On the way up the filters go first and their
//! segments follow; on the way down the segments stand still before any filter is told.

use driftless_plugin_api::event::EventCode;
use driftless_plugin_api::host::State;
use driftless_plugin_api::{FilterError, HostTime, StreamTime};

use super::cue::Cued;
use super::{Graph, RunError};
use crate::clock::Chosen;
use crate::loader::chain::Node;
use crate::loader::instance::Instance;
use crate::plan::Late;
use crate::segment::Segment;
use crate::trace::Entry;

impl Graph {
    /// Stopped to paused: filters open their devices and files, then clock and offsets are settled on
    /// what they say. Running to paused: stream time stands still. A run that is pending is off
    /// (LS-120). `[main]`
    ///
    /// # Errors
    ///
    /// The filter that could not be opened; the graph is stopped again (LS-120). Filters that hang in a step
    /// are given up, which is an event, and the others go on.
    pub fn pause(&mut self) -> Result<(), RunError> {
        self.run_pending = false;
        match self.state {
            State::Paused => Ok(()),
            State::Stopped => self.activate(),
            State::Running => {
                self.hold();
                Ok(())
            }
        }
    }

    fn activate(&mut self) -> Result<(), RunError> {
        self.forget_last_run();
        // Filters ask for the delay while they size their buffers: the declared one serves until then.
        self.tell_delays();
        let activated = self.every_filter("be activated", |node, _| node.activate());
        let settled = activated.and_then(|()| self.settle());
        if let Err(error) = settled.and_then(|()| self.refuse_if_strict()) {
            // The first failure is the one to tell.
            let _ = self.force_stop();
            return Err(error);
        }
        self.tell_state(State::Paused, StreamTime::ZERO);
        self.every_segment(|segment, now| segment.set_state(State::Paused, now));
        self.entered(State::Paused);
        Ok(())
    }

    fn forget_last_run(&mut self) {
        self.lost.clear();
        self.offsets.clear();
        self.shrink_at = None;
        self.wishes = self.plan.wishes.clone();
    }

    /// Running to paused.
    fn hold(&mut self) {
        self.catch_up();
        let at = self.stream_time();
        self.ran = self.duration();
        self.started = None;
        self.tell_state(State::Paused, at);
        self.every_segment(|segment, now| segment.set_state(State::Paused, now));
        // Nobody delivers any more: what is on its way now was captured before the pause (LS-11).
        self.every_segment(|segment, _| segment.mark_stale());
        // A filter that hangs in it was told of.
        let _ = self.every_filter("pause", |node, now| {
            node.pause(now);
            Ok(())
        });
        self.entered(State::Paused);
    }

    /// Those that are stepped late do what is due before they hear that nothing runs: each does when it gets
    /// an order.
    fn catch_up(&mut self) {
        for index in self.living_segments() {
            if self.plan.segments[index].late != Late::Nothing {
                // One that is stuck was told of.
                let _ = self.order(index, |_, _| {});
            }
        }
    }

    /// To running: stream time 0 is a moment from now, or time goes on where it was held (LS-67). If
    /// renderers still wait for their first sample, the graph is paused and runs as soon as they have
    /// it (LS-9). `[main]`
    ///
    /// # Errors
    ///
    /// The filter that could not; the graph is stopped. Filters that hang in a step are given up, which is an
    /// event, and the others go on.
    pub fn run(&mut self) -> Result<Cued, RunError> {
        if self.state == State::Running {
            return Ok(Cued::Done);
        }
        self.pause()?;
        let cued = self.cued()?;
        match cued {
            Cued::Waiting(_) => self.run_pending = true,
            Cued::Done | Cued::CantCue | Cued::Failed(_) => self.go()?,
        }
        Ok(cued)
    }

    /// Paused to running.
    pub(super) fn go(&mut self) -> Result<(), RunError> {
        (self.run_pending, self.told_complete) = (false, false);
        let mut time = self.host.board.graph_time();
        let now = self.host.clock.now();
        let base = self.host.board.reference_time(now) + self.options.lead
            - (time.paused_at - StreamTime::ZERO);
        (time.state, time.base) = (State::Running, base);
        self.host.board.set(time);
        self.started = Some(now);
        self.host.trace(|| Entry::Run { at: now });
        if let Err(error) = self.every_filter("run", move |node, _| node.run(base)) {
            // The first failure is the one to tell.
            let _ = self.force_stop();
            return Err(error);
        }
        self.every_segment(|segment, now| segment.set_state(State::Running, now));
        self.entered(State::Running);
        Ok(())
    }

    /// To stopped, whatever fails on the way (LS-120). `[main]`
    ///
    /// # Errors
    ///
    /// Only that a segment is stuck; it is left behind.
    pub fn stop(&mut self) -> Result<(), RunError> {
        self.run_pending = false;
        match self.state {
            State::Stopped => return Ok(()),
            State::Paused => {}
            // A filter that fails to pause is stopped all the same.
            State::Running => self.hold(),
        }
        let stopped = self.force_stop();
        let left_behind = match self.dead.first() {
            Some(&place) => Err(self.stuck(crate::executor::Stuck { place })),
            None => Ok(()),
        };
        stopped.and(left_behind)
    }

    fn force_stop(&mut self) -> Result<(), RunError> {
        self.ran = self.duration();
        self.started = None;
        self.tell_state(State::Stopped, StreamTime::ZERO);
        self.every_segment(|segment, now| segment.set_state(State::Stopped, now));
        let closed = self.every_filter("stop", |node, now| {
            node.deactivate(now);
            Ok(())
        });
        self.entered(State::Stopped);
        closed
    }

    fn tell_state(&self, state: State, at: StreamTime) {
        let mut time = self.host.board.graph_time();
        (time.state, time.paused_at) = (state, at);
        self.host.board.set(time);
    }

    fn entered(&mut self, state: State) {
        self.state = state;
        if state == State::Stopped {
            self.facts.in_force = None;
        }
        self.host.post(EventCode::STATE_CHANGE, state as i64, 0, "");
    }

    /// Does something with every filter, the last of every segment first, the last segment first.
    /// Goes on after a failure, and returns the first.
    fn every_filter(
        &mut self,
        doing: &'static str,
        what: impl Fn(&Node, HostTime) -> Result<(), FilterError> + Send + Clone + 'static,
    ) -> Result<(), RunError> {
        let mut first = Ok(());
        for index in self.living_segments() {
            let what = what.clone();
            let order = move |segment: &mut Segment, now| {
                let nodes = segment.chain().nodes().enumerate().rev();
                nodes
                    .filter_map(|(at, node)| Some((at, what(node, now).err()?)))
                    .collect::<Vec<_>>()
            };
            match self.order(index, order) {
                Ok(failures) => {
                    for (at, error) in failures {
                        let filter = self.plan.segments[index].filters[at];
                        let filter = self.plan.filters[filter].name.clone();
                        first = first.and(Err(RunError::State { filter, doing, error }));
                    }
                }
                Err(stuck) => first = first.and(Err(stuck)),
            }
        }
        first
    }

    /// Does something with every segment, the last one first. One that is stuck is given up.
    fn every_segment(&mut self, what: impl Fn(&mut Segment, HostTime) + Send + Clone + 'static) {
        for index in self.living_segments() {
            // That is an event, and the others go on (LS-101).
            let _ = self.order(index, what.clone());
        }
    }

    /// The segments that are not known to be stuck, those of the renderers first.
    fn living_segments(&self) -> Vec<usize> {
        let segments = (0..self.plan.segments.len()).rev();
        segments.filter(|index| !self.dead.contains(&self.places[*index])).collect()
    }

    /// Runs `order` on a segment, between two of its steps. One that does not come round to it is given
    /// up.
    pub(crate) fn order<R: Send + 'static>(
        &mut self,
        segment: usize,
        order: impl FnOnce(&mut Segment, HostTime) -> R + Send + 'static,
    ) -> Result<R, RunError> {
        let place = self.places[segment];
        self.executor.order(place, order).map_err(|stuck| {
            self.bury(place);
            self.stuck(stuck)
        })
    }

    /// Runs `ask` on a filter, on its segment's thread.
    pub(super) fn with_filter<R: Send + 'static>(
        &mut self,
        filter: usize,
        ask: impl FnOnce(&Instance) -> R + Send + 'static,
    ) -> Result<R, RunError> {
        let (segment, at) = self.seats[filter];
        self.order(segment, move |segment, _| ask(&segment.chain().node(at).instance))
    }

    /// Whether the graph has a reference clock.
    pub fn has_clock(&self) -> bool {
        self.host.board.graph_time().chosen != Chosen::None
    }
}
