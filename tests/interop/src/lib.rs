//! Runs on real sound servers.
