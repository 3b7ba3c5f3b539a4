//! What a filter is fed: samples of one media type, counted from 0.

use driftless_plugin_api::testing::Driver;
use driftless_plugin_api::{
    AudioFormat, FrameRate, MediaPattern, MediaType, PixelFormat, Sample, Span, StreamTime,
    VideoFormat,
};

/// What is open in a media pattern is filled with this.
const RATE_HZ: u32 = 48_000;
const CHANNELS: u32 = 2;
const SIZE: (u32, u32) = (128, 72);
const FRAME_RATE: FrameRate = FrameRate { frames: 30, seconds: 1 };
/// Frames of audio a sample, unless a check asks for others.
const BLOCK: i64 = 480;

/// The media type of a pattern, with the usual where the pattern leaves something open.
pub fn complete(pattern: MediaPattern) -> Option<MediaType> {
    match pattern {
        MediaPattern::Any => complete(MediaPattern::AUDIO),
        MediaPattern::Audio { rate_hz, channels } => Some(MediaType::Audio(AudioFormat {
            rate_hz: rate_hz.unwrap_or(RATE_HZ),
            channels: channels.unwrap_or(CHANNELS),
        })),
        MediaPattern::Video { pixels, size, rate } => {
            let (width, height) = size.unwrap_or(SIZE);
            Some(MediaType::Video(VideoFormat {
                pixels: pixels.unwrap_or(PixelFormat::Rgb24),
                width,
                height,
                rate: rate.unwrap_or(FRAME_RATE),
            }))
        }
        _ => None,
    }
}

/// What is heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Content {
    /// A sine of 997 Hz at -18 dB.
    Sine,
    /// Silence but for one full-scale frame.
    Impulse {
        /// Number of that frame.
        at: i64,
    },
}

/// A stream of samples for one input pin.
#[derive(Debug, Clone)]
pub struct Feed {
    /// What it carries.
    pub media: MediaType,
    /// What is heard of it.
    pub content: Content,
    /// Audio frames a sample.
    pub block: i64,
    /// Number of the next frame.
    pub position: i64,
}

impl Feed {
    /// A stream of the usual content.
    pub fn new(media: MediaType) -> Self {
        Self { media, content: Content::Sine, block: BLOCK, position: 0 }
    }

    /// When frame `position` begins, counted from frame 0.
    pub fn time_of(&self, position: i64) -> Span {
        match self.media {
            MediaType::Audio(format) => Span::of_frames(position, format.rate_hz),
            MediaType::Video(format) => format.rate.start_of(position),
            _ => Span::ZERO,
        }
    }

    fn frames_a_sample(&self) -> i64 {
        if matches!(self.media, MediaType::Audio(_)) { self.block } else { 1 }
    }

    /// How long the next sample is.
    pub fn length(&self) -> Span {
        self.time_of(self.position + self.frames_a_sample()) - self.time_of(self.position)
    }

    /// The next sample, due at `start`, or without times.
    pub fn next(&mut self, driver: &Driver, start: Option<StreamTime>) -> Sample {
        let (from, until) = (self.position, self.position + self.frames_a_sample());
        let mut sample = match self.media {
            MediaType::Audio(format) => driver.audio_sample(&self.values(format, until), start),
            MediaType::Video(format) => picture(driver, format, from),
            _ => driver.sample(0),
        };
        sample.set_times(start, start.map(|start| start + self.length()));
        sample.set_media_times(Some((from, until)));
        sample.set_discontinuity(from == 0);
        self.position = until;
        sample
    }

    fn values(&self, format: AudioFormat, until: i64) -> Vec<f32> {
        let step = std::f64::consts::TAU * 997.0 / f64::from(format.rate_hz);
        let value = |frame: i64| match self.content {
            Content::Sine => (0.125 * (step * frame as f64).sin()) as f32,
            Content::Impulse { at } => f32::from(u8::from(frame == at)),
        };
        let frames = (self.position..until).map(value);
        frames.flat_map(|value| std::iter::repeat_n(value, format.channels as usize)).collect()
    }
}

fn picture(driver: &Driver, format: VideoFormat, number: i64) -> Sample {
    let mut sample = driver.sample(format.frame_bytes());
    if let Some(bytes) = sample.bytes_mut() {
        bytes.fill(number.to_le_bytes()[0]);
    }
    sample
}
