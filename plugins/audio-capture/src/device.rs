//! The seam to devices: what the source knows of any of them.

mod sound_card;
mod virtual_device;

use driftless_plugin_api::{FilterError, Host, HostTime, Span};

use crate::options::{Options, Wanted};
use crate::recorder::Recorder;

use sound_card::SoundCard;
use virtual_device::VirtualDevice;

/// Something that hands over periods. It owns the [`Recorder`]; dropping it stops it.
pub(crate) trait Device: Send {
    /// Length of a period, as far as that is known.
    fn period(&self) -> Span;
    /// From the capture of a period's last frame until the period is handed over.
    fn delay(&self) -> Span;
    /// Names the oscillator behind it (LS-M10); empty when nothing else can share it.
    fn identity(&self) -> String;
    /// Does what is due, while paused too; returns when to be called again. `[streaming]`
    fn step(&mut self, now: HostTime) -> HostTime;
    /// Glitches that the sound system told of.
    fn xruns(&self) -> u64 {
        0
    }
    /// What the user must know, once.
    fn news(&mut self) -> Option<News> {
        None
    }
}

/// What happens to devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// It is gone.
    Lost(String),
    /// It is back.
    Back(String),
}

/// Opens the device that the options ask for. `[main]`
///
/// # Errors
///
/// A sentence that says what was not found, and what is there.
pub(crate) fn open(
    options: &Options,
    host: &Host,
    recorder: Recorder,
) -> Result<Box<dyn Device>, FilterError> {
    Ok(match options.device {
        Wanted::Virtual => Box::new(VirtualDevice::new(options, host, recorder)),
        Wanted::Default | Wanted::Named(_) => Box::new(SoundCard::open(options, host, recorder)?),
    })
}
