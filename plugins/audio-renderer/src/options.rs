//! The settings, read once.

use std::path::PathBuf;

use driftless_plugin_api::{FilterError, Settings, Span};
use driftless_rate_match::{Quality, SlaveMethod};

/// What the manifest asks for.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub device: Wanted,
    pub host: String,
    pub period: Span,
    pub latency: Span,
    /// 0: the stream's.
    pub rate_hz: u32,
    /// 0: the stream's.
    pub channels: u32,
    pub slave_method: SlaveMethod,
    pub tolerance: Span,
    pub clock: bool,
    pub quality: Quality,
    pub rate_error_ppm: f64,
    pub jitter: Span,
}

/// Which device is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The system's default.
    Default,
    /// One whose name contains this.
    Named(String),
    /// Timers instead of hardware, recorded to a file or not.
    Virtual(Option<PathBuf>),
}

impl Options {
    pub fn read(settings: &Settings) -> Result<Self, FilterError> {
        Ok(Self {
            device: Wanted::read(settings.text("device")?)?,
            host: settings.text("host")?.to_owned(),
            period: settings.time("period")?,
            latency: settings.time("latency")?,
            rate_hz: rate(settings.integer("rate")?)?,
            channels: settings.integer("channels")? as u32,
            slave_method: slave_method(settings.text("slave-method")?),
            tolerance: settings.time("tolerance")?,
            clock: settings.boolean("clock")?,
            quality: quality(settings.text("quality")?),
            rate_error_ppm: settings.number("rate-error")?,
            jitter: settings.time("jitter")?,
        })
    }
}

impl Wanted {
    fn read(text: &str) -> Result<Self, FilterError> {
        Ok(match text.strip_prefix("wav:") {
            Some("") => return Err(FilterError::new("`wav:` needs the name of a file after it")),
            Some(file) => Self::Virtual(Some(file.into())),
            None if text == "virtual" => Self::Virtual(None),
            None if text == "default" || text.is_empty() => Self::Default,
            None => Self::Named(text.to_owned()),
        })
    }
}

fn rate(rate_hz: i64) -> Result<u32, FilterError> {
    match rate_hz {
        0 | 8_000..=384_000 => Ok(rate_hz as u32),
        _ => Err(FilterError::new(format!(
            "`rate` is {rate_hz} Hz; it can be 0, for the stream's, or 8000 to 384000 Hz"
        ))),
    }
}

fn slave_method(word: &str) -> SlaveMethod {
    match word {
        "skew" => SlaveMethod::Skew,
        "none" => SlaveMethod::None,
        _ => SlaveMethod::Resample,
    }
}

fn quality(word: &str) -> Quality {
    match word {
        "low-latency" => Quality::LowLatency,
        "strict" => Quality::Strict,
        "studio" => Quality::Studio,
        _ => Quality::Standard,
    }
}
