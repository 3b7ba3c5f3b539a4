//! One stream to several outputs (LS-97), without copying its data.
//!
//! | filter                | outputs               | time stamps                  |
//! |-----------------------|-----------------------|------------------------------|
//! | `driftless.tee`       | `out0`, `out1`, …     | untouched on every output    |
//! | `driftless.smart-tee` | `capture`, `preview`  | untouched; none on `preview` |
//!
//! An output that fails or has reached its end never stops the others (LS-101): the engine sends it nothing
//! more, and the stream stops when all of them have.

mod branches;
mod plain;
mod smart;

pub use plain::Tee;
pub use smart::SmartTee;

driftless_plugin_api::export_plugin! {
    transform(Tee),
    transform(SmartTee),
}

#[cfg(test)]
mod tests;
