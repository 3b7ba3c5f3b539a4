//! Compiles `preloaded/lib.rs`, which depends on nothing, to a library of its own.
//!
//! Cargo itself cannot put one crate's library into another's program as bytes.

use std::env::var;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=preloaded");
    let target_is = |key: &str, value: &str| var(key).is_ok_and(|found| found == value);
    if !target_is("CARGO_CFG_TARGET_OS", "linux") || !target_is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    let given = |key: &str| var(key).unwrap_or_else(|_| panic!("cargo sets {key}"));
    let library = Path::new(&given("OUT_DIR")).join("libdriftless_guard.so");
    let mut rustc = Command::new(given("RUSTC"));
    rustc.args(["preloaded/lib.rs", "--crate-name=driftless_guard", "--crate-type=cdylib"]);
    rustc.args(["--edition=2024", "-Copt-level=2", "-Cstrip=symbols", "--target"]);
    rustc.arg(given("TARGET")).arg("-o").arg(&library);
    if let Ok(linker) = var("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    let status = rustc.status().expect("the compiler that compiled this can be started");
    assert!(status.success(), "{rustc:?} ended with {status}");
}
