//! The settings.

use driftless_plugin_api::settings::SettingError;
use driftless_plugin_api::{FilterError, Settings, Span};
use driftless_rate_match::Quality;

/// What an input that is late costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The block is held back for it, as long as the patience says.
    Wait,
    /// It is faded out, and in again.
    Conceal,
    /// It is left out until it has been in time for a while.
    Drop,
}

/// What a manifest asks of the filter.
#[derive(Debug)]
pub(crate) struct Options {
    pub period: Span,
    pub latency: Span,
    pub rate_hz: u32,
    /// 0 is as many as the inputs have.
    pub channels: u32,
    pub patience: Span,
    pub quality: Quality,
    settings: Settings,
}

impl Options {
    /// Reads them.
    pub fn read(settings: &Settings, channels: u32) -> Result<Self, FilterError> {
        let quality = match settings.text("quality")? {
            "low-latency" => Quality::LowLatency,
            "strict" => Quality::Strict,
            "studio" => Quality::Studio,
            _ => Quality::Standard,
        };
        Ok(Self {
            period: settings.time("period")?,
            latency: settings.time("latency")?,
            rate_hz: settings.integer("rate")? as u32,
            channels,
            patience: settings.time("patience")?,
            quality,
            settings: settings.clone(),
        })
    }

    /// The factor of input `number`.
    pub fn factor(&self, number: u32) -> Result<f32, SettingError> {
        let gain_db = self.settings.number(&self.settings.member("gain", number))?;
        Ok(10f64.powf(gain_db / 20.0) as f32)
    }

    /// The policy of input `number`.
    pub fn policy(&self, number: u32) -> Result<Policy, SettingError> {
        Ok(match self.settings.text(&self.settings.member("policy", number))? {
            "wait" => Policy::Wait,
            "drop" => Policy::Drop,
            _ => Policy::Conceal,
        })
    }
}
