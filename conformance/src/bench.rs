//! A filter in virtual time: connected, fed, stepped as a segment steps it, and listened to.

use driftless_plugin_api::descriptor::{Direction, FilterKind};
use driftless_plugin_api::host::UpstreamPushSource;
use driftless_plugin_api::testing::{Driver, Posted};
use driftless_plugin_api::{
    EventCode, FilterError, HostTime, Marker, MediaType, Pin, PushSourceFlags, Sample, Settings,
    Span, State, Status, StreamTime, Upstream, Wake,
};

use crate::feed::{Feed, complete};
use crate::guard::Counts;
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble};

/// Host time at which a test begins, so that "before the start" is a time too.
const START: HostTime = HostTime::from_nanos(1_000_000_000);
/// How often a filter that waits for a signal is stepped all the same.
const POLL: Span = Span::from_millis(10);
/// Steps at one instant, and samples in one run, after which a source that never waits has shown enough.
const TURNS: u32 = 64;
const ENOUGH: usize = 4_000;

/// A sample that left the filter.
#[derive(Debug)]
pub struct Arrival {
    /// Through which output pin.
    pub pin: u32,
    /// When, in stream time.
    pub at: StreamTime,
    /// The sample.
    pub sample: Sample,
}

/// A filter on the test bench. `[main]`
pub struct Bench<'a> {
    /// The filter.
    pub driver: Driver,
    /// What each input pin is fed.
    pub feeds: Vec<Feed>,
    /// What each output pin carries.
    pub outputs: Vec<MediaType>,
    /// What came out and was not taken yet.
    pub arrivals: Vec<Arrival>,
    /// What the streaming calls asked of memory, locks and kernel, while it is counted.
    pub counts: Option<Counts>,
    /// Errors of streaming calls, which end the stream.
    pub errors: Vec<Posted>,
    /// All other events.
    pub events: Vec<Posted>,
    subject: &'a Subject,
    running: bool,
    next_feed: HostTime,
    wake: Wake,
}

impl<'a> Bench<'a> {
    /// A filter with the subject's settings, connected.
    ///
    /// # Errors
    ///
    /// That it could not be made or connected, as a failure of the check.
    pub fn new(subject: &'a Subject) -> Outcome<Self> {
        Self::with(subject, &subject.settings)
            .map_err(|error| refused("made and connected", &error))
    }

    /// A filter with other settings, connected.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn with(subject: &'a Subject, settings: &Settings) -> Result<Self, FilterError> {
        let mut bench = Self::unconnected(subject, settings)?;
        for (pin, _) in subject.pins(Direction::Input) {
            let media = bench.connect(pin)?;
            bench.feeds.push(Feed::new(media));
        }
        for (pin, _) in subject.pins(Direction::Output) {
            let media = bench.connect(pin)?;
            bench.outputs.push(media);
        }
        Ok(bench)
    }

    /// A filter with other settings, its pins open.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn unconnected(subject: &'a Subject, settings: &Settings) -> Result<Self, FilterError> {
        let mut driver = subject.make(settings)?;
        driver.set_now(START);
        let flags = PushSourceFlags::NONE;
        let latency = Some(Span::from_millis(10));
        let push_source = Some(UpstreamPushSource { flags, latency, offset: Span::ZERO });
        driver.set_upstream(Upstream { live: true, push_source });
        Ok(Self {
            driver,
            feeds: Vec::new(),
            outputs: Vec::new(),
            arrivals: Vec::new(),
            counts: None,
            errors: Vec::new(),
            events: Vec::new(),
            subject,
            running: false,
            next_feed: START,
            wake: Wake::OnSignal,
        })
    }

    /// Connects a pin with the first of its proposals that it accepts.
    fn connect(&mut self, pin: Pin) -> Result<MediaType, FilterError> {
        let mut last = FilterError::new(format!("{} proposes no media type", name(pin)));
        for media in self.driver.media_types(pin).into_iter().filter_map(complete) {
            match self.driver.connect(pin, media) {
                Ok(()) => return Ok(media),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Whether it is a live source (LS-1).
    pub fn is_live(&self) -> bool {
        let flags = self.driver.push_source_flags(Pin::Output(0));
        let live = |flags: PushSourceFlags| !flags.contains(PushSourceFlags::NOT_LIVE);
        self.subject.filter.kind == FilterKind::Source && flags.is_ok_and(live)
    }

    /// The latency of the slowest pin; none where no pin says.
    pub fn latency(&self) -> Option<Span> {
        let inputs = (0..self.feeds.len() as u32).map(Pin::Input);
        let outputs = (0..self.outputs.len() as u32).map(Pin::Output);
        inputs.chain(outputs).filter_map(|pin| self.driver.latency(pin).ok()).max()
    }

    /// Stopped to paused; renderers are told a delay that they can keep.
    ///
    /// # Errors
    ///
    /// What the filter said, as a failure of the check; likewise below.
    pub fn activate(&mut self) -> Outcome {
        let answer = self.try_to_activate();
        self.answered("activated", answer)
    }

    /// As [`activate`](Self::activate), for a filter that may lack what it needs.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn try_to_activate(&mut self) -> Result<(), FilterError> {
        self.driver.activate()?;
        self.wake = Wake::At(self.driver.now());
        self.driver.set_presentation_delay(self.latency().unwrap_or(Span::ZERO));
        Ok(())
    }

    /// Stopped or paused to running.
    ///
    /// # Errors
    ///
    /// See [`activate`](Self::activate).
    pub fn run(&mut self) -> Outcome {
        if self.driver.clock().state() == State::Stopped {
            self.activate()?;
        }
        let answer = self.driver.run();
        self.running = true;
        let now = self.driver.now();
        // A sample is there when its last frame is.
        self.next_feed = now + self.feeds.first().map_or(Span::ZERO, Feed::length);
        self.wake = Wake::At(now);
        self.answered("run", answer)
    }

    /// Running to paused.
    ///
    /// # Errors
    ///
    /// See [`activate`](Self::activate).
    pub fn pause(&mut self) -> Outcome {
        self.running = false;
        self.wake = Wake::At(self.driver.now());
        let answer = self.driver.pause();
        self.answered("paused", answer)
    }

    /// Paused to stopped.
    ///
    /// # Errors
    ///
    /// See [`activate`](Self::activate).
    pub fn deactivate(&mut self) -> Outcome {
        self.wake = Wake::OnSignal;
        let answer = self.driver.deactivate();
        self.answered("deactivated", answer)
    }

    fn answered(&mut self, done: &str, answer: Result<(), FilterError>) -> Outcome {
        self.look()?;
        answer.map_err(|error| refused(done, &error))
    }

    /// Lets `span` pass: feeds what is due, steps when the filter asked for it, and listens.
    ///
    /// # Errors
    ///
    /// Only that the filter panicked; what else it failed with is in `errors`.
    pub fn pass(&mut self, span: Span) -> Outcome {
        let mut now = self.driver.now();
        let until = now + span;
        if self.driver.clock().state() == State::Stopped {
            self.driver.set_now(until);
            return Ok(()); // no graph steps a stopped filter
        }
        let mut turns = 0;
        while self.arrivals.len() < ENOUGH {
            let feed = if self.is_fed() { self.next_feed } else { HostTime::MAX };
            let step = match self.wake {
                Wake::At(at) => at.max(now),
                Wake::OnSignal => now + POLL,
                Wake::Ended => HostTime::MAX,
            };
            turns = if feed.min(step) == now { turns + 1 } else { 0 };
            let next = feed.min(step).max(now + Span::from_millis(i64::from(turns > TURNS)));
            if next > until {
                break;
            }
            self.driver.set_now(next);
            if feed <= next {
                self.feed()?;
            }
            self.step()?;
            now = next;
        }
        self.driver.set_now(until.max(now));
        Ok(())
    }

    /// As [`pass`](Self::pass), for a filter that has no reason to fail.
    ///
    /// # Errors
    ///
    /// That a streaming call panicked or failed.
    pub fn play(&mut self, span: Span) -> Outcome {
        self.pass(span)?;
        self.check_errors()
    }

    /// Nothing, unless a streaming call has failed.
    ///
    /// # Errors
    ///
    /// What it failed with.
    pub fn check_errors(&self) -> Outcome {
        match self.errors.first() {
            None => Ok(()),
            Some(error) => Err(Trouble::wrong(
                "streaming calls that succeed",
                format!("one failed: {}", error.text),
            )),
        }
    }

    fn is_fed(&self) -> bool {
        self.running && !self.feeds.is_empty()
    }

    fn feed(&mut self) -> Outcome {
        let start = self.driver.clock().stream_time(self.driver.now());
        self.next_feed += self.feeds[0].length();
        for pin in 0..self.feeds.len() {
            let sample = self.feeds[pin].next(&self.driver, Some(start));
            self.receive(pin as u32, sample)?;
        }
        Ok(())
    }

    /// Hands over a sample, whatever comes of it.
    ///
    /// # Errors
    ///
    /// That the filter panicked; likewise below.
    pub fn receive(&mut self, pin: u32, sample: Sample) -> Outcome<bool> {
        let Self { driver, counts, .. } = self;
        let answer = Counts::add(counts, "receive", || driver.receive(pin, sample));
        self.look()?;
        Ok(answer.is_ok())
    }

    /// Hands over a marker.
    ///
    /// # Errors
    ///
    /// See [`receive`](Self::receive).
    pub fn mark(&mut self, pin: u32, marker: Marker) -> Outcome {
        let _failed = self.driver.mark(pin, marker); // what it failed with is among the events
        self.look()
    }

    /// Steps the filter now.
    ///
    /// # Errors
    ///
    /// See [`receive`](Self::receive).
    pub fn step(&mut self) -> Outcome {
        let Self { driver, counts, .. } = self;
        self.wake = Counts::add(counts, "step", || driver.step());
        self.look()
    }

    /// Takes what came out, and looks for a panic among the events.
    pub(crate) fn look(&mut self) -> Outcome {
        let at = self.driver.clock().stream_time(self.driver.now());
        for pin in 0..self.outputs.len() as u32 {
            let samples = self.driver.delivered(pin).into_iter();
            self.arrivals.extend(samples.map(|sample| Arrival { pin, at, sample }));
        }
        for event in self.driver.events() {
            match event.code {
                EventCode::FILTER_POISONED => {
                    return Err(Trouble::wrong("no panic", format!("it panicked: {}", event.text)));
                }
                EventCode::ERROR_ABORT => self.errors.push(event),
                _ => self.events.push(event),
            }
        }
        Ok(())
    }

    /// What came out so far; it is taken away.
    pub fn heard(&mut self) -> Vec<Arrival> {
        std::mem::take(&mut self.arrivals)
    }
}

pub(crate) fn refused(done: &str, error: &FilterError) -> Trouble {
    Trouble::wrong(format!("a filter that can be {done}"), format!("it refused: {error}"))
}

/// What was made, or nothing where the filter refused with a sentence, as it may.
///
/// # Errors
///
/// That it panicked, or refused without a word.
pub fn tolerate<T>(result: Result<T, FilterError>) -> Outcome<Option<T>> {
    match result {
        Ok(made) => Ok(Some(made)),
        Err(error) if error.status == Status::PANICKED => {
            Err(Trouble::wrong("no panic", error.to_string()))
        }
        Err(error) if error.text.trim().is_empty() => Err(Trouble::wrong(
            "a refusal that says in a sentence what is wrong",
            format!("{:?} without a text", error.status),
        )),
        Err(_) => Ok(None),
    }
}

/// A pin's name for messages.
pub fn name(pin: Pin) -> String {
    match pin {
        Pin::Input(number) => format!("input pin {number}"),
        Pin::Output(number) => format!("output pin {number}"),
    }
}
