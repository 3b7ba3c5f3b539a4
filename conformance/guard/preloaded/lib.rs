//! Stands before functions of the C library and counts who calls them.
//!
//! What goes past these functions, the kernel entered by hand or a Rust mutex that nobody else holds, is
//! seen where each instruction is looked at ([`steps`]). It depends on no crate, because build.rs compiles it
//! without cargo.
//!
//! | who asks                    | which threads, and when                                                   |
//! |-----------------------------|---------------------------------------------------------------------------|
//! | tests of whole graphs       | those named `segment N`, from `GUARD_FROM_MS` until `GUARD_UNTIL_MS` after the start; at exit one line a function, with its count, goes to the file `GUARD_OUT` |
//! | `driftless validate`        | the one that calls [`driftless_guard_begin`], until [`driftless_guard_end`]; what the program itself does, when a plugin calls it, does not count |
//! |                             | those that call [`driftless_guard_device`], from [`driftless_guard_devices`] until [`driftless_guard_devices_end`], in the function from which they call it and below: a device's callback. What a sound system's own code does around it does not count |
//!
//! To wake somebody is not counted, and the time is read without the kernel. To wait on a `futex` is how
//! a segment's thread parks; a plugin has no business there.
#![allow(unsafe_code)] // it replaces functions of the C library
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod c_library;
mod caller;
mod replaced;
mod steps;
mod streams;
mod tally;

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU64, Ordering};

use tally::Tally;

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
    /// To take a lock that nobody else holds, which asks nobody.
    FreeLock,
}

/// The names of requests, in their order.
const NAMES: [&str; 16] = [
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
    "lock",
];

/// What segments' threads asked for, or the thread that is watched because it asked for it.
static COUNTS: Tally = Tally::new();
/// What devices' threads asked for.
static DEVICES: Tally = Tally::new();
/// Whether devices' callbacks are watched now, and each of their instructions looked at.
static WATCHING_DEVICES: AtomicBool = AtomicBool::new(false);
static STEPPING_DEVICES: AtomicBool = AtomicBool::new(false);
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
    /// It is a device's.
    Device,
}

thread_local! {
    /// Constant, without a destructor: it must not allocate.
    static WATCH: Cell<Watch> = const { Cell::new(Watch::Not) };
    /// Where the callback of this thread's device goes back to, and whether it was seen to.
    static WAY_BACK: Cell<usize> = const { Cell::new(0) };
    static RETURNS: Cell<bool> = const { Cell::new(false) };
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
    steps::end(); // and would take long
    match (watch, request) {
        (Watch::Asked, _) => count_caller(request),
        (Watch::Device, _) => count_device(request),
        (_, Request::Park) => {}
        _ => count_segment(request),
    }
    WATCH.set(watch);
    if watch == Watch::Device && !RETURNS.get() && is_in_a_callback() {
        step_device(); // to see whether it does
    }
}

fn count_caller(request: Request) {
    if let Some(caller) = caller::outside_of_the_program() {
        COUNTS.add(request, caller);
    }
}

/// Counts what a device's callback asks for. A function that never returns is no callback but the loop of a
/// thread of the plugin's own, which may wait for its device.
fn count_device(request: Request) {
    let waits = matches!(request, Request::Sleep | Request::Park) && !RETURNS.get();
    if !waits
        && is_in_a_callback()
        && let Some(caller) = caller::outside_of_the_program()
    {
        DEVICES.add(request, caller);
    }
}

/// Whether this thread is in its device's callback, and is watched.
fn is_in_a_callback() -> bool {
    WATCHING_DEVICES.load(Ordering::Acquire) && caller::is_below(WAY_BACK.get())
}

/// Whether nothing is to be looked at from `place` on, which comes next: the callback has returned.
fn is_past(place: usize) -> bool {
    if WATCH.get() != Watch::Device {
        return false;
    }
    let returns = place == WAY_BACK.get();
    RETURNS.set(RETURNS.get() || returns);
    returns || !WATCHING_DEVICES.load(Ordering::Acquire)
}

/// What an instruction at `place` asks for.
fn found(request: Request, place: usize) {
    match WATCH.get() {
        Watch::Asked if caller::is_outside(place) => COUNTS.add(request, place),
        Watch::Device if is_in_a_callback() && caller::is_outside(place) => {
            DEVICES.add(request, place);
        }
        _ => {}
    }
}

fn count_segment(request: Request) {
    let now = now_ns();
    if now < FROM_NS.load(Ordering::Relaxed) || now > UNTIL_NS.load(Ordering::Relaxed) {
        return;
    }
    COUNTS.add(request, 0);
    if SHOWN.fetch_add(1, Ordering::Relaxed) < 4 {
        eprintln!("guard: {} on a segment's thread", NAMES[request as usize]);
        caller::show();
    }
}

/// From now on this thread's requests count, but for those of the program itself. With `step` each of its
/// instructions is looked at too, which takes far longer.
#[unsafe(no_mangle)]
pub extern "C" fn driftless_guard_begin(step: bool) {
    COUNTS.clear();
    WATCH.set(Watch::Asked);
    if step {
        steps::begin();
    }
}

/// This thread's requests count no more. Writes one line for each kind of request since
/// [`driftless_guard_begin`] into `text`, and returns how many bytes it wrote.
///
/// # Safety
///
/// There is room for `room` bytes at `text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn driftless_guard_end(text: *mut u8, room: usize) -> usize {
    steps::end();
    WATCH.set(Watch::Not);
    // SAFETY: the caller's own promise.
    COUNTS.write(unsafe { std::slice::from_raw_parts_mut(text, room) })
}

/// From now on the requests of devices' callbacks count; `step` as for [`driftless_guard_begin`].
#[unsafe(no_mangle)]
pub extern "C" fn driftless_guard_devices(step: bool) {
    DEVICES.clear();
    STEPPING_DEVICES.store(step, Ordering::Release);
    WATCHING_DEVICES.store(true, Ordering::Release);
}

/// The requests of devices' callbacks count no more; otherwise as [`driftless_guard_end`].
///
/// # Safety
///
/// See [`driftless_guard_end`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn driftless_guard_devices_end(text: *mut u8, room: usize) -> usize {
    WATCHING_DEVICES.store(false, Ordering::Release);
    // SAFETY: the caller's own promise.
    DEVICES.write(unsafe { std::slice::from_raw_parts_mut(text, room) })
}

/// This thread is in the callback of a device: in the plugin's function that has called the program. Of two
/// of which one has called the other, the outer one is the callback.
#[unsafe(no_mangle)]
pub extern "C" fn driftless_guard_device() {
    WATCH.set(Watch::Not); // what is done here is not the thread's
    steps::end();
    if !caller::is_below(WAY_BACK.get()) {
        WAY_BACK.set(caller::way_back().unwrap_or_default());
        RETURNS.set(false);
    }
    WATCH.set(Watch::Device);
    step_device();
}

fn step_device() {
    if WATCHING_DEVICES.load(Ordering::Acquire) && STEPPING_DEVICES.load(Ordering::Acquire) {
        steps::begin();
    }
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
    streams::exchange();
    let setting = |name: &str| std::env::var(name).ok()?.parse::<i64>().ok();
    let now = now_ns();
    if let (Some(from), Some(until)) = (setting("GUARD_FROM_MS"), setting("GUARD_UNTIL_MS")) {
        UNTIL_NS.store(now + until * 1_000_000, Ordering::Relaxed);
        FROM_NS.store(now + from * 1_000_000, Ordering::Relaxed);
    }
}

extern "C" fn end() {
    let Some(path) = std::env::var_os("GUARD_OUT") else { return };
    let lines = NAMES.iter().zip(COUNTS.counts());
    let text: String = lines.map(|(name, count)| format!("{name} {count}\n")).collect();
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
