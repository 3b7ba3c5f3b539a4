//! What crosses the library boundary. Authors never need this module; the engine's loader does.
//!
//! Two kinds of types cross (the reasons are in DESIGN.md):
//!
//! | kind   | which                                                 | how it may change                       |
//! |--------|-------------------------------------------------------|-----------------------------------------|
//! | frozen | [`sample`], [`buffer`], [`media`], [`status`], [`Wake`](crate::Wake) | never; they have reserved room |
//! | prefix | tables of functions: [`module`], [`filter`], [`host`], [`crate::capability`] | a minor appends functions |
//!
//! [`c`] is the same border for plugins in C and C++; [`layout`] writes down what all of it looks like.
//!
//! Every entry into a plugin passes a panic barrier ([`glue`]), because a panic that reaches an
//! `extern "C"` border ends the process.

pub mod buffer;
pub mod c;
pub mod filter;
pub mod glue;
pub mod host;
pub mod layout;
pub mod media;
pub mod module;
pub mod panic;
pub mod role;
pub mod sample;
pub mod settings;
pub mod status;
pub mod wake;

/// The abi_stable version and types that the export macro needs.
pub use abi_stable;

/// The state of a filter, known only to the plugin that made it.
#[repr(C)]
#[derive(abi_stable::StableAbi)]
pub struct Instance {
    _opaque: u8,
}
