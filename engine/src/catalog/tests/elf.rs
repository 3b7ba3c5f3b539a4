//! The smallest ELF library that the catalog accepts, byte by byte, to be spoilt.

/// What can be spoilt in its header.
pub struct Elf {
    /// `e_type`: 1 object file, 2 program, 3 library.
    pub kind: u16,
    /// `e_machine`.
    pub machine: u16,
    /// How many bytes more than there are its segment claims.
    pub missing: u64,
}

impl Default for Elf {
    fn default() -> Self {
        let machine = match std::env::consts::ARCH {
            "aarch64" => 183,
            _ => 62, // x86-64
        };
        Self { kind: 3, machine, missing: 0 }
    }
}

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

impl Elf {
    /// A library that exports `symbol` and has `content` in `section`. Sections as linkers lay them
    /// out: data first, the table of sections at the very end.
    pub fn bytes(&self, symbol: &str, section: &str, content: &[u8]) -> Vec<u8> {
        let names = format!("\0.dynsym\0.dynstr\0{section}\0.shstrtab\0");
        let name = |of: &str| names.find(&format!("\0{of}\0")).expect("it is there") as u32 + 1;
        let strings = format!("\0{symbol}\0");
        // The null symbol, then: name, global object, default visibility, section 3, address, size.
        let mut symbols = vec![0; 24];
        symbols.extend([1, 0, 0, 0, 0x11, 0, 3, 0]);
        symbols.extend([0x1000_u64, 8].map(u64::to_le_bytes).concat());

        let mut body: Vec<u8> = Vec::new();
        let mut place = |bytes: &[u8]| {
            let start = HEADER + PROGRAM_HEADER + body.len();
            body.extend(bytes);
            (start as u64, bytes.len() as u64)
        };
        let symbols = place(&symbols);
        let strings = place(strings.as_bytes());
        let descriptor = place(content);
        let section_names = place(names.as_bytes());
        let end = HEADER + PROGRAM_HEADER + body.len();

        let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        out.extend([self.kind.to_le_bytes(), self.machine.to_le_bytes()].concat());
        out.extend(1_u32.to_le_bytes());
        out.extend([0, HEADER as u64, end as u64].map(u64::to_le_bytes).concat());
        out.extend(0_u32.to_le_bytes());
        out.extend([64, 56, 1, 64, 5, 4_u16].map(u16::to_le_bytes).concat());
        // PT_LOAD, readable: everything up to the table of sections.
        out.extend([1, 4_u32].map(u32::to_le_bytes).concat());
        let size = end as u64 + self.missing;
        out.extend([0, 0, 0, size, size, 0x1000].map(u64::to_le_bytes).concat());
        out.extend(body);
        let mut add = |name: u32, kind: u32, (at, size): (u64, u64), link: u32, entry: u64| {
            out.extend([name, kind].map(u32::to_le_bytes).concat());
            out.extend([2, at, at, size].map(u64::to_le_bytes).concat());
            out.extend([link, u32::from(entry > 0)].map(u32::to_le_bytes).concat());
            out.extend([1, entry].map(u64::to_le_bytes).concat());
        };
        add(0, 0, (0, 0), 0, 0);
        add(name(".dynsym"), 11, symbols, 2, 24);
        add(name(".dynstr"), 3, strings, 0, 0);
        add(name(section), 1, descriptor, 0, 0);
        add(name(".shstrtab"), 3, section_names, 0, 0);
        out
    }
}
