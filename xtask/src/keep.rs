//! Libraries that are kept: plugins as some compiler once built them, which every later host has to load.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{repository, target};

/// Builds tests/third-party with each of `compilers` (or the one that cargo takes), debug and release,
/// and puts the libraries, stripped and compressed, into tests/versions/libraries.
///
/// # Errors
///
/// The step that failed.
pub fn keep(compilers: &[&str]) -> Result<(), String> {
    let minor = minor()?;
    let folder = repository().join("tests/versions/libraries");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let compilers = if compilers.is_empty() { &["rustc"] } else { compilers };
    for compiler in compilers {
        let version = version(compiler)?;
        for profile in ["debug", "release"] {
            let library = build(compiler, &version, profile)?;
            let kept = folder.join(format!("api-{minor}-rustc-{version}-{profile}.so"));
            done(Command::new("strip").arg("-o").arg(&kept).arg(&library))?;
            done(Command::new("gzip").args(["-9", "--no-name", "--force"]).arg(&kept))?;
            println!("{}.gz", kept.display());
        }
    }
    Ok(())
}

/// Built in a target folder of its own: what another compiler left cannot be used.
fn build(compiler: &str, version: &str, profile: &str) -> Result<PathBuf, String> {
    let folder = target().join("keep").join(version);
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--manifest-path"]).arg(repository().join("tests/third-party/Cargo.toml"));
    if profile == "release" {
        cargo.arg("--release");
    }
    // The versions of this workspace's lock file count, as in tests/loading.
    let lock = repository().join("tests/third-party/Cargo.lock");
    fs::copy(repository().join("Cargo.lock"), &lock).map_err(|error| error.to_string())?;
    cargo.env("RUSTC", compiler).env("CARGO_TARGET_DIR", &folder);
    let built = done(cargo.env("CARGO_ENCODED_RUSTFLAGS", without_paths(compiler)?));
    // It belongs to nobody: the crate is a third party's.
    let _ = fs::remove_file(lock);
    built.map(|()| folder.join(profile).join("libacme_echo.so"))
}

/// Where it was built is nobody's business: the folders of this machine get names of their own.
fn without_paths(compiler: &str) -> Result<String, String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default();
    let sources = fs::read_dir(home.join("registry/src")).into_iter().flatten();
    let sources = sources.filter_map(|folder| Some((folder.ok()?.path(), "/crates")));
    let sysroot = Command::new(compiler).args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map_err(|error| format!("`{compiler}` could not be started: {error}"))?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    let folders = [(home.clone(), "/cargo"), (sysroot, "/rust"), (repository(), "/driftless")];
    // The last that fits counts.
    let flags = folders
        .into_iter()
        .chain(sources)
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()));
    Ok(flags.collect::<Vec<_>>().join("\u{1f}"))
}

fn version(compiler: &str) -> Result<String, String> {
    let said = Command::new(compiler).arg("--version").output();
    let said = said.map_err(|error| format!("`{compiler}` could not be started: {error}"))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    said.split(' ').nth(1).map(str::to_owned).ok_or(format!("`{compiler}` is no rustc"))
}

/// Major and minor version of plugin-api.
fn minor() -> Result<String, String> {
    let manifest = fs::read_to_string(repository().join(Path::new("plugin-api/Cargo.toml")));
    let manifest = manifest.map_err(|error| error.to_string())?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    let version = version.map(|it| it.trim_matches('"')).and_then(|it| it.rsplit_once('.'));
    version.map(|(minor, _)| minor.to_owned()).ok_or("plugin-api has no version".to_owned())
}

fn done(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?} could not be started: {error}")),
    }
}
