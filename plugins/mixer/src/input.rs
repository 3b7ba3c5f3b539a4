//! One input: from samples with stamps to frames that are due now.

use driftless_plugin_api::{
    AudioFormat, ClockState, EventCode, FilterError, Host, MediaType, PushSourceFlags, Sample,
    SampleFlags, Span, Status, StreamTime, matching,
};
use driftless_rate_match::{Against, LinkConfig, Period, Player, Quality, Writer, link};

use crate::lateness::{Lateness, fade_in};
use crate::options::Policy;

/// Room beyond what latencies and offsets need.
const MARGIN: Span = Span::from_millis(200);
/// Longest queue that a link makes.
const LONGEST: Span = Span::from_secs(60);

/// What is known of an input before a sample comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub number: u32,
    pub format: AudioFormat,
    pub factor: f32,
    pub policy: Policy,
    pub output_rate_hz: u32,
    pub block_frames: usize,
    pub latency: Span,
    pub quality: Quality,
}

/// One input. `[streaming]`
pub(crate) struct Input {
    setup: Setup,
    host: Host,
    /// The segment's (LS-116).
    playback_rate: f64,
    link: Option<(Writer, Player)>,
    against: Against,
    /// What `against` was decided from.
    decided: Option<(bool, u32, bool)>,
    /// Until where there is sound, on the output's time line.
    covered: Option<StreamTime>,
    /// Stands between arrival and stamp where the stamps do not say it.
    hold: Span,
    goes_stale: bool,
    has_begun: bool,
    ended: bool,
    drained: bool,
    lateness: Lateness,
    is_late: bool,
    /// The newest sample did not find room.
    overflows: bool,
    largest_frames: usize,
    counts: Counts,
}

/// What happened to an input since activation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub late_blocks: u64,
    pub concealed_frames: u64,
    pub dropped_frames: u64,
    pub overrun_frames: u64,
}

/// News of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    None,
    /// Something of it is missing for the first time since it was in time.
    Late,
    /// It has been in time again.
    Back,
}

impl Input {
    /// One that has taken nothing yet. `[main]`
    pub fn new(setup: Setup, host: Host) -> Self {
        let block_s = setup.block_frames as f64 / f64::from(setup.output_rate_hz);
        Self {
            setup,
            host,
            playback_rate: 1.0,
            link: None,
            against: Against::Nothing,
            decided: None,
            covered: None,
            hold: Span::ZERO,
            goes_stale: false,
            has_begun: false,
            ended: false,
            drained: false,
            lateness: Lateness::new(block_s),
            is_late: false,
            overflows: false,
            largest_frames: 0,
            counts: Counts::default(),
        }
    }

    /// What it is set up with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Queues a sample that arrived at master time `arrived`.
    ///
    /// # Errors
    ///
    /// When the stream changes to something that cannot be queued.
    pub fn take(
        &mut self,
        sample: &Sample,
        clock: &ClockState,
        arrived: StreamTime,
    ) -> Result<(), FilterError> {
        self.adopt_format(sample)?;
        let frames = sample.values().len() / self.setup.format.channels as usize;
        self.largest_frames = frames.max(self.largest_frames);
        let length = Span::of_frames(frames as i64, self.played_rate_hz());
        let start = sample.start().filter(|_| clock.has_clock());
        self.decide(clock, start.is_some(), length)?;
        let due = match self.against {
            Against::Stamps | Against::Nothing => start.unwrap_or(arrived),
            Against::PrivateStamps | Against::Arrivals => arrived + self.hold - length,
        };
        let Some((writer, _)) = &mut self.link else { return Ok(()) };
        let (due_ns, arrived_ns) = (start.map(StreamTime::nanos), arrived.nanos());
        self.goes_stale = sample.flags().contains(SampleFlags::FLUSH_ON_PAUSE);
        writer.set_goes_stale(self.goes_stale);
        let written = writer.write(sample.values(), due_ns, arrived_ns, sample.discontinuity());
        self.tell_overflow(written.lost_frames);
        self.covered = Some(due + length).max(self.covered);
        (self.ended, self.drained) = (false, false);
        Ok(())
    }

    /// Whether a sample as large as the largest so far finds room; one that is larger than all of the queue
    /// need not wait for more than that there is.
    pub fn has_room(&self) -> bool {
        self.link.as_ref().is_none_or(|(writer, _)| {
            writer.room_frames() >= self.largest_frames || writer.fill_frames() == 0
        })
    }

    fn tell_overflow(&mut self, lost_frames: usize) {
        self.counts.overrun_frames += lost_frames as u64;
        let overflows = lost_frames > 0;
        if overflows && !self.overflows {
            let text = format!(
                "the queue of input {} is full: {lost_frames} frames were lost, and more may follow",
                self.setup.number
            );
            self.host.event(EventCode::QUEUE_OVERRUN, lost_frames as i64, 0, &text);
        }
        self.overflows = overflows;
    }

    /// Another format is another link; what was queued is lost.
    fn adopt_format(&mut self, sample: &Sample) -> Result<(), FilterError> {
        let Some(media) = sample.new_media() else { return Ok(()) };
        let format = audio_format(media)?;
        self.check_channels(format)?;
        if format != self.setup.format {
            self.setup.format = format;
            self.link = None;
        }
        Ok(())
    }

    /// Whether it may go on in this format: channels stay, because the block has room for no more.
    ///
    /// # Errors
    ///
    /// What it has, and what it would become.
    pub fn check_channels(&self, format: AudioFormat) -> Result<(), FilterError> {
        let has = self.setup.format.channels;
        if format.channels == has {
            return Ok(());
        }
        let text = format!(
            "input {} has {has} channels while it is open, and cannot change to {}",
            self.setup.number, format.channels
        );
        Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text))
    }

    /// Frames of the input that are played in a second.
    fn played_rate_hz(&self) -> u32 {
        (f64::from(self.setup.format.rate_hz) * self.playback_rate).round() as u32
    }

    /// Against what the rate is matched: the table of audio renderers (LS-77), seen from one that runs
    /// on the graph's clock itself and owns none.
    fn decide(
        &mut self,
        clock: &ClockState,
        stamped: bool,
        length: Span,
    ) -> Result<(), FilterError> {
        let seen = (stamped, clock.epoch(), clock.has_clock());
        if self.decided == Some(seen) && self.link.is_some() {
            return Ok(());
        }
        self.decided = Some(seen);
        let upstream = self.host.upstream(self.setup.number);
        let source = upstream.push_source;
        let decision = matching::decide(matching::Inputs {
            clock: clock.has_clock(),
            live: upstream.live,
            flags: source.map_or(PushSourceFlags::NONE, |source| source.flags),
            stamped,
            own_clock: false,
        });
        self.against = match (decision.against, decision.row) {
            (matching::Against::TimeStamps, 5) => Against::PrivateStamps,
            (matching::Against::TimeStamps, _) => Against::Stamps,
            (matching::Against::IncomingRate, _) => Against::Arrivals,
            // What counts from 0 and waits for us follows the graph's clock by its stamps (LS-80).
            (matching::Against::Nothing, 2 | 4) if stamped => Against::Stamps,
            (matching::Against::Nothing, 1) => Against::Arrivals,
            (matching::Against::Nothing, _) => Against::Nothing,
        };
        // Where no stamp says it, a sample is due when it has come, and its offset later.
        let offset = source.map_or(Span::ZERO, |source| source.offset);
        self.hold = length + offset;
        if self.link.is_none() {
            let latency = source.and_then(|source| source.latency).unwrap_or(Span::ZERO);
            self.link = Some(self.make_link(latency + offset)?);
        }
        if let Some((writer, _)) = &self.link {
            writer.set_against(self.against);
            writer.set_target_delay_ns(self.hold.min(LONGEST).nanos());
        }
        Ok(())
    }

    fn make_link(&self, hold: Span) -> Result<(Writer, Player), FilterError> {
        let Setup { format, output_rate_hz, latency, quality, .. } = self.setup;
        let capacity = (hold + self.hold + latency + MARGIN).min(LONGEST);
        link(LinkConfig {
            channels: format.channels as usize,
            input_rate_hz: format.rate_hz,
            playback_rate: self.playback_rate,
            output_rate_hz,
            capacity_ns: capacity.nanos(),
            target_delay_ns: self.hold.min(capacity).nanos(),
            against: self.against,
            quality,
            ..LinkConfig::default()
        })
        .map_err(|error| {
            FilterError::new(format!("input {} cannot be queued: {error}", self.setup.number))
        })
    }

    /// The graph's clock has stepped by so much.
    pub fn step_master(&mut self, by: Span) {
        if let Some((_, player)) = &mut self.link {
            player.step_master(by.nanos());
        }
    }

    /// Whether a block that ends at `stop` would lack nothing of this input; one that has not begun, or
    /// has ended, lacks nothing.
    pub fn is_ready(&self, stop: StreamTime) -> bool {
        let lookahead = self.link.as_ref().map_or(Span::ZERO, |(_, player)| {
            let frames = player.lookahead_frames() as i64 + 2;
            Span::of_frames(frames, self.played_rate_hz())
        });
        self.ended || self.covered.is_none_or(|covered| covered >= stop + lookahead)
    }

    /// Values of a block.
    pub fn block_values(&self) -> usize {
        self.setup.block_frames * self.setup.format.channels as usize
    }

    /// Fills `block` with the frames that are due from `start` on. Returns whether they are in the mix, and
    /// what is new.
    pub fn play(&mut self, start: StreamTime, block: &mut [f32]) -> (bool, News) {
        let Some((_, player)) = &mut self.link else { return (false, News::None) };
        let period = player.fill(block, start.nanos());
        self.drained = period.drained;
        self.counts.concealed_frames += period.underrun_frames as u64;
        self.counts.dropped_frames += (period.late_frames + period.dropped_frames) as u64;
        let was_late = self.was_late(&period);
        self.has_begun |= period.resyncs > 0;
        self.counts.late_blocks += u64::from(was_late);
        let drops = self.setup.policy == Policy::Drop;
        let (is_out, fades_in) = (self.lateness.is_out(), self.lateness.fades_in());
        let fell_out = self.lateness.observe(was_late);
        let news = match (fell_out, self.is_late && !self.lateness.is_out()) {
            (true, _) => News::Late,
            (_, true) => News::Back,
            _ => News::None,
        };
        self.is_late = self.lateness.is_out();
        if drops && is_out {
            return (false, news);
        }
        if drops && fades_in {
            fade_in(block, self.setup.format.channels as usize);
        }
        (true, news)
    }

    /// Before the first frame was played nothing is late: it has not begun.
    fn was_late(&self, period: &Period) -> bool {
        self.has_begun && !self.ended && period.underrun_frames + period.late_frames > 0
    }

    /// Drops all that is queued (LS-115).
    pub fn flush(&mut self) {
        if let Some((writer, _)) = &mut self.link {
            writer.flush();
        }
        (self.ended, self.drained, self.has_begun) = (false, false, false);
        (self.covered, self.decided) = (None, None);
    }

    /// The graph pauses: what is marked as stale by then is dropped (LS-11).
    pub fn pause(&mut self) {
        if let Some((writer, _)) = &mut self.link {
            writer.pause();
        }
        if self.goes_stale {
            (self.has_begun, self.covered, self.decided) = (false, None, None);
        }
    }

    /// Another segment begins; at another rate it has a link of its own, and what was queued is lost (LS-116).
    pub fn new_segment(&mut self, playback_rate: f64) {
        if playback_rate != self.playback_rate {
            (self.playback_rate, self.link) = (playback_rate, None);
        }
        self.decided = None;
    }

    /// Nothing follows.
    pub fn end(&mut self) {
        self.ended = true;
        match &mut self.link {
            Some((writer, _)) => writer.end(),
            None => self.drained = true,
        }
    }

    /// It was disconnected. What it has queued is played: the end of its stream is told beforehand. One that
    /// nothing came for has nothing to end.
    pub fn leave(&mut self) {
        if self.link.is_none() {
            self.end();
        }
    }

    /// Becomes another one, and counts on.
    pub fn replace(&mut self, other: Self) {
        *self = Self { counts: self.counts, ..other };
    }

    /// Whether nothing follows.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether it has ended and all of it was played.
    pub fn is_drained(&self) -> bool {
        self.ended && self.drained
    }

    /// What was counted.
    pub fn counts(&self) -> Counts {
        self.counts
    }
}

/// The audio format of a media type.
pub(crate) fn audio_format(media: MediaType) -> Result<AudioFormat, FilterError> {
    match media {
        MediaType::Audio(format)
            if (8_000..=384_000).contains(&format.rate_hz)
                && (1..=64).contains(&format.channels) =>
        {
            Ok(format)
        }
        _ => Err(FilterError::with(
            Status::TYPE_NOT_ACCEPTED,
            format!("a mixer takes audio of 8000 to 384000 Hz with 1 to 64 channels, not {media}"),
        )),
    }
}
