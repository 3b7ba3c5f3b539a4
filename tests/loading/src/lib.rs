//! What tests of loading share.
