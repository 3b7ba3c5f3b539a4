//! `driftless.h` is what plugin-api's sources make of it, and means the same to a C compiler.

use std::fmt::Write;
use std::fs;

use driftless_c_plugin::{c_name, compile, header, repository};
use driftless_plugin_api::abi::layout::Layouts;

#[test]
fn the_header_in_the_repository_is_the_one_that_plugin_api_makes() {
    let kept = fs::read_to_string(repository().join("plugin-api/c/driftless.h")).unwrap();
    assert!(kept == header(), "plugin-api/c/driftless.h is not current: run `cargo xtask header`");
}

/// Size and alignment of every structure and the offset of every field, as Rust has them, asserted in C
/// and C++.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[test]
fn every_structure_and_field_is_laid_out_in_c_as_in_rust() {
    let layouts = Layouts::own().to_string();
    let mut asserts = String::from(
        "#include \"driftless.h\"\n#ifndef __cplusplus\n#define static_assert _Static_assert\n#define alignof _Alignof\n#endif\n",
    );
    let (mut structures, mut fields, mut of) = (0, 0, None);
    for line in layouts.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if line.starts_with(' ') {
            let (Some(c), [offset, name, ..]) = (&of, words.as_slice()) else { continue };
            let name = name.trim_end_matches(':');
            let _ = writeln!(
                asserts,
                "static_assert(offsetof({c}, {name}) == {offset}, \"{c}.{name}\");"
            );
            fields += 1;
        } else {
            let name = words[1].trim_end_matches(',');
            of = c_name(name).filter(|_| name != "Status"); // a plain number in C
            let Some(c) = &of else { continue };
            let (size, align) = (words[2], words[5]);
            let _ = writeln!(asserts, "static_assert(sizeof({c}) == {size}, \"{c}\");");
            let _ = writeln!(asserts, "static_assert(alignof({c}) == {align}, \"{c}\");");
            structures += 1;
        }
    }
    assert!(structures >= 23 && fields >= 150, "{structures} structures, {fields} fields");
    let folder = tempfile::tempdir().unwrap();
    for name in ["layout.c", "layout.cpp"] {
        let source = folder.path().join(name);
        fs::write(&source, &asserts).unwrap();
        compile(&source, &[], &folder.path().join("layout.so"));
    }
}
