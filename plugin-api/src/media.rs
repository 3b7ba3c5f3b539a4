//! What flows through a connection: complete media types, and patterns that leave something open.
//!
//! Inside the graph audio is always interleaved `f32` (full scale ±1.0), so two audio pins agree
//! when rate and channels do. A pattern is written as a path whose tail may be left out:
//!
//! | text                          | meaning                                       |
//! |-------------------------------|-----------------------------------------------|
//! | `any`                         | everything                                    |
//! | `audio`                       | audio of any rate, any number of channels     |
//! | `audio/48000`, `audio/48000/2`| 48 kHz; 48 kHz and stereo                     |
//! | `audio/*/2`                   | stereo of any rate                            |
//! | `video`, `video/rgb24`        | video; video of that pixel format             |
//! | `video/rgb24/640x360`         | and of that size                              |
//! | `video/rgb24/640x360/30000:1001` | and of that frame rate                     |

use std::fmt;
use std::str::FromStr;

use crate::time::{Span, rational};

/// Audio: interleaved `f32` frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudioFormat {
    /// Frames per second, 1 or more.
    pub rate_hz: u32,
    /// Values per frame, 1 or more.
    pub channels: u32,
}

/// How the pixels of a video frame lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// Three bytes a pixel, red first, rows without padding.
    Rgb24,
    /// One byte of brightness a pixel, rows without padding.
    Gray8,
    /// A plane of brightness, then two of colour at half width and half height.
    I420,
}

impl PixelFormat {
    /// All of them, in the order they are proposed.
    pub const ALL: [Self; 3] = [Self::Rgb24, Self::Gray8, Self::I420];

    /// The name used in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rgb24 => "rgb24",
            Self::Gray8 => "gray8",
            Self::I420 => "i420",
        }
    }
}

/// Frames per second as a fraction, so that 30000/1001 is exact (LS-M20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameRate {
    /// Frames…
    pub frames: u32,
    /// …in so many seconds, 1 or more.
    pub seconds: u32,
}

impl FrameRate {
    /// When frame `number` starts, counted from frame 0, rounded to the nanosecond.
    pub fn start_of(self, number: i64) -> Span {
        rational(number, i64::from(self.seconds) * 1_000_000_000, i64::from(self.frames))
    }
}

/// Video: one whole frame a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoFormat {
    /// Memory layout.
    pub pixels: PixelFormat,
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Nominal frame rate.
    pub rate: FrameRate,
}

impl VideoFormat {
    /// Bytes of one frame.
    pub fn frame_bytes(self) -> usize {
        let area = self.width as usize * self.height as usize;
        match self.pixels {
            PixelFormat::Rgb24 => area * 3,
            PixelFormat::Gray8 => area,
            PixelFormat::I420 => {
                area + 2 * (self.width as usize).div_ceil(2) * (self.height as usize).div_ceil(2)
            }
        }
    }
}

/// A complete media type: every connection ends with one (LS-102).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaType {
    /// Interleaved `f32` audio.
    Audio(AudioFormat),
    /// Whole video frames.
    Video(VideoFormat),
}

/// A media type that may leave things open; `None` means "any".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaPattern {
    /// Everything.
    Any,
    /// Audio.
    Audio {
        /// Frames per second.
        rate_hz: Option<u32>,
        /// Values per frame.
        channels: Option<u32>,
    },
    /// Video.
    Video {
        /// Memory layout.
        pixels: Option<PixelFormat>,
        /// Width and height.
        size: Option<(u32, u32)>,
        /// Frame rate.
        rate: Option<FrameRate>,
    },
}

/// `Some(both)` when two open values agree, else `None`.
fn meet<T: PartialEq + Copy>(a: Option<T>, b: Option<T>) -> Option<Option<T>> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => None,
        (a, b) => Some(a.or(b)),
    }
}

impl MediaPattern {
    /// Audio of any rate and any number of channels.
    pub const AUDIO: Self = Self::Audio { rate_hz: None, channels: None };
    /// Video of any kind.
    pub const VIDEO: Self = Self::Video { pixels: None, size: None, rate: None };

    /// What both patterns allow, or `None` if nothing is.
    pub fn intersect(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Any, pattern) | (pattern, Self::Any) => Some(pattern),
            (
                Self::Audio { rate_hz: rate_a, channels: channels_a },
                Self::Audio { rate_hz: rate_b, channels: channels_b },
            ) => Some(Self::Audio {
                rate_hz: meet(rate_a, rate_b)?,
                channels: meet(channels_a, channels_b)?,
            }),
            (
                Self::Video { pixels: pixels_a, size: size_a, rate: rate_a },
                Self::Video { pixels: pixels_b, size: size_b, rate: rate_b },
            ) => Some(Self::Video {
                pixels: meet(pixels_a, pixels_b)?,
                size: meet(size_a, size_b)?,
                rate: meet(rate_a, rate_b)?,
            }),
            _ => None,
        }
    }

    /// Whether `media` is one of those this pattern describes.
    pub fn admits(self, media: MediaType) -> bool {
        self.intersect(media.into()).is_some()
    }

    /// The media type, if nothing is left open.
    pub fn complete(self) -> Option<MediaType> {
        match self {
            Self::Audio { rate_hz: Some(rate_hz), channels: Some(channels) } => {
                Some(MediaType::Audio(AudioFormat { rate_hz, channels }))
            }
            Self::Video { pixels: Some(pixels), size: Some((width, height)), rate: Some(rate) } => {
                Some(MediaType::Video(VideoFormat { pixels, width, height, rate }))
            }
            _ => None,
        }
    }
}

impl From<MediaType> for MediaPattern {
    fn from(media: MediaType) -> Self {
        match media {
            MediaType::Audio(AudioFormat { rate_hz, channels }) => {
                Self::Audio { rate_hz: Some(rate_hz), channels: Some(channels) }
            }
            MediaType::Video(VideoFormat { pixels, width, height, rate }) => {
                Self::Video { pixels: Some(pixels), size: Some((width, height)), rate: Some(rate) }
            }
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        MediaPattern::from(*self).fmt(f)
    }
}

impl fmt::Display for MediaPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = match *self {
            Self::Any => vec![Some("any".to_owned())],
            Self::Audio { rate_hz, channels } => vec![
                Some("audio".to_owned()),
                rate_hz.map(|rate| rate.to_string()),
                channels.map(|channels| channels.to_string()),
            ],
            Self::Video { pixels, size, rate } => vec![
                Some("video".to_owned()),
                pixels.map(|pixels| pixels.name().to_owned()),
                size.map(|(width, height)| format!("{width}x{height}")),
                rate.map(|rate| format!("{}:{}", rate.frames, rate.seconds)),
            ],
        };
        let known = parts.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let text: Vec<&str> = parts[..known].iter().map(|p| p.as_deref().unwrap_or("*")).collect();
        f.pad(&text.join("/"))
    }
}

/// Why a text is not a media pattern; says what would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPatternError {
    /// The part that was not understood.
    pub found: String,
    /// What may stand there.
    pub expected: &'static str,
}

impl fmt::Display for MediaPatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not part of a media type; expected {}", self.found, self.expected)
    }
}

impl std::error::Error for MediaPatternError {}

impl FromStr for MediaPattern {
    type Err = MediaPatternError;

    fn from_str(text: &str) -> Result<Self, MediaPatternError> {
        let mut parts = text.split('/');
        let major = parts.next().unwrap_or_default();
        let pattern = match major {
            "any" => Self::Any,
            "audio" => Self::Audio {
                rate_hz: open(parts.next(), "a rate in Hz, such as 48000", positive)?,
                channels: open(parts.next(), "a number of channels, such as 2", positive)?,
            },
            "video" => Self::Video {
                pixels: open(parts.next(), "a pixel format: rgb24, gray8 or i420", |text| {
                    PixelFormat::ALL.into_iter().find(|format| format.name() == text)
                })?,
                size: open(parts.next(), "a size, such as 640x360", |text| {
                    let (width, height) = text.split_once('x')?;
                    Some((positive(width)?, positive(height)?))
                })?,
                rate: open(parts.next(), "a frame rate, such as 30:1 or 30000:1001", |text| {
                    let (frames, seconds) = text.split_once(':')?;
                    Some(FrameRate { frames: positive(frames)?, seconds: positive(seconds)? })
                })?,
            },
            _ => return Err(refused(major, "`audio`, `video` or `any`")),
        };
        match parts.next() {
            None => Ok(pattern),
            Some(rest) => Err(refused(rest, "nothing more")),
        }
    }
}

fn refused(found: &str, expected: &'static str) -> MediaPatternError {
    MediaPatternError { found: found.to_owned(), expected }
}

fn positive(text: &str) -> Option<u32> {
    text.parse().ok().filter(|&number| number > 0)
}

fn open<T>(
    part: Option<&str>,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, MediaPatternError> {
    match part {
        None | Some("*") => Ok(None),
        Some(text) => read(text).map(Some).ok_or_else(|| refused(text, expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_read_back_as_it_is_shown() {
        for text in [
            "any",
            "audio",
            "audio/48000",
            "audio/48000/2",
            "audio/*/2",
            "video",
            "video/rgb24",
            "video/*/640x360",
            "video/i420/640x360/30000:1001",
        ] {
            let pattern: MediaPattern = text.parse().expect(text);
            assert_eq!(pattern.to_string(), text);
        }
    }

    #[test]
    fn a_wrong_part_is_named_with_what_may_stand_there() {
        for (text, found) in [
            ("sound", "sound"),
            ("audio/fast", "fast"),
            ("audio/0", "0"),
            ("audio/48000/2/7", "7"),
            ("video/rgb25", "rgb25"),
            ("video/rgb24/640", "640"),
        ] {
            assert_eq!(text.parse::<MediaPattern>().expect_err(text).found, found);
        }
    }

    #[test]
    fn patterns_meet_where_both_agree() {
        let meet = |a: &str, b: &str| {
            let (a, b): (MediaPattern, MediaPattern) = (a.parse().unwrap(), b.parse().unwrap());
            assert_eq!(a.intersect(b), b.intersect(a));
            a.intersect(b).map(|both| both.to_string())
        };
        assert_eq!(meet("audio/48000", "audio/*/2").as_deref(), Some("audio/48000/2"));
        assert_eq!(meet("any", "video/rgb24").as_deref(), Some("video/rgb24"));
        assert_eq!(meet("audio/48000", "audio/44100"), None);
        assert_eq!(meet("audio", "video"), None);
    }
}
