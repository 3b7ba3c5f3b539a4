//! Every kind of file that is no good plugin has an error of its own, and the good ones go on.
#![cfg(target_os = "linux")] // the files are spoilt at places where ELF has what is spoilt

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use driftless_engine::catalog::{Catalog, PrecheckError, Trust, precheck};
use driftless_engine::loader::library::load;
use driftless_loading::{bytes, folder, misbehaving, patched};

const GOOD: &str = "driftless-fixture-misbehaving";

const TRANSFORM_OUTPUT: &str = "[filter.pin.out]\ndirection = \"output\"\nmedia     = [\"any\"]\n";

/// `bytes` with blanks in the place of `text`.
fn blanked(bytes: &[u8], text: &str) -> Vec<u8> {
    patched(bytes, text, "", b' ')
}

/// What scanning and loading a file says.
fn refusal(path: &Path) -> String {
    load(path).map_or_else(|error| error.to_string(), |_| "it was loaded".to_owned())
}

/// `bytes` with one of them changed.
fn with_byte(bytes: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut spoilt = bytes.to_vec();
    spoilt[at] = value;
    spoilt
}

#[test]
fn each_kind_of_bad_library_has_its_own_error() {
    let good = bytes(GOOD);
    // Byte 16 is the kind of file, byte 18 the machine (System V ABI, chapter 4).
    let spoilt: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "is empty; expected a shared library"),
        ("text", b"not a library".to_vec(), "is no program file; expected a shared library"),
        ("machine", with_byte(&good, 18, 243), "is for riscv64"),
        ("program", with_byte(&good, 16, 2), "is a program; expected a shared library"),
        ("section", patched(&good, ".driftless", ".driftfull", 0), "has no descriptor"),
        (
            "entry",
            patched(&good, "driftless_plugin_driftless", "driftless_plugout_driftles", 0),
            "is a library, but no driftless plugin: it has no symbol",
        ),
        (
            "descriptor",
            patched(&good, "[plugin]\nname", "[plugin]\nmame", 0),
            "has a wrong descriptor",
        ),
        ("half", good[..good.len() / 2].to_vec(), "is cut short or damaged"),
        (
            "kind",
            patched(&blanked(&good, TRANSFORM_OUTPUT), "\"transform\"", "\"renderer\"", b' '),
            "its descriptor and its code disagree: `fixture.transform` is declared as renderer, but \
             made as transform",
        ),
        (
            "layouts hidden",
            bytes("driftless-fixture-hidden-layouts"),
            "it carries no type layouts to check",
        ),
        (
            "layouts differ",
            bytes("driftless-fixture-other-layouts"),
            "its types differ from the host's: `Module`, field `factories`: the plugin has `factories: \
             fn(u64) -> u64` at byte 0, this host wants `factories: fn() -> RVec<&Factory>` at byte 0. The \
             plugin was built with plugin-api 1.0.0, this host with 1.1.0: rebuild the plugin",
        ),
        (
            "major",
            bytes("driftless-fixture-other-major"),
            "it was written for plugin-api 2, this host has 1; rebuild the plugin",
        ),
        (
            "undefined",
            bytes("driftless-fixture-undefined-symbol"),
            "undefined symbol: driftless_function_that_nobody_has",
        ),
        ("good", good, "it was loaded"),
    ];
    let mut wrong = Vec::new();
    for (case, bytes, expected) in &spoilt {
        let folder = folder(&[("a.so", bytes)]);
        let said = refusal(&folder.path().join("a.so"));
        if !said.contains(expected) {
            wrong.push(format!("{case}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_filter_that_the_code_has_not_or_the_descriptor_has_not_is_named() {
    // The descriptor's line only: the code's id has no `id = ` before it.
    let declared =
        patched(&bytes(GOOD), "id   = \"fixture.renderer\"", "id   = \"fixture.rendered\"", b' ');
    let folder = folder(&[("a.so", &declared)]);
    let said = refusal(&folder.path().join("a.so"));
    assert!(said.contains("declares `fixture.rendered`, but its code does not make it"), "{said}");
    let descriptor = include_str!("../../fixture-misbehaving/plugin.toml");
    let last = descriptor.rfind("[[filter]]").expect("the fixture has filters");
    let undeclared = blanked(&bytes(GOOD), &descriptor[last..]);
    let folder = driftless_loading::folder(&[("a.so", &undeclared)]);
    let said = refusal(&folder.path().join("a.so"));
    assert!(said.contains("the code makes `fixture.renderer`, which is not declared"), "{said}");
}

#[test]
fn what_is_no_file_or_not_to_be_trusted_is_told_apart_and_the_good_ones_are_found() {
    let good = bytes(GOOD);
    let folder = folder(&[("good.so", &good), ("open.so", &good), ("twice.so", &good)]);
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("folder.so")).unwrap();
    symlink("nowhere", path("dangling.so")).unwrap();
    assert!(Command::new("mkfifo").arg(path("pipe.so")).status().unwrap().success());
    fs::set_permissions(path("open.so"), fs::Permissions::from_mode(0o666)).unwrap();
    let catalog = Catalog::scan(&[folder.path()]);
    assert_eq!(catalog.entries().len(), 3, "the good one's filters");
    let refused: Vec<String> = catalog
        .refused()
        .iter()
        .map(|it| format!("{}: {}", it.path.file_name().unwrap().display(), it.error))
        .collect();
    let expected = [
        "dangling.so: does not exist",
        "folder.so: is a folder; expected a regular file",
        "open.so: is not trusted, because ",
        "pipe.so: is a pipe; expected a regular file",
        "twice.so: has the filter `fixture.source`, which `driftless-fixture-misbehaving` has already",
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:?}");
    for (found, expected) in refused.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
    assert!(load(&path("good.so")).is_ok());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(
        precheck(&path("good.so"), Trust::Owner),
        Err(PrecheckError::Untrusted { .. })
    ));
}

#[test]
fn a_library_of_the_system_is_no_plugin() {
    let maths =
        ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"];
    let Some(maths) = maths.iter().map(Path::new).find(|path| path.exists()) else {
        return eprintln!("no C library of maths here");
    };
    let said = refusal(maths);
    assert!(said.contains("is a library, but no driftless plugin"), "{said}");
}

#[test]
fn a_real_library_cut_anywhere_is_refused_before_it_is_opened() {
    let good = bytes(GOOD);
    let folder = folder(&[]);
    let path = folder.path().join("a.so");
    let step = good.len() / 60;
    for length in (1..64).chain((64..good.len()).step_by(step)).chain([good.len() - 1]) {
        fs::write(&path, &good[..length]).unwrap();
        let error = precheck(&path, Trust::Owner).expect_err("it is not whole");
        assert!(
            matches!(error, PrecheckError::Truncated { .. } | PrecheckError::NotALibrary { .. }),
            "{length} of {} bytes: {error}",
            good.len()
        );
    }
}

#[test]
fn flipped_bits_in_the_headers_are_judged_without_a_panic() {
    let good = bytes(GOOD);
    let folder = folder(&[]);
    let path = folder.path().join("a.so");
    for at in 0..512 {
        fs::write(&path, with_byte(&good, at, good[at] ^ (1 << (at % 8)))).unwrap();
        // Whatever it says, it says it; loading what may be accepted here is another matter.
        let _ = precheck(&path, Trust::Owner);
    }
}

#[test]
fn a_good_library_loads_after_each_of_the_bad_ones() {
    let folder = misbehaving();
    for package in ["other-layouts", "hidden-layouts", "other-major", "undefined-symbol"] {
        let bad = bytes(&format!("driftless-fixture-{package}"));
        fs::write(folder.path().join("bad.so"), bad).unwrap();
        assert!(load(&folder.path().join("bad.so")).is_err());
        fs::remove_file(folder.path().join("bad.so")).unwrap();
        assert!(load(&folder.path().join("misbehaving.so")).is_ok(), "after {package}");
    }
}
