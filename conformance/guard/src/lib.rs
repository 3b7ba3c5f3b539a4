//! A library to be preloaded: counts what threads ask of memory, locks and kernel.
//!
//! Every plugin library has an allocator of its own, so a guard inside the host is blind to them; the C
//! library's functions below all of them are not. A call that goes past the C library is not seen: the
//! kernel entered by hand, or a Rust mutex that nobody else holds.
//!
//! | who asks                    | which threads, and when                                                   |
//! |-----------------------------|---------------------------------------------------------------------------|
//! | tests of whole graphs       | those named `segment N`, from `GUARD_FROM_MS` until `GUARD_UNTIL_MS` after the start; at exit one line a function, with its count, goes to the file `GUARD_OUT` |
//! | `driftless validate`        | the one that calls [`driftless_guard_begin`], until [`driftless_guard_end`]; what the program itself does, when a plugin calls it, does not count |
//!
//! Waking up is not counted: `futex` is how a thread parks, and the time is read without the kernel.
#![allow(unsafe_code)] // it replaces functions of the C library
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod caller;
mod replaced;

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::Write;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// What is counted.
#[derive(Debug, Clone, Copy)]
enum Request {
    Malloc,
    Calloc,
    Realloc,
    Free,
    Memalign,
    Lock,
    Thread,
    Write,
    Read,
    File,
    Network,
    Map,
    Sleep,
    Syscall,
}

/// The names of requests, in their order.
const NAMES: [&str; 14] = [
    "malloc",
    "calloc",
    "realloc",
    "free",
    "memalign",
    "pthread_mutex_lock",
    "pthread_create",
    "write",
    "read",
    "file",
    "network",
    "mmap",
    "sleep",
    "syscall",
];

static COUNTS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];
/// Where the first of each came from, while a thread is watched.
static CALLERS: [AtomicUsize; NAMES.len()] = [const { AtomicUsize::new(0) }; NAMES.len()];
static FROM_NS: AtomicI64 = AtomicI64::new(i64::MAX);
static UNTIL_NS: AtomicI64 = AtomicI64::new(i64::MAX);
static SHOWN: AtomicU64 = AtomicU64::new(0);

/// Whether a thread's requests count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watch {
    Not,
    /// It is a segment's.
    Segment,
    /// It asked for it.
    Asked,
}

thread_local! {
    /// Constant, without a destructor: it must not allocate.
    static WATCH: Cell<Watch> = const { Cell::new(Watch::Not) };
}

fn now_ns() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for one time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn count(request: Request) {
    let watch = WATCH.try_with(Cell::get).unwrap_or(Watch::Not);
    if watch == Watch::Not {
        return;
    }
    WATCH.set(Watch::Not); // what these functions themselves do is not the thread's
    match watch {
        Watch::Asked => count_caller(request as usize),
        _ => count_segment(request as usize),
    }
    WATCH.set(watch);
}

fn count_caller(which: usize) {
    let Some(caller) = caller::outside_of_the_program() else { return };
    if COUNTS[which].fetch_add(1, Ordering::Relaxed) == 0 {
        CALLERS[which].store(caller, Ordering::Relaxed);
    }
}

fn count_segment(which: usize) {
    let now = now_ns();
    if now < FROM_NS.load(Ordering::Relaxed) || now > UNTIL_NS.load(Ordering::Relaxed) {
        return;
    }
    COUNTS[which].fetch_add(1, Ordering::Relaxed);
    if SHOWN.fetch_add(1, Ordering::Relaxed) < 4 {
        eprintln!("guard: {} on a segment's thread", NAMES[which]);
        caller::show();
    }
}

/// From now on this thread's requests count, but for those of the program itself.
#[unsafe(no_mangle)]
pub extern "C" fn driftless_guard_begin() {
    COUNTS.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    WATCH.set(Watch::Asked);
}

/// This thread's requests count no more. Writes one line for each kind of request since
/// [`driftless_guard_begin`] into `text`, and returns how many bytes it wrote.
///
/// # Safety
///
/// There is room for `room` bytes at `text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn driftless_guard_end(text: *mut u8, room: usize) -> usize {
    WATCH.set(Watch::Not);
    // SAFETY: the caller's own promise.
    let mut rest = unsafe { std::slice::from_raw_parts_mut(text, room) };
    for ((name, count), place) in NAMES.iter().zip(&COUNTS).zip(&CALLERS) {
        let count = count.load(Ordering::Relaxed);
        if count > 0 {
            let place = caller::name(place.load(Ordering::Relaxed));
            // What does not fit is left out: the first lines say enough.
            let _ = writeln!(rest, "{count} x {name} from {place}");
        }
    }
    room - rest.len()
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
    if segment {
        WATCH.set(Watch::Segment);
    }
    let next = replaced::next(&NEXT, c"pthread_setname_np");
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
