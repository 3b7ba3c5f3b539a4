#![doc = include_str!("../authors.md")]
//!
//! # Modules
//!
//! | module         | what is in it                                                     |
//! |----------------|-------------------------------------------------------------------|
//! | [`filter`]     | the traits to implement                                           |
//! | [`capability`] | optional interfaces: latency, push source, clock, statistics …    |
//! | [`sample`]     | the unit of media, its times and flags                            |
//! | [`output`]     | delivering samples and markers                                    |
//! | [`host`]       | time, clock, events, buffers, upstream search                     |
//! | [`settings`]   | what the manifest said, checked and complete                      |
//! | [`descriptor`] | `plugin.toml`                                                     |
//! | [`matching`]   | the decision against what an audio renderer matches rates         |
//! | [`testing`]    | running a filter in a unit test, without host or library          |
//! | [`mod@export`] | [`export_plugin!`], which makes a library of filters              |
//! | [`abi`]        | what crosses the library boundary; authors never need it          |

pub mod abi;
pub mod capability;
pub mod descriptor;
pub mod document;

#[doc(hidden)] // shared with the engine, which reads manifests the same way
pub mod error;
pub mod event;
pub mod export;
pub mod filter;
pub mod host;
pub mod matching;
pub mod media;
pub mod output;
pub mod sample;
pub mod settings;
pub mod testing;
pub mod time;

pub use abi::buffer::BufferPool;
pub use abi::status::Status;
pub use abi::wake::Wake;
pub use capability::clock::Clock;
pub use capability::clock_slave::{ClockSlave, SlaveMethod};
pub use capability::latency::Latency;
pub use capability::pins::{IS_RENDERER, IS_SOURCE, PinCategory, Pins};
pub use capability::push_source::{PushSource, PushSourceFlags, Stamps, StreamOffset, Times};
pub use capability::quality_control::{Pressure, Quality, QualityControl};
pub use capability::renderer_statistics::{RendererStatistics, Statistics};
pub use capability::stream_control::{Gate, StreamControl, When};
pub use error::FilterError;
pub use event::EventCode;
pub use export::Registration;
pub use filter::{Cue, Filter, Flow, Pin, Renderer, Source, Transform};
pub use host::{
    Called, ClockReading, ClockState, ClockSteps, Deviation, Fate, Host, LogLevel, Packet, Repeat,
    SimulatedClock, State, TakeBuffer, Upstream,
};
pub use media::{AudioFormat, FrameRate, MediaPattern, MediaType, PixelFormat, VideoFormat};
pub use output::{Marker, Output};
pub use sample::{Sample, SampleFlags};
pub use settings::{Settings, Value};
pub use time::{HostTime, ReferenceTime, Span, StreamTime};

#[cfg(test)]
mod tests {
    use super::descriptor::Descriptor;

    /// Its Rust is compiled with the documentation's tests; this is the rest.
    #[test]
    fn the_descriptor_in_the_authors_guide_is_right() {
        let chapter = include_str!("../authors.md");
        let toml = chapter.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
        let descriptor = Descriptor::parse(toml.expect("there is one")).expect("it is right");
        assert!(descriptor.filter("acme.invert").is_some());
    }
}
