//! Looks at each instruction of a thread: at locks that are taken without the C library, and at the kernel
//! entered by hand.
//!
//! The processor's trap flag makes it stop after each instruction (Intel SDM volume 3, 19.3.1.4); what comes
//! next is then read where it stands. A lock is what is set from 0 by a compare-and-exchange and back to 0
//! in the same call, in the ways of Rust's `Mutex` and `RwLock` and of `parking_lot`. x86-64 only.

#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{Action, begin, end};

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn begin() {}
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn end() {}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::cell::Cell;
    use std::ffi::{c_int, c_void};

    use crate::c_library::sigaction;
    use crate::{Request, found, is_past};

    /// `SIGTRAP`
    const TRAP: c_int = 5;
    /// `SA_SIGINFO | SA_RESTART`
    const FLAGS: c_int = 4 | 0x1000_0000;
    const TRAP_FLAG: u64 = 0x100;
    /// Instructions of one call that are looked at, so that a call has an end.
    const ENOUGH: u32 = 40_000;
    /// What `RwLock` puts in the place of 0 for somebody who writes.
    const WRITTEN: u64 = 0x3FFF_FFFF;

    /// `struct sigaction`
    #[repr(C)]
    pub(crate) struct Action {
        handler: extern "C" fn(c_int, *mut c_void, *mut Context),
        mask: [u64; 16],
        flags: c_int,
        restorer: usize,
    }

    /// `ucontext_t` as far as it is needed.
    #[repr(C)]
    pub(crate) struct Context {
        flags: u64,
        link: usize,
        stack: [u64; 3],
        registers: [u64; 23],
    }

    /// Places in `Context::registers`.
    const RAX: usize = 13;
    const RIP: usize = 16;
    const EFLAGS: usize = 17;
    /// The places of registers in the order of their numbers in instructions.
    const NUMBERED: [usize; 16] = [RAX, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7];

    /// A lock that was taken: where it is, and by which instruction.
    type Taken = (u64, u64);

    thread_local! {
        static LEFT: Cell<u32> = const { Cell::new(0) };
        static TAKEN: Cell<Option<Taken>> = const { Cell::new(None) };
    }

    pub(crate) fn begin() {
        let action = Action { handler: step, mask: [0; 16], flags: FLAGS, restorer: 0 };
        // SAFETY: the action has the C library's layout, and nobody wants the old one.
        unsafe { sigaction(TRAP, &raw const action, std::ptr::null_mut()) };
        TAKEN.set(None);
        LEFT.set(ENOUGH);
        // SAFETY: only the trap flag is set, and there is somebody for its signal.
        unsafe {
            std::arch::asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq");
        }
    }

    pub(crate) fn end() {
        LEFT.set(0);
    }

    extern "C" fn step(_: c_int, _: *mut c_void, context: *mut Context) {
        // SAFETY: the kernel passes the thread's registers.
        let registers = unsafe { &mut (*context).registers };
        // A thread that ends blocks this signal, and must not be stopped any more.
        let past = is_past(registers[RIP] as usize);
        match LEFT.get().checked_sub(1).filter(|_| !past) {
            None => registers[EFLAGS] &= !TRAP_FLAG,
            Some(left) => {
                LEFT.set(left);
                look(registers);
            }
        }
    }

    /// Looks at the instruction that comes next.
    fn look(registers: &[u64; 23]) {
        let at = registers[RIP];
        match Instruction::read(registers) {
            None => {}
            Some(Instruction::Kernel) => found(Request::Syscall, at as usize),
            Some(Instruction::Exchange { place, from, to, bits }) => {
                follow(at, place, from, to, bits);
            }
        }
    }

    /// Notes what is taken, and counts what is given back.
    fn follow(at: u64, place: u64, from: Option<u64>, to: u64, bits: u32) {
        let mask = if bits == 8 { 0xFF } else { 0xFFFF_FFFF };
        let to = to & mask;
        match from.map(|from| from & mask) {
            Some(0) if matches!(to, 1 | WRITTEN) && value(place, bits) == 0 => {
                TAKEN.set(Some((place, at)));
            }
            _ => {
                let Some((taken, by)) = TAKEN.get() else { return };
                if taken == place && to == 0 {
                    TAKEN.set(None);
                    found(Request::FreeLock, by as usize);
                }
            }
        }
    }

    fn value(place: u64, bits: u32) -> u64 {
        match bits {
            // SAFETY: the instruction that comes next reads it too; likewise below.
            8 => u64::from(unsafe { (place as *const u8).read_volatile() }),
            // SAFETY: see above.
            _ => u64::from(unsafe { (place as *const u32).read_unaligned() }),
        }
    }

    /// What is looked for.
    enum Instruction {
        /// `syscall`
        Kernel,
        /// What puts `to` in the place of `from`, or of anything.
        Exchange { place: u64, from: Option<u64>, to: u64, bits: u32 },
    }

    impl Instruction {
        fn read(registers: &[u64; 23]) -> Option<Self> {
            let mut code = Code { at: registers[RIP] };
            let mut first = code.byte();
            let locked = first == 0xF0;
            if locked {
                first = code.byte();
            }
            let rex = if first & 0xF0 == 0x40 { first } else { 0 };
            if rex != 0 {
                first = code.byte();
            }
            if rex & 8 != 0 {
                return None; // 64 bits: no lock has so many
            }
            let second = if first == 0x0F { code.byte() } else { 0 };
            let bits = match (first, second) {
                (0x0F, 0x05) => return Some(Self::Kernel),
                (0x0F, 0xB0) if locked => 8,
                (0x0F, 0xB1 | 0xC1) if locked => 32,
                (0x86, _) => 8,
                (0x87, _) => 32,
                _ => return None,
            };
            let (place, register) = code.operands(rex, registers)?;
            let operand = registers[NUMBERED[register]];
            let (from, to) = match second {
                0xB0 | 0xB1 => (Some(registers[RAX]), operand),
                0xC1 => (None, value(place, bits).wrapping_add(operand)),
                _ => (None, operand),
            };
            Some(Self::Exchange { place, from, to, bits })
        }
    }

    /// Instructions where they stand.
    struct Code {
        at: u64,
    }

    impl Code {
        fn byte(&mut self) -> u8 {
            // SAFETY: the processor is about to read it.
            let byte = unsafe { (self.at as *const u8).read() };
            self.at += 1;
            byte
        }

        fn offset(&mut self) -> u64 {
            let bytes = [self.byte(), self.byte(), self.byte(), self.byte()];
            i64::from(i32::from_le_bytes(bytes)) as u64
        }

        /// The place in memory and the number of the register of an instruction (Intel SDM volume 2, 2.1.5);
        /// nothing where both are registers.
        fn operands(&mut self, rex: u8, registers: &[u64; 23]) -> Option<(u64, usize)> {
            let modes = self.byte();
            let number = |low: u8, bit: u8| usize::from(low & 7) + 8 * usize::from(rex & bit != 0);
            let register = number(modes >> 3, 4);
            let mode = modes >> 6;
            if mode == 3 {
                return None;
            }
            let place = match (modes & 7, mode) {
                (5, 0) => {
                    let offset = self.offset();
                    return Some((self.at.wrapping_add(offset), register));
                }
                (4, _) => {
                    let scaled = self.byte();
                    let index = match number(scaled >> 3, 2) {
                        4 => 0,
                        index => registers[NUMBERED[index]] << (scaled >> 6),
                    };
                    match (scaled & 7, mode) {
                        (5, 0) => index.wrapping_add(self.offset()),
                        (base, _) => index.wrapping_add(registers[NUMBERED[number(base, 1)]]),
                    }
                }
                (base, _) => registers[NUMBERED[number(base, 1)]],
            };
            let offset = match mode {
                1 => i64::from(self.byte().cast_signed()) as u64,
                2 => self.offset(),
                _ => 0,
            };
            Some((place.wrapping_add(offset), register))
        }
    }
}
