//! Makes `plugin-api/c/driftless.h`, and compiles plugins with it.

mod header;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use header::{c_name, header};

/// The folder of this workspace.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compiles `source` to the library `to`, as the comment at its head tells a user to, with every warning
/// an error. C++ sources end with `cpp`.
///
/// # Panics
///
/// If that fails; what the compiler said is shown.
pub fn compile(source: &Path, more: &[&str], to: &Path) {
    let cpp = source.extension().is_some_and(|it| it == "cpp");
    let (compiler, standard) = if cpp { ("g++", "-std=c++17") } else { ("gcc", "-std=gnu11") };
    let folder = source.parent().expect("a source is in a folder");
    let done = Command::new(compiler)
        .args([standard, "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg("-I")
        .arg(std::path::absolute(repository().join("plugin-api/c")).expect("a path"))
        .args(more)
        .arg("-o")
        .arg(to)
        .arg(source.file_name().expect("a source is a file"))
        .args(["-lm"])
        .current_dir(folder)
        .output()
        .expect("gcc is there");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{compiler} {}:\n{said}", source.display());
}

/// A folder with the library of the example in `examples/NAME`.
///
/// # Panics
///
/// If it does not compile.
pub fn example(name: &str, source: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = repository().join("examples").join(name).join(source);
    compile(&source, &[], &folder.path().join("libexample.so"));
    folder
}
