use std::fs;
use std::path::Path;

use driftless_plugin_api::abi::module::DESCRIPTOR_SECTION;
use tempfile::TempDir;

use super::*;

mod elf;

use elf::Elf;

const ENTRY: &str = "driftless_plugin_of_a_test";

const GOOD: &str = include_str!("../plan/tests/filters.toml");

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("a file in it");
    }
    folder
}

/// Why the file `a.so` with these bytes is refused; empty when it is not.
fn verdict(bytes: &[u8]) -> String {
    let folder = folder(&[("a.so", bytes)]);
    match precheck(&folder.path().join("a.so"), Trust::Owner) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_built_in_queue_describes_itself_well() {
    assert_eq!(built_in_queue().id, BUILT_IN_QUEUE);
    assert!(built_in_queue().setting("capacity").is_some());
}

#[test]
fn a_filter_registered_in_the_process_is_found_and_its_id_is_taken() {
    let mut catalog = Catalog::default();
    catalog.register(GOOD, 7).expect("good");
    let entry = catalog.find("test.gain").expect("it is there");
    assert_eq!(entry.provider, Provider::Process(7));
    let again = catalog.register(GOOD, 8).expect_err("its ids are taken").to_string();
    assert_eq!(again, "has the filter `test.live`, which `filters-for-tests` has already");
    let queue = GOOD.replacen("test.live", "queue", 1);
    let queue = Catalog::default().register(&queue, 0).expect_err("the engine's").to_string();
    assert_eq!(queue, "has the filter `queue`, which the engine has already");
}

#[test]
fn a_folder_or_file_that_is_not_there_is_said_to_be_so() {
    let catalog = Catalog::scan(&["no/such/folder"]);
    assert!(matches!(catalog.refused()[0].error, PrecheckError::NotFound));
    let missing = precheck(Path::new("no/such/file.so"), Trust::Owner);
    assert!(matches!(missing, Err(PrecheckError::NotFound)));
}

#[cfg(target_os = "linux")]
mod on_linux {
    use super::*;

    fn good() -> Vec<u8> {
        Elf::default().bytes(ENTRY, DESCRIPTOR_SECTION, GOOD.as_bytes())
    }

    #[test]
    fn a_folder_is_scanned_and_every_bad_file_has_its_own_reason() {
        let bad = GOOD.replacen("help", "hlep", 1).replace("test.", "bad.");
        let bad = Elf::default().bytes(ENTRY, DESCRIPTOR_SECTION, bad.as_bytes());
        let good = good();
        let folder = folder(&[
            ("1-good.so", &good),
            ("2-twice.so", &good),
            ("3-bad.so", &bad),
            ("4-text.so", b"no library at all"),
            ("readme.txt", b"not looked at"),
        ]);
        fs::create_dir(folder.path().join("5-folder.so")).expect("a folder in it");
        let catalog = Catalog::scan(&[folder.path(), folder.path()]);
        assert!(catalog.find("test.tee").is_some());
        assert_eq!(catalog.entries().len(), 11, "the same file found twice counts once");
        let refused: Vec<String> = catalog.refused()[..4]
            .iter()
            .map(|it| format!("{} {}", it.path.file_name().expect("a name").display(), it.error))
            .collect();
        assert_eq!(
            refused,
            [
                "2-twice.so has the filter `test.live`, which `filters-for-tests` has already",
                "3-bad.so has a wrong descriptor\n  plugin.toml, line 2: [plugin] has no `help`\n  \
                 plugin.toml, line 6: unknown key in [plugin]: `hlep`; expected `name`, `version`, \
                 `api`, `license` or `help`; did you mean `help`?",
                "4-text.so is no program file; expected a shared library",
                "5-folder.so is a folder; expected a regular file",
            ]
        );
    }

    #[test]
    fn every_kind_of_file_that_is_no_plugin_is_told_apart() {
        let elf = |change: fn(&mut Elf)| {
            let mut elf = Elf::default();
            change(&mut elf);
            elf.bytes(ENTRY, DESCRIPTOR_SECTION, GOOD.as_bytes())
        };
        let table: [(&str, Vec<u8>, &str); 12] = [
            ("good", good(), ""),
            ("empty", Vec::new(), "is empty; expected a shared library"),
            (
                "archive",
                b"!<arch>\nmore than a magic number".to_vec(),
                "is an archive of object files; expected a shared library",
            ),
            ("three bytes", b"\x7fEL".to_vec(), "is no program file; expected a shared library"),
            (
                "a header cut short",
                b"\x7fELF\x02\x01\x01".to_vec(),
                "is cut short or damaged: its header is not whole",
            ),
            (
                "an object file",
                elf(|elf| elf.kind = 1),
                "is an object file; expected a shared library",
            ),
            ("a program", elf(|elf| elf.kind = 2), "is a program; expected a shared library"),
            (
                "a segment beyond the end",
                elf(|elf| elf.missing = 4096),
                "is cut short or damaged: it has ",
            ),
            (
                "another machine",
                elf(|elf| elf.machine = 243),
                "is for riscv64 (Elf, Little endian); this machine needs ",
            ),
            (
                "no entry",
                Elf::default().bytes("other", DESCRIPTOR_SECTION, b"x"),
                "is a library, but no driftless plugin: it has no symbol",
            ),
            (
                "no section",
                Elf::default().bytes(ENTRY, ".other", b"x"),
                "has no descriptor: section `.driftless` is missing or empty",
            ),
            (
                "not text",
                Elf::default().bytes(ENTRY, DESCRIPTOR_SECTION, b"\xff\xfe"),
                "is cut short or damaged: its descriptor",
            ),
        ];
        for (case, bytes, reason) in table {
            let found = verdict(&bytes);
            assert!(
                found.starts_with(reason) && found.is_empty() == reason.is_empty(),
                "{case}: {found}"
            );
        }
    }

    #[test]
    fn a_library_cut_short_anywhere_is_refused() {
        let good = good();
        let folder = folder(&[]);
        let path = folder.path().join("a.so");
        for length in (0..good.len()).step_by(7) {
            fs::write(&path, &good[..length]).expect("a file");
            let error = precheck(&path, Trust::Owner).expect_err("it is not whole");
            let expected = matches!(
                error,
                PrecheckError::Truncated { .. } | PrecheckError::NotALibrary { .. }
            );
            assert!(expected, "{length} of {} bytes: {error}", good.len());
        }
    }

    #[test]
    fn a_library_with_any_byte_changed_is_judged_without_a_panic() {
        let good = good();
        let folder = folder(&[]);
        let path = folder.path().join("a.so");
        let header = (0..256).chain(good.len() - 512..good.len());
        for (position, flip) in header.flat_map(|at| [(at, 0xff), (at, 0x01), (at, 0x80)]) {
            let mut bytes = good.clone();
            bytes[position] ^= flip;
            fs::write(&path, &bytes).expect("a file");
            let _ = precheck(&path, Trust::Owner);
        }
    }

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let folder = folder(&[]);
        let path = folder.path().join("pipe.so");
        let made =
            std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo is there");
        assert!(made.success());
        let error = precheck(&path, Trust::Owner).expect_err("a pipe").to_string();
        assert_eq!(error, "is a pipe; expected a regular file");
    }

    #[test]
    fn what_everybody_can_write_is_not_trusted_unless_told_otherwise() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path, mode: u32| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
        };
        let folder = folder(&[("a.so", &good())]);
        let path = folder.path().join("a.so");
        mode(&path, 0o666);
        let error = precheck(&path, Trust::Owner).expect_err("a file all can write").to_string();
        assert!(error.ends_with("a.so` can be written by everybody (mode 666)"), "{error}");
        assert!(precheck(&path, Trust::Everybody).is_ok());
        mode(&path, 0o644);
        mode(folder.path(), 0o777);
        let error = precheck(&path, Trust::Owner).expect_err("a folder all can write").to_string();
        assert!(error.ends_with("can be written by everybody (mode 777)"), "{error}");
    }
}
