//! Headless sound servers for tests, on a machine that needs no sound card.
//!
//! | module       | does                                                           |
//! |--------------|----------------------------------------------------------------|
//! | [`kind`]     | which servers there are                                        |
//! | [`server`]   | PulseAudio, PipeWire or jackd in a folder of its own           |
//! | [`recorder`] | records what the server plays, and when each piece arrived     |
//! | [`process`]  | a child that is asked to end, and ends, when it goes out of scope |
//!
//! Each server has one stereo sink at 48 kHz in float, which nobody hears. Linux only: that is
//! where these servers are.

pub mod kind;
pub mod process;
pub mod recorder;
pub mod server;

pub use kind::Kind;
pub use process::{Process, become_urgent, grants_priority, urgent};
pub use recorder::{Recorder, Recording};
pub use server::Server;

/// Frames a second of every server here.
pub const RATE_HZ: u32 = 48_000;

/// Channels of every sink here.
pub const CHANNELS: u16 = 2;
