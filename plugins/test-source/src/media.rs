//! Sound or pictures: what both have in common for the rest of the source.
//!
//! A position counts frames from the start of the stream, audio frames or pictures; a unit is what one
//! sample carries.

use driftless_plugin_api::{Host, MediaType, Sample, Span};
use fastrand::Rng;

use crate::easel::Easel;
use crate::picture::Picture;
use crate::sound::Sound;

/// What the source makes.
#[derive(Debug, Clone)]
pub enum Media {
    /// Blocks of sound.
    Audio(Sound),
    /// Pictures.
    Video(Picture),
}

impl Media {
    /// Its media type.
    pub const fn media_type(&self) -> MediaType {
        match self {
            Self::Audio(sound) => MediaType::Audio(sound.format),
            Self::Video(picture) => MediaType::Video(picture.format),
        }
    }

    /// What its pictures are painted on. `[main]`
    pub fn easel(&self) -> Easel {
        match self {
            Self::Audio(_) => Easel::default(),
            Self::Video(picture) => Easel::new(picture.format),
        }
    }

    /// When the frame at `position` is, by the source's own count (LS-M20).
    pub fn time_of(&self, position: i64) -> Span {
        match self {
            Self::Audio(sound) => Span::of_frames(position, sound.format.rate_hz),
            Self::Video(picture) => picture.format.rate.start_of(position),
        }
    }

    /// How many frames begin before `time`.
    pub fn frames_before(&self, time: Span) -> i64 {
        let (frames, seconds) = match self {
            Self::Audio(sound) => (sound.format.rate_hz, 1),
            Self::Video(picture) => (picture.format.rate.frames, picture.format.rate.seconds),
        };
        let nanos = 1_000_000_000 * i128::from(seconds);
        let count = (i128::from(time.nanos()) * i128::from(frames) + nanos - 1).div_euclid(nanos);
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// Frames in one sample.
    pub const fn unit(&self) -> i64 {
        match self {
            Self::Audio(sound) => sound.block_frames,
            Self::Video(_) => 1,
        }
    }

    /// Makes the sample of `frames` frames from `position` on, without times. `None` if the pool has no
    /// buffer that large, which the settings rule out.
    pub fn sample(
        &self,
        host: &Host,
        position: i64,
        frames: i64,
        noise: &mut Rng,
        easel: &mut Easel,
    ) -> Option<Sample> {
        match self {
            Self::Audio(sound) => {
                let frames = usize::try_from(frames).ok()?;
                let mut sample = host.audio_sample(frames, sound.format.channels)?;
                sound.fill(position, sample.values_mut(host)?, noise);
                Some(sample)
            }
            Self::Video(picture) => easel.paint(picture, position, host),
        }
    }
}
