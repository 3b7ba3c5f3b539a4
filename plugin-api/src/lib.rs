//! Plugin API.
pub mod media;
pub mod settings;
pub mod time;
