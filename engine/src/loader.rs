//! From a library file to filters that run: everything unsafe of the engine, and nothing else.
//!
//! | module       | does                                                                     |
//! |--------------|--------------------------------------------------------------------------|
//! | [`library`]  | opens a library and checks header, version and layouts                   |
//! | [`error`]    | why a library was not loaded, and at which step                          |
//! | [`probe`]    | opens it in a process of its own first                                   |
//! | [`verdicts`] | keeps what came of that, in a file of text                               |
//! | [`why`]      | all steps of one library, told to its user                               |
//! | `c_plugin`   | plugins in C, behind the same tables of functions                        |
//! | [`process`]  | filters that are linked into the program                                 |
//! | [`instance`] | one filter: its functions and capabilities, called safely                |
//! | [`chain`]    | the filters of a segment, calling each other through their output pins   |
//! | [`quality`]  | quality messages on their way upstream                                   |
//! | [`host`]     | what a filter gets from us: time, clock, events, buffers                 |

mod c_plugin;
pub mod chain;
pub mod error;
pub mod host;
pub mod instance;
pub mod library;
pub mod probe;
pub mod process;
pub mod quality;
pub mod verdicts;
pub mod why;
