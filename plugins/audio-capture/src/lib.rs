//! Captures audio from a sound device and stamps it with the instant at which it was captured.
//!
//! ```text
//! period [device]                                step [streaming]
//! device ──► Recorder ══════ ring, marks ══════► Cutter ──► Stamper ──► sample
//!               │
//!          DeviceClock ──► the clock on offer
//! ```
//!
//! | module         | what is in it                                                        |
//! |----------------|----------------------------------------------------------------------|
//! | `capture`      | the filter: states, samples out, events                              |
//! | `options`      | the settings                                                         |
//! | `device`       | the seam to devices: `virtual_device` and `sound_card`               |
//! | `recorder`     | the device side: periods in                                          |
//! | `device_clock` | device frames against host time, smoothed; the clock on offer        |
//! | `ring`         | frames and what is known of them, from one thread to the other       |
//! | `cutter`       | blocks of one length, from periods of any                            |
//! | `stamper`      | time stamps and stream offset                                        |
//!
//! Frames are counted from the activation on. A frame's instant is never a callback's time: it is read
//! from a smooth line through all of them (LS-M15), less what the device had buffered.

mod capture;
mod cutter;
mod device;
mod device_clock;
mod options;
mod recorder;
mod ring;
mod stamper;

pub use capture::AudioCapture;

driftless_plugin_api::export_plugin! {
    source(AudioCapture),
}
