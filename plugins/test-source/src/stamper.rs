//! Time stamps: what a source says of its samples, and the stream offset.

use driftless_plugin_api::{ClockState, HostTime, Span, Stamps, StreamOffset, StreamTime, Times};

/// Where a frame is: its position by the source's own count, and when it was captured.
#[derive(Debug, Clone, Copy)]
pub struct Captured {
    /// Time of the frame by the source's own count, from the start of the stream.
    pub position: Span,
    /// When it was captured.
    pub at: HostTime,
    /// What the source's count has jumped by.
    pub stepped: Span,
}

/// Which clock the stamps are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The graph's clock, at the instant of capture (LS-25).
    Graph,
    /// The source's own count, which met the graph's clock at the first sample of the run.
    Private,
    /// The source's own count from the start of the stream: data that is not live.
    Count,
}

/// Makes the stamps of one output pin.
#[derive(Debug)]
pub struct Stamper {
    stamps: Stamps,
    origin: Origin,
    latency: Span,
    /// The stream offset.
    pub offset: StreamOffset,
    /// Private clock: what position stands for what time.
    anchor: (Span, StreamTime),
    /// Where the newest sample that was delivered ended, before latency and offset.
    captured_until: StreamTime,
}

impl Stamper {
    /// Stamps by these conventions; no offset yet.
    pub fn new(stamps: Stamps, origin: Origin, latency: Span, max_offset: Span) -> Self {
        Self {
            stamps,
            origin,
            latency,
            offset: StreamOffset::new(max_offset),
            anchor: (Span::ZERO, StreamTime::ZERO),
            captured_until: StreamTime::ZERO,
        }
    }

    /// Which instant the stamps name.
    pub const fn stamps(&self) -> Stamps {
        self.stamps
    }

    /// A stream starts from its beginning.
    pub fn restart(&mut self) {
        self.captured_until = StreamTime::ZERO;
        self.offset.restart();
    }

    /// A run starts at host time `now`: when its first frame is captured. Never before what was captured
    /// last, so that stamps go on increasing after a pause (LS-12), nor before stream time 0.
    pub fn earliest(&self, clock: &ClockState, now: HostTime) -> HostTime {
        match self.origin {
            Origin::Graph if clock.has_clock() => now.max(clock.host_time(self.captured_until)),
            Origin::Private if clock.has_clock() => now.max(clock.host_time(StreamTime::ZERO)),
            _ => now,
        }
    }

    /// A run starts with this frame.
    pub fn begin(&mut self, clock: &ClockState, first: Captured) {
        // A private clock that gained on the graph's must not go back after a pause.
        let time = clock.stream_time(first.at).max(self.captured_until);
        self.anchor = (first.position, time);
    }

    /// When a frame was captured, in the source's own terms: without latency and offset.
    fn capture_time(&self, clock: &ClockState, frame: Captured) -> StreamTime {
        match self.origin {
            Origin::Graph if clock.has_clock() => clock.stream_time(frame.at),
            Origin::Private if clock.has_clock() => {
                self.anchor.1 + (frame.position - self.anchor.0) + frame.stepped
            }
            // Without a clock a live source has nothing but its own count (LS-64).
            _ => StreamTime::ZERO + frame.position,
        }
    }

    /// Times of a sample from `first` up to `end`, before the offset; a source without stamps has these
    /// times too, it only does not tell them. `[streaming]`
    pub fn times(&self, clock: &ClockState, first: Captured, end: Captured) -> Times {
        let shift = match self.stamps {
            Stamps::Delivery => self.latency,
            Stamps::Capture | Stamps::None => Span::ZERO,
        };
        (self.capture_time(clock, first) + shift, self.capture_time(clock, end) + shift)
    }

    /// The times with the offset; `None` when a sample with them must be withheld. What is not stamped has
    /// no offset (LS-31).
    pub fn admit(&self, times: Times) -> Option<Times> {
        if self.stamps == Stamps::None { Some(times) } else { self.offset.admit(times) }
    }

    /// A sample with these times, up to `end`, was delivered. Returns whether the time line jumped
    /// before it (LS-32).
    pub fn delivered(&mut self, clock: &ClockState, times: Times, end: Captured) -> bool {
        self.captured_until = self.capture_time(clock, end);
        self.offset.delivered(times)
    }
}
