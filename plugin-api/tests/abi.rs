//! What crosses the border is held to what every published minor version of this crate had.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))] // whose layouts are kept

use std::fs;
use std::path::Path;

use driftless_plugin_api::abi::layout::Layouts;

/// The kept layouts, a file for each minor version, oldest first.
fn kept() -> Vec<(String, Layouts)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("abi");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let version = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (version, Layouts::parse(&fs::read_to_string(path).unwrap()).unwrap())
    };
    let mut kept: Vec<_> = files.map(read).collect();
    kept.sort_by_key(|(version, _)| {
        version.split('.').map(|it| it.parse().unwrap()).collect::<Vec<u32>>()
    });
    kept
}

#[test]
fn nothing_that_a_published_version_has_is_changed() {
    for (version, kept) in kept() {
        let broken: Vec<String> = kept
            .broken_by(&Layouts::own())
            .iter()
            .map(|it| format!("{}\n  {version}: {}\n  now: {}", it.place, it.older, it.newer))
            .collect();
        assert!(
            broken.is_empty(),
            "plugins built for plugin-api {version} would not work any more. A minor version may append \
             functions to tables; anything else is a new major version:\n{}",
            broken.join("\n")
        );
    }
}

#[test]
fn what_is_new_is_kept_for_this_minor_version() {
    let own = env!("CARGO_PKG_VERSION").rsplit_once('.').unwrap().0;
    let (newest, kept) = kept().pop().expect("1.0 at least");
    assert_eq!(newest, own, "keep this version: `cargo xtask abi > plugin-api/abi/{own}.txt`");
    let appended = kept.appended_by(&Layouts::own());
    assert!(
        appended.is_empty(),
        "this is new since {newest} was kept; if {newest} is published, raise the minor version first, \
         then `cargo xtask abi > plugin-api/abi/{own}.txt`:\n{}",
        appended.join("\n")
    );
}

const TABLE: &str = "table Gauge, 16 bytes, align 8\n   0  read: fn(*mut c_void) -> i64\n   \
    8  reset: fn(*mut c_void)\n";
const STRUCT: &str = "struct Reading, 16 bytes, align 8\n   0  at: i64\n   8  value: f64\n";

fn differences(older: &str, newer: &str) -> Vec<String> {
    let (older, newer) = (Layouts::parse(older).unwrap(), Layouts::parse(newer).unwrap());
    older.broken_by(&newer).into_iter().map(|it| it.place).collect()
}

#[test]
fn a_function_appended_to_a_table_and_a_new_type_are_no_difference() {
    let longer = TABLE.replace("16 bytes", "24 bytes") + "  16  hold: fn(*mut c_void, bool)\n";
    assert!(differences(TABLE, &longer).is_empty());
    assert!(differences(TABLE, &format!("{TABLE}{STRUCT}")).is_empty());
    let appended = Layouts::parse(TABLE).unwrap().appended_by(&Layouts::parse(&longer).unwrap());
    assert_eq!(appended, ["`Gauge`: `hold: fn(*mut c_void, bool)` at byte 16"]);
}

#[test]
fn whatever_else_happens_to_a_type_is_a_difference_that_names_its_field() {
    let table: [(&str, &str, &str, String, &[&str]); 10] = [
        ("a table, changed", TABLE, "-> i64", TABLE.replace("-> i64", "-> i32"), &["field `read`"]),
        ("an argument", TABLE, "reset", TABLE.replace("fn(*mut c_void)\n", "fn(*mut c_void, u8)\n"), &["field `reset`"]),
        (
            "a table, reordered",
            TABLE,
            "",
            "table Gauge, 16 bytes, align 8\n   0  reset: fn(*mut c_void)\n   8  read: fn(*mut c_void) -> i64\n".to_owned(),
            &["field `read`", "field `reset`"],
        ),
        ("a table, shortened", TABLE, "", TABLE.split("   8").next().unwrap().replace("16 bytes", "8 bytes"), &["field `reset`"]),
        ("a table, renamed", TABLE, "", TABLE.replace("Gauge", "Meter"), &["`Gauge`"]),
        ("a struct, longer", STRUCT, "", STRUCT.replace("16 bytes", "24 bytes") + "  16  more: i64\n", &["field `more`"]),
        ("a field, renamed", STRUCT, "", STRUCT.replace("value", "worth"), &["field `value`"]),
        ("a field, moved", STRUCT, "", STRUCT.replace("   8  value", "  12  value"), &["field `value`"]),
        ("alignment", STRUCT, "", STRUCT.replace("align 8", "align 4"), &["`Reading`"]),
        ("gone", STRUCT, "", TABLE.to_owned(), &["`Reading`"]),
    ];
    for (case, older, hint, newer, expected) in table {
        assert!(older.contains(hint));
        let found = differences(older, &newer);
        assert_eq!(found.len(), expected.len(), "{case}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.ends_with(expected), "{case}: {found}");
        }
    }
}

#[test]
fn what_is_written_is_read_again() {
    let own = Layouts::own();
    assert_eq!(Layouts::parse(&own.to_string()), Ok(own));
    assert!(Layouts::parse("struct Reading, many bytes\n").is_err());
}
