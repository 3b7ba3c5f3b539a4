//! Who asked: the first function on the stack that belongs neither to this library nor to the C library.

use std::ffi::{CStr, c_int, c_void};
use std::sync::OnceLock;

use crate::c_library::{self, Place, backtrace, backtrace_symbols_fd, dladdr, getauxval};

/// Functions looked at.
const DEPTH: usize = 64;

/// The stack of this thread, innermost first.
fn stack() -> ([*mut c_void; DEPTH], usize) {
    let mut frames = [std::ptr::null_mut(); DEPTH];
    // SAFETY: there is room for so many addresses.
    let found = unsafe { backtrace(frames.as_mut_ptr(), DEPTH as c_int) };
    (frames, found.unsigned_abs() as usize)
}

/// Shows this thread's stack on standard error.
pub(crate) fn show() {
    let (frames, found) = stack();
    // SAFETY: so many were written.
    unsafe { backtrace_symbols_fd(frames.as_ptr(), found as c_int, 2) };
}

/// What is known of an address.
fn about(address: *const c_void) -> Option<Place> {
    let mut info = std::mem::MaybeUninit::<Place>::uninit();
    // SAFETY: there is room for one answer.
    let found = unsafe { dladdr(address, info.as_mut_ptr()) };
    // SAFETY: it was filled in, since something was found.
    (found != 0).then(|| unsafe { info.assume_init() })
}

/// Where the file that holds an address begins in memory.
fn base(address: *const c_void) -> usize {
    about(address).map_or(0, |info| info.base as usize)
}

/// The program, and what counts as nobody: this library and the C library.
fn known() -> &'static (usize, [usize; 2]) {
    static KNOWN: OnceLock<(usize, [usize; 2])> = OnceLock::new();
    KNOWN.get_or_init(|| {
        // SAFETY: a question about this process.
        let headers = unsafe { getauxval(c_library::PROGRAM_HEADERS) } as *const c_void;
        let own = base(known as fn() -> _ as *const c_void);
        let c_library = base(getauxval as unsafe extern "C" fn(_) -> _ as *const c_void);
        (base(headers), [own, c_library])
    })
}

/// The caller's address, unless it is the program itself.
pub(crate) fn outside_of_the_program() -> Option<usize> {
    let (program, nobody) = known();
    let (frames, found) = stack();
    let mut callers = frames[..found].iter().map(|frame| (*frame, base(*frame)));
    let (caller, base) = callers.find(|(_, base)| *base != 0 && !nobody.contains(base))?;
    (base != *program).then_some(caller as usize)
}

/// Where the plugin's function goes back to that has called the program.
pub(crate) fn way_back() -> Option<usize> {
    let (frames, found) = stack();
    let mut frames = frames[..found].iter().map(|frame| *frame as usize);
    frames.find(|frame| is_outside(*frame))?;
    frames.next()
}

/// Whether this thread is in a function that goes back to `place`.
pub(crate) fn is_below(place: usize) -> bool {
    let (frames, found) = stack();
    frames[..found].iter().any(|frame| *frame as usize == place)
}

/// Whether an address belongs to a plugin, or what it has brought along.
pub(crate) fn is_outside(address: usize) -> bool {
    let (program, nobody) = known();
    let base = base(address as *const c_void);
    base != 0 && base != *program && !nobody.contains(&base)
}

/// The file and the function of an address, as far as they are known.
pub(crate) fn name(address: usize) -> String {
    let Some(info) = about(address as *const c_void) else { return format!("{address:#x}") };
    let text = |text: *const std::ffi::c_char| {
        // SAFETY: the loader's own texts end in a zero and stay.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    };
    let file = text(info.file).unwrap_or_default();
    let file = file.rsplit('/').next().unwrap_or_default().to_owned();
    match text(info.symbol) {
        Some(function) => format!("{function} of {file}"),
        None => format!("{file}+{:#x}", address.wrapping_sub(info.base as usize)),
    }
}
