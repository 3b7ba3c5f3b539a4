//! The settings, read once.

use driftless_plugin_api::{AudioFormat, FilterError, Settings, Span, Status};

/// What the manifest asks for.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub device: Wanted,
    pub host: String,
    pub format: AudioFormat,
    /// Frames in a sample, 1 or more.
    pub block_frames: usize,
    pub latency: Span,
    pub buffer: Span,
    pub hold: Span,
    pub clock: bool,
    pub tone: Tone,
}

/// Which device is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The system's default.
    Default,
    /// One whose name contains this.
    Named(String),
    /// Timers instead of hardware.
    Virtual,
}

/// What a virtual device captures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tone {
    pub rate_error_ppm: f64,
    pub frequency_hz: f64,
    /// Peak, full scale is 1.
    pub amplitude: f64,
}

impl Options {
    /// Reads and checks all settings. `[main]`
    ///
    /// # Errors
    ///
    /// What does not fit together, and what would.
    pub fn read(settings: &Settings) -> Result<Self, FilterError> {
        let rate_hz = settings.integer("rate")? as u32;
        let (block, buffer) = (settings.time("block")?, settings.time("buffer")?);
        // Two periods: one that is being cut, one that comes in meanwhile.
        if buffer < block + block {
            return Err(refused(format!(
                "a `buffer` of {buffer} does not hold two blocks of {block}; lengthen `buffer` or \
                 shorten `block`"
            )));
        }
        Ok(Self {
            device: Wanted::read(settings.text("device")?),
            host: settings.text("host")?.to_owned(),
            format: AudioFormat { rate_hz, channels: settings.integer("channels")? as u32 },
            block_frames: block.frames(rate_hz).max(1) as usize,
            latency: settings.time("latency")?,
            buffer,
            hold: settings.time("hold")?,
            clock: settings.boolean("clock")?,
            tone: Tone::read(settings, rate_hz)?,
        })
    }

    /// Length of a sample.
    pub fn block(&self) -> Span {
        Span::of_frames(self.block_frames as i64, self.format.rate_hz)
    }
}

impl Wanted {
    fn read(text: &str) -> Self {
        match text {
            "virtual" => Self::Virtual,
            "default" | "" => Self::Default,
            name => Self::Named(name.to_owned()),
        }
    }
}

impl Tone {
    fn read(settings: &Settings, rate_hz: u32) -> Result<Self, FilterError> {
        let frequency_hz = settings.number("frequency")?;
        if frequency_hz >= f64::from(rate_hz) / 2.0 {
            return Err(refused(format!(
                "a frequency of {frequency_hz} Hz needs a rate above {} Hz; `rate` is {rate_hz} Hz",
                2.0 * frequency_hz
            )));
        }
        let amplitude = 10f64.powf(settings.number("level")? / 20.0);
        Ok(Self { rate_error_ppm: settings.number("rate-error")?, frequency_hz, amplitude })
    }
}

fn refused(text: String) -> FilterError {
    FilterError::with(Status::INVALID_ARGUMENT, text)
}
