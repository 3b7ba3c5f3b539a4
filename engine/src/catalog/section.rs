//! Reading a library file's headers and its descriptor, piece by piece.
//!
//! The file is read, not mapped: a mapped file that somebody cuts short while it is looked at ends
//! the process.

use std::env::consts;
use std::fs::File;

use driftless_plugin_api::abi::module::{C_ENTRY_SYMBOL, DESCRIPTOR_SECTION, ENTRY_PREFIX};
use object::read::{ReadCache, ReadRef};
use object::{
    BinaryFormat, Endianness, FileKind, NameOrOrdinal, Object, ObjectKind, ObjectSection,
    ObjectSegment,
};

use super::PrecheckError;
use super::pieces::Pieces;

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
    let file = ReadCache::new(Pieces::new(file, length));
    check_kind(&file, length)?;
    let library = object::File::parse(&file).map_err(truncated)?;
    check_machine(&library)?;
    check_whole(&library, length)?;
    let entry = find_entry(&library)?;
    Ok((entry, read_descriptor(&library)?))
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
fn check_whole<'a, R: ReadRef<'a>>(
    library: &object::File<'a, R>,
    length: u64,
) -> Result<(), PrecheckError> {
    let end = |(offset, size): (u64, u64)| offset.checked_add(size);
    for segment in library.segments() {
        if end(segment.file_range()).is_none_or(|end| end > length) {
            let why = format!("it has {length} bytes, but its segments need more");
            return Err(PrecheckError::Truncated { why });
        }
    }
    Ok(())
}

fn find_entry<'a, R: ReadRef<'a>>(
    library: &object::File<'a, R>,
) -> Result<EntryPoint, PrecheckError> {
    let mut entries = Vec::new();
    for export in library.exports().map_err(truncated)? {
        let export = export.map_err(truncated)?;
        let NameOrOrdinal::Name(name) = export.name() else { continue };
        let Ok(name) = str::from_utf8(name) else { continue };
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

fn read_descriptor<'a, R: ReadRef<'a>>(
    library: &object::File<'a, R>,
) -> Result<String, PrecheckError> {
    let missing = PrecheckError::NoDescriptor { section: DESCRIPTOR_SECTION };
    let Some(section) = library.section_by_name(DESCRIPTOR_SECTION) else { return Err(missing) };
    if section.size() == 0 || section.size() > LARGEST_DESCRIPTOR {
        return Err(missing);
    }
    let bytes = section.data().map_err(truncated)?;
    String::from_utf8(bytes.to_vec())
        .map_err(|error| PrecheckError::Truncated { why: format!("its descriptor: {error}") })
}
