//! Presents video frames when they are due, and writes down which and when. There is no screen: this is
//! the renderer of tests, examples and measurements.
//!
//! | module     | what is in it                                     |
//! |------------|---------------------------------------------------|
//! | `present`  | holding frames, and presenting them               |
//! | `timing`   | when a frame is due, and how late it is           |
//! | `record`   | what is written down: `log` and `pictures`        |
//! | `worker`   | threads that write, so that presenting never waits |

mod log;
mod pictures;
mod present;
mod record;
mod timing;
mod worker;

use std::collections::VecDeque;

use driftless_plugin_api::{
    Cue, Filter, FilterError, Flow, Host, IS_RENDERER, Latency, Marker, MediaPattern, MediaType,
    Output, Pin, Pins, PushSourceFlags, ReferenceTime, Renderer, RendererStatistics, Sample,
    SampleFlags, Settings, Span, Statistics, Status, VideoFormat, Wake, export_plugin,
};

use record::{Record, Wanted};
use timing::Timing;

/// The filter `driftless.video-sink`.
#[derive(Debug)]
pub struct VideoSink {
    host: Host,
    timing: Timing,
    /// Frames that can be held, 1 or more.
    capacity: usize,
    wanted: Wanted,
    format: Option<VideoFormat>,
    held: VecDeque<Frame>,
    running: bool,
    /// Frames come too late (LS-118).
    drops: bool,
    stream: Stream,
    record: Record,
    counts: Counts,
    statistics: Statistics,
}

/// A frame that waits until it is due.
#[derive(Debug)]
struct Frame {
    sample: Sample,
    format: VideoFormat,
}

/// Where the incoming stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stream {
    #[default]
    Flowing,
    /// Everything is refused until the flush ends (LS-115).
    Flushing,
    /// Nothing follows; all was presented and told, or not (LS-113).
    Ended { told: bool },
}

/// What happened since activation, in frames, beside the statistics.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    presented: u64,
    late: u64,
    overflowed: u64,
    flushed: u64,
    malformed: u64,
}

impl VideoSink {
    /// Whether a source that holds frames ready in Paused is upstream.
    fn fills_in_paused(&self) -> bool {
        let upstream = self.host.upstream(0);
        let not_live = |flags: PushSourceFlags| flags.contains(PushSourceFlags::NOT_LIVE);
        !upstream.live || upstream.push_source.is_some_and(|source| not_live(source.flags))
    }
}

impl Filter for VideoSink {
    const ID: &'static str = "driftless.video-sink";

    fn create(settings: &Settings, host: Host) -> Result<Self, FilterError> {
        let delay = settings.time("delay")?;
        let max_lateness = settings.time("max-lateness")?;
        Ok(Self {
            host,
            timing: Timing { delay, max_lateness },
            capacity: usize::try_from(settings.integer("queue")?).unwrap_or(1).max(1),
            wanted: Wanted::read(settings)?,
            format: None,
            held: VecDeque::new(),
            running: false,
            drops: false,
            stream: Stream::default(),
            record: Record::default(),
            counts: Counts::default(),
            statistics: Statistics::default(),
        })
    }

    fn media_types(&self, _pin: Pin) -> Vec<MediaPattern> {
        vec![MediaPattern::VIDEO]
    }

    fn connect(&mut self, _pin: Pin, media: MediaType) -> Result<(), FilterError> {
        let MediaType::Video(format) = media else {
            let text = format!("the sink takes video, not {media}");
            return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
        };
        self.format = Some(format);
        Ok(())
    }

    fn disconnect(&mut self, _pin: Pin) {
        self.format = None;
    }

    fn activate(&mut self) -> Result<(), FilterError> {
        self.record = Record::open(&self.wanted, &self.host)?;
        self.held.reserve(self.capacity);
        self.stream = Stream::default();
        self.counts = Counts::default();
        self.drops = false;
        self.statistics = Statistics { locked_after: -1, ..Statistics::default() };
        Ok(())
    }

    fn run(&mut self, _base: ReferenceTime) -> Result<(), FilterError> {
        self.running = true;
        if let Stream::Ended { told } = &mut self.stream {
            *told = false;
        }
        Ok(())
    }

    fn pause(&mut self) {
        self.running = false;
        self.drop_held(|sample| sample.flags().contains(SampleFlags::FLUSH_ON_PAUSE));
    }

    fn deactivate(&mut self) {
        self.running = false;
        self.held.clear();
        self.record.close();
    }

    fn cue(&self) -> Cue {
        let ended = matches!(self.stream, Stream::Ended { .. });
        match ended || !self.held.is_empty() || !self.fills_in_paused() {
            true => Cue::Done,
            false => Cue::Intermediate,
        }
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let Counts { presented, late, overflowed, flushed, malformed } = self.counts;
        let (lost_lines, lost_pictures) = self.record.lost();
        vec![
            ("presented", presented),
            ("dropped_late", late),
            ("dropped_overflow", overflowed),
            ("dropped_flushed", flushed),
            ("malformed", malformed),
            ("log_lines_lost", lost_lines),
            ("pictures_lost", lost_pictures),
        ]
    }

    fn latency(&mut self) -> Option<&mut dyn Latency> {
        Some(self)
    }

    fn renderer_statistics(&mut self) -> Option<&mut dyn RendererStatistics> {
        Some(self)
    }

    fn pins(&mut self) -> Option<&mut dyn Pins> {
        Some(self)
    }
}

impl Renderer for VideoSink {
    fn receive(
        &mut self,
        _input: u32,
        sample: Sample,
        _output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        if self.stream != Stream::Flowing {
            return Ok(Flow::Stop);
        }
        let format = self.adopt_format(&sample)?;
        self.statistics.discontinuities += u64::from(sample.discontinuity());
        if sample.bytes().len() < format.frame_bytes() {
            self.counts.malformed += 1;
        } else if !sample.flags().contains(SampleFlags::PREROLL) {
            self.hold(sample, format);
        }
        Ok(Flow::Continue)
    }

    fn mark(
        &mut self,
        _input: u32,
        marker: Marker,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        match marker {
            Marker::EndOfStream if self.stream == Stream::Flowing => {
                self.stream = Stream::Ended { told: false };
                self.present_due(output.now());
            }
            Marker::BeginFlush => {
                self.stream = Stream::Flushing;
                self.drop_held(|_| true);
            }
            Marker::EndFlush => self.stream = Stream::Flowing,
            // A picture is due at its stamp, at whatever rate (LS-116).
            Marker::EndOfStream | Marker::NewSegment { .. } => {}
        }
        Ok(())
    }

    fn step(&mut self, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        Ok(self.present_due(output.now()))
    }

    fn ready(&self) -> bool {
        // In Paused one frame is enough to cue by.
        self.held.len() < if self.running { self.capacity } else { 1 }
    }
}

impl Latency for VideoSink {
    fn latency(&self, _pin: Pin) -> Result<Span, Status> {
        Ok(self.timing.delay)
    }

    /// A frame stays until the next one is due, so of n frames n - 1 can be ahead (LS-53).
    fn holds(&self, _pin: Pin) -> Option<Span> {
        Some(self.format?.rate.start_of(self.capacity as i64 - 1))
    }
}

impl RendererStatistics for VideoSink {
    fn statistics(&self) -> Statistics {
        let rate = self.held.back().map(|frame| frame.format.rate);
        let fill = rate.map_or(0, |rate| rate.start_of(self.held.len() as i64).nanos());
        Statistics { fill, ..self.statistics }
    }
}

impl Pins for VideoSink {
    fn misc_flags(&self) -> u32 {
        IS_RENDERER
    }
}

export_plugin! {
    renderer(VideoSink),
}

#[cfg(test)]
mod tests;
