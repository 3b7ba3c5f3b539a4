//! A segment: filters that call each other directly, as a state machine.
//!
//! `step(now)` does all that is due at `now` and says when to be called again. Nothing in here sleeps,
//! waits or asks what time it is, so the same code runs in real and in virtual time.

pub mod arrivals;
mod input;
pub mod queue;
pub mod recorder;
mod wish;

use std::sync::Arc;

use driftless_plugin_api::host::State;
use driftless_plugin_api::{Cue, EventCode, HostTime, Span, Wake};

use crate::loader::chain::{Chain, Node, OwnedNode};
pub use input::Input;
use queue::Queue;
use recorder::Recorder;
pub use wish::{Slack, Wish};

/// Turns a source may take in one step before others get theirs.
const TURNS: u32 = 64;
/// How often renderers' statistics are recorded; nobody is woken for that alone until as much has passed again.
pub const RECORD_EVERY: Span = Span::from_millis(100);

/// What the first filter of a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// A source that sets its own pace.
    LiveSource,
    /// A source that waits for its renderers.
    WaitingSource,
    /// A filter that is fed by queues.
    Queues,
}

/// A filter on its way into a segment, or out of one.
pub struct Member {
    /// The filter.
    pub node: OwnedNode,
    wake: Wake,
    /// What a renderer's statistics were.
    recorder: Option<Recorder>,
}

impl Member {
    /// A filter that was in no segment yet.
    pub fn new(node: OwnedNode, is_renderer: bool) -> Self {
        let recorder = is_renderer.then(Recorder::default);
        Self { node, wake: Wake::OnSignal, recorder }
    }
}

/// Filters that share a thread. `[streaming]`
pub struct Segment {
    chain: Chain,
    head: Head,
    /// In the order of their pins.
    inputs: Vec<Input>,
    /// Queues that this segment feeds and that may make a waiting source wait.
    outputs: Vec<Arc<Queue>>,
    /// Which filters are renderers, by place in the chain, and what they did.
    renderers: Vec<(usize, Recorder)>,
    /// When each filter wants its next step.
    wakes: Vec<Wake>,
    next_record: HostTime,
    /// What the latest step wished.
    wish: Wish,
    /// How late that may be done.
    slack: Slack,
    state: State,
    /// It stands still while its graph changes (LS-125).
    blocked: bool,
    /// Filters whose pause is not complete yet, by place in the chain (LS-8).
    cueing: Vec<usize>,
    /// It must be on time.
    has_deadline: bool,
    /// Items taken out of the queues in the latest step.
    took: u32,
    /// How often a source that waits for room was stepped in it.
    turns: u32,
    /// Both, as they were in the step that is repeated now.
    repeats: Option<(u32, u32)>,
}

impl Segment {
    /// A segment in `state`, blocked; nothing is linked yet. Until the filters have told what its head is
    /// ([`set_head`](Self::set_head)), that waits for room.
    pub fn new(members: Vec<Member>, state: State, now: HostTime) -> Self {
        let (mut nodes, mut wakes, mut renderers) = (Vec::new(), Vec::new(), Vec::new());
        for (at, Member { node, wake, recorder }) in members.into_iter().enumerate() {
            nodes.push(node);
            wakes.push(wake);
            renderers.extend(recorder.map(|recorder| (at, recorder)));
        }
        Self {
            chain: Chain::new(nodes),
            head: Head::WaitingSource,
            inputs: Vec::new(),
            outputs: Vec::new(),
            renderers,
            wakes,
            next_record: now + RECORD_EVERY,
            wish: Wish::NONE,
            slack: Slack::NONE,
            state,
            blocked: true,
            cueing: Vec::new(),
            has_deadline: false,
            took: 0,
            turns: 0,
            repeats: None,
        }
    }

    /// Its filters, in order, each as it was.
    pub fn dissolve(self) -> Vec<Member> {
        let mut renderers = self.renderers.into_iter().peekable();
        let nodes = self.chain.dissolve().into_iter().zip(self.wakes).enumerate();
        nodes
            .map(|(at, (node, wake))| {
                let recorder = renderers.next_if(|(place, _)| *place == at).map(|(_, it)| it);
                Member { node, wake, recorder }
            })
            .collect()
    }

    /// Goes on.
    pub fn unblock(&mut self) {
        self.blocked = false;
        self.expect_cues();
    }

    /// The filter at `at`, which is new, is due.
    pub fn rouse(&mut self, at: usize, now: HostTime) {
        if let Some(wake) = self.wakes.get_mut(at) {
            *wake = Wake::At(now);
        }
    }

    /// The filters.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The filters, for linking while nothing runs.
    pub fn chain_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }

    /// Says what the head is, once the filters have told whether they are live, how late what may be done,
    /// and whether the segment must be on time. Returns whether it must from now on.
    pub fn set_head(&mut self, head: Head, slack: Slack, has_deadline: bool) -> bool {
        (self.head, self.slack) = (head, slack);
        has_deadline && !std::mem::replace(&mut self.has_deadline, has_deadline)
    }

    /// Adds a queue that this segment feeds.
    pub fn add_output(&mut self, queue: Arc<Queue>) {
        self.outputs.push(queue);
    }

    /// Follows the graph into another state; from now on every filter is due.
    pub fn set_state(&mut self, state: State, now: HostTime) {
        if self.state == State::Stopped {
            self.renderers.iter_mut().for_each(|(_, recorder)| recorder.clear());
            self.chain.forgive();
        }
        if self.state == State::Stopped || state == State::Stopped {
            self.inputs.iter().for_each(Input::clear);
        }
        self.state = state;
        self.next_record = now + RECORD_EVERY;
        self.wakes.fill(if state == State::Stopped { Wake::OnSignal } else { Wake::At(now) });
        self.expect_cues();
    }

    fn expect_cues(&mut self) {
        let paused = self.state == State::Paused;
        let all = 0..if paused { self.chain.len() } else { 0 };
        self.cueing = all.filter(|at| self.chain.node(*at).cue() == Cue::Intermediate).collect();
    }

    /// Tells whose pause is complete since the latest step (LS-8).
    fn tell_cues(&mut self) {
        self.cueing.retain(|at| {
            let node = self.chain.node(*at);
            let waits = node.cue() == Cue::Intermediate;
            if !waits {
                node.host.post(EventCode::PAUSED, 0, 0, "its pause is complete");
            }
            waits
        });
    }

    /// Whether its graph runs.
    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// How many items the latest step took out of the queues, and how often it stepped a source that
    /// waits for room.
    pub fn work(&self) -> (u32, u32) {
        (self.took, self.turns)
    }

    /// As [`step`](Self::step), doing no more and no less than this [`work`](Self::work), however full the
    /// queues are.
    pub fn repeat_step(&mut self, now: HostTime, work: (u32, u32)) {
        self.repeats = Some(work);
        self.step(now);
        self.repeats = None;
    }

    /// Steps only the filter at a place in the chain: repeats a call of its device.
    pub fn repeat_call(&mut self, at: usize, now: HostTime) {
        if self.state != State::Stopped && at < self.chain.len() {
            self.wakes[at] = self.chain.node(at).step(now);
        }
    }

    /// What was recorded of the renderer at a place in the chain.
    pub fn recorder(&self, at: usize) -> Option<&Recorder> {
        self.renderers.iter().find(|(place, _)| *place == at).map(|(_, recorder)| recorder)
    }

    /// Does all that is due at `now`; says when to be called again.
    pub fn step(&mut self, now: HostTime) -> Wish {
        self.wish = match self.state == State::Stopped || self.blocked {
            true => Wish::NONE,
            false => self.step_filters(now),
        };
        self.wish
    }

    fn step_filters(&mut self, now: HostTime) -> Wish {
        self.heed_signals(now);
        self.chain.nodes().for_each(Node::heed_quality);
        let waits = self.feed(now);
        self.step_head(now, waits);
        self.step_others(now);
        self.tell_cues();
        self.record(now);
        self.next_wish(now, waits)
    }

    fn heed_signals(&mut self, now: HostTime) {
        for (at, wake) in self.wakes.iter_mut().enumerate() {
            if self.chain.node(at).host.lower() && *wake != Wake::Ended {
                *wake = Wake::At(now);
            }
        }
    }

    /// Whether every renderer, and every queue that may make us wait, has room.
    fn has_room(&self) -> bool {
        let ready = |(at, _): &(usize, Recorder)| {
            let node = self.chain.node(*at);
            node.traffic().failed || node.instance.ready()
        };
        self.renderers.iter().all(ready)
            && self.outputs.iter().all(|queue| queue.is_leaky() || !queue.is_full())
    }

    fn step_head(&mut self, now: HostTime, waits: bool) {
        let may_step = match (self.head, self.state) {
            (Head::LiveSource, State::Running) => true,
            (Head::LiveSource, _) => false, // LS-7
            (Head::WaitingSource, _) => !waits || self.repeats.is_some(),
            (Head::Queues, _) => true,
        };
        if !may_step {
            return;
        }
        let waits_for_room = self.head == Head::WaitingSource;
        let turns = match self.repeats {
            Some((_, turns)) if waits_for_room => turns,
            _ => TURNS,
        };
        for _ in 0..turns {
            if !is_due(self.wakes[0], now) {
                return;
            }
            self.wakes[0] = self.chain.node(0).step(now);
            self.turns += u32::from(waits_for_room);
            if self.wakes[0] == Wake::Ended {
                return self.chain.node(0).end_stream(now);
            }
            if waits_for_room && self.repeats.is_none() && !self.has_room() {
                return;
            }
        }
    }

    fn step_others(&mut self, now: HostTime) {
        for at in 1..self.chain.len() {
            if is_due(self.wakes[at], now) || self.chain.node(at).is_touched() {
                self.wakes[at] = self.chain.node(at).step(now);
            }
        }
        // A head that is fed by queues was stepped before what it was fed counted.
        if self.head == Head::Queues && self.chain.node(0).is_touched() {
            self.wakes[0] = self.chain.node(0).step(now);
        }
    }

    fn record(&mut self, now: HostTime) {
        if now < self.next_record || self.state != State::Running {
            return;
        }
        self.next_record = now + RECORD_EVERY;
        for (at, recorder) in &mut self.renderers {
            if let Some(statistics) = self.chain.node(*at).instance.statistics() {
                recorder.record(now, &statistics);
            }
        }
    }
}

fn is_due(wake: Wake, now: HostTime) -> bool {
    matches!(wake, Wake::At(at) if at <= now)
}

#[cfg(test)]
mod tests;
