//! The seam to devices: what the renderer knows of any of them.

mod line;
mod sound_card;
mod virtual_device;

use driftless_plugin_api::{FilterError, Host, HostTime, Span};

use crate::callback::Callback;
use crate::options::{Options, Wanted};

pub(crate) use line::{Asked, DeviceLine};
use sound_card::SoundCard;
pub(crate) use virtual_device::VirtualDevice;

/// What a device is opened for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamFormat {
    pub rate_hz: u32,
    pub channels: u32,
}

/// Something that asks for periods and lets them be heard.
///
/// It owns the [`Callback`] from [`start`](Self::start) on. Dropping it stops it.
pub(crate) trait Device: Send {
    /// Frames a second, nominal.
    fn rate_hz(&self) -> u32;
    /// Values in a frame.
    fn channels(&self) -> usize;
    /// From the moment a period is asked for until it is heard, as far as that is known.
    fn delay(&self) -> Span;
    /// Length of a period, as far as that is known.
    fn period(&self) -> Span;
    /// Names the oscillator behind it (LS-M10); empty when nothing else can share it.
    fn identity(&self) -> String;
    /// Begins to ask for periods. `[main]`
    fn start(&mut self, callback: Callback) -> Result<(), FilterError>;
    /// The graph runs; stream time 0 is, or was, at host time `base`, if there is a clock to say so. `[main]`
    fn run(&mut self, base: Option<HostTime>, now: HostTime);
    /// The graph is paused. `[main]`
    fn pause(&mut self);
    /// Does what is due; returns when to be called again. `[streaming]`
    fn step(&mut self, now: HostTime) -> Option<HostTime>;
    /// Glitches that the sound system told of.
    fn xruns(&self) -> u64 {
        0
    }
    /// What the user must know, once.
    fn news(&mut self) -> Option<News>;
}

/// What happens to devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// It is gone.
    Lost(String),
    /// It is back.
    Back(String),
    /// Something else, in words.
    Warning(String),
}

/// Opens the device that the options ask for. `[main]`
///
/// # Errors
///
/// A sentence that says what was not found, and what is there.
pub(crate) fn open(
    options: &Options,
    format: StreamFormat,
    host: &Host,
) -> Result<Box<dyn Device>, FilterError> {
    let rate_hz = if options.rate_hz == 0 { format.rate_hz } else { options.rate_hz };
    let channels = if options.channels == 0 { format.channels } else { options.channels };
    let format = StreamFormat { rate_hz, channels };
    match &options.device {
        Wanted::Virtual(file) => {
            let device = VirtualDevice::new(options, format, host, file.as_deref())?;
            Ok(Box::new(device))
        }
        Wanted::Default | Wanted::Named(_) => Ok(Box::new(SoundCard::open(options, format, host)?)),
    }
}
