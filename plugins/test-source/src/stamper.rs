//! Time stamps: what a source says of its samples, the stream offset, and that time runs forwards.

use driftless_plugin_api::{ClockState, HostTime, Span, Stamps, Status, StreamTime};

/// Start and stop of a sample, in stream time.
pub type Times = (StreamTime, StreamTime);

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
    offset: Span,
    max_offset: Span,
    /// Private clock: what position stands for what time.
    anchor: (Span, StreamTime),
    /// Where the newest sample that was delivered ended, before latency and offset.
    captured_until: StreamTime,
    /// Times of the newest sample that was delivered.
    last: Option<Times>,
    /// The offset changed since then.
    jumped: bool,
}

impl Stamper {
    /// Stamps by these conventions; no offset yet. `max_offset` is at least the latency (LS-34).
    pub fn new(stamps: Stamps, origin: Origin, latency: Span, max_offset: Span) -> Self {
        Self {
            stamps,
            origin,
            latency,
            offset: Span::ZERO,
            max_offset: max_offset.max(latency),
            anchor: (Span::ZERO, StreamTime::ZERO),
            captured_until: StreamTime::ZERO,
            last: None,
            jumped: false,
        }
    }

    /// Which instant the stamps name.
    pub const fn stamps(&self) -> Stamps {
        self.stamps
    }

    /// The stream offset in force.
    pub const fn offset(&self) -> Span {
        self.offset
    }

    /// The largest stream offset.
    pub const fn max_offset(&self) -> Span {
        self.max_offset
    }

    /// Sets the stream offset (LS-30).
    pub fn set_offset(&mut self, offset: Span) -> Status {
        if offset < Span::ZERO {
            return Status::INVALID_ARGUMENT;
        }
        self.jumped |= offset != self.offset;
        self.offset = offset;
        if offset > self.max_offset { Status::FALSE } else { Status::OK }
    }

    /// Sets the largest stream offset; on a connected pin it can only become smaller (LS-33).
    pub fn set_max_offset(&mut self, max: Span, connected: bool) -> Status {
        if max < self.offset || max < Span::ZERO {
            return Status::INVALID_ARGUMENT;
        }
        if connected && max > self.max_offset {
            return Status::FALSE;
        }
        self.max_offset = max.max(self.latency);
        Status::OK
    }

    /// A stream starts from its beginning.
    pub fn restart(&mut self) {
        self.captured_until = StreamTime::ZERO;
        self.last = None;
        self.jumped = false;
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

    /// Times of a sample from `first` up to `end`, offset included; a source without stamps has these
    /// times too, it only does not tell them. `[streaming]`
    pub fn times(&self, clock: &ClockState, first: Captured, end: Captured) -> Times {
        let shift = match self.stamps {
            Stamps::Delivery => self.latency + self.offset,
            Stamps::Capture => self.offset,
            Stamps::None => Span::ZERO,
        };
        (self.capture_time(clock, first) + shift, self.capture_time(clock, end) + shift)
    }

    /// Whether a sample with these times may be delivered: stamps strictly increase (LS-12), and after
    /// a change of offset samples are withheld until they are behind the last one (LS-32).
    pub fn admits(&self, (start, _): Times) -> bool {
        match self.last {
            None => true,
            Some(_) if self.stamps == Stamps::None => true,
            Some((_, last_stop)) if self.jumped => start >= last_stop,
            Some((last_start, _)) => start > last_start,
        }
    }

    /// A sample with these times, up to `end`, was delivered. Returns whether the time line jumped
    /// before it (LS-32).
    pub fn delivered(&mut self, clock: &ClockState, times: Times, end: Captured) -> bool {
        self.captured_until = self.capture_time(clock, end);
        let jumped = self.jumped && self.last.is_some();
        self.last = Some(times);
        self.jumped = false;
        jumped
    }
}
