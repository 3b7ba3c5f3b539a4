use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use super::*;
use crate::loader::host::HostClock;

const PATIENCE: Duration = Duration::from_secs(30);

/// Tells of each of its steps and then wants another one; the step may wait until it is let go.
struct Teller {
    name: usize,
    every: Span,
    told: Sender<usize>,
    hangs: Option<Receiver<()>>,
    /// Gone with it.
    _alive: Sender<()>,
}

impl Work for Teller {
    fn step(&mut self, now: HostTime) -> Option<Wish> {
        self.told.send(self.name).ok()?;
        if let Some(let_go) = self.hangs.take() {
            let _ = let_go.recv();
        }
        Some(Wish::within(now + self.every, Span::ZERO))
    }
}

fn crew(patience: Span) -> Crew<Teller> {
    let graph = Arc::new(GraphHost::new(HostClock::Real(Instant::now()), 1));
    Crew::new(&graph, Manner { urgent: false, stack: 1 << 20, patience })
}

/// Places that tell; those with a number in `hanging` come back from their first step when the second
/// of what is returned goes. The third says when the last of them is gone.
fn places(
    crew: &Crew<Teller>,
    count: usize,
    hanging: &[usize],
) -> (Receiver<usize>, Vec<Sender<()>>, Receiver<()>) {
    let (told, heard) = channel();
    let (alive, gone) = channel();
    let mut let_go = Vec::new();
    for name in 0..count {
        let hangs = hanging.contains(&name).then(|| {
            let (sender, hangs) = channel();
            let_go.push(sender);
            hangs
        });
        let (told, _alive) = (told.clone(), alive.clone());
        let work = Teller { name, every: Span::from_micros(500), told, hangs, _alive };
        assert_eq!(crew.add(|_| work).unwrap(), name);
    }
    (0..count).for_each(|place| crew.alarms().raise(place));
    (heard, let_go, gone)
}

/// Waits until every one of `names` was heard of so many times.
fn hear(heard: &Receiver<usize>, names: std::ops::Range<usize>, times: usize) {
    let mut left: Vec<usize> = vec![times; names.end];
    while left[names.clone()].iter().any(|left| *left > 0) {
        let name = heard.recv_timeout(PATIENCE).expect("nobody steps what is due");
        if let Some(left) = left.get_mut(name) {
            *left = left.saturating_sub(1);
        }
    }
}

#[test]
fn many_places_are_stepped_by_a_few_threads() {
    let crew = crew(Span::from_secs(20));
    let (heard, ..) = places(&crew, 100, &[]);
    hear(&heard, 0..100, 20);
    // One sleeps, one looks out, as many work as there are processors; and one that the system keeps
    // waiting counts as one that hangs.
    assert!(crew.threads() <= crew.0.processors + 10, "{} threads", crew.threads());
}

#[test]
fn places_that_hang_keep_a_thread_each_and_hold_up_no_other() {
    let crew = crew(Span::from_secs(20));
    let hanging = [0, 3, 4, 5, 9];
    let (heard, let_go, _) = places(&crew, 10, &hanging);
    hear(&heard, 6..9, 50);
    assert!(crew.threads() <= hanging.len() + crew.0.processors + 10, "{} threads", crew.threads());
    drop(let_go);
    hear(&heard, 0..10, 5);
}

#[test]
fn a_place_that_hangs_is_told_and_its_thread_left_behind() {
    let crew = crew(Span::ZERO);
    let (heard, let_go, _) = places(&crew, 2, &[1]);
    hear(&heard, 0..2, 1);
    while crew.overdue() != [1] {
        hear(&heard, 0..1, 1);
    }
    drop(crew);
    drop(let_go);
}

#[test]
fn work_that_is_over_leaves_its_place_and_is_stepped_no_more() {
    let crew = crew(Span::from_secs(20));
    let (heard, _, gone) = places(&crew, 3, &[]);
    hear(&heard, 0..3, 1);
    drop(heard);
    assert_eq!(gone.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}
