//! Plays audio on a sound device, in step with the graph's clock.
//!
//! ```text
//! receive [streaming]                         period [device]
//! sample ──► Intake ──► Writer ═══ ring ═══► Player ──► Callback ──► device
//!               ▲                               │           │
//!           Decision (LS-77)                 Meter      DeviceClock ──► the clock on offer
//! ```
//!
//! | module       | what is in it                                                              |
//! |--------------|----------------------------------------------------------------------------|
//! | `renderer`   | the filter: states, samples in, events out                                 |
//! | `options`    | the settings                                                               |
//! | `decision`   | against what the rate is matched, and when that is asked again             |
//! | `intake`     | the streaming side of the queue: due times, flushes, formats               |
//! | `callback`   | the device side: fills periods                                             |
//! | `device_clock` | the reference clock on offer: device frames as time                       |
//! | `meter`      | statistics, from period to period                                          |
//! | `device`     | the seam to devices: `virtual_device` and `sound_card`; `line` smooths their callbacks |
//! | `recording`  | the WAV file of a virtual device                                           |
//!
//! All times of the queue are stream times in nanoseconds; without a graph clock, host times.

mod callback;
mod decision;
mod device;
mod device_clock;
mod intake;
mod meter;
mod options;
mod recording;
mod renderer;

pub use renderer::AudioRenderer;

driftless_plugin_api::export_plugin! {
    renderer(AudioRenderer),
}
