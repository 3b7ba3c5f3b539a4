//! The streaming side of the queue: from samples to blocks with due times.

use driftless_plugin_api::matching::Decision;
use driftless_plugin_api::{
    AudioFormat, ClockState, EventCode, FilterError, Host, HostTime, Sample, Span, StreamTime,
    matching,
};
use driftless_rate_match::{Against, LinkConfig, SlaveMethod, Writer, link};

use crate::callback::{Handover, PIECE_FRAMES, Voice};
use crate::decision::Decider;

/// Room beyond what latencies and offsets need.
const MARGIN: Span = Span::from_millis(500);
/// Longest queue that a link makes.
const LONGEST: Span = Span::from_secs(60);
/// Where stamps put a sample further away than this, their origin is another's.
const PLAUSIBLE: Span = Span::from_secs(1);

/// Takes samples and queues them for the device. `[streaming]`
pub(crate) struct Intake {
    host: Host,
    handover: Handover,
    /// What does not depend on the stream: the device's rate, quality, slave method, tolerance.
    link: LinkConfig,
    latency: Span,
    format: AudioFormat,
    /// The segment's (LS-116).
    playback_rate: f64,
    writer: Option<Writer>,
    decider: Decider,
    /// From arrival to due time, without the presentation delay; `None` where the stamps say it.
    native_delay: Option<Span>,
    /// The presentation delay that the target was set with.
    presentation_delay: Span,
    largest_frames: usize,
    capacity: Span,
    goes_stale: bool,
    overflowing: bool,
    overruns: u64,
    last_block: Span,
}

impl Intake {
    /// One that has taken nothing yet, and makes its queues like `link`. `[main]`
    pub fn new(
        host: Host,
        handover: Handover,
        link: LinkConfig,
        latency: Span,
        format: AudioFormat,
    ) -> Self {
        Self {
            host,
            handover,
            link,
            latency,
            format,
            playback_rate: 1.0,
            writer: None,
            decider: Decider::new(),
            native_delay: None,
            presentation_delay: Span::ZERO,
            largest_frames: 0,
            capacity: Span::ZERO,
            goes_stale: false,
            overflowing: false,
            overruns: 0,
            last_block: Span::ZERO,
        }
    }

    /// Queues a sample that came at `now`, or arrived when it says itself.
    ///
    /// # Errors
    ///
    /// When the queue cannot be made for the stream's format.
    pub fn take(&mut self, sample: &Sample, now: HostTime) -> Result<(), FilterError> {
        let clock = self.host.clock();
        self.handover.collect();
        self.adopt_format(sample)?;
        if self.writer.is_none() {
            self.make_link(&clock)?;
        }
        let frames = sample.values().len() / self.format.channels as usize;
        self.last_block = Span::of_frames(frames as i64, self.played_rate_hz());
        self.largest_frames = self.largest_frames.max(frames);
        let arrived = clock.stream_time_since(sample.arrival().unwrap_or(now), HostTime::ZERO);
        let arrived = arrived - StreamTime::ZERO;
        let row = self.decider.decision().map(|decision| decision.row);
        if let Some(decision) = self.decider.sample(&self.host, &clock, sample.start().is_some()) {
            self.follow(decision, sample, arrived, &clock);
            self.tell_row(row, decision);
        }
        self.follow_presentation_delay(&clock);
        self.write(sample, arrived, &clock);
        Ok(())
    }

    /// Another format is a queue and a player of its own.
    fn adopt_format(&mut self, sample: &Sample) -> Result<(), FilterError> {
        let Some(media) = sample.new_media() else { return Ok(()) };
        let format = audio_format(media)?;
        if format != self.format {
            self.format = format;
            self.leave_link();
        }
        self.decider.ask_again();
        Ok(())
    }

    /// What comes next has a queue and a player of its own; what is queued is played first (LS-109).
    fn leave_link(&mut self) {
        self.largest_frames = 0;
        if let Some(mut writer) = self.writer.take() {
            writer.end();
        }
    }

    /// Frames of the stream that are played in a second.
    fn played_rate_hz(&self) -> u32 {
        (f64::from(self.format.rate_hz) * self.playback_rate).round() as u32
    }

    fn make_link(&mut self, clock: &ClockState) -> Result<(), FilterError> {
        let upstream = self.host.upstream(0).push_source;
        let hold = upstream.map_or(Span::ZERO, |s| s.latency.unwrap_or(Span::ZERO) + s.offset);
        self.capacity = (hold + clock.presentation_delay() + self.latency + MARGIN).min(LONGEST);
        let channels = self.format.channels as usize;
        let (writer, player) = link(LinkConfig {
            channels,
            input_rate_hz: self.format.rate_hz,
            playback_rate: self.playback_rate,
            capacity_ns: self.capacity.nanos(),
            target_delay_ns: self.latency.min(self.capacity).nanos(),
            ..self.link
        })
        .map_err(|error| FilterError::new(format!("the stream cannot be queued: {error}")))?;
        let scratch = vec![0.0; PIECE_FRAMES * channels];
        let rate_hz = self.played_rate_hz();
        let voice = Box::new(Voice { player, rate_hz, channels, following: false, scratch });
        if !self.handover.send(voice) {
            return Err(FilterError::new("the format changes faster than the device can follow"));
        }
        self.writer = Some(writer);
        self.begin_anew();
        Ok(())
    }

    /// Lets the player follow what was decided.
    fn follow(&mut self, decision: Decision, sample: &Sample, arrived: Span, clock: &ClockState) {
        let against = self.against(decision);
        self.native_delay = match decision.against {
            matching::Against::Nothing => None,
            // Later, a private clock's stamps say by how much it has drifted as well.
            _ => self.native_delay.or_else(|| self.first_native_delay(sample, arrived)),
        };
        let resamples = self.link.slave_method == SlaveMethod::Resample;
        self.handover.set_following(resamples && against != Against::Nothing);
        self.set_target(clock.presentation_delay());
        if let Some(writer) = &self.writer {
            writer.set_against(against);
        }
    }

    fn against(&self, decision: Decision) -> Against {
        match (decision.against, decision.row) {
            (matching::Against::TimeStamps, 5) => Against::PrivateStamps,
            (matching::Against::TimeStamps, _) => Against::Stamps,
            (matching::Against::IncomingRate, _) => Against::Arrivals,
            // The graph's clock is followed by the stamps, which are its readings (LS-80).
            (matching::Against::Nothing, _) if decision.clock_slaving && self.decider.stamped() => {
                Against::Stamps
            }
            (matching::Against::Nothing, _) => Against::Nothing,
        }
    }

    /// How long after its arrival a block is due, without the presentation delay; `None` where only
    /// the latency asked for says it.
    ///
    /// The stamp of the first block says it, private clock or not: a source begins to count at the
    /// present stream time. Stamps of another origin say nothing; then a private clock's source is
    /// taken to deliver its earliest blocks without having waited.
    fn first_native_delay(&self, sample: &Sample, arrived: Span) -> Option<Span> {
        let start = sample.start()?;
        let end = Span::from_nanos(start.nanos()) + self.last_block;
        let stamped = end - arrived;
        let upstream = self.host.upstream(0).push_source;
        let most = upstream.map_or(Span::ZERO, |s| s.latency.unwrap_or(Span::ZERO) + s.offset);
        let is_plausible = stamped + PLAUSIBLE >= Span::ZERO && stamped <= most + PLAUSIBLE;
        Some(if is_plausible { stamped } else { most })
    }

    fn follow_presentation_delay(&mut self, clock: &ClockState) {
        if clock.presentation_delay() != self.presentation_delay {
            self.set_target(clock.presentation_delay());
        }
    }

    fn set_target(&mut self, presentation_delay: Span) {
        self.presentation_delay = presentation_delay;
        let target = match self.native_delay {
            Some(native) => native + presentation_delay,
            None => self.latency,
        };
        if let Some(writer) = &self.writer {
            writer.set_target_delay_ns(target.max(Span::ZERO).min(self.capacity).nanos());
        }
    }

    fn tell_row(&self, before: Option<u8>, decision: Decision) {
        if before != Some(decision.row) {
            let (row, against) = (decision.row, decision.against);
            let mut text = format!("row {row}: matching {against}");
            if decision.clock_slaving {
                text.push_str(", following the graph's clock");
            }
            text.push_str(match self.link.slave_method {
                SlaveMethod::Resample => "",
                SlaveMethod::Skew => ", by moving what is played (skew)",
                SlaveMethod::None => ", and correcting nothing (none)",
            });
            self.host.event(EventCode::RATE_MATCH_CHANGED, i64::from(row), 0, &text);
        }
    }

    fn write(&mut self, sample: &Sample, arrived: Span, clock: &ClockState) {
        use driftless_plugin_api::SampleFlags;
        let Some(writer) = &mut self.writer else { return };
        let start = sample.start().filter(|_| clock.has_clock());
        // A sample stamped t is heard at t + presentation delay (LS-M3).
        let due_ns = start.map(|start| (start + clock.presentation_delay()).nanos());
        let discontinuity = sample.discontinuity();
        self.goes_stale = sample.flags().contains(SampleFlags::FLUSH_ON_PAUSE);
        writer.set_goes_stale(self.goes_stale);
        let written = writer.write(sample.values(), due_ns, arrived.nanos(), discontinuity);
        self.tell_overflow(written.lost_frames);
    }

    fn tell_overflow(&mut self, lost_frames: usize) {
        let overflows = lost_frames > 0;
        self.overruns += u64::from(overflows);
        if overflows && !self.overflowing {
            let text = format!(
                "the queue of {} is full: {lost_frames} frames were lost, and more may follow",
                self.capacity
            );
            self.host.event(EventCode::QUEUE_OVERRUN, lost_frames as i64, 0, &text);
        }
        self.overflowing = overflows;
    }

    /// The device needs another latency from now on.
    pub fn set_latency(&mut self, latency: Span) {
        self.latency = latency;
        self.set_target(self.presentation_delay);
    }

    /// The next sample is the first of what its stamps count.
    fn begin_anew(&mut self) {
        self.native_delay = None;
        self.decider.ask_again();
    }

    /// Drops all that is queued (LS-115).
    pub fn flush(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.flush();
        }
        self.begin_anew();
    }

    /// The graph pauses: what is marked as stale by then is dropped (LS-11).
    pub fn pause(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.pause();
        }
        if self.goes_stale {
            self.begin_anew();
        }
    }

    /// Another segment begins, which may be played faster or slower (LS-116).
    pub fn new_segment(&mut self, playback_rate: f64) {
        if playback_rate != self.playback_rate {
            self.playback_rate = playback_rate;
            self.leave_link();
        }
        self.begin_anew();
    }

    /// Nothing follows.
    pub fn end(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.end();
        }
    }

    /// Whether a block as large as the largest so far finds room.
    pub fn has_room(&self) -> bool {
        self.writer.as_ref().is_none_or(|writer| writer.room_frames() >= self.largest_frames.max(1))
    }

    /// Whether something came that can be played.
    pub fn has_queued(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.fill_frames() > 0)
    }

    /// Whether a queue was made at all.
    pub fn has_link(&self) -> bool {
        self.writer.is_some()
    }

    /// The decision in force.
    pub fn decision(&self) -> Option<Decision> {
        self.decider.decision()
    }

    /// Times that data was lost because there was no room.
    pub fn overruns(&self) -> u64 {
        self.overruns
    }

    /// Length of the newest block.
    pub fn last_block(&self) -> Span {
        self.last_block
    }

    /// What the queue holds at most.
    pub fn capacity(&self) -> Span {
        self.capacity
    }
}

/// The audio format of a media type.
pub(crate) fn audio_format(
    media: driftless_plugin_api::MediaType,
) -> Result<AudioFormat, FilterError> {
    use driftless_plugin_api::{MediaType, Status};
    match media {
        MediaType::Audio(format)
            if (8_000..=384_000).contains(&format.rate_hz)
                && (1..=64).contains(&format.channels) =>
        {
            Ok(format)
        }
        _ => Err(FilterError::with(
            Status::TYPE_NOT_ACCEPTED,
            format!(
                "an audio renderer takes audio of 8000 to 384000 Hz with 1 to 64 channels, not {media}"
            ),
        )),
    }
}
