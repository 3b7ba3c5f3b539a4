//! Real time: live sources share a few threads, and every other segment has one of its own.
//!
//! There may be hundreds of live sources, and each has little to do at a time. The other segments are
//! there because a manifest asks for a thread of their own, or because they may wait: for a disk, for room.

mod alarms;
mod crew;
mod own;
mod shift;

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded, unbounded};
use driftless_plugin_api::{HostTime, Span};

use super::{SegmentSignal, Stand, Stuck};
use crate::loader::host::GraphHost;
use crate::segment::Segment;
pub use alarms::Alarms;
use crew::{Crew, Manner};
use own::OwnThread;
use shift::{Order, Shift};

/// Threads that drive segments by the operating system's clock.
#[derive(Debug)]
pub struct RealTime {
    graph: Arc<GraphHost>,
    desks: Vec<Desk>,
    /// Who steps the live sources.
    crew: Crew<Shift>,
    /// The executor's places by the crew's.
    shared: Vec<usize>,
    patience: Duration,
}

/// Where the main thread reaches one place.
#[derive(Debug)]
struct Desk {
    /// `None` once the place was given up.
    orders: Option<Sender<Order>>,
    /// `None` where the crew steps.
    thread: Option<OwnThread>,
    /// Filters that its stack is large enough for.
    room: usize,
    stuck: bool,
}

/// Stack of a thread, as large as a main thread's; the system lends only what is touched. Filters call each
/// other, so a long chain needs more.
const STACK: usize = 8 << 20;
const STACK_PER_FILTER: usize = 4 << 10;
/// Filters that may join a segment later without another thread.
const ROOM: usize = 256;
/// Filters that a live source may have behind it on a shared thread.
const SHARED_ROOM: usize = 1024;

impl RealTime {
    /// No threads yet. An order may take as long as `patience` says; live sources ask for real-time
    /// priority if they are `urgent`.
    pub fn new(graph: &Arc<GraphHost>, patience: Duration, urgent: bool) -> Self {
        let manner = Manner {
            urgent,
            stack: STACK + SHARED_ROOM * STACK_PER_FILTER,
            patience: span(patience),
        };
        Self {
            graph: Arc::clone(graph),
            desks: Vec::new(),
            crew: Crew::new(graph, manner),
            shared: Vec::new(),
            patience,
        }
    }

    pub(super) fn open(&mut self, stand: Stand) -> usize {
        let (orders, inbox) = unbounded();
        let graph = Arc::clone(&self.graph);
        let (place, thread, is_stepped) = if is_shared(stand) {
            let alarms = Arc::clone(self.crew.alarms());
            let place = self.desks.len();
            let added = self.crew.add(|number| {
                graph.segments.push(SegmentSignal::for_alarm(number, alarms));
                Shift::new(place, inbox, graph)
            });
            self.shared.push(place);
            (place, None, added.is_ok())
        } else {
            let place = graph.segments.push(SegmentSignal::for_thread());
            let stack = STACK + (stand.filters + ROOM) * STACK_PER_FILTER;
            let thread = OwnThread::start(Shift::new(place, inbox, graph), place, stack);
            let is_stepped = thread.is_ok();
            (place, thread.ok(), is_stepped)
        };
        let room = if is_shared(stand) { SHARED_ROOM } else { stand.filters + ROOM };
        // Where nobody steps, nobody answers: the place is stuck from the beginning.
        self.desks.push(Desk { orders: Some(orders), thread, room, stuck: !is_stepped });
        place
    }

    pub(super) fn fits(&self, place: usize, stand: Stand) -> bool {
        let fits = |desk: &Desk| {
            desk.orders.is_some()
                && desk.thread.is_none() == is_shared(stand)
                && stand.filters <= desk.room
        };
        self.desks.get(place).is_some_and(fits)
    }

    pub(super) fn put(&mut self, place: usize, segment: Segment) -> Result<(), Stuck> {
        self.command(place, move |seat, _| *seat = Some(segment))
    }

    pub(super) fn take(&mut self, place: usize) -> Result<Segment, Stuck> {
        self.command(place, |seat, _| seat.take())?.ok_or(Stuck { place })
    }

    pub(super) fn close(&mut self, place: usize) {
        if let Some(desk) = self.desks.get_mut(place) {
            desk.orders = None;
            self.wake(place);
        }
    }

    pub(super) fn order<R: Send + 'static>(
        &mut self,
        place: usize,
        order: impl FnOnce(&mut Segment, HostTime) -> R + Send + 'static,
    ) -> Result<R, Stuck> {
        let order = move |seat: &mut Option<Segment>, now| Some(order(seat.as_mut()?, now));
        self.command(place, order)?.ok_or(Stuck { place })
    }

    /// Runs `command` between two steps of the place; when the patience is over it counts as stuck, and
    /// answers nothing from then on.
    fn command<R: Send + 'static>(
        &mut self,
        place: usize,
        command: impl FnOnce(&mut Option<Segment>, HostTime) -> R + Send + 'static,
    ) -> Result<R, Stuck> {
        let stuck = Stuck { place };
        let desk = self.desks.get(place).filter(|desk| !desk.stuck).ok_or(stuck)?;
        let (answer, answered) = bounded(1);
        let order: Order = Box::new(move |seat, now| {
            // Nobody listens any more when the patience was over.
            let _ = answer.send(command(seat, now));
        });
        let sent = desk.orders.as_ref().is_some_and(|orders| orders.send(order).is_ok());
        self.wake(place);
        match answered.recv_timeout(self.patience) {
            Ok(answer) if sent => Ok(answer),
            _ => {
                self.desks[place].stuck = true;
                Err(stuck)
            }
        }
    }

    fn wake(&self, place: usize) {
        if let Some(signal) = self.graph.segments.get(place) {
            signal.wake();
        }
    }

    pub(super) fn overdue(&self) -> Vec<usize> {
        let now = self.graph.clock.now();
        let patience = span(self.patience);
        let is_overdue = |desk: &Desk| {
            desk.stuck || desk.thread.as_ref().is_some_and(|it| it.has_worked(now) > patience)
        };
        let places = self.desks.iter().enumerate().filter(|(_, desk)| is_overdue(desk));
        let shared = self.crew.overdue().into_iter().filter_map(|it| self.shared.get(it).copied());
        let mut overdue: Vec<usize> = places.map(|(place, _)| place).chain(shared).collect();
        overdue.sort_unstable();
        overdue.dedup();
        overdue
    }
}

fn span(duration: Duration) -> Span {
    Span::from_nanos(duration.as_nanos().try_into().unwrap_or(i64::MAX))
}

/// Whether a segment is stepped by the crew.
fn is_shared(stand: Stand) -> bool {
    stand.live && stand.filters <= SHARED_ROOM
}

impl Drop for RealTime {
    fn drop(&mut self) {
        let overdue = self.overdue();
        for place in 0..self.desks.len() {
            self.close(place);
        }
        for (place, desk) in self.desks.iter_mut().enumerate() {
            // A stuck thread is left behind: waiting for it would hang the program.
            if let Some(thread) = desk.thread.take().filter(|_| !overdue.contains(&place)) {
                thread.join();
            }
        }
    }
}
