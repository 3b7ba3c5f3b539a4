//! The C library's functions that are counted, and then passed on.

use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::c_library::{
    self, __libc_calloc, __libc_free, __libc_malloc, __libc_memalign, __libc_realloc,
};
use crate::{Request, count};

/// Allocates.
///
/// # Safety
///
/// As the C library's; likewise below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    count(Request::Malloc);
    // SAFETY: passed on unchanged; likewise below.
    unsafe { __libc_malloc(size) }
}

/// Allocates zeros.
///
/// # Safety
///
/// See [`malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn calloc(number: usize, size: usize) -> *mut c_void {
    count(Request::Calloc);
    // SAFETY: see `malloc`.
    unsafe { __libc_calloc(number, size) }
}

/// Allocates anew.
///
/// # Safety
///
/// See [`malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    count(Request::Realloc);
    // SAFETY: see `malloc`.
    unsafe { __libc_realloc(old, size) }
}

/// Frees.
///
/// # Safety
///
/// See [`malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(memory: *mut c_void) {
    if !memory.is_null() {
        count(Request::Free);
    }
    // SAFETY: see `malloc`.
    unsafe { __libc_free(memory) }
}

/// Allocates aligned.
///
/// # Safety
///
/// See [`malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(
    into: *mut *mut c_void,
    alignment: usize,
    size: usize,
) -> c_int {
    count(Request::Memalign);
    // SAFETY: see `malloc`.
    let memory = unsafe { __libc_memalign(alignment, size) };
    if memory.is_null() {
        return c_library::NO_MEMORY;
    }
    // SAFETY: the caller gives a place for one pointer.
    unsafe { into.write(memory) };
    0
}

/// Allocates aligned.
///
/// # Safety
///
/// See [`malloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    count(Request::Memalign);
    // SAFETY: see `malloc`.
    unsafe { __libc_memalign(alignment, size) }
}

/// The C library's own function of this name, found once.
pub(crate) fn next(place: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let known = place.load(Ordering::Acquire);
    if !known.is_null() {
        return known;
    }
    // SAFETY: a name that ends in a zero.
    let found = unsafe { c_library::dlsym(c_library::NEXT, name.as_ptr()) };
    place.store(found, Ordering::Release);
    found
}

macro_rules! passed_on {
    ($(#[$doc:meta])* $request:ident, $name:ident($($argument:ident: $type:ty),*) -> $answer:ty, $symbol:literal) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// As the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $answer {
            static NEXT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
            count(Request::$request);
            let next = next(&NEXT, $symbol);
            // SAFETY: the function of this name has this type.
            let next: unsafe extern "C" fn($($type),*) -> $answer = unsafe { std::mem::transmute(next) };
            // SAFETY: passed on unchanged.
            unsafe { next($($argument),*) }
        }
    };
}

macro_rules! counted {
    ($($(#[$doc:meta])* $request:ident, $name:ident($($argument:ident: $type:ty),*) -> $answer:ty, $symbol:literal;)*) => {
        $(passed_on! { $(#[$doc])* $request, $name($($argument: $type),*) -> $answer, $symbol })*
    };
}

counted! {
    /// Locks.
    Lock, pthread_mutex_lock(mutex: *mut c_void) -> c_int, c"pthread_mutex_lock";
    /// Locks for reading.
    Lock, pthread_rwlock_rdlock(lock: *mut c_void) -> c_int, c"pthread_rwlock_rdlock";
    /// Locks for writing.
    Lock, pthread_rwlock_wrlock(lock: *mut c_void) -> c_int, c"pthread_rwlock_wrlock";
    /// Starts a thread.
    Thread, pthread_create(into: *mut c_void, how: *const c_void, start: *const c_void, with: *mut c_void) -> c_int, c"pthread_create";
    /// Writes.
    Write, write(file: c_int, bytes: *const c_void, length: usize) -> isize, c"write";
    /// Writes several.
    Write, writev(file: c_int, parts: *const c_void, length: c_int) -> isize, c"writev";
    /// Writes a line.
    Write, puts(text: *const c_char) -> c_int, c"puts";
    /// Writes a text to a stream.
    Write, fputs(text: *const c_char, stream: *mut c_void) -> c_int, c"fputs";
    /// Writes to a stream.
    Write, fwrite(bytes: *const c_void, size: usize, number: usize, stream: *mut c_void) -> usize, c"fwrite";
    /// Writes what a stream has kept.
    Write, fflush(stream: *mut c_void) -> c_int, c"fflush";
    /// Reads.
    Read, read(file: c_int, bytes: *mut c_void, length: usize) -> isize, c"read";
    /// Opens; what a mode would be is passed on whether there is one or not.
    File, open(path: *const c_char, flags: c_int, mode: c_int) -> c_int, c"open";
    /// Opens.
    File, open64(path: *const c_char, flags: c_int, mode: c_int) -> c_int, c"open64";
    /// Closes.
    File, close(file: c_int) -> c_int, c"close";
    /// Asks a device.
    File, ioctl(file: c_int, request: c_long, with: *mut c_void) -> c_int, c"ioctl";
    /// Makes a file safe.
    File, fsync(file: c_int) -> c_int, c"fsync";
    /// Waits for files.
    Sleep, poll(files: *mut c_void, number: c_long, ms: c_int) -> c_int, c"poll";
    /// Receives.
    Network, recv(socket: c_int, bytes: *mut c_void, length: usize, flags: c_int) -> isize, c"recv";
    /// Receives, and from whom.
    Network, recvfrom(socket: c_int, bytes: *mut c_void, length: usize, flags: c_int, who: *mut c_void, size: *mut c_void) -> isize, c"recvfrom";
    /// Receives with what belongs to it.
    Network, recvmsg(socket: c_int, message: *mut c_void, flags: c_int) -> isize, c"recvmsg";
    /// Sends.
    Network, send(socket: c_int, bytes: *const c_void, length: usize, flags: c_int) -> isize, c"send";
    /// Sends to somebody.
    Network, sendto(socket: c_int, bytes: *const c_void, length: usize, flags: c_int, who: *const c_void, size: c_int) -> isize, c"sendto";
    /// Maps memory.
    Map, mmap(at: *mut c_void, length: usize, protection: c_int, flags: c_int, file: c_int, from: c_long) -> *mut c_void, c"mmap";
    /// Unmaps memory.
    Map, munmap(at: *mut c_void, length: usize) -> c_int, c"munmap";
    /// Sleeps.
    Sleep, nanosleep(span: *const c_void, left: *mut c_void) -> c_int, c"nanosleep";
    /// Sleeps by a clock.
    Sleep, clock_nanosleep(clock: c_int, flags: c_int, span: *const c_void, left: *mut c_void) -> c_int, c"clock_nanosleep";
    /// Sleeps for so many microseconds.
    Sleep, usleep(us: c_uint) -> c_int, c"usleep";
    /// Sleeps for so many seconds.
    Sleep, sleep(s: c_uint) -> c_uint, c"sleep";
    /// Waits for a semaphore.
    Sleep, sem_wait(semaphore: *mut c_void) -> c_int, c"sem_wait";
    /// Lets others run.
    Sleep, sched_yield() -> c_int, c"sched_yield";
}

/// Enters the kernel by number. Of a futex only waiting counts: the operations 0 and 9.
///
/// # Safety
///
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall(
    number: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    static NEXT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
    match (number, b & 0x7F) {
        (c_library::FUTEX, 0 | 9) => count(Request::Park),
        (c_library::FUTEX, _) => {}
        _ => count(Request::Syscall),
    }
    let next = next(&NEXT, c"syscall");
    // SAFETY: the function of this name takes as many words as there are.
    let next: unsafe extern "C" fn(
        c_long,
        c_long,
        c_long,
        c_long,
        c_long,
        c_long,
        c_long,
    ) -> c_long = unsafe { std::mem::transmute(next) };
    // SAFETY: passed on unchanged.
    unsafe { next(number, a, b, c, d, e, f) }
}
