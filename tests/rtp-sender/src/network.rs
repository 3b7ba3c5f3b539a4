//! What happens to packets on the way: loss, delay, reordering, repetition. The same seed, the same
//! fate.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::stream::Datagram;

/// How bad a network is; the default is perfect.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Impairments {
    /// Largest delay of a packet, ns; delays are evenly distributed, and keep the order.
    pub jitter_ns: u64,
    /// Probability that a packet is lost.
    pub loss: f64,
    /// Probability that a packet is held back until after the one behind it.
    pub reorder: f64,
    /// Probability that a packet comes twice.
    pub duplicate: f64,
    /// Seed of it all.
    pub seed: u64,
}

/// What was done to the packets so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fates {
    /// Sent, repetitions included.
    pub sent: u64,
    /// Lost.
    pub lost: u64,
    /// Held back.
    pub reordered: u64,
    /// Sent twice.
    pub duplicated: u64,
}

/// A stream as it comes out of a network, in the order of arrival.
#[derive(Debug)]
pub struct Network<S> {
    stream: S,
    impairments: Impairments,
    random: fastrand::Rng,
    /// On their way, the first to arrive on top.
    underway: BinaryHeap<Reverse<Datagram>>,
    /// When the last packet that keeps the order arrives.
    last_ns: u64,
    /// A packet that waits for the one behind it.
    held: Option<Datagram>,
    /// Nothing sent later arrives before this.
    settled_ns: Option<u64>,
    fates: Fates,
}

impl<S: Iterator<Item = Datagram>> Network<S> {
    /// Sends `stream` through a network.
    pub fn new(stream: S, impairments: Impairments) -> Self {
        Self {
            stream,
            impairments,
            random: fastrand::Rng::with_seed(impairments.seed),
            underway: BinaryHeap::new(),
            last_ns: 0,
            held: None,
            settled_ns: Some(0),
            fates: Fates::default(),
        }
    }

    /// What was done so far.
    pub fn fates(&self) -> Fates {
        self.fates
    }

    fn send(&mut self, mut datagram: Datagram) {
        self.settled_ns = Some(datagram.at_ns);
        let mut chance = |probability: f64| self.random.f64() < probability;
        // Every packet draws the same numbers, so one probability does not change what others do.
        let lost = chance(self.impairments.loss);
        let reordered = chance(self.impairments.reorder);
        let duplicated = chance(self.impairments.duplicate);
        let delay_ns = (self.random.f64() * self.impairments.jitter_ns as f64) as u64;
        datagram.at_ns = (datagram.at_ns + delay_ns).max(self.last_ns);
        self.last_ns = datagram.at_ns;
        if lost {
            self.fates.lost += 1;
            return;
        }
        let overtaken = self.held.take();
        if reordered && overtaken.is_none() {
            self.fates.reordered += 1;
            self.held = Some(datagram);
            return;
        }
        let at_ns = datagram.at_ns;
        if duplicated {
            self.fates.duplicated += 1;
            self.underway.push(Reverse(datagram.clone()));
        }
        self.underway.push(Reverse(datagram));
        if let Some(mut overtaken) = overtaken {
            overtaken.at_ns = at_ns + 1;
            self.last_ns = overtaken.at_ns;
            self.underway.push(Reverse(overtaken));
        }
    }
}

impl<S: Iterator<Item = Datagram>> Iterator for Network<S> {
    type Item = Datagram;

    fn next(&mut self) -> Option<Datagram> {
        loop {
            let first = self.underway.peek().map(|Reverse(first)| first.at_ns);
            let settled =
                self.settled_ns.is_none_or(|settled| first.is_some_and(|at| at <= settled));
            if settled {
                let Reverse(datagram) = self.underway.pop()?;
                self.fates.sent += 1;
                return Some(datagram);
            }
            match self.stream.next() {
                Some(datagram) => self.send(datagram),
                None => {
                    self.underway.extend(self.held.take().map(Reverse));
                    self.settled_ns = None;
                }
            }
        }
    }
}
