//! Threads that step segments: one on duty, one standing by, the others at rest.
//!
//! The thread **on duty** sleeps until a segment is due and steps all that are, one after the other:
//! however many sources there are, a wake-up serves all of them, and a signal from one segment to
//! another costs none. A segment that takes long, or may block, is stepped after the duty was passed on,
//! so that it costs the others nothing. The thread **standing by** looks every [`LOOK_EVERY`] whether the one on
//! duty still comes round; where a filter hangs, it takes the duty over, and the hanging filter keeps
//! nothing but its own segment.
//!
//! Nobody locks: a segment lies in a place with room for one, and whoever takes it out may step it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use driftless_plugin_api::{HostTime, Span};

use super::Work;
use super::alarms::{Alarms, NOBODY, Urgency};
use crate::executor::priority;
use crate::loader::host::GraphHost;
use crate::trace::Entry;

/// How often the thread that stands by looks whether the one on duty hangs.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A step longer than this is made by a thread that has passed the duty on.
const LONG_STEP: Span = Span::from_millis(1);
/// With more timers than this…
const CROWD: usize = 16;
/// …they may be late by so much, so that one wake-up serves several.
const SLACK_NS: i64 = 250_000;

/// All segments, and the threads that step them.
pub(super) struct Pool {
    pub alarms: Arc<Alarms>,
    places: Vec<Place>,
    crews: [Crew; 2],
    graph: Arc<GraphHost>,
    /// Threads that were started so far; each has a number.
    started: AtomicUsize,
    threads: Mutex<Vec<JoinHandle<()>>>,
    stack: usize,
    over: AtomicBool,
}

/// Where a segment lies while nobody steps it.
struct Place {
    work: ArrayQueue<Box<Work>>,
    /// How long its steps take, ns: the longest, forgotten by and by.
    takes_ns: AtomicI64,
}

struct Crew {
    standing_by: AtomicUsize,
    resting: ArrayQueue<usize>,
    /// Steps that the thread on duty has begun, and whether one is going on.
    steps: AtomicUsize,
    is_stepping: AtomicBool,
    /// Whether the system granted this crew its priority.
    granted: OnceLock<bool>,
}

impl Pool {
    /// Segments at rest, without threads.
    pub fn new(works: Vec<Work>, graph: &Arc<GraphHost>, stack: usize) -> Arc<Self> {
        // Room for every segment to hang on a thread of its own, in either crew.
        let most = 2 * (works.len() + workers(works.len()) + 1);
        let place = |work| {
            let place = ArrayQueue::new(1);
            // Just made, so there is room.
            let _ = place.push(Box::new(work));
            Place { work: place, takes_ns: AtomicI64::new(0) }
        };
        let crew = |_| Crew {
            standing_by: AtomicUsize::new(NOBODY),
            resting: ArrayQueue::new(most),
            steps: AtomicUsize::new(0),
            is_stepping: AtomicBool::new(false),
            granted: OnceLock::new(),
        };
        Arc::new(Self {
            alarms: Arc::new(Alarms::new(works.len(), most)),
            places: works.into_iter().map(place).collect(),
            crews: [0, 1].map(crew),
            graph: Arc::clone(graph),
            started: AtomicUsize::new(0),
            threads: Mutex::default(),
            stack,
            over: AtomicBool::new(false),
        })
    }

    /// Starts the threads of a crew: as many as there are processors, and no more than are of use.
    pub fn start(self: &Arc<Self>, crew: Urgency) {
        for _ in 0..workers(self.places.len()) + 1 {
            self.add_thread(crew);
        }
    }

    /// Whether threads of this crew have the priority that they asked for, once one of them runs.
    pub fn is_granted(&self, crew: Urgency) -> bool {
        *self.crews[crew as usize].granted.wait()
    }

    /// Lets those who stand by look now whether the thread on duty hangs.
    pub fn look(&self) {
        self.crews.iter().for_each(|crew| self.alarms.wake(crew.standing_by.load(SeqCst)));
    }

    /// Ends all threads that come round, and waits for them up to `patience`.
    pub fn end(&self, patience: Duration) {
        self.over.store(true, SeqCst);
        (0..self.started.load(SeqCst)).for_each(|thread| self.alarms.wake(thread));
        let deadline = std::time::Instant::now() + patience;
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            while !thread.is_finished() && std::time::Instant::now() < deadline {
                thread::sleep(Duration::from_micros(200));
            }
            if thread.is_finished() {
                // A panic there was the engine's own; it was printed by the panic hook.
                let _ = thread.join();
            }
        }
        // What hangs is in its thread's hands and stays there.
        self.places.iter().for_each(|place| drop(place.work.pop()));
    }

    fn add_thread(self: &Arc<Self>, crew: Urgency) {
        let number = self.started.fetch_add(1, SeqCst);
        let pool = Arc::clone(self);
        let run = move || {
            pool.alarms.register(number);
            if crew == Urgency::Urgent {
                pool.crews[crew as usize].granted.get_or_init(priority::raise);
            }
            Thread { pool: &pool, number, crew }.run();
        };
        let name = match crew {
            Urgency::Ordinary => format!("segments {number}"),
            Urgency::Urgent => format!("segments rt {number}"),
        };
        match thread::Builder::new().name(name).stack_size(self.stack).spawn(run) {
            Ok(thread) => lock(&self.threads).push(thread),
            // The graph goes on with the threads it has.
            Err(_) => drop(self.crews[crew as usize].granted.get_or_init(|| false)),
        }
    }

    /// The earliest time at which a segment of `crew` is due that nobody has taken out, and how many
    /// have a time at all.
    fn earliest(&self, crew: Urgency) -> (i64, usize) {
        let mut earliest = (i64::MAX, 0);
        for (segment, place) in self.places.iter().enumerate() {
            if self.alarms.urgency(segment) != crew || place.work.is_empty() {
                continue;
            }
            if let Some(due) = self.alarms.due(segment) {
                earliest = (earliest.0.min(due), earliest.1 + 1);
            }
        }
        earliest
    }
}

/// Threads that make sense for so many segments.
fn workers(segments: usize) -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(segments.max(1))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One thread of a crew. `[streaming]`
struct Thread<'a> {
    pool: &'a Arc<Pool>,
    number: usize,
    crew: Urgency,
}

impl Thread<'_> {
    fn run(&self) {
        self.report();
        while !self.pool.over.load(SeqCst) {
            if self.is_on_duty() {
                self.serve();
            } else if self.own().standing_by.load(SeqCst) == self.number {
                self.stand_by();
            } else {
                thread::park();
            }
        }
    }

    fn own(&self) -> &Crew {
        &self.pool.crews[self.crew as usize]
    }

    fn is_on_duty(&self) -> bool {
        self.pool.alarms.is_on_duty(self.number, self.crew)
    }

    /// Takes the first post that is free: duty, standing by, rest.
    fn report(&self) {
        let alarms = &self.pool.alarms;
        if alarms.pass_duty(NOBODY, self.number, self.crew) || self.is_on_duty() {
            return;
        }
        let standing_by = &self.own().standing_by;
        if standing_by.compare_exchange(NOBODY, self.number, SeqCst, SeqCst).is_err() {
            // There is room for every thread that can be started.
            let _ = self.own().resting.push(self.number);
            // Who stood by may have been put on duty since, and found nobody at rest yet.
            self.appoint();
        }
    }

    /// On duty: steps what is due, then sleeps until something is.
    fn serve(&self) {
        let Pool { alarms, graph, places, .. } = &**self.pool;
        let mut now = graph.clock.now();
        for segment in 0..places.len() {
            if alarms.urgency(segment) == self.crew && alarms.is_due(segment, now) {
                now = self.step(segment, now);
                if !self.is_on_duty() {
                    return self.report();
                }
            }
        }
        let (earliest, timers) = self.pool.earliest(self.crew);
        if earliest > now.nanos() && !self.pool.over.load(SeqCst) {
            let slack = if timers > CROWD { SLACK_NS } else { 0 };
            let until = earliest.saturating_add(slack);
            alarms.sleep(
                self.crew,
                until,
                || graph.clock.now(),
                || {
                    // What was due before this thread said it would sleep may wait for the slack.
                    let (due, _) = self.pool.earliest(self.crew);
                    if due == earliest { until } else { due }
                },
            );
        }
    }

    /// Steps one segment, if nobody else does. Returns the time after that.
    fn step(&self, segment: usize, now: HostTime) -> HostTime {
        let place = &self.pool.places[segment];
        let Some(mut work) = place.work.pop() else { return now };
        self.pool.alarms.clear(segment);
        let takes_ns = place.takes_ns.load(SeqCst);
        let may_block = work.segment.may_block();
        if may_block || takes_ns > LONG_STEP.nanos() {
            self.pass_on(may_block);
        }
        self.begin();
        work.obey(now);
        let before = self.pool.graph.clock.now();
        let wake = work.segment.step(before);
        let after = self.pool.graph.clock.now();
        let lasted = after - before;
        let took = work.segment.took();
        self.pool.graph.trace(|| Entry::Step { segment: segment as u32, at: before, lasted, took });
        self.finish();
        place.takes_ns.store(lasted.nanos().max(takes_ns - takes_ns / 64), SeqCst);
        // The place is empty while it is out, so there is room; and it is back before it is due.
        let _ = place.work.push(work);
        self.pool.alarms.wish(segment, wake);
        after
    }

    fn begin(&self) {
        if self.is_on_duty() {
            self.own().steps.fetch_add(1, SeqCst);
            self.own().is_stepping.store(true, SeqCst);
        }
    }

    fn finish(&self) {
        if self.is_on_duty() {
            self.own().is_stepping.store(false, SeqCst);
        }
    }

    /// Gives the duty to the thread that stands by. Somebody always stands by afterwards: for a step that
    /// is only long that takes one who rests, for one that may never end a thread is started.
    fn pass_on(&self, may_block: bool) {
        if self.own().resting.is_empty() {
            if !may_block {
                return;
            }
            self.pool.add_thread(self.crew);
        }
        let next = self.own().standing_by.load(SeqCst);
        if next != NOBODY && self.pool.alarms.pass_duty(self.number, next, self.crew) {
            self.own().is_stepping.store(false, SeqCst);
            self.fill_in();
        }
    }

    /// Somebody else stands by from now on, if anybody rests.
    fn fill_in(&self) {
        self.own().standing_by.store(NOBODY, SeqCst);
        self.appoint();
    }

    /// Lets one who rests stand by, if nobody does.
    fn appoint(&self) {
        let Crew { standing_by, resting, .. } = self.own();
        let Some(next) = resting.pop() else { return };
        match standing_by.compare_exchange(NOBODY, next, SeqCst, SeqCst) {
            Ok(_) => self.pool.alarms.wake(next),
            // There was room for it before.
            Err(_) => drop(resting.push(next)),
        }
    }

    /// Standing by: takes over where the thread on duty does not come round.
    fn stand_by(&self) {
        let Crew { steps, is_stepping, .. } = self.own();
        let (before, on_duty) = (steps.load(SeqCst), self.pool.alarms.on_duty(self.crew));
        thread::park_timeout(LOOK_EVERY);
        let hangs = is_stepping.load(SeqCst)
            && steps.load(SeqCst) == before
            && on_duty != self.number
            && self.own().standing_by.load(SeqCst) == self.number;
        if hangs && self.pool.alarms.pass_duty(on_duty, self.number, self.crew) {
            is_stepping.store(false, SeqCst);
            self.fill_in();
            if self.own().standing_by.load(SeqCst) == NOBODY {
                self.pool.add_thread(self.crew);
            }
        }
    }
}
