//! Stands before functions of the C library and counts who calls them.
//!
//! What goes past these functions is not seen: the kernel entered by hand or from within the C library,
//! as `printf` does, or a Rust mutex that nobody else holds. It depends on no crate, because build.rs
//! compiles it without cargo.
//!
//! | who asks                    | which threads, and when                                                   |
//! |-----------------------------|---------------------------------------------------------------------------|
//! | tests of whole graphs       | those named `segment N`, from `GUARD_FROM_MS` until `GUARD_UNTIL_MS` after the start; at exit one line a function, with its count, goes to the file `GUARD_OUT` |
//! | `driftless validate`        | the one that calls [`driftless_guard_begin`], until [`driftless_guard_end`]; what the program itself does, when a plugin calls it, does not count |
//!
//! To wake somebody is not counted, and the time is read without the kernel. To wait on a `futex` is how
//! a segment's thread parks; a plugin has no business there.
#![allow(unsafe_code)] // it replaces functions of the C library
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod c_library;
mod caller;
mod replaced;

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_ulong, c_void};
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
    /// To wait on a futex, which is how a segment parks.
    Park,
    Syscall,
}

/// The names of requests, in their order.
const NAMES: [&str; 15] = [
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
    "wait",
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

#[allow(clippy::unnecessary_cast)] // a `long` has 32 bits on some machines
fn now_ns() -> i64 {
    let mut now = c_library::Time { seconds: 0, nanos: 0 };
    // SAFETY: there is room for one time.
    unsafe { c_library::clock_gettime(c_library::MONOTONIC, &raw mut now) };
    now.seconds as i64 * 1_000_000_000 + now.nanos as i64
}

fn count(request: Request) {
    let watch = WATCH.try_with(Cell::get).unwrap_or(Watch::Not);
    if watch == Watch::Not {
        return;
    }
    WATCH.set(Watch::Not); // what these functions themselves do is not the thread's
    match (watch, request) {
        (Watch::Asked, _) => count_caller(request as usize),
        (_, Request::Park) => {}
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
pub unsafe extern "C" fn pthread_setname_np(thread: c_ulong, name: *const c_char) -> c_int {
    static NEXT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
    // SAFETY: the caller passes a text that ends in a zero.
    let segment = unsafe { CStr::from_ptr(name) }.to_bytes().starts_with(b"segment");
    if segment {
        WATCH.set(Watch::Segment);
    }
    let next = replaced::next(&NEXT, c"pthread_setname_np");
    // SAFETY: the function of this name has this type.
    let next: unsafe extern "C" fn(c_ulong, *const c_char) -> c_int =
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
