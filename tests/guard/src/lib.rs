//! A library to be preloaded: counts what the threads of segments ask of memory, locks and kernel.
//!
//! Every plugin library has an allocator of its own, so a guard inside the host is blind to them; the C
//! library's functions below all of them are not. Threads are known by their name, `segment N`. Counting
//! starts and ends at times given in milliseconds after the start by `GUARD_FROM_MS` and
//! `GUARD_UNTIL_MS`; at exit one line a function, with its count, goes to the file `GUARD_OUT`.
//!
//! Waking up is not counted: `futex` is how a thread parks, and the time is read without the kernel.
#![allow(unsafe_code)] // it replaces functions of the C library
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::io::Write;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, Ordering};

/// What is counted, in the order of [`COUNTS`].
const NAMES: [&str; 10] = [
    "malloc",
    "calloc",
    "realloc",
    "free",
    "memalign",
    "pthread_mutex_lock",
    "write",
    "read",
    "sleep",
    "syscall",
];
static COUNTS: [AtomicU64; 10] = [const { AtomicU64::new(0) }; 10];
static FROM_NS: AtomicI64 = AtomicI64::new(i64::MAX);
static UNTIL_NS: AtomicI64 = AtomicI64::new(i64::MAX);
static SHOWN: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this thread is a segment's. Constant, without a destructor: it must not allocate.
    static MARKED: Cell<bool> = const { Cell::new(false) };
}

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_free(memory: *mut c_void);
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
    fn backtrace(buffer: *mut *mut c_void, size: c_int) -> c_int;
    fn backtrace_symbols_fd(buffer: *const *mut c_void, size: c_int, file: c_int);
}

fn now_ns() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for one time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn count(which: usize) {
    if !MARKED.try_with(Cell::get).unwrap_or(false) {
        return;
    }
    let now = now_ns();
    if now < FROM_NS.load(Ordering::Relaxed) || now > UNTIL_NS.load(Ordering::Relaxed) {
        return;
    }
    COUNTS[which].fetch_add(1, Ordering::Relaxed);
    show(which);
}

/// Shows where the first few came from.
fn show(which: usize) {
    if SHOWN.fetch_add(1, Ordering::Relaxed) >= 4 {
        return;
    }
    MARKED.set(false); // what this function itself does is not the segment's
    eprintln!("guard: {} on a segment's thread", NAMES[which]);
    let mut frames = [std::ptr::null_mut(); 24];
    // SAFETY: there is room for 24 addresses.
    let found = unsafe { backtrace(frames.as_mut_ptr(), 24) };
    // SAFETY: so many were written.
    unsafe { backtrace_symbols_fd(frames.as_ptr(), found, 2) };
    MARKED.set(true);
}

/// Allocates.
///
/// # Safety
///
/// As the C library's; likewise below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    count(0);
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
    count(1);
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
    count(2);
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
        count(3);
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
    count(4);
    // SAFETY: see `malloc`.
    let memory = unsafe { __libc_memalign(alignment, size) };
    if memory.is_null() {
        return libc::ENOMEM;
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
    count(4);
    // SAFETY: see `malloc`.
    unsafe { __libc_memalign(alignment, size) }
}

/// The C library's own function of this name, found once.
fn next(place: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let known = place.load(Ordering::Acquire);
    if !known.is_null() {
        return known;
    }
    // SAFETY: a name that ends in a zero.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    place.store(found, Ordering::Release);
    found
}

macro_rules! passed_on {
    ($(#[$doc:meta])* $index:literal, $name:ident($($argument:ident: $type:ty),*) -> $answer:ty, $symbol:literal, if $counted:expr) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// As the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $answer {
            static NEXT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
            if $counted {
                count($index);
            }
            let next = next(&NEXT, $symbol);
            // SAFETY: the function of this name has this type.
            let next: unsafe extern "C" fn($($type),*) -> $answer = unsafe { std::mem::transmute(next) };
            // SAFETY: passed on unchanged.
            unsafe { next($($argument),*) }
        }
    };
}

passed_on! {
    /// Locks.
    5, pthread_mutex_lock(mutex: *mut c_void) -> c_int, c"pthread_mutex_lock", if true
}
passed_on! {
    /// Writes.
    6, write(file: c_int, bytes: *const c_void, count_: usize) -> isize, c"write", if true
}
passed_on! {
    /// Reads.
    7, read(file: c_int, bytes: *mut c_void, count_: usize) -> isize, c"read", if true
}
passed_on! {
    /// Sleeps.
    8, nanosleep(span: *const c_void, left: *mut c_void) -> c_int, c"nanosleep", if true
}
passed_on! {
    /// Sleeps by a clock.
    8, clock_nanosleep(clock: c_int, flags: c_int, span: *const c_void, left: *mut c_void) -> c_int, c"clock_nanosleep", if true
}
passed_on! {
    /// Enters the kernel by number; waiting on a futex is how a thread parks.
    9, syscall(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long, c"syscall", if number != libc::SYS_futex
}

/// Names a thread, and so tells which are segments'.
///
/// # Safety
///
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_setname_np(thread: libc::pthread_t, name: *const c_char) -> c_int {
    static NEXT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
    // SAFETY: the caller passes a text that ends in a zero.
    let segment = unsafe { CStr::from_ptr(name) }.to_bytes().starts_with(b"segment");
    MARKED.set(segment);
    let next = next(&NEXT, c"pthread_setname_np");
    // SAFETY: the function of this name has this type.
    let next: unsafe extern "C" fn(libc::pthread_t, *const c_char) -> c_int =
        unsafe { std::mem::transmute(next) };
    // SAFETY: passed on unchanged.
    unsafe { next(thread, name) }
}

extern "C" fn start() {
    let setting = |name: &str| std::env::var(name).ok()?.parse::<i64>().ok();
    let now = now_ns();
    if let (Some(from), Some(until)) = (setting("GUARD_FROM_MS"), setting("GUARD_UNTIL_MS")) {
        UNTIL_NS.store(now + until * 1_000_000, Ordering::Relaxed);
        FROM_NS.store(now + from * 1_000_000, Ordering::Relaxed);
    }
}

extern "C" fn end() {
    let Some(path) = std::env::var_os("GUARD_OUT") else { return };
    let lines = NAMES.iter().zip(&COUNTS);
    let text: String =
        lines.map(|(name, count)| format!("{name} {}\n", count.load(Ordering::Relaxed))).collect();
    if let Ok(mut file) = std::fs::File::create(path) {
        // Nobody is left to hear of a failure; the test misses the file.
        let _ = file.write_all(text.as_bytes());
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

#[used]
#[unsafe(link_section = ".fini_array")]
static END: extern "C" fn() = end;
