//! The gate that a pin with stream control has: which samples pass, and what to tell about it (LS-99).

use super::When;
use crate::abi::status::Status;
use crate::capability::pins::PinCategory;
use crate::event::EventCode;
use crate::filter::Pin;
use crate::host::Host;
use crate::time::StreamTime;

/// An order for a time, and the cookie to tell it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Order {
    at: StreamTime,
    cookie: u32,
}

/// The gate of one pin. Open at first; orders outlive a stop, so that they can be given beforehand.
///
/// Its owner asks [`passes`](Self::passes) for every sample and then lets it [`tell`](Self::tell).
#[derive(Debug)]
pub struct Gate {
    /// A preview has no stamps that a time could be compared with.
    timeless: bool,
    open: bool,
    start: Option<Order>,
    stop: Option<Order>,
    /// The stop asked for one sample more.
    extra: bool,
    notices: Vec<(EventCode, u32)>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new(PinCategory::Capture)
    }
}

impl Gate {
    /// The gate of a pin of this category: a preview accepts only now and never.
    pub const fn new(category: PinCategory) -> Self {
        Self {
            timeless: matches!(category, PinCategory::Preview),
            open: true,
            start: None,
            stop: None,
            extra: false,
            notices: Vec::new(),
        }
    }

    /// Orders a start. Until its time nothing passes, unless a stop comes first. `[main]`
    ///
    /// Returns [`Status::OK`]; [`Status::INVALID_ARGUMENT`] for a time on a preview pin.
    pub fn start_at(&mut self, when: When, cookie: u32) -> Status {
        if self.is_refused(when) {
            return Status::INVALID_ARGUMENT;
        }
        self.open |= when == When::Now;
        self.start = match when {
            When::At(at) => Some(Order { at, cookie }),
            When::Now | When::Never => None,
        };
        Status::OK
    }

    /// Orders a stop, with one sample after it or not; likewise. `[main]`
    pub fn stop_at(&mut self, when: When, extra: bool, cookie: u32) -> Status {
        if self.is_refused(when) {
            return Status::INVALID_ARGUMENT;
        }
        self.stop = match when {
            When::At(at) => Some(Order { at, cookie }),
            // With one sample to come, "now" is a stop before all stamps.
            When::Now if extra => Some(Order { at: StreamTime::from_nanos(i64::MIN), cookie: 0 }),
            When::Now => {
                self.open = false;
                None
            }
            When::Never => None,
        };
        self.extra = extra && self.stop.is_some();
        Status::OK
    }

    fn is_refused(&self, when: When) -> bool {
        self.timeless && matches!(when, When::At(_))
    }

    /// Whether a sample with this start and stop passes; one without times passes while the gate is open.
    /// One that spans the start or the stop does, and so does one at least when both are the same.
    /// `[streaming]`
    pub fn passes(&mut self, times: Option<(StreamTime, StreamTime)>) -> bool {
        let Some((start, stop)) = times else { return self.passes_unstamped() };
        if self.start_is_next() && self.starts(stop) {
            return true;
        }
        let Some(order) = self.stop.filter(|order| start >= order.at) else { return self.flows() };
        if self.flows() && std::mem::take(&mut self.extra) {
            return true;
        }
        (self.stop, self.extra, self.open) = (None, false, false);
        self.note(EventCode::STREAM_STOPPED, order);
        self.starts(stop)
    }

    /// Only a stop at once with one sample to come is due without a time.
    fn passes_unstamped(&mut self) -> bool {
        let passes = self.open;
        if self.stop.is_some_and(|order| order.at == StreamTime::from_nanos(i64::MIN)) {
            (self.stop, self.extra, self.open) = (None, false, false);
        }
        passes
    }

    /// Whether the start comes before the stop.
    fn start_is_next(&self) -> bool {
        let stop = self.stop.map_or(StreamTime::MAX, |order| order.at);
        self.start.is_some_and(|order| order.at <= stop)
    }

    fn flows(&self) -> bool {
        self.open && !self.start_is_next()
    }

    /// Starts if a sample that ends at `stop` reaches the start.
    fn starts(&mut self, stop: StreamTime) -> bool {
        let Some(order) = self.start.filter(|order| stop > order.at) else { return false };
        (self.start, self.open) = (None, true);
        self.note(EventCode::STREAM_STARTED, order);
        true
    }

    fn note(&mut self, code: EventCode, order: Order) {
        if order.cookie != 0 {
            self.notices.push((code, order.cookie));
        }
    }

    /// Posts what happened at `pin` since the last time, each with its cookie. `[streaming]`
    pub fn tell(&mut self, host: &Host, pin: Pin) {
        for (code, cookie) in self.notices.drain(..) {
            host.event(code, i64::from(pin.to_raw()), i64::from(cookie), "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: EventCode = EventCode::STREAM_STARTED;
    const STOPPED: EventCode = EventCode::STREAM_STOPPED;

    fn at(time: i64) -> When {
        When::At(StreamTime::from_nanos(time))
    }

    /// Numbers of the samples of ten nanoseconds that pass, out of ten.
    fn passing(gate: &mut Gate) -> Vec<i64> {
        let times = |n| (StreamTime::from_nanos(n * 10), StreamTime::from_nanos(n * 10 + 10));
        (0..10).filter(|&n| gate.passes(Some(times(n)))).collect()
    }

    fn notices(gate: &mut Gate) -> Vec<(EventCode, u32)> {
        gate.notices.drain(..).collect()
    }

    #[test]
    fn everything_passes_without_orders() {
        assert_eq!(passing(&mut Gate::default()), (0..10).collect::<Vec<_>>());
    }

    /// LS-99
    #[test]
    fn samples_that_span_start_and_stop_pass_and_both_are_told_with_their_cookies() {
        let mut gate = Gate::default();
        gate.start_at(at(25), 5);
        gate.stop_at(at(55), false, 6);
        assert_eq!(passing(&mut gate), [2, 3, 4, 5]);
        assert_eq!(notices(&mut gate), [(STARTED, 5), (STOPPED, 6)]);
    }

    /// LS-99
    #[test]
    fn the_same_time_for_both_lets_one_sample_pass() {
        for time in [30, 35] {
            let mut gate = Gate::default();
            gate.start_at(at(time), 0);
            gate.stop_at(at(time), false, 0);
            assert_eq!(passing(&mut gate), [3], "start and stop at {time}");
            assert_eq!(notices(&mut gate), []);
        }
    }

    /// LS-99
    #[test]
    fn one_sample_more_passes_on_request() {
        let mut gate = Gate::default();
        gate.stop_at(at(30), true, 1);
        assert_eq!(passing(&mut gate), [0, 1, 2, 3]);
        let mut gate = Gate::default();
        gate.stop_at(When::Now, true, 1);
        assert_eq!(passing(&mut gate), [0]);
        assert_eq!(notices(&mut gate), []);
    }

    /// LS-99
    #[test]
    fn at_once_works_at_once_and_is_not_told() {
        let mut gate = Gate::default();
        gate.stop_at(When::Now, false, 3);
        assert_eq!(passing(&mut gate), []);
        gate.start_at(When::Now, 4);
        assert_eq!(passing(&mut gate).len(), 10);
        assert_eq!(notices(&mut gate), []);
    }

    /// LS-99
    #[test]
    fn a_stop_before_the_start_makes_a_hole_in_whichever_order_they_were_given() {
        for swapped in [false, true] {
            let mut gate = Gate::default();
            if swapped {
                gate.start_at(at(60), 2);
            }
            gate.stop_at(at(20), false, 1);
            gate.start_at(at(60), 2);
            assert_eq!(passing(&mut gate), [0, 1, 6, 7, 8, 9]);
            assert_eq!(notices(&mut gate), [(STOPPED, 1), (STARTED, 2)]);
        }
    }

    /// LS-99
    #[test]
    fn never_takes_an_order_back() {
        let mut gate = Gate::default();
        gate.start_at(at(40), 1);
        gate.stop_at(at(60), true, 2);
        gate.start_at(When::Never, 0);
        gate.stop_at(When::Never, false, 0);
        assert_eq!(passing(&mut gate).len(), 10);
        assert_eq!(notices(&mut gate), []);
    }

    /// LS-99
    #[test]
    fn a_preview_is_started_and_stopped_at_once_only() {
        let mut gate = Gate::new(PinCategory::Preview);
        assert_eq!(gate.start_at(at(5), 1), Status::INVALID_ARGUMENT);
        assert_eq!(gate.stop_at(at(5), false, 1), Status::INVALID_ARGUMENT);
        assert!(gate.passes(None), "what was refused changed nothing");
        assert_eq!(gate.stop_at(When::Now, false, 1), Status::OK);
        assert!(!gate.passes(None));
        assert_eq!(gate.start_at(When::Now, 1), Status::OK);
        assert!(gate.passes(None));
        assert_eq!(gate.stop_at(When::Now, true, 1), Status::OK);
        assert_eq!((gate.passes(None), gate.passes(None)), (true, false), "one more on request");
        assert_eq!(gate.start_at(When::Never, 1), Status::OK);
        assert_eq!(notices(&mut gate), []);
    }
}
