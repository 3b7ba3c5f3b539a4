//! What a library is known by, read from its headers.
//!
//! Of an ELF file for this machine only what is asked for is read. `object` reads the table of all symbols
//! beside that of the exported ones: for a small plugin more than everything else together.

use object::elf::{self, FileHeader64};
use object::read::ReadRef;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, SectionTable, Sym};
use object::{Endianness, FileKind, NameOrOrdinal, Object, ObjectSection, ObjectSegment, Result};

/// The headers of a library file.
pub(super) trait Headers<'a> {
    /// Place and size in the file of every part that the loader maps.
    fn parts(&self) -> Result<Vec<(u64, u64)>>;
    /// The names of the symbols that others may use.
    fn exports(&self) -> Result<Vec<Vec<u8>>>;
    /// What is in a section; `None` if it is not there, empty, or larger than `largest`.
    fn section(&self, name: &str, largest: u64) -> Result<Option<&'a [u8]>>;
}

/// Files of any kind.
impl<'a, R: ReadRef<'a>> Headers<'a> for object::File<'a, R> {
    fn parts(&self) -> Result<Vec<(u64, u64)>> {
        Ok(self.segments().map(|segment| segment.file_range()).collect())
    }

    fn exports(&self) -> Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        for export in Object::exports(self)? {
            if let NameOrOrdinal::Name(name) = export?.name() {
                names.push(name.to_vec());
            }
        }
        Ok(names)
    }

    fn section(&self, name: &str, largest: u64) -> Result<Option<&'a [u8]>> {
        let section = self.section_by_name(name);
        let section = section.filter(|section| (1..=largest).contains(&section.size()));
        section.map(|section| section.data()).transpose()
    }
}

/// The machine of ELF files that can be loaded here; others go the long way, to be told what they are.
const MACHINE: Option<elf::Machine> = if cfg!(target_arch = "x86_64") {
    Some(elf::EM_X86_64)
} else if cfg!(target_arch = "aarch64") {
    Some(elf::EM_AARCH64)
} else {
    None
};

/// An ELF library for this machine.
pub(super) struct Elf<'a, R: ReadRef<'a>> {
    file: R,
    endian: Endianness,
    header: &'a FileHeader64<Endianness>,
    sections: SectionTable<'a, FileHeader64<Endianness>, R>,
}

impl<'a, R: ReadRef<'a>> Elf<'a, R> {
    /// `None` if the file is anything else.
    pub fn of_this_machine(file: R) -> Result<Option<Self>> {
        if !matches!(FileKind::parse(file), Ok(FileKind::Elf64)) {
            return Ok(None);
        }
        let header = FileHeader64::<Endianness>::parse(file)?;
        let endian = header.endian()?;
        let is_native = endian == Endianness::default()
            && Some(header.e_machine(endian)) == MACHINE
            && header.e_type(endian) == elf::ET_DYN;
        if !is_native {
            return Ok(None);
        }
        let sections = header.sections(endian, file)?;
        Ok(Some(Self { file, endian, header, sections }))
    }
}

impl<'a, R: ReadRef<'a>> Headers<'a> for Elf<'a, R> {
    fn parts(&self) -> Result<Vec<(u64, u64)>> {
        let parts = self.header.program_headers(self.endian, self.file)?.iter();
        let mapped = parts.filter(|part| part.p_type(self.endian) == elf::PT_LOAD);
        Ok(mapped.map(|part| part.file_range(self.endian)).collect())
    }

    fn exports(&self) -> Result<Vec<Vec<u8>>> {
        let symbols = self.sections.symbols(self.endian, self.file, elf::SHT_DYNSYM)?;
        let exported = symbols.iter().filter(|symbol| {
            !symbol.is_local() && symbol.is_definition(self.endian, symbols.strings())
        });
        exported.map(|symbol| Ok(symbol.name(self.endian, symbols.strings())?.to_vec())).collect()
    }

    fn section(&self, name: &str, largest: u64) -> Result<Option<&'a [u8]>> {
        let section = self.sections.section_by_name(self.endian, name.as_bytes());
        let section = section.map(|(_, section)| section);
        let section =
            section.filter(|section| (1..=largest).contains(&section.sh_size(self.endian)));
        section.map(|section| section.data(self.endian, self.file)).transpose()
    }
}
