//! The stream offset that an output pin adds, and that its stamps run forwards: every live source does
//! this alike (LS-12, LS-30 to LS-35).

use crate::abi::status::Status;
use crate::time::{Span, StreamTime};

/// Start and stop of a sample, in stream time.
pub type Times = (StreamTime, StreamTime);

/// The stream offset of one output pin. Its owner answers [`PushSource`](super::PushSource) from it, asks
/// [`admit`](Self::admit) for every sample, and says which were [`delivered`](Self::delivered).
#[derive(Debug, Clone)]
pub struct StreamOffset {
    offset: Span,
    /// The largest for which the pin has buffers, or that the graph asked for.
    max: Span,
    /// Times of the newest sample that was delivered, with the offset.
    last: Option<Times>,
    /// It changed since then.
    changed: bool,
}

impl StreamOffset {
    /// None yet; `max` is the largest that the pin can hold back.
    pub const fn new(max: Span) -> Self {
        Self { offset: Span::ZERO, max, last: None, changed: false }
    }

    /// The offset in force.
    pub const fn get(&self) -> Span {
        self.offset
    }

    /// The largest offset of a pin of this `latency`, and at least that (LS-34).
    pub fn max(&self, latency: Span) -> Span {
        self.max.max(latency)
    }

    /// Sets the offset of a pin of this `latency`, from the next sample on (LS-30).
    ///
    /// Returns what [`set_stream_offset`](super::PushSource::set_stream_offset) does.
    pub fn set(&mut self, offset: Span, latency: Span) -> Status {
        if offset < Span::ZERO {
            return Status::INVALID_ARGUMENT;
        }
        self.changed |= offset != self.offset;
        self.offset = offset;
        if offset > self.max(latency) { Status::FALSE } else { Status::OK }
    }

    /// Sets the largest offset. Once the pin is `connected`, and its buffers are there, it can only become
    /// smaller: [`Status::FALSE`] otherwise. Below the offset in force it is
    /// [`Status::INVALID_ARGUMENT`] (LS-33).
    pub fn set_max(&mut self, max: Span, latency: Span, connected: bool) -> Status {
        if max < self.offset {
            return Status::INVALID_ARGUMENT;
        }
        if connected && max > self.max(latency) {
            return Status::FALSE;
        }
        self.max = max;
        Status::OK
    }

    /// A stream begins, whose stamps may be any. The offset stays.
    pub fn restart(&mut self) {
        (self.last, self.changed) = (None, false);
    }

    /// The newest sample that was delivered.
    pub const fn last(&self) -> Option<Times> {
        self.last
    }

    /// These times with the offset (LS-31, LS-35); `None` when a sample with them has to be withheld,
    /// because stamps strictly increase (LS-12), and go on behind the last sample once the offset became
    /// smaller (LS-32). `[streaming]`
    pub fn admit(&self, (start, stop): Times) -> Option<Times> {
        let times = (start + self.offset, stop + self.offset);
        let increases = self.last.is_none_or(|(last_start, last_stop)| match self.changed {
            true => times.0 >= last_stop.max(last_start + Span::from_nanos(1)),
            false => times.0 > last_start,
        });
        increases.then_some(times)
    }

    /// A sample was delivered with these times, which [`admit`](Self::admit) gave. Returns whether the
    /// offset changed since the one before it: then it does not follow (LS-32). `[streaming]`
    pub fn delivered(&mut self, times: Times) -> bool {
        let follows = self.last.replace(times).is_some();
        std::mem::take(&mut self.changed) && follows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATENCY: Span = Span::from_millis(20);

    fn times(start_ms: i64) -> Times {
        let start = StreamTime::ZERO + Span::from_millis(start_ms);
        (start, start + Span::from_millis(10))
    }

    /// LS-30
    #[test]
    fn an_offset_above_the_largest_is_in_force_with_a_reservation_and_one_below_zero_changes_nothing()
     {
        let mut offset = StreamOffset::new(Span::from_millis(50));
        let table = [(0, Status::OK, 0), (50, Status::OK, 50), (51, Status::FALSE, 51)];
        let table = table.into_iter().chain([(-1, Status::INVALID_ARGUMENT, 51)]);
        for (ms, status, in_force) in table {
            assert_eq!(offset.set(Span::from_millis(ms), LATENCY), status, "{ms} ms");
            assert_eq!(offset.get(), Span::from_millis(in_force));
        }
    }

    /// LS-33, LS-34
    #[test]
    fn the_largest_offset_covers_the_latency_and_grows_only_before_the_pin_is_connected() {
        let ms = Span::from_millis;
        let mut offset = StreamOffset::new(ms(10));
        assert_eq!(offset.max(LATENCY), LATENCY);
        assert_eq!(offset.set_max(ms(70), LATENCY, false), Status::OK);
        assert_eq!(offset.max(LATENCY), ms(70));
        assert_eq!(offset.set_max(ms(71), LATENCY, true), Status::FALSE);
        assert_eq!(offset.max(LATENCY), ms(70));
        assert_eq!(offset.set_max(ms(60), LATENCY, true), Status::OK);
        offset.set(ms(55), LATENCY);
        assert_eq!(offset.set_max(ms(54), LATENCY, false), Status::INVALID_ARGUMENT);
        assert_eq!(offset.set_max(ms(-1), LATENCY, false), Status::INVALID_ARGUMENT);
        assert_eq!(offset.max(LATENCY), ms(60));
    }

    /// LS-12, LS-31, LS-32, LS-35
    #[test]
    fn the_offset_is_added_and_after_a_smaller_one_samples_are_withheld_until_they_follow() {
        let mut offset = StreamOffset::new(Span::ZERO);
        let deliver = |offset: &mut StreamOffset, ms| {
            let admitted = offset.admit(times(ms))?;
            Some((admitted, offset.delivered(admitted)))
        };
        assert_eq!(deliver(&mut offset, 0), Some((times(0), false)), "nothing was before it");
        offset.set(Span::from_millis(30), LATENCY);
        assert_eq!(deliver(&mut offset, 10), Some((times(40), true)));
        assert_eq!(deliver(&mut offset, 20), Some((times(50), false)));
        offset.set(Span::from_millis(5), LATENCY);
        assert_eq!(deliver(&mut offset, 50), None, "55 ms, and the last one ends at 60 ms");
        assert_eq!(deliver(&mut offset, 55), Some((times(60), true)));
        offset.restart();
        assert_eq!(deliver(&mut offset, 0), Some((times(5), false)));
    }
}
