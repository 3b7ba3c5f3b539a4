//! Threads that share places: a few more than there are processors, however many places there are.
//!
//! A thread that finds nothing due does the first of these that nobody does yet. It **sleeps for all** until
//! no place can wait any longer, so that one wake-up serves all places that are due. It **looks out**: it
//! looks, [`LOOK_AFTER`] the earliest of those times, for a place that nobody comes to, because a step
//! takes long or never ends; then it has another thread look out and works as well. Or it **rests**, until
//! somebody is needed who looks out.
//!
//! So a filter that hangs keeps one thread and its own place, and costs the other places up to
//! `LOOK_AFTER`, once; one that waits for a signal up to twice that. Nobody locks: whoever takes a place's
//! work out of it may step it.

mod member;

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use crossbeam_queue::ArrayQueue;
use driftless_plugin_api::{HostTime, Span};

use super::alarms::{Alarms, NOBODY};
use crate::executor::priority;
use crate::growing::Growing;
use crate::loader::host::GraphHost;
use crate::segment::Wish;
use member::{IDLE, LOOKS_OUT, Member};

/// How long after a place can wait no longer a thread looks whether the others have come round to it. So much
/// later at most it looks in any case: signals come at any time.
const LOOK_AFTER: Duration = Duration::from_millis(20);
/// A place that waits for longer than this needs another thread. A step that took longer is the next time made
/// by a thread that has called another one first.
const LATE: Span = Span::from_millis(1);
/// A thread in one step for longer than this does not count as one that works.
const HANGS: Span = Span::from_millis(10);
/// With more timers than this …
const CROWD: usize = 16;
/// … they may be late by so much, so that one wake-up serves several.
const SLACK: Span = Span::from_micros(250);

/// What stands in a place.
pub trait Work: Send + 'static {
    /// Does what is due at `now`; `None` when it is over for good. `[streaming]`
    fn step(&mut self, now: HostTime) -> Option<Wish>;
}

/// How its threads are.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// They ask for real-time priority.
    pub urgent: bool,
    /// Bytes of stack.
    pub stack: usize,
    /// A step may take so long before its thread is given up.
    pub patience: Span,
}

/// Threads and the places that they share. Dropped, it ends those of its threads that come round. `[main]`
pub struct Crew<W: Work>(Arc<Shared<W>>);

struct Shared<W> {
    alarms: Arc<Alarms>,
    places: Growing<Place<W>>,
    members: Growing<Member>,
    looks_out: AtomicUsize,
    /// Another thread is wanted now, by one that goes into a step that may take long.
    called: AtomicBool,
    over: AtomicBool,
    graph: Arc<GraphHost>,
    manner: Manner,
    /// Asked once: it is read from files.
    processors: usize,
    threads: Mutex<Threads>,
    /// Disconnected when the last thread has ended.
    ended: Receiver<Infallible>,
}

struct Threads {
    handles: Vec<JoinHandle<()>>,
    /// Each thread has one, and nobody sends.
    alive: Option<Sender<Infallible>>,
}

struct Place<W> {
    /// Here while nobody steps it.
    work: ArrayQueue<Box<W>>,
    takes_long: AtomicBool,
}

impl<W: Work> Crew<W> {
    /// No threads yet.
    pub fn new(graph: &Arc<GraphHost>, manner: Manner) -> Self {
        let (alive, ended) = bounded(0);
        let threads = Threads { handles: Vec::new(), alive: Some(alive) };
        Self(Arc::new(Shared {
            alarms: Arc::default(),
            places: Growing::default(),
            members: Growing::default(),
            looks_out: AtomicUsize::new(NOBODY),
            called: AtomicBool::new(false),
            over: AtomicBool::new(false),
            graph: Arc::clone(graph),
            manner,
            processors: thread::available_parallelism().map_or(1, usize::from),
            threads: Mutex::new(threads),
            ended,
        }))
    }

    /// Where places are woken.
    pub fn alarms(&self) -> &Arc<Alarms> {
        &self.0.alarms
    }

    /// A place for the work that `make` makes, given the number of the place; it is stepped when it is woken.
    /// One thread more is started as long as there are fewer than processors, and one who looks out.
    ///
    /// # Errors
    ///
    /// That there is no thread at all.
    pub fn add(&self, make: impl FnOnce(usize) -> W) -> Result<usize, std::io::Error> {
        let number = self.0.alarms.add_place();
        let place = Place { work: ArrayQueue::new(1), takes_long: AtomicBool::new(false) };
        // It is new and has room.
        let _ = place.work.push(Box::new(make(number)));
        // Both lists grow here alone, by one each.
        self.0.places.push(place);
        if self.0.members().count() > number.min(self.0.processors) {
            return Ok(number);
        }
        // One place can hold up nobody. From the second on one looks out, whatever the others come upon.
        let added = match self.0.looks_out.load(SeqCst) {
            NOBODY if number > 0 => self.0.add_thread(LOOKS_OUT),
            _ => self.0.add_thread(IDLE),
        };
        match added {
            Err(error) if self.0.members().count() == 0 => Err(error),
            // Those that there are will do.
            _ => Ok(number),
        }
    }

    /// Places whose work has been in a thread's hands for longer than the patience.
    pub fn overdue(&self) -> Vec<usize> {
        let overdue = self.0.members().filter(|member| self.0.is_overdue(member));
        overdue.map(|member| member.does.load(SeqCst)).collect()
    }

    /// Threads there are.
    #[cfg(test)]
    fn threads(&self) -> usize {
        self.0.members().count()
    }
}

impl<W: Work> Drop for Crew<W> {
    fn drop(&mut self) {
        self.0.over.store(true, SeqCst);
        let threads = {
            let mut threads = self.0.lock_threads();
            threads.alive = None;
            std::mem::take(&mut threads.handles)
        };
        (0..threads.len()).for_each(|thread| self.0.alarms.wake(thread));
        // One that hangs is left behind: waiting for it would hang the program.
        let ends = |(member, thread): (&Member, &JoinHandle<()>)| {
            !thread.is_finished() && !self.0.is_overdue(member)
        };
        let timed_out = || self.0.ended.recv_timeout(LOOK_AFTER) == Err(RecvTimeoutError::Timeout);
        while timed_out() && self.0.members().zip(&threads).any(ends) {}
        for (member, thread) in self.0.members().zip(threads) {
            if !self.0.is_overdue(member) {
                // A panic there was the engine's own; it was printed by the panic hook.
                let _ = thread.join();
            }
        }
        // A thread that hangs keeps the places, but not what stands in them.
        self.0.places().for_each(|(_, place)| drop(place.work.pop()));
    }
}

impl<W: Work> Shared<W> {
    fn places(&self) -> impl Iterator<Item = (usize, &Place<W>)> {
        (0..).map_while(|number| Some((number, self.places.get(number)?)))
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        (0..).map_while(|number| self.members.get(number))
    }

    fn is_overdue(&self, member: &Member) -> bool {
        member.has_worked(self.graph.clock.now()) > self.manner.patience
    }

    fn lock_threads(&self) -> std::sync::MutexGuard<'_, Threads> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a thread that does this first; returns its number.
    fn add_thread(self: &Arc<Self>, does: usize) -> Result<usize, std::io::Error> {
        // Held until all lists have it, so that a thread has the same number in each.
        let mut threads = self.lock_threads();
        if self.over.load(SeqCst) {
            return Err(std::io::Error::other("the graph has ended"));
        }
        let number = threads.handles.len();
        let (shared, alive) = (Arc::clone(self), threads.alive.clone());
        let run = move || {
            if shared.manner.urgent {
                priority::raise();
            }
            shared.run(number);
            drop(alive);
        };
        // Segments are known by this name to who counts what their threads ask of the system.
        let name = format!("segments {number}");
        let builder = thread::Builder::new().name(name).stack_size(self.manner.stack);
        let thread = builder.spawn(run)?;
        self.alarms.add_thread(thread.thread().clone());
        let (does, since) = (AtomicUsize::new(does), AtomicI64::new(0));
        if does.load(SeqCst) == LOOKS_OUT {
            self.looks_out.store(number, SeqCst);
        }
        self.members.push(Member { does, since });
        threads.handles.push(thread);
        Ok(number)
    }

    /// What a thread does. `[streaming]`
    fn run(self: &Arc<Self>, number: usize) {
        // It may be faster than who started it.
        drop(self.lock_threads());
        let Some(member) = self.members.get(number) else { return };
        while !self.over.load(SeqCst) {
            let now = || self.graph.clock.now();
            if member.does.load(SeqCst) == LOOKS_OUT {
                self.look_out(number, member);
            } else if !self.step_due(member)
                && !self.alarms.sleep(number, now, || self.earliest())
                && !self.begins_to_look_out(number, member)
            {
                thread::park();
            }
        }
    }

    /// Steps all places that are due and that nobody else steps, those that cannot wait before those that go
    /// along with them. Returns whether there were any.
    fn step_due(&self, member: &Member) -> bool {
        self.step_those(member, |place, now| self.alarms.is_late(place, now))
            | self.step_those(member, |place, now| self.alarms.is_due(place, now))
    }

    fn step_those(&self, member: &Member, is_one: impl Fn(usize, HostTime) -> bool) -> bool {
        let mut now = self.graph.clock.now();
        let mut any = false;
        for (number, place) in self.places() {
            if !is_one(number, now) {
                continue;
            }
            let Some(work) = place.work.pop() else { continue };
            any = true;
            member.since.store(now.nanos(), SeqCst);
            if !member.turn(IDLE, number) {
                // It is to look out now. Who has it do that comes for the work.
                let _ = place.work.push(work);
                return any;
            }
            self.step(number, place, work, now);
            member.does.store(IDLE, SeqCst);
            now = self.graph.clock.now();
        }
        any
    }

    fn step(&self, number: usize, place: &Place<W>, mut work: Box<W>, now: HostTime) {
        if place.takes_long.load(SeqCst) {
            self.call();
        }
        self.alarms.clear(number);
        let wish = work.step(now);
        place.takes_long.store(self.graph.clock.now() - now > LATE, SeqCst);
        let Some(wish) = wish else { return };
        // There is room: it was taken out here. And it is back before it is due.
        let _ = place.work.push(work);
        self.alarms.wish(number, wish);
    }

    /// When the first of the places that nobody steps can wait no longer, a little later when there are many.
    fn earliest(&self) -> Option<HostTime> {
        let idle = self.places().filter(|(_, place)| !place.work.is_empty());
        let (earliest, timers) = self.alarms.earliest(idle.map(|(number, _)| number));
        earliest.map(|at| if timers > CROWD { at + SLACK } else { at })
    }

    /// Whether this is the thread that looks out from now on, because nobody does.
    fn begins_to_look_out(&self, number: usize, member: &Member) -> bool {
        let begins = self.looks_out.compare_exchange(NOBODY, number, SeqCst, SeqCst).is_ok();
        begins && member.turn(IDLE, LOOKS_OUT)
    }

    /// Returns when another thread has to work, and another one looks out.
    fn look_out(self: &Arc<Self>, number: usize, member: &Member) {
        while !self.is_needed() && !self.over.load(SeqCst) {
            thread::park_timeout(self.until_next_look());
        }
        self.hand_over(number);
        member.does.store(IDLE, SeqCst);
    }

    /// Nobody can be late before the first place is that nobody steps.
    fn until_next_look(&self) -> Duration {
        let left = |at: HostTime| (at - self.graph.clock.now()).max(Span::ZERO).nanos();
        let left =
            self.earliest().map_or(LOOK_AFTER, |at| Duration::from_nanos(left(at).unsigned_abs()));
        LOOK_AFTER + left.min(LOOK_AFTER)
    }

    /// Whether one more thread should work: something is late, and fewer work than there are processors.
    fn is_needed(&self) -> bool {
        if self.called.swap(false, SeqCst) {
            return true;
        }
        let now = self.graph.clock.now();
        let is_late = |(number, place): (usize, &Place<W>)| {
            self.alarms.is_late(number, now - LATE) && !place.work.is_empty()
        };
        let works = |member: &&Member| member.is_in_a_step() && member.has_worked(now) <= HANGS;
        self.places().any(is_late) && self.members().filter(works).count() < self.processors
    }

    /// Has one who looks out work now.
    fn call(&self) {
        self.called.store(true, SeqCst);
        self.alarms.wake(self.looks_out.load(SeqCst));
    }

    /// Another thread than number `from` looks out from now on: one at rest, or a new one.
    fn hand_over(self: &Arc<Self>, from: usize) {
        let may = |(number, member): &(usize, &Member)| {
            *number != from && !self.alarms.is_sleeper(*number) && member.turn(IDLE, LOOKS_OUT)
        };
        let next = match self.members().enumerate().find(may) {
            Some((number, _)) => number,
            // Without another thread the graph goes on with those it has.
            None => self.add_thread(LOOKS_OUT).unwrap_or(NOBODY),
        };
        self.looks_out.store(next, SeqCst);
        self.alarms.wake(next);
    }
}

impl<W: Work> std::fmt::Debug for Crew<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let places = self.0.places().count();
        f.debug_struct("Crew").field("places", &places).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
