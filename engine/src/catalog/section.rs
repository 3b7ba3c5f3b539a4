//! Reading a library file's headers and its descriptor, piece by piece.
//!
//! The file is read, not mapped: a mapped file that somebody cuts short while it is looked at ends
//! the process.

use std::env::consts;
use std::fs::File;

use driftless_plugin_api::abi::module::{C_ENTRY_SYMBOL, DESCRIPTOR_SECTION, ENTRY_PREFIX};
use object::read::{ReadCache, ReadRef};
use object::{BinaryFormat, Endianness, FileKind, Object, ObjectKind};

use super::PrecheckError;
use super::headers::{Elf, Headers};

/// A descriptor is a page or two of text; more is a damaged file or somebody's joke.
const LARGEST_DESCRIPTOR: u64 = 1 << 20;

/// The symbol by which a library is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryPoint {
    /// abi_stable's header, under this name.
    Rust(String),
    /// A [`CLibrary`](driftless_plugin_api::abi::c::CLibrary).
    C,
}

/// Entry and descriptor in `file`, which is `length` bytes long, if it is a plugin for this machine.
pub(super) fn read(file: File, length: u64) -> Result<(EntryPoint, String), PrecheckError> {
    let file = &ReadCache::new(file);
    check_kind(file, length)?;
    if let Some(library) = Elf::of_this_machine(file).map_err(truncated)? {
        return read_library(&library, length);
    }
    let library = object::File::parse(file).map_err(truncated)?;
    check_machine(&library)?;
    read_library(&library, length)
}

fn read_library<'a>(
    library: &impl Headers<'a>,
    length: u64,
) -> Result<(EntryPoint, String), PrecheckError> {
    check_whole(library, length)?;
    Ok((find_entry(library)?, read_descriptor(library)?))
}

fn truncated(error: object::Error) -> PrecheckError {
    PrecheckError::Truncated { why: error.to_string() }
}

fn check_kind<'a>(file: impl ReadRef<'a>, length: u64) -> Result<(), PrecheckError> {
    let not_a_library = |found: &str| Err(PrecheckError::NotALibrary { found: found.to_owned() });
    if length == 0 {
        return not_a_library("empty");
    }
    match FileKind::parse(file) {
        Ok(FileKind::Elf32 | FileKind::Elf64 | FileKind::Pe32 | FileKind::Pe64) => Ok(()),
        Ok(FileKind::MachO32 | FileKind::MachO64) => Ok(()),
        Ok(FileKind::Archive) => not_a_library("an archive of object files"),
        Ok(_) => not_a_library("a file for linkers"),
        Err(_) if file.read_bytes_at(0, 4) == Ok(b"\x7fELF") => {
            Err(PrecheckError::Truncated { why: "its header is not whole".to_owned() })
        }
        Err(_) => not_a_library("no program file"),
    }
}

/// Format, processor and byte order must be this machine's, and the file one that can be loaded.
fn check_machine<'a, R: ReadRef<'a>>(library: &object::File<'a, R>) -> Result<(), PrecheckError> {
    let found = (library.format(), processor(library), library.endianness());
    let format = match BinaryFormat::native_object() {
        BinaryFormat::Coff => BinaryFormat::Pe,
        format => format,
    };
    let order = if cfg!(target_endian = "big") { Endianness::Big } else { Endianness::Little };
    let expected = (format, consts::ARCH.to_owned(), order);
    if found != expected {
        let name = |(format, processor, order): (BinaryFormat, String, Endianness)| {
            format!("{processor} ({format:?}, {order:?} endian)")
        };
        let (found, expected) = (name(found), name(expected));
        return Err(PrecheckError::WrongArchitecture { found, expected });
    }
    match library.kind() {
        ObjectKind::Dynamic => Ok(()),
        ObjectKind::Executable => Err(PrecheckError::NotALibrary { found: "a program".to_owned() }),
        _ => Err(PrecheckError::NotALibrary { found: "an object file".to_owned() }),
    }
}

/// The processor in the words of [`consts::ARCH`].
fn processor<'a, R: ReadRef<'a>>(library: &object::File<'a, R>) -> String {
    use object::Architecture as Is;
    match library.architecture() {
        Is::X86_64 => "x86_64".to_owned(),
        Is::Aarch64 => "aarch64".to_owned(),
        Is::I386 => "x86".to_owned(),
        Is::Arm => "arm".to_owned(),
        Is::Riscv64 => "riscv64".to_owned(),
        Is::PowerPc64 => "powerpc64".to_owned(),
        Is::S390x => "s390x".to_owned(),
        Is::LoongArch64 => "loongarch64".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Every part that the loader maps must be in the file: touching a page beyond its end is fatal.
fn check_whole<'a>(library: &impl Headers<'a>, length: u64) -> Result<(), PrecheckError> {
    let is_beyond = |(at, size): (u64, u64)| at.checked_add(size).is_none_or(|end| end > length);
    if library.parts().map_err(truncated)?.into_iter().any(is_beyond) {
        let why = format!("it has {length} bytes, but its segments need more");
        return Err(PrecheckError::Truncated { why });
    }
    Ok(())
}

fn find_entry<'a>(library: &impl Headers<'a>) -> Result<EntryPoint, PrecheckError> {
    let mut entries = Vec::new();
    for name in library.exports().map_err(truncated)? {
        let Ok(name) = str::from_utf8(&name) else { continue };
        // Mach-O puts an underscore before every name.
        let name = name.strip_prefix('_').unwrap_or(name);
        if name == C_ENTRY_SYMBOL {
            entries.push(EntryPoint::C);
        } else if name.starts_with(ENTRY_PREFIX) {
            entries.push(EntryPoint::Rust(name.to_owned()));
        }
    }
    match entries.len() {
        0 => Err(PrecheckError::NoEntrySymbol),
        1 => Ok(entries.remove(0)),
        _ => Err(PrecheckError::SeveralEntrySymbols {
            symbols: entries.iter().map(|entry| entry.symbol().to_owned()).collect(),
        }),
    }
}

impl EntryPoint {
    /// The symbol's name.
    pub fn symbol(&self) -> &str {
        match self {
            Self::Rust(symbol) => symbol,
            Self::C => C_ENTRY_SYMBOL,
        }
    }
}

fn read_descriptor<'a>(library: &impl Headers<'a>) -> Result<String, PrecheckError> {
    let section = library.section(DESCRIPTOR_SECTION, LARGEST_DESCRIPTOR).map_err(truncated)?;
    let missing = PrecheckError::NoDescriptor { section: DESCRIPTOR_SECTION };
    let bytes = section.ok_or(missing)?;
    String::from_utf8(bytes.to_vec())
        .map_err(|error| PrecheckError::Truncated { why: format!("its descriptor: {error}") })
}
