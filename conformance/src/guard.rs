//! What streaming calls ask of memory, locks and kernel, seen by the preloaded guard.
//!
//! Every plugin library has an allocator of its own, so a counter in this program is blind to it. The
//! guard (`driftless-guard`) is a library that stands before the C library's functions; `driftless
//! validate` preloads it. What the host does when a filter calls it is not the filter's, and not counted.
//! A Rust mutex that nobody else holds is taken without the C library: it is seen where each instruction is
//! looked at, on x86-64, which is done for a few calls.

/// What was asked for in streaming calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many calls were watched.
    pub calls: u64,
    /// In which call, and what: one line for each kind of request of the first calls that had any.
    pub seen: Vec<String>,
    /// Whether each instruction is looked at.
    pub step: bool,
}

impl Counts {
    /// Makes a call, and watches it where there are counts to add to.
    pub fn add<R>(counts: &mut Option<Self>, name: &str, call: impl FnOnce() -> R) -> R {
        let Some(counts) = counts else { return call() };
        counts.calls += 1;
        if !linux::begin(counts.step) {
            return call();
        }
        let answer = call();
        let seen = linux::end();
        counts.seen.extend(seen.lines().map(|line| format!("{line}, in `{name}`")));
        answer
    }
}

/// Whether the guard is preloaded, so that requests are seen.
pub fn is_there() -> bool {
    let there = linux::begin(false);
    if there {
        linux::end();
    }
    there
}

/// The plugin's function that has called is a device's callback: it is watched from now on, each time that
/// it runs on this thread. `[device]`
pub fn is_in_a_devices_callback() {
    linux::device();
}

/// Watches what is asked for in devices' callbacks while `during` runs: one line for each kind. With `step`
/// each instruction is looked at.
pub fn on_devices<R>(step: bool, during: impl FnOnce() -> R) -> (R, Vec<String>) {
    linux::devices(step);
    let answer = during();
    let seen = linux::devices_end();
    (answer, seen.lines().map(|line| format!("{line}, in its device's callback")).collect())
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod linux {
    #![allow(unsafe_code)] // functions of a library that may be there

    use std::ffi::{CStr, c_void};
    use std::sync::OnceLock;

    /// Room for what the guard says.
    const ROOM: usize = 4096;

    type Note = unsafe extern "C" fn();
    type Begin = unsafe extern "C" fn(bool);
    type End = unsafe extern "C" fn(*mut u8, usize) -> usize;

    struct Functions {
        begin: Begin,
        end: End,
        device: Note,
        devices: Begin,
        devices_end: End,
    }

    fn functions() -> Option<&'static Functions> {
        static FOUND: OnceLock<Option<Functions>> = OnceLock::new();
        FOUND.get_or_init(look_up).as_ref()
    }

    fn look_up() -> Option<Functions> {
        let (begin, end) = (find(c"driftless_guard_begin")?, find(c"driftless_guard_end")?);
        let device = find(c"driftless_guard_device")?;
        let devices = find(c"driftless_guard_devices")?;
        let devices_end = find(c"driftless_guard_devices_end")?;
        Some(Functions {
            // SAFETY: only the guard exports this name, and its function has this type; likewise below.
            begin: unsafe { std::mem::transmute::<*mut c_void, Begin>(begin) },
            // SAFETY: see `begin`.
            end: unsafe { std::mem::transmute::<*mut c_void, End>(end) },
            // SAFETY: see `begin`.
            device: unsafe { std::mem::transmute::<*mut c_void, Note>(device) },
            // SAFETY: see `begin`.
            devices: unsafe { std::mem::transmute::<*mut c_void, Begin>(devices) },
            // SAFETY: see `begin`.
            devices_end: unsafe { std::mem::transmute::<*mut c_void, End>(devices_end) },
        })
    }

    fn find(name: &CStr) -> Option<*mut c_void> {
        // SAFETY: a name that ends in a zero.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        (!found.is_null()).then_some(found)
    }

    pub(super) fn begin(step: bool) -> bool {
        let Some(functions) = functions() else { return false };
        // SAFETY: it only notes that this thread is watched.
        unsafe { (functions.begin)(step) };
        true
    }

    pub(super) fn end() -> String {
        functions().map_or_else(String::new, |functions| written(functions.end))
    }

    pub(super) fn device() {
        let Some(functions) = functions() else { return };
        // SAFETY: it only notes whose this thread is.
        unsafe { (functions.device)() };
    }

    pub(super) fn devices(step: bool) {
        let Some(functions) = functions() else { return };
        // SAFETY: it only notes that such threads are watched.
        unsafe { (functions.devices)(step) };
    }

    pub(super) fn devices_end() -> String {
        functions().map_or_else(String::new, |functions| written(functions.devices_end))
    }

    fn written(end: End) -> String {
        let mut text = vec![0; ROOM];
        // SAFETY: there is room for so many bytes.
        let length = unsafe { end(text.as_mut_ptr(), ROOM) };
        text.truncate(length);
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod linux {
    pub(super) fn begin(_: bool) -> bool {
        false
    }

    pub(super) fn end() -> String {
        String::new()
    }

    pub(super) fn device() {}

    pub(super) fn devices(_: bool) {}

    pub(super) fn devices_end() -> String {
        String::new()
    }
}
