//! What a plugin library says about itself, without running: `plugin.toml`, read and checked.
//!
//! | module       | does                                                              |
//! |--------------|-------------------------------------------------------------------|
//! | [`mod@unit`] | units, and numbers written with one                               |
//! | [`setting`]  | what a setting may be, and reading one value of it                |
//! | [`declared`] | facts that a descriptor gives as a literal or leaves to a setting |
//! | [`simulation`] | what a filter is in a simulation                                |
//! | `read`       | TOML into [`Descriptor`], every mistake in one go                 |
//! | `complete`   | what a manifest gives into complete [`Settings`](crate::settings) |

mod complete;
pub mod declared;
mod read;
pub mod setting;
pub mod simulation;
pub mod unit;

use std::fmt;

pub use complete::Given;
pub use declared::Declared;
pub use setting::{SettingDescriptor, SettingType, Written};
pub use simulation::{Disturbance, SimulationDescriptor};
pub use unit::Unit;

use crate::capability::clock_slave::SlaveMethod;
use crate::capability::pins::PinCategory;
use crate::capability::push_source::{PushSourceFlags, Stamps};
use crate::document::Mistake;
use crate::media::MediaPattern;
use crate::time::Span;

/// A plugin library's descriptor.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// The library.
    pub plugin: PluginDescriptor,
    /// Its filters, one or more, ids distinct.
    pub filters: Vec<FilterDescriptor>,
}

impl Descriptor {
    /// Reads the text of a `plugin.toml`. `[any]`
    ///
    /// # Errors
    ///
    /// Every mistake in the text, in its order, each with its span in bytes.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        read::descriptor(text)
    }

    /// The filter with this id.
    pub fn filter(&self, id: &str) -> Option<&FilterDescriptor> {
        self.filters.iter().find(|filter| filter.id == id)
    }
}

/// The library as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginDescriptor {
    /// Its name, such as `driftless-gain`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The plugin-api it was written for.
    pub api: ApiVersion,
    /// An SPDX expression.
    pub license: Option<String>,
    /// One sentence.
    pub help: String,
}

/// Major and minor version of plugin-api.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion {
    /// Libraries of another major cannot be loaded.
    pub major: u32,
    /// Minors append, so any minor can be loaded.
    pub minor: u32,
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What a filter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilterKind {
    /// Makes samples.
    Source,
    /// Takes samples and gives samples.
    Transform,
    /// Takes samples out of the graph: speakers, screen, file.
    Renderer,
}

impl FilterKind {
    /// The kind of that name in a descriptor.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Source, Self::Transform, Self::Renderer].into_iter().find(|kind| kind.name() == name)
    }

    /// As descriptors write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Transform => "transform",
            Self::Renderer => "renderer",
        }
    }
}

impl fmt::Display for FilterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One filter of a library.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterDescriptor {
    /// The id that manifests name, such as `driftless.gain`.
    pub id: String,
    /// What it is for.
    pub kind: FilterKind,
    /// One sentence.
    pub help: String,
    /// It may block its thread, as files do, so it gets one of its own.
    pub blocking: bool,
    /// Source: capture to delivery. Transform: input to output. Renderer: receipt to audible or
    /// visible. `None` when it has no latency to speak of.
    pub latency: Option<Declared<Span>>,
    /// Transform or renderer: how much of a stream it can hold back on top (LS-M1).
    pub holds: Option<Declared<Span>>,
    /// It pushes at its own pace, which makes a source live (LS-1).
    pub push_source: Option<PushSourceDescriptor>,
    /// Whether it offers a reference clock; `None` when it has none.
    pub offers_clock: Option<Declared<bool>>,
    /// Renderer: how it follows another clock (LS-M9); `None` when it does not say.
    pub slave_method: Option<Declared<SlaveMethod>>,
    /// What else it can do.
    pub capabilities: Capabilities,
    /// How it takes part in a simulation.
    pub simulation: SimulationDescriptor,
    /// Its pins. A pin's number is its place among those of its direction.
    pub pins: Vec<PinDescriptor>,
    /// Its settings.
    pub settings: Vec<SettingDescriptor>,
}

impl FilterDescriptor {
    /// The pins of one direction, in the order of their numbers.
    pub fn pins(&self, direction: Direction) -> impl Iterator<Item = &PinDescriptor> {
        self.pins.iter().filter(move |pin| pin.direction == direction)
    }

    /// The setting called `name`.
    pub fn setting(&self, name: &str) -> Option<&SettingDescriptor> {
        self.settings.iter().find(|setting| setting.is_named(name))
    }
}

/// What a push source promises (section 3 of the semantics), of all its output pins.
#[derive(Debug, Clone, PartialEq)]
pub struct PushSourceDescriptor {
    /// Whether it is one, with these settings.
    pub offer: Declared<bool>,
    /// Its flags.
    pub flags: Declared<PushSourceFlags>,
    /// What its time stamps say.
    pub stamps: Declared<Stamps>,
    /// The largest stream offset it can hold back (LS-30).
    pub max_offset: Option<Declared<Span>>,
}

/// Capabilities that a descriptor declares by name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// A renderer that can follow another clock: the audio renderer (LS-75, LS-83).
    pub clock_slave: bool,
    /// It keeps the statistics of LS-88.
    pub renderer_statistics: bool,
    /// Its pins can be started and stopped by stream time (LS-99).
    pub stream_control: bool,
}

/// Which way samples go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Into the filter.
    Input,
    /// Out of it.
    Output,
}

impl Direction {
    /// The direction of that name in a descriptor.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Input, Self::Output].into_iter().find(|direction| direction.name() == name)
    }

    /// As descriptors write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One pin, or a family of them.
#[derive(Debug, Clone, PartialEq)]
pub struct PinDescriptor {
    /// Its name; pin 3 of a family `out` is called `out3`.
    pub name: String,
    /// Which way samples go.
    pub direction: Direction,
    /// What it carries, most wanted first; never empty.
    pub media: Vec<MediaPattern>,
    /// What its samples are for.
    pub category: PinCategory,
    /// A family: as many pins as the manifest connects.
    pub many: bool,
    /// Output only: its samples may be dropped, so a leaky queue is placed behind it.
    pub leaky: bool,
    /// It need not be connected.
    pub optional: bool,
}

#[cfg(test)]
mod tests;
