//! From a library file to filters that run: everything unsafe of the engine, and nothing else.
//!
//! | module       | does                                                                     |
//! |--------------|--------------------------------------------------------------------------|
//! | [`library`]  | opens a library and checks header, version and layouts                   |
//! | [`process`]  | filters that are linked into the program                                 |
//! | [`instance`] | one filter: its functions and capabilities, called safely                |
//! | [`chain`]    | the filters of a segment, calling each other through their output pins   |
//! | [`quality`]  | quality messages on their way upstream                                   |
//! | [`host`]     | what a filter gets from us: time, clock, events, buffers                 |

pub mod chain;
pub mod host;
pub mod instance;
pub mod library;
pub mod process;
pub mod quality;
