//! Libraries that are kept: plugins as some compiler once built them, which every later host has to load.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{repository, run, target};

/// Builds tests/third-party with each of `compilers` (or the one that cargo takes), debug and release,
/// and puts the libraries, stripped and compressed, into tests/versions/libraries.
///
/// # Errors
///
/// The step that failed.
pub fn keep(compilers: &[&str]) -> Result<(), String> {
    let compilers = if compilers.is_empty() { &["rustc"] } else { compilers };
    build_all(compilers, &repository().join("tests/versions/libraries"))
}

/// Builds it with each of `compilers` (or all that this machine has) from what is here now, and lets the
/// hosts of today and of a later minor play what they have built, beside what is kept.
///
/// # Errors
///
/// The step that failed.
pub fn try_compilers(compilers: &[&str]) -> Result<(), String> {
    let found = if compilers.is_empty() { installed() } else { Vec::new() };
    let compilers: Vec<&str> =
        compilers.iter().copied().chain(found.iter().map(String::as_str)).collect();
    let folder = target().join("compilers");
    let _ = fs::remove_dir_all(&folder); // it may not be there yet
    build_all(&compilers, &folder)?;
    let libraries = format!("DRIFTLESS_LIBRARIES={}", folder.display());
    let cargo = ["cargo", "test", "--locked"];
    run(
        "env",
        &[&[&*libraries], &cargo[..], &["-p", "driftless-versions", "--", "--nocapture"]].concat(),
    )?;
    run(
        "env",
        &[&[&*libraries], &cargo[..], &["-p", "driftless-loading", "--test", "minors"]].concat(),
    )
}

/// The compiler that cargo takes, those of rustup, and the system's.
fn installed() -> Vec<String> {
    let home = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".rustup"))).unwrap_or_default();
    let toolchains = fs::read_dir(home.join("toolchains")).into_iter().flatten().flatten();
    let toolchains = toolchains.map(|folder| folder.path().join("bin/rustc"));
    let all =
        [PathBuf::from("rustc")].into_iter().chain(toolchains).chain(["/usr/bin/rustc".into()]);
    let mut versions = Vec::new();
    let all = all.map(|compiler| compiler.display().to_string());
    let others = all.filter(|compiler| match version(compiler) {
        Ok(version) if !versions.contains(&version) => {
            versions.push(version);
            true
        }
        _ => false,
    });
    others.collect()
}

fn build_all(compilers: &[&str], folder: &Path) -> Result<(), String> {
    let minor = minor()?;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
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
