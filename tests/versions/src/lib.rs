//! Libraries that are kept as they were once built: `api-1.0-rustc-1.85.0-release.so.gz` is the plugin of
//! tests/third-party, built against plugin-api 1.0 by rustc 1.85.0. `cargo xtask keep RUSTC…` adds to them; compilers
//! beside the installed one come from Debian: `apt-get download` and `dpkg -x` of rustc-web, libstd-rust-web-dev,
//! libstd-rust-web-VERSION and its libllvm, and a wrapper that sets `LD_LIBRARY_PATH`.
//!
//! They are kept as binaries and not built anew from kept sources, because what they prove is that what
//! somebody once built and shipped goes on working: with a compiler that CI has not, and with the
//! versions of all dependencies of that day.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

/// Name and content of every kept library, by name; and of those in the folder `DRIFTLESS_LIBRARIES`, which
/// `cargo xtask compilers` has built just now.
///
/// # Panics
///
/// If one cannot be read.
pub fn libraries() -> Vec<(String, Vec<u8>)> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("libraries");
    let built = std::env::var_os("DRIFTLESS_LIBRARIES").map(PathBuf::from);
    let files = [kept].into_iter().chain(built);
    let files = files.flat_map(|folder| fs::read_dir(folder).expect("a folder of libraries"));
    let mut libraries: Vec<_> = files
        .map(|file| {
            let path = file.expect("a file in it").path();
            let mut content = Vec::new();
            let mut unpacked = GzDecoder::new(File::open(&path).expect("a kept library"));
            unpacked.read_to_end(&mut content).expect("it is whole");
            let name = path.file_stem().expect("it has a name").to_string_lossy();
            (name.into_owned(), content)
        })
        .collect();
    libraries.sort();
    libraries
}
