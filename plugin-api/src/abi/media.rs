//! Media types and patterns as they cross the border. Frozen.

use abi_stable::StableAbi;

use crate::media::{FrameRate, MediaPattern, MediaType, PixelFormat};

/// A media pattern in numbers; zero means "any". With `major` 0 it is the pattern `any`.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RawMedia {
    /// 0 any, 1 audio, 2 video; others match nothing.
    pub major: u32,
    /// Audio: frames per second. Video: pixel format (1 rgb24, 2 gray8, 3 i420).
    pub first: u32,
    /// Audio: channels. Video: width.
    pub second: u32,
    /// Video: height.
    pub third: u32,
    /// Video: frames of the frame rate.
    pub frames: u32,
    /// Video: seconds of the frame rate.
    pub seconds: u32,
    /// Always 0.
    pub reserved: [u32; 4],
}

fn known(number: u32) -> Option<u32> {
    (number != 0).then_some(number)
}

impl From<MediaPattern> for RawMedia {
    fn from(pattern: MediaPattern) -> Self {
        match pattern {
            MediaPattern::Any => Self::default(),
            MediaPattern::Audio { rate_hz, channels } => Self {
                major: 1,
                first: rate_hz.unwrap_or(0),
                second: channels.unwrap_or(0),
                ..Self::default()
            },
            MediaPattern::Video { pixels, size, rate } => Self {
                major: 2,
                first: pixels.map_or(0, number_of),
                second: size.map_or(0, |(width, _)| width),
                third: size.map_or(0, |(_, height)| height),
                frames: rate.map_or(0, |rate| rate.frames),
                seconds: rate.map_or(0, |rate| rate.seconds),
                ..Self::default()
            },
        }
    }
}

impl From<MediaType> for RawMedia {
    fn from(media: MediaType) -> Self {
        MediaPattern::from(media).into()
    }
}

fn number_of(pixels: PixelFormat) -> u32 {
    match pixels {
        PixelFormat::Rgb24 => 1,
        PixelFormat::Gray8 => 2,
        PixelFormat::I420 => 3,
    }
}

impl RawMedia {
    /// The pattern, or `None` for numbers that this version does not know.
    pub fn pattern(self) -> Option<MediaPattern> {
        match self.major {
            0 => Some(MediaPattern::Any),
            1 => Some(MediaPattern::Audio {
                rate_hz: known(self.first),
                channels: known(self.second),
            }),
            2 => Some(MediaPattern::Video {
                pixels: match self.first {
                    0 => None,
                    1 => Some(PixelFormat::Rgb24),
                    2 => Some(PixelFormat::Gray8),
                    3 => Some(PixelFormat::I420),
                    _ => return None,
                },
                size: known(self.second).zip(known(self.third)),
                rate: known(self.frames)
                    .zip(known(self.seconds))
                    .map(|(frames, seconds)| FrameRate { frames, seconds }),
            }),
            _ => None,
        }
    }

    /// The complete media type, or `None` when something is open or unknown.
    pub fn complete(self) -> Option<MediaType> {
        self.pattern()?.complete()
    }
}
