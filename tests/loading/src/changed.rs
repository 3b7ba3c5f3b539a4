//! Crates of this workspace as somebody may have changed them, in a workspace of their own.

use std::fs;
use std::path::Path;

use crate::repository;

/// A file, a text in it, and what stands there instead.
pub type Change<'a> = (&'a str, &'a str, &'a str);

/// Makes `folder` a workspace of the crates `members`, at the same places as here, with these changes.
///
/// # Panics
///
/// If a file cannot be copied, or has no such text.
pub fn changed(folder: &Path, members: &[&str], changes: &[Change<'_>]) {
    for member in members {
        let place = folder.join(member);
        let _absent = fs::remove_dir_all(&place);
        copy_folder(&repository().join(member), &place);
    }
    fs::copy(repository().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    let root = fs::read_to_string(repository().join("Cargo.toml")).expect("a manifest");
    let ours = root.lines().find(|line| line.starts_with("members")).expect("members");
    let root = root.replace(ours, &format!("members = {members:?}"));
    // What else the root says is of members that are not there.
    let root: Vec<&str> = root.lines().filter(|line| !line.starts_with("exclude")).collect();
    let root =
        root.join("\n").replace("[profile.dev.package.driftless-rate-match]\nopt-level = 3\n", "");
    fs::write(folder.join("Cargo.toml"), root).expect("a manifest can be written");
    for (file, from, to) in changes {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(from), "{file} has no `{from}`");
        fs::write(&path, text.replacen(from, to, 1)).expect("it can be written");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
