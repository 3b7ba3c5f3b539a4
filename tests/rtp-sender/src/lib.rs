//! An RTP sender for tests: its signal is exact, its clock is off by as much as one asks, and its
//! network loses, delays, reorders and repeats packets, the same ones for the same seed.
//!
//! | module         | does                                                      |
//! |----------------|-----------------------------------------------------------|
//! | [`mod@format`] | L16 and L24, from values to bytes                         |
//! | [`signal`]     | sine, ticks, or a file: the value of any frame            |
//! | [`stream`]     | frames into packets, each with the time it is sent        |
//! | [`njbridge`]   | the packets of zita-njbridge, in place of RTP             |
//! | [`network`]    | what happens to them on the way                           |
//! | [`units`]      | numbers with units on the command line                    |
//! | [`sdp`]        | the session description                                   |
//! | [`sap`]        | its announcement                                          |
//!
//! All of it is arithmetic; only the program sends, and sleeps until absolute times.

pub mod format;
pub mod network;
pub mod njbridge;
pub mod sap;
pub mod sdp;
pub mod signal;
pub mod stream;
pub mod units;
