//! System packages: what is missing is installed, or the user is told what to type.

use std::process::{Command, Stdio};

use crate::command::{is_there, run};

/// What the sound plugins, and the examples in C++, need to be built.
pub const BUILD: &[&str] = &["g++", "libasound2-dev", "libjack-jackd2-dev", "pkg-config"];

/// What the tests of `driftless validate` open as a device.
pub const DEVICE: &[&str] = &["pulseaudio", "pulseaudio-utils"];

/// What the runs on real sound servers need.
pub const TEST: &[&str] = &[
    "alsa-utils",
    "dbus",
    "espeak-ng",
    "ffmpeg",
    "jackd2",
    "libasound2-plugins",
    "libspa-0.2-modules",
    "pipewire",
    "pipewire-bin",
    "pipewire-jack",
    "pipewire-pulse",
    "sox",
    "wireplumber",
];

/// Other players of RTP streams, to compare with on real sound servers.
pub const PLAYERS: &[&str] = &[
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-pulseaudio",
    "gstreamer1.0-tools",
    "zita-njbridge",
];

/// What builds programs for AArch64 and runs them here.
pub const CROSS: &[&str] = &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"];

/// What the bench of the engine is compared with, and what counts instructions.
pub const PEERS: &[&str] = &["gstreamer1.0-tools", "gstreamer1.0-plugins-base", "valgrind"];

/// Installs those of `packages` that are missing, if it can be done; says so where it cannot.
pub fn wish(packages: &[&str]) {
    if let Err(text) = install(packages) {
        println!(
            "{text}
going on without"
        );
    }
}

/// Installs those of `packages` that are missing.
///
/// # Errors
///
/// What to type, where this program may not install anything.
pub fn install(packages: &[&str]) -> Result<(), String> {
    if !is_there("dpkg-query") {
        println!(
            "this is no Debian system; if the build fails, install the equivalents of: {}",
            packages.join(" ")
        );
        return Ok(());
    }
    let missing: Vec<&str> = packages.iter().copied().filter(|it| !is_installed(it)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!(
        "sudo apt-get update && sudo apt-get install --no-install-recommends {}",
        missing.join(" ")
    );
    println!("missing system packages: {}", missing.join(" "));
    let mut words = vec!["install", "-y", "-q", "--no-install-recommends"];
    words.extend(&missing);
    let installed = apt(&["update", "-q"]).and_then(|()| apt(&words));
    installed.map_err(|text| format!("{text}\nplease type:\n\n  {by_hand}\n"))
}

fn is_installed(package: &str) -> bool {
    let status = Command::new("dpkg-query")
        .args(["-W", "-f", "${Status}", package])
        .stderr(Stdio::null())
        .output();
    status.is_ok_and(|output| output.stdout.ends_with(b"install ok installed"))
}

/// As the administrator, without asking for a password: a question nobody sees would hang.
fn apt(words: &[&str]) -> Result<(), String> {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    let settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=600"];
    let mut all: Vec<&str> = Vec::new();
    if !is_root {
        all.extend(["-n", "env"]);
    }
    all.extend(settings);
    all.extend(words);
    run(if is_root { "env" } else { "sudo" }, &all)
}
