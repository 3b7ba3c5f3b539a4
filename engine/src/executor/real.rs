//! Real time: a thread a segment, woken by timer or signal.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use driftless_plugin_api::{HostTime, Wake};

use super::{SegmentSignal, Stuck};
use crate::loader::host::GraphHost;
use crate::segment::Segment;
use crate::trace::Entry;

type Order = Box<dyn FnOnce(&mut Segment, HostTime) + Send>;

/// Threads that drive segments by the operating system's clock.
#[derive(Debug)]
pub struct RealTime {
    workers: Vec<Worker>,
    patience: Duration,
}

#[derive(Debug)]
struct Worker {
    orders: Option<Sender<Order>>,
    signal: Arc<SegmentSignal>,
    thread: Option<JoinHandle<()>>,
    stuck: bool,
}

impl RealTime {
    /// Starts a thread for each segment. An order may take as long as `patience` says.
    pub fn start(
        segments: Vec<(Segment, Arc<SegmentSignal>)>,
        graph: &Arc<GraphHost>,
        patience: Duration,
    ) -> Self {
        let worker = |(index, (segment, signal)): (usize, (Segment, Arc<SegmentSignal>))| {
            let (orders, inbox) = unbounded();
            let (graph, its_signal) = (Arc::clone(graph), Arc::clone(&signal));
            let thread = thread::Builder::new()
                .name(format!("segment {index}"))
                .stack_size(STACK + segment.chain().len() * STACK_PER_FILTER)
                .spawn(move || drive(index as u32, segment, &inbox, &its_signal, &graph));
            Worker { orders: Some(orders), signal, thread: thread.ok(), stuck: false }
        };
        let workers = segments.into_iter().enumerate().map(worker).collect();
        Self { workers, patience }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.workers.len()
    }

    /// See [`Executor::order`](super::Executor::order).
    ///
    /// # Errors
    ///
    /// [`Stuck`] when the patience is over, and from then on at once.
    pub fn order<R: Send + 'static>(
        &mut self,
        segment: usize,
        order: impl FnOnce(&mut Segment, HostTime) -> R + Send + 'static,
    ) -> Result<R, Stuck> {
        let stuck = Stuck { segment };
        let worker = self.workers.get_mut(segment).filter(|worker| !worker.stuck).ok_or(stuck)?;
        let (answer, answered) = bounded(1);
        let order: Order = Box::new(move |segment, now| {
            // Nobody listens any more when the patience was over.
            let _ = answer.send(order(segment, now));
        });
        let sent = worker.orders.as_ref().is_some_and(|orders| orders.send(order).is_ok());
        worker.signal.wake();
        match answered.recv_timeout(self.patience) {
            Ok(answer) if sent => Ok(answer),
            _ => {
                worker.stuck = true;
                Err(stuck)
            }
        }
    }
}

/// Stack of a segment's thread, as large as a main thread's; the system lends only what is touched.
/// Filters call each other, so a long chain needs more.
const STACK: usize = 8 << 20;
const STACK_PER_FILTER: usize = 4 << 10;

impl Drop for RealTime {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            worker.orders = None;
            worker.signal.wake();
        }
        for worker in &mut self.workers {
            // A stuck thread is left behind: waiting for it would hang the program.
            if let Some(thread) = worker.thread.take().filter(|_| !worker.stuck) {
                // A panic there was the engine's own; it was printed by the panic hook.
                let _ = thread.join();
            }
        }
    }
}

fn drive(
    index: u32,
    mut segment: Segment,
    orders: &Receiver<Order>,
    signal: &SegmentSignal,
    graph: &GraphHost,
) {
    signal.attach(thread::current());
    loop {
        signal.lower_any();
        loop {
            match orders.try_recv() {
                Ok(order) => order(&mut segment, graph.clock.now()),
                Err(crossbeam_channel::TryRecvError::Empty) => break,
                Err(crossbeam_channel::TryRecvError::Disconnected) => return,
            }
        }
        let at = graph.clock.now();
        let wake = segment.step(at);
        graph.trace(|| {
            let lasted = graph.clock.now() - at;
            Entry::Step { segment: index, at, lasted, took: segment.took() }
        });
        match wake {
            Wake::At(at) => sleep_until(at, signal, graph),
            Wake::OnSignal | Wake::Ended => thread::park(),
        }
    }
}

/// Returns at `at`, or earlier when the signal is raised; a spurious return costs one idle step.
fn sleep_until(at: HostTime, signal: &SegmentSignal, graph: &GraphHost) {
    let left = at - graph.clock.now();
    if left.nanos() > 0 && !signal.any.load(std::sync::atomic::Ordering::Acquire) {
        thread::park_timeout(Duration::from_nanos(left.nanos().unsigned_abs()));
    }
}
