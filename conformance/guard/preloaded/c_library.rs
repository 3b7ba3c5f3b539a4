//! The C library's functions, types and numbers that are needed here, as GNU/Linux has them.

use std::ffi::{c_char, c_int, c_long, c_ulong, c_void};

/// `CLOCK_MONOTONIC`
pub(crate) const MONOTONIC: c_int = 1;
/// `ENOMEM`
pub(crate) const NO_MEMORY: c_int = 12;
/// `AT_PHDR`: where the program's headers are.
pub(crate) const PROGRAM_HEADERS: c_ulong = 3;
/// `RTLD_NEXT`: the library after the caller's.
pub(crate) const NEXT: *mut c_void = std::ptr::without_provenance_mut(usize::MAX);
/// `SYS_futex`, which has its own number on older machines.
pub(crate) const FUTEX: c_long = match cfg!(target_arch = "x86_64") {
    true => 202,
    false if cfg!(target_pointer_width = "64") => 98,
    false => 240,
};

/// `struct timespec`
#[repr(C)]
pub(crate) struct Time {
    pub seconds: c_long,
    pub nanos: c_long,
}

/// `Dl_info`
#[repr(C)]
pub(crate) struct Place {
    pub file: *const c_char,
    pub base: *mut c_void,
    pub symbol: *const c_char,
    pub symbol_at: *mut c_void,
}

unsafe extern "C" {
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn sigaction(
        signal: c_int,
        action: *const crate::steps::Action,
        old: *mut c_void,
    ) -> c_int;
    pub(crate) fn clock_gettime(clock: c_int, now: *mut Time) -> c_int;
    pub(crate) fn getauxval(which: c_ulong) -> c_ulong;
    pub(crate) fn dladdr(address: *const c_void, place: *mut Place) -> c_int;
    pub(crate) fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    pub(crate) fn backtrace(buffer: *mut *mut c_void, size: c_int) -> c_int;
    pub(crate) fn backtrace_symbols_fd(buffer: *const *mut c_void, size: c_int, file: c_int);
    pub(crate) fn __libc_malloc(size: usize) -> *mut c_void;
    pub(crate) fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    pub(crate) fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    pub(crate) fn __libc_free(memory: *mut c_void);
    pub(crate) fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
}
