//! The settings, checked against each other.

use driftless_plugin_api::{
    AudioFormat, FilterError, FrameRate, PixelFormat, PushSourceFlags, Settings, Span, Stamps,
    Status, VideoFormat,
};

use crate::dropouts::Dropouts;
use crate::media::Media;
use crate::picture::Picture;
use crate::sound::{Sound, Waveform};

/// Largest buffer that the graph's pool gives out, in bytes.
const MAX_BYTES: usize = 128 << 20;

/// What the settings say.
#[derive(Debug)]
pub struct Setup {
    pub media: Media,
    pub rate_error_ppm: f64,
    pub latency: Span,
    pub jitter: Span,
    pub dropouts: Dropouts,
    pub stop_after: Option<Span>,
    pub stamps: Stamps,
    pub flags: PushSourceFlags,
    pub offers_clock: bool,
    pub hold: Span,
}

impl Setup {
    /// Reads and checks all settings. `[main]`
    ///
    /// # Errors
    ///
    /// What does not fit together, and what would.
    pub fn read(settings: &Settings) -> Result<Self, FilterError> {
        let latency = settings.time("latency")?;
        let media = match settings.text("media")? {
            "video" => Media::Video(picture(settings)?),
            _ => Media::Audio(sound(settings, latency)?),
        };
        Ok(Self {
            media,
            rate_error_ppm: settings.number("rate-error")?,
            latency,
            jitter: settings.time("jitter")?,
            dropouts: dropouts(settings)?,
            stop_after: Some(settings.time("stop-after")?).filter(|after| *after > Span::ZERO),
            stamps: Stamps::named(settings.text("stamps")?).unwrap_or_default(),
            flags: flags(settings.words("flags")?),
            offers_clock: settings.boolean("clock")?,
            hold: settings.time("hold")?,
        })
    }
}

fn flags(words: &[String]) -> PushSourceFlags {
    let flags = words.iter().filter_map(|word| PushSourceFlags::named(word));
    flags.fold(PushSourceFlags::NONE, PushSourceFlags::union)
}

fn dropouts(settings: &Settings) -> Result<Dropouts, FilterError> {
    let (every, length) = (settings.time("dropout-every")?, settings.time("dropout-length")?);
    if every > Span::ZERO && length >= every {
        return Err(refused(format!(
            "dropouts of {length} every {every} leave nothing; make dropout-length shorter"
        )));
    }
    Ok(Dropouts { every, length })
}

fn sound(settings: &Settings, latency: Span) -> Result<Sound, FilterError> {
    let rate_hz = unsigned(settings.integer("rate")?);
    let format = AudioFormat { rate_hz, channels: unsigned(settings.integer("channels")?) };
    let block = settings.time("block")?;
    if latency < block {
        return Err(refused(format!(
            "a latency of {latency} is shorter than a block of {block}, which is complete only after \
             its last frame; lengthen `latency` or shorten `block`"
        )));
    }
    let frequency_hz = settings.number("frequency")?;
    if frequency_hz >= f64::from(rate_hz) / 2.0 {
        return Err(refused(format!(
            "a frequency of {frequency_hz} Hz needs a rate above {} Hz; `rate` is {rate_hz} Hz",
            2.0 * frequency_hz
        )));
    }
    Ok(Sound {
        format,
        block_frames: block.frames(rate_hz).max(1),
        waveform: Waveform::named(settings.text("waveform")?),
        frequency_hz,
        amplitude: 10f64.powf(settings.number("level")? / 20.0),
        tick_interval: settings.time("tick-interval")?,
    })
}

fn picture(settings: &Settings) -> Result<Picture, FilterError> {
    let (width, height) = size(settings.text("size")?)?;
    let rate = frame_rate(settings.text("frame-rate")?)?;
    let format = VideoFormat { pixels: PixelFormat::Rgb24, width, height, rate };
    if format.frame_bytes() > MAX_BYTES {
        return Err(refused(format!(
            "a picture of {width}x{height} takes {} MiB; at most {} MiB are possible",
            format.frame_bytes() >> 20,
            MAX_BYTES >> 20
        )));
    }
    Ok(Picture { format, flash_interval: settings.time("tick-interval")? })
}

fn size(text: &str) -> Result<(u32, u32), FilterError> {
    let parse = |text: &str| text.parse().ok().filter(|side| (1..=16_384).contains(side));
    let sides = text.split_once('x').and_then(|(w, h)| Some((parse(w)?, parse(h)?)));
    sides.filter(|&(width, height)| width >= 64 && height >= 36).ok_or_else(|| {
        refused(format!(
            "`size` is \"{text}\"; expected width and height from \"64x36\" to \"16384x16384\""
        ))
    })
}

fn frame_rate(text: &str) -> Result<FrameRate, FilterError> {
    let parse = |text: &str| text.parse().ok().filter(|&number: &u32| number > 0);
    let (frames, seconds) = text.split_once('/').unwrap_or((text, "1"));
    let rate = parse(frames).zip(parse(seconds));
    let rate = rate.map(|(frames, seconds)| FrameRate { frames, seconds });
    rate.filter(|rate| (0.1..=1000.0).contains(&(f64::from(rate.frames) / f64::from(rate.seconds))))
        .ok_or_else(|| {
            refused(format!(
                "`frame-rate` is \"{text}\"; expected 0.1 to 1000 frames a second, such as \"30\" or \"30000/1001\""
            ))
        })
}

fn unsigned(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(1).max(1)
}

fn refused(text: String) -> FilterError {
    FilterError::with(Status::INVALID_ARGUMENT, text)
}
