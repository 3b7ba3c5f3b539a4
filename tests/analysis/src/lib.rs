//! What a recording shows: how clean a tone is, how fast it ran, what was lost, whether speech is whole.
//!
//! | module     | answers                                                                    |
//! |------------|----------------------------------------------------------------------------|
//! | [`sine`]   | frequency, level and the rest of one stretch, by least squares             |
//! | [`tone`]   | a long recording of a tone: its mean rate, THD+N, lost frames, silence     |
//! | [`speech`] | which parts of an original are heard in a recording                        |
//!
//! All of it is arithmetic in f64.

pub mod sine;
pub mod speech;
pub mod tone;
