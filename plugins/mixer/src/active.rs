//! What there is from activation to deactivation: the inputs, and blocks of them out by the clock.

use driftless_plugin_api::{
    AudioFormat, ClockState, ClockSteps, EventCode, FilterError, Host, HostTime, Marker, Output,
    Span, StreamTime, Wake,
};

use crate::input::{Counts, Input, News, Setup};
use crate::kind::{Frames, Kind};
use crate::options::Policy;
use crate::schedule::Schedule;

/// The only output.
const OUT: u32 = 0;

/// The inputs and the block that is next.
pub(crate) struct Active {
    /// In the order of their numbers. One that was disconnected plays what it has, and keeps its channels.
    inputs: Vec<Input>,
    /// The first output channel of each input.
    first: Vec<usize>,
    schedule: Schedule,
    clock_steps: ClockSteps,
    format: AudioFormat,
    block_frames: usize,
    /// A block of one input. All have the same, which so stays in the processor's nearest cache.
    block: Vec<f32>,
    /// How long a block may wait for an input.
    pub patience: Span,
    announced: bool,
    /// The next block waits for an input.
    is_held_back: bool,
    ended: bool,
    blocks: u64,
    held_back: u64,
}

impl std::fmt::Debug for Active {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Active").field("inputs", &self.inputs.len()).finish_non_exhaustive()
    }
}

impl Active {
    /// One without inputs: blocks of `block_frames` frames, each made `delay` after its stamp. `[main]`
    pub fn new(format: AudioFormat, block_frames: usize, delay: Span) -> Self {
        Self {
            inputs: Vec::new(),
            first: Vec::new(),
            schedule: Schedule::new(format.rate_hz, block_frames as i64, delay),
            clock_steps: ClockSteps::default(),
            format,
            block_frames,
            block: Vec::new(),
            patience: Span::ZERO,
            announced: false,
            is_held_back: false,
            ended: false,
            blocks: 0,
            held_back: 0,
        }
    }

    /// What leaves.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Frames in a block.
    pub fn block_frames(&self) -> usize {
        self.block_frames
    }

    /// Number and channels of every input that has a place in the output.
    pub fn channels(&self) -> impl Iterator<Item = (u32, u32)> {
        self.inputs.iter().map(|input| (input.setup().number, input.setup().format.channels))
    }

    /// Takes in an input that was connected; all that is allocated for it before its first sample is allocated
    /// here. What the others have queued stays. `[main]`
    ///
    /// # Errors
    ///
    /// When there is one of that number, its stream goes on, and it has other channels.
    pub fn add<K: Kind>(&mut self, input: Input) -> Result<(), FilterError> {
        match self.place(input.setup().number) {
            // Its next format comes with the first sample that has it (LS-110).
            Ok(at) if !self.inputs[at].has_ended() => {
                return self.inputs[at].check_channels(input.setup().format);
            }
            Ok(at) => self.inputs[at].replace(input),
            Err(at) => self.inputs.insert(at, input),
        }
        let (_, channels): (Vec<u32>, Vec<u32>) = self.channels().unzip();
        self.first = (0..channels.len()).map(|at| K::first_channel(&channels, at)).collect();
        let largest = self.inputs.iter().map(Input::block_values).max().unwrap_or(0);
        self.block.resize(largest, 0.0);
        Ok(())
    }

    /// The input of that number.
    pub fn input(&mut self, number: u32) -> Option<&mut Input> {
        let at = self.place(number).ok()?;
        self.inputs.get_mut(at)
    }

    /// Whether the input of that number has room for another sample.
    pub fn has_room(&self, number: u32) -> bool {
        self.place(number).map_or(true, |at| self.inputs[at].has_room())
    }

    /// Where the input is, or would be.
    fn place(&self, number: u32) -> Result<usize, usize> {
        self.inputs.binary_search_by_key(&number, |input| input.setup().number)
    }

    /// Master time of host time `at`.
    pub fn master(&mut self, clock: &ClockState, at: HostTime) -> StreamTime {
        self.schedule.master(clock, at)
    }

    /// The graph pauses.
    pub fn pause(&mut self) {
        self.schedule.interrupt();
        self.inputs.iter_mut().for_each(Input::pause);
    }

    /// What was counted since activation.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let sum =
            |count: fn(&Counts) -> u64| self.inputs.iter().map(|it| count(&it.counts())).sum();
        vec![
            ("blocks", self.blocks),
            ("blocks held back", self.held_back),
            ("late blocks of inputs", sum(|counts| counts.late_blocks)),
            ("frames concealed", sum(|counts| counts.concealed_frames)),
            ("frames too late", sum(|counts| counts.dropped_frames)),
            ("frames without room", sum(|counts| counts.overrun_frames)),
        ]
    }

    /// Makes the blocks that are due, and says when to look again. `[streaming]`
    ///
    /// # Errors
    ///
    /// When a block is larger than a sample can be.
    pub fn step<K: Kind>(
        &mut self,
        host: &Host,
        clock: &ClockState,
        output: &mut Output<'_>,
    ) -> Result<Wake, FilterError> {
        if let Some(stepped) = self.clock_steps.look(*clock, output.now()) {
            self.inputs.iter_mut().for_each(|input| input.step_master(stepped));
        }
        loop {
            if self.inputs.iter().all(Input::is_drained) {
                return Ok(self.end(output));
            }
            if self.ended {
                self.begin_again(clock, output);
            }
            if let Some(at) = self.not_before(clock, output.now()) {
                return Ok(Wake::At(at));
            }
            self.make_block::<K>(host, clock, output)?;
        }
    }

    fn end(&mut self, output: &mut Output<'_>) -> Wake {
        if !std::mem::replace(&mut self.ended, true) {
            output.mark(OUT, Marker::EndOfStream);
        }
        Wake::OnSignal
    }

    /// An input has a stream again, behind the end of ours: a flush lets everybody take samples once more
    /// (LS-115).
    fn begin_again(&mut self, clock: &ClockState, output: &mut Output<'_>) {
        output.mark(OUT, Marker::BeginFlush);
        output.mark(OUT, Marker::EndFlush);
        (self.ended, self.announced) = (false, false);
        self.schedule.catch_up(clock, output.now());
    }

    /// When to look again, if the next block is not to be made at `now`.
    fn not_before(&mut self, clock: &ClockState, now: HostTime) -> Option<HostTime> {
        let due = self.schedule.due(clock, now);
        if now < due {
            return Some(due);
        }
        let stop = self.schedule.stop();
        let lacks = |input: &Input| input.setup().policy == Policy::Wait && !input.is_ready(stop);
        let latest = due + self.patience;
        let waits = now < latest && self.inputs.iter().any(lacks);
        self.held_back += u64::from(waits && !self.is_held_back);
        self.is_held_back = waits;
        waits.then_some(latest)
    }

    fn make_block<K: Kind>(
        &mut self,
        host: &Host,
        clock: &ClockState,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        if !std::mem::replace(&mut self.announced, true) {
            output.mark(OUT, Marker::LIVE_SEGMENT);
        }
        let (start, stop, frame) =
            (self.schedule.start(), self.schedule.stop(), self.schedule.frame());
        let channels = self.format.channels as usize;
        let too_large = || FilterError::new("a block of this period and format is too large");
        let mut sample =
            host.audio_sample(self.block_frames, self.format.channels).ok_or_else(too_large)?;
        let values = sample.values_mut(host).ok_or_else(too_large)?;
        values.fill(0.0);
        for (input, first) in self.inputs.iter_mut().zip(&self.first) {
            let Setup { number, factor, format, .. } = *input.setup();
            let block = &mut self.block[..input.block_values()];
            let (is_heard, news) = input.play(start, block);
            if is_heard {
                let from = Frames { values: block, channels: format.channels as usize };
                K::add(from, factor, values, channels, *first);
            }
            tell(host, number, news, start);
        }
        let times = clock.has_clock().then_some((start, stop));
        sample.set_times(times.map(|(start, _)| start), times.map(|(_, stop)| stop));
        sample.set_media_times(Some((frame, frame + self.block_frames as i64)));
        sample.set_discontinuity(self.schedule.advance());
        self.blocks += 1;
        // Whether somebody wants it changes nothing: the inputs are played on, and what follows a Stop is
        // dropped by the engine (LS-111).
        let _ = output.deliver(OUT, sample);
        Ok(())
    }
}

/// One event when an input begins to be late, one when it is back; never one a block.
#[cold]
fn post(host: &Host, number: u32, code: EventCode, text: &str) {
    host.event(code, i64::from(number), 0, &format!("input {number} {text}"));
}

fn tell(host: &Host, number: u32, news: News, start: StreamTime) {
    match news {
        News::None => {}
        News::Late => {
            let at = (start - StreamTime::ZERO).secs_f64();
            post(host, number, EventCode::STARVATION, &format!("was too late for {at:.3} s"));
        }
        News::Back => post(host, number, EventCode::QUALITY_CHANGE, "has been in time again"),
    }
}
