//! Rate matching.
