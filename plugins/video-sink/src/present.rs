//! Holding frames until they are due, and presenting them.

use driftless_plugin_api::{
    ClockState, EventCode, FilterError, HostTime, MediaType, Quality, Sample, Status, StreamTime,
    VideoFormat, Wake,
};

use crate::log::Row;
use crate::pictures::Picture;
use crate::timing::Verdict;
use crate::{Frame, Stream, VideoSink};

impl VideoSink {
    /// Takes the format that begins with this sample, if one does (LS-110).
    pub(super) fn adopt_format(&mut self, sample: &Sample) -> Result<VideoFormat, FilterError> {
        match sample.new_media() {
            Some(MediaType::Video(format)) => {
                self.tell_size(format);
                self.format = Some(format);
            }
            Some(other) => {
                let text = format!("the stream changed to {other}; the sink takes video");
                return Err(FilterError::with(Status::TYPE_NOT_ACCEPTED, text));
            }
            None => {}
        }
        self.format.ok_or_else(|| Status::NOT_CONNECTED.into())
    }

    /// Whoever lays out a window for the pictures wants to know (LS-126).
    fn tell_size(&self, format: VideoFormat) {
        let size = |format: VideoFormat| (format.width, format.height);
        let Some((width, height)) = self.format.map(size) else { return };
        if size(format) != (width, height) {
            let (new_width, new_height) = size(format);
            let text = format!("{new_width} by {new_height}, after {width} by {height}");
            let (p1, p2) = (i64::from(new_width), i64::from(new_height));
            self.host.event(EventCode::VIDEO_SIZE_CHANGED, p1, p2, &text);
        }
    }

    /// Keeps a frame; a full queue gives up the oldest.
    pub(super) fn hold(&mut self, sample: Sample, format: VideoFormat) {
        if self.held.len() >= self.capacity && self.held.pop_front().is_some() {
            self.counts.overflowed += 1;
            self.statistics.overruns += 1;
            self.statistics.dropped_frames += 1;
        }
        self.held.push_back(Frame { sample, format });
        let length = |frames: usize| format.rate.start_of(frames as i64).nanos();
        self.statistics.last_buffer = length(1);
        self.statistics.capacity = length(self.capacity);
    }

    /// Presents all that is due at `now`; says when the next frame is.
    pub(super) fn present_due(&mut self, now: HostTime) -> Wake {
        if !self.running {
            return Wake::OnSignal;
        }
        let clock = self.host.clock();
        while let Some(frame) = self.held.pop_front() {
            let due = self.timing.due(&clock, &frame.sample);
            match self.timing.verdict(&clock, due, now) {
                Verdict::Wait(at) => {
                    self.held.push_front(frame);
                    return Wake::At(at);
                }
                Verdict::Late if !self.held.is_empty() => {
                    self.counts.late += 1;
                    self.statistics.dropped_frames += 1;
                    self.complain(&frame, due, self.timing.seen(&clock, now));
                }
                Verdict::Late => self.present(frame, due, &clock, now),
                Verdict::Present => {
                    self.tell_dropping(false);
                    self.present(frame, due, &clock, now);
                }
            }
        }
        self.tell_completion();
        Wake::OnSignal
    }

    /// Tells upstream how late a frame was that is dropped for it (LS-117).
    fn complain(&mut self, frame: &Frame, due: Option<StreamTime>, seen: StreamTime) {
        self.tell_dropping(true);
        if let (Some(stamp), Some(due)) = (frame.sample.start(), due) {
            let interval = frame.format.rate.start_of(1);
            self.host.quality(0, Quality::of_picture(stamp, seen - due, interval));
        }
    }

    /// Tells when it begins to drop, and when it no longer does; not every frame (LS-118).
    fn tell_dropping(&mut self, drops: bool) {
        if std::mem::replace(&mut self.drops, drops) != drops {
            let text = match drops {
                true => "frames come too late, and give way to newer ones".to_owned(),
                false => format!("frames are in time again; {} were too late", self.counts.late),
            };
            let late = i64::try_from(self.counts.late).unwrap_or(i64::MAX);
            self.host.event(EventCode::QUALITY_CHANGE, i64::from(drops), late, &text);
        }
    }

    fn present(
        &mut self,
        frame: Frame,
        due: Option<StreamTime>,
        clock: &ClockState,
        now: HostTime,
    ) {
        let Frame { sample, format } = frame;
        let barcode =
            self.record.logs().then(|| driftless_frame_code::read(format, sample.bytes()));
        let row = Row {
            number: self.counts.presented,
            media_time: sample.media_times().map(|(first, _)| first),
            stamp: sample.start(),
            due,
            presented: self.timing.seen(clock, now),
            barcode: barcode.flatten(),
        };
        self.counts.presented += 1;
        self.measure(&row);
        self.record.frame(row, || Picture { number: row.number, format, sample });
    }

    fn measure(&mut self, row: &Row) {
        if let Some(error) = row.error() {
            self.statistics.present(error);
        }
        // It follows the clock by timers: nothing has to settle.
        (self.statistics.locked, self.statistics.locked_after) = (1, 0);
    }

    /// Tells once that all was presented, after the last frame (LS-113).
    fn tell_completion(&mut self) {
        if self.stream == (Stream::Ended { told: false }) {
            self.stream = Stream::Ended { told: true };
            self.host.event(EventCode::COMPLETE, 0, 0, "");
        }
    }

    /// Drops the frames that `drops` picks.
    pub(super) fn drop_held(&mut self, drops: impl Fn(&Sample) -> bool) {
        let before = self.held.len();
        self.held.retain(|frame| !drops(&frame.sample));
        self.counts.flushed += (before - self.held.len()) as u64;
    }
}
