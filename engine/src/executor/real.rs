//! Real time: segments are stepped by a few threads, woken by timer or signal.

pub(super) mod alarms;
mod crew;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use driftless_plugin_api::HostTime;

use super::{SegmentSignal, Stuck};
use crate::loader::host::GraphHost;
use crate::segment::Segment;
use alarms::Urgency;
use crew::Pool;

/// How long an order is waited for before the threads that stand by are asked to look.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

type Order = Box<dyn FnOnce(&mut Segment, HostTime) + Send>;

/// Threads that drive segments by the operating system's clock; as many as there are processors,
/// however many segments there are.
pub struct RealTime {
    desks: Vec<Desk>,
    pool: Arc<Pool>,
    has_urgent: bool,
    patience: Duration,
}

/// Where the main thread reaches one segment.
struct Desk {
    orders: Sender<Order>,
    signal: Arc<SegmentSignal>,
    stuck: bool,
}

/// A segment, with what it was ordered to do.
struct Work {
    segment: Segment,
    orders: Receiver<Order>,
    signal: Arc<SegmentSignal>,
}

impl Work {
    /// Carries out the orders that came. `[streaming]`
    fn obey(&mut self, now: HostTime) {
        self.signal.lower_any();
        for order in self.orders.try_iter() {
            order(&mut self.segment, now);
        }
    }
}

/// Stack of a thread, as large as a main thread's; the system lends only what is touched. Filters call
/// each other, so a long chain needs more.
const STACK: usize = 8 << 20;
const STACK_PER_FILTER: usize = 4 << 10;

impl RealTime {
    /// Starts threads for these segments. An order may take as long as `patience` says.
    pub fn start(
        segments: Vec<(Segment, Arc<SegmentSignal>)>,
        graph: &Arc<GraphHost>,
        patience: Duration,
    ) -> Self {
        let longest = segments.iter().map(|(segment, _)| segment.chain().len()).max();
        let stack = STACK + longest.unwrap_or_default() * STACK_PER_FILTER;
        let (mut desks, mut works) = (Vec::new(), Vec::new());
        for (segment, signal) in segments {
            let (sender, orders) = unbounded();
            desks.push(Desk { orders: sender, signal: Arc::clone(&signal), stuck: false });
            works.push(Work { segment, orders, signal });
        }
        let pool = Pool::new(works, graph, stack);
        for (segment, desk) in desks.iter().enumerate() {
            desk.signal.attach(&pool.alarms, segment);
        }
        pool.start(Urgency::Ordinary);
        Self { desks, pool, has_urgent: false, patience }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.desks.len()
    }

    /// See [`Executor::hurry`](super::Executor::hurry).
    pub fn hurry(&mut self, segment: usize) -> bool {
        if !std::mem::replace(&mut self.has_urgent, true) {
            self.pool.start(Urgency::Urgent);
        }
        let granted = self.pool.is_granted(Urgency::Urgent);
        self.pool.alarms.set_urgency(segment, Urgency::Urgent);
        granted
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
        let desk = self.desks.get_mut(segment).filter(|desk| !desk.stuck).ok_or(stuck)?;
        let (answer, answered) = bounded(1);
        let order: Order = Box::new(move |segment, now| {
            // Nobody listens any more when the patience was over.
            let _ = answer.send(order(segment, now));
        });
        // The receiver lies with the segment, as long as the pool does.
        let _ = desk.orders.send(order);
        desk.signal.wake();
        let deadline = Instant::now() + self.patience;
        loop {
            match answered.recv_timeout(LOOK_AGAIN.min(self.patience)) {
                Ok(answer) => return Ok(answer),
                // Another segment may hang on the thread on duty: that must not look as if this one did.
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => self.pool.look(),
                Err(_) => {
                    desk.stuck = true;
                    return Err(stuck);
                }
            }
        }
    }
}

/// How long threads that are in a step may take to come back when the graph ends. A thread that hangs
/// is left behind: waiting for it would hang the program.
const LAST_STEP: Duration = Duration::from_secs(20);
const LAST_STEP_OF_HANGING: Duration = Duration::from_millis(100);

impl Drop for RealTime {
    fn drop(&mut self) {
        let hangs = self.desks.iter().any(|desk| desk.stuck);
        self.pool.end(if hangs { LAST_STEP_OF_HANGING } else { LAST_STEP });
    }
}

impl std::fmt::Debug for RealTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RealTime").field("segments", &self.segments()).finish_non_exhaustive()
    }
}
