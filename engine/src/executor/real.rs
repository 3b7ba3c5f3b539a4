//! Real time: a thread a segment, woken by timer or signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};
use driftless_plugin_api::{HostTime, Span, Wake};

use super::{SegmentSignal, Stuck};
use crate::loader::host::GraphHost;
use crate::segment::Segment;
use crate::trace::Entry;

type Order = Box<dyn FnOnce(&mut Option<Segment>, HostTime) + Send>;

/// Threads that drive segments by the operating system's clock.
#[derive(Debug)]
pub struct RealTime {
    graph: Arc<GraphHost>,
    workers: Vec<Worker>,
    patience: Duration,
}

#[derive(Debug)]
struct Worker {
    /// `None` once the place was given up.
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    /// Host time since when it has been busy with one step or order, ns; [`IDLE`] between them.
    busy_since: Arc<AtomicI64>,
    /// Filters that its stack is large enough for.
    room: usize,
    stuck: bool,
}

const IDLE: i64 = i64::MAX;

/// Stack of a segment's thread, as large as a main thread's; the system lends only what is touched.
/// Filters call each other, so a long chain needs more.
const STACK: usize = 8 << 20;
const STACK_PER_FILTER: usize = 4 << 10;
/// Filters that may join a segment later without another thread.
const ROOM: usize = 256;

impl RealTime {
    /// No threads yet. An order may take as long as `patience` says.
    pub fn new(graph: &Arc<GraphHost>, patience: Duration) -> Self {
        Self { graph: Arc::clone(graph), workers: Vec::new(), patience }
    }

    pub(super) fn open(&mut self, filters: usize) -> usize {
        let place = self.graph.segments.push(SegmentSignal::for_thread());
        let (orders, inbox) = unbounded();
        let busy_since = Arc::new(AtomicI64::new(IDLE));
        let (graph, busy) = (Arc::clone(&self.graph), Arc::clone(&busy_since));
        let room = filters + ROOM;
        let thread = thread::Builder::new()
            .name(format!("segment {place}"))
            .stack_size(STACK + room * STACK_PER_FILTER)
            .spawn(move || drive(place, &inbox, &busy, &graph));
        // Without a thread nobody answers, and the first order finds the place stuck.
        let stuck = thread.is_err();
        let (orders, thread) = (Some(orders), thread.ok());
        self.workers.push(Worker { orders, thread, busy_since, room, stuck });
        place
    }

    pub(super) fn fits(&self, place: usize, filters: usize) -> bool {
        self.workers
            .get(place)
            .is_some_and(|worker| worker.orders.is_some() && filters <= worker.room)
    }

    pub(super) fn put(&mut self, place: usize, segment: Segment) -> Result<(), Stuck> {
        self.command(place, move |seat, _| *seat = Some(segment))
    }

    pub(super) fn take(&mut self, place: usize) -> Result<Segment, Stuck> {
        self.command(place, |seat, _| seat.take())?.ok_or(Stuck { place })
    }

    pub(super) fn close(&mut self, place: usize) {
        if let Some(worker) = self.workers.get_mut(place) {
            worker.orders = None;
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

    /// Runs `command` on the place's thread; when the patience is over it counts as stuck, and answers
    /// nothing from then on.
    fn command<R: Send + 'static>(
        &mut self,
        place: usize,
        command: impl FnOnce(&mut Option<Segment>, HostTime) -> R + Send + 'static,
    ) -> Result<R, Stuck> {
        let stuck = Stuck { place };
        let worker = self.workers.get(place).filter(|worker| !worker.stuck).ok_or(stuck)?;
        let (answer, answered) = bounded(1);
        let order: Order = Box::new(move |seat, now| {
            // Nobody listens any more when the patience was over.
            let _ = answer.send(command(seat, now));
        });
        let sent = worker.orders.as_ref().is_some_and(|orders| orders.send(order).is_ok());
        self.wake(place);
        match answered.recv_timeout(self.patience) {
            Ok(answer) if sent => Ok(answer),
            _ => {
                self.workers[place].stuck = true;
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
        let patience = Span::from_nanos(self.patience.as_nanos().try_into().unwrap_or(i64::MAX));
        let is_overdue = |worker: &Worker| {
            let since = worker.busy_since.load(Ordering::Relaxed);
            worker.stuck || since != IDLE && now - HostTime::from_nanos(since) > patience
        };
        let places = self.workers.iter().enumerate();
        places.filter(|(_, worker)| is_overdue(worker)).map(|(place, _)| place).collect()
    }
}

impl Drop for RealTime {
    fn drop(&mut self) {
        let overdue = self.overdue();
        for place in 0..self.workers.len() {
            self.close(place);
        }
        for (place, worker) in self.workers.iter_mut().enumerate() {
            // A stuck thread is left behind: waiting for it would hang the program.
            if let Some(thread) = worker.thread.take().filter(|_| !overdue.contains(&place)) {
                // A panic there was the engine's own; it was printed by the panic hook.
                let _ = thread.join();
            }
        }
    }
}

fn drive(place: usize, orders: &Receiver<Order>, busy_since: &AtomicI64, graph: &GraphHost) {
    let Some(signal) = graph.segments.get(place) else { return };
    signal.attach(thread::current());
    let mut seat: Option<Segment> = None;
    loop {
        signal.lower();
        let mut now = graph.clock.now();
        busy_since.store(now.nanos(), Ordering::Relaxed);
        loop {
            match orders.try_recv() {
                Ok(order) => order(&mut seat, now),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
            now = graph.clock.now();
        }
        let wake = seat.as_mut().map_or(Wake::OnSignal, |segment| step(segment, place, now, graph));
        busy_since.store(IDLE, Ordering::Relaxed);
        match wake {
            Wake::At(at) => sleep_until(at, signal, graph),
            Wake::OnSignal | Wake::Ended => thread::park(),
        }
    }
}

/// Steps the segment in `place`, and has it written down.
fn step(segment: &mut Segment, place: usize, at: HostTime, graph: &GraphHost) -> Wake {
    let wake = segment.step(at);
    graph.trace(|| {
        let lasted = graph.clock.now() - at;
        Entry::Step { segment: place as u32, at, lasted, took: segment.took() }
    });
    wake
}

/// Returns at `at`, or earlier when the signal is raised; a spurious return costs one idle step.
fn sleep_until(at: HostTime, signal: &SegmentSignal, graph: &GraphHost) {
    let left = at - graph.clock.now();
    if left.nanos() > 0 && !signal.is_raised() {
        thread::park_timeout(Duration::from_nanos(left.nanos().unsigned_abs()));
    }
}
